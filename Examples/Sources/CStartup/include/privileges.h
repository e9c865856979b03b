#pragma once

#include <linux/capability.h>
#include <stdint.h>

/// Gives up all capabilities whose bits are not in `kept`, for good, for this process and those that it starts. It must have no
/// other thread yet, as capabilities belong to threads. Returns 0, or an error number.
int startup_keep_capabilities(uint64_t kept);
