#include "layout.h"

// An odd number times 0, 1, 2, ... modulo a power of two yields each number once, in an irregular order.
static const uint32_t spread = 0x9e3779b1;

uint32_t layout_virtual_address(uint32_t index) { return 0x0a600000 | (index * spread & 0xfffff); }

uint32_t layout_real_address(uint32_t index) { return 0x0a800000 | (index * spread & 0x7fffff); }

uint32_t layout_changed_weight(uint32_t pass) { return 10 + pass; }

int layout_is_in_small_change(uint32_t index) { return index % 100 == 0; }
