// The table of all benchmark programs: the addresses of virtual and real servers.
//
// They are distributed like real ones. Addresses that differ by multiples of 256 would be in one chain of the kernel's
// hash table.
#pragma once

#include <stdint.h>

// The ports of all servers.
enum { layout_virtual_port = 80, layout_real_port = 8080 };

// The IPv4 address in host byte order of virtual server `index`: one of 2^20 in 10.96.0.0/12.
uint32_t layout_virtual_address(uint32_t index);

// The IPv4 address in host byte order of real server `index`, counted over all virtual servers: one of 2^23 in
// 10.128.0.0/9.
uint32_t layout_real_address(uint32_t index);

// The initial weight of real server `index`.
enum { layout_initial_weight = 1 };

// The weight that pass `pass`, starting with 1, sets.
uint32_t layout_changed_weight(uint32_t pass);

// Whether real server `index` is in the one percent that a small change affects.
int layout_is_in_small_change(uint32_t index);
