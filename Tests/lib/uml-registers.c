// Preloaded into User Mode Linux 6.1, whose buffer for a process's extended registers is too small for the processors that have
// more of them (AMX), so that the host refuses to set them. This sets all: the ones that the caller gives, the others as they are.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static long set_extended_registers(pid_t process, struct iovec *given) {
  static __thread unsigned char area[64 * 1024];
  struct iovec all = {.iov_base = area, .iov_len = sizeof area};
  if (syscall(SYS_ptrace, PTRACE_GETREGSET, process, NT_X86_XSTATE, &all) != 0 || all.iov_len <= given->iov_len)
    return syscall(SYS_ptrace, PTRACE_SETREGSET, process, NT_X86_XSTATE, given);
  memcpy(area, given->iov_base, given->iov_len);
  return syscall(SYS_ptrace, PTRACE_SETREGSET, process, NT_X86_XSTATE, &all);
}

long ptrace(enum __ptrace_request request, ...) {
  va_list arguments;
  va_start(arguments, request);
  pid_t process = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);
  if (request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE)
    return set_extended_registers(process, data);
  if (request != PTRACE_PEEKTEXT && request != PTRACE_PEEKDATA && request != PTRACE_PEEKUSER)
    return syscall(SYS_ptrace, request, process, address, data);
  // The C library returns the word that the system call writes.
  long word;
  if (syscall(SYS_ptrace, request, process, address, &word) != 0)
    return -1;
  errno = 0;
  return word;
}
