// The table that every program of the benchmark works on: which addresses the virtual and the real servers have.
//
// They are spread as real ones are. Addresses a multiple of 256 apart would all meet in one chain of the kernel's hash.
#pragma once

#include <stdint.h>

// Everything listens at these.
enum { layout_virtual_port = 80, layout_real_port = 8080 };

// The IPv4 address, in the host's byte order, of virtual server `index`: one of 2^20 in 10.96.0.0/12.
uint32_t layout_virtual_address(uint32_t index);

// The IPv4 address, in the host's byte order, of real server `index`, counted over all virtual servers: one of 2^23 in
// 10.128.0.0/9.
uint32_t layout_real_address(uint32_t index);

// The weight of real server `index` before anything changes it.
enum { layout_initial_weight = 1 };

// The weight that pass `pass`, counted from 1, gives to those that it changes.
uint32_t layout_changed_weight(uint32_t pass);

// Whether real server `index` is one of the hundredth that a small change reaches.
int layout_is_in_small_change(uint32_t index);
