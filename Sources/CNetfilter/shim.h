#pragma once

// Not linux/netfilter.h and linux/netfilter/ipset/ip_set.h: they define the addresses of linux/in.h, which the C library has too.
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
