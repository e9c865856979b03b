#define _GNU_SOURCE
#include "privileges.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Programs that root starts get what is in the bounding set. Without CAP_SETPCAP nothing can be taken from it, but then it is
// only what a service manager has left to the program.
static void limit_children(uint64_t kept) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
    if (capability > 63 || !(kept >> capability & 1)) prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

int startup_keep_capabilities(uint64_t kept) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  limit_children(kept);
  if (syscall(SYS_capget, &header, data) != 0) return errno;
  bool has_more = false;
  for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
    uint32_t mask = (uint32_t)(kept >> (32 * i));
    has_more |= ((data[i].effective | data[i].permitted | data[i].inheritable) & ~mask) != 0;
    data[i].effective &= mask;
    data[i].permitted &= mask;
    data[i].inheritable &= mask;
  }
  // A service manager that has left no more than that may not permit this system call either.
  if (!has_more) return 0;
  return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}
