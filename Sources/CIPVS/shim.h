#pragma once

#include <linux/ip_vs.h>
#include <linux/netlink.h>
