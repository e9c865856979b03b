#define _GNU_SOURCE

#include "CNodeSockets.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct job {
  int namespace_fd;
  int family;
  int result;
};

static int open_socket(int family) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd >= 0 ? fd : -errno;
}

static void *open_in_namespace(void *argument) {
  struct job *job = argument;
  job->result = setns(job->namespace_fd, CLONE_NEWNET) == 0 ? open_socket(job->family) : -errno;
  return NULL;
}

// On a thread that ends, so that none of the program's threads is ever in another namespace.
static int open_socket_in(int namespace_fd, int family) {
  struct job job = {.namespace_fd = namespace_fd, .family = family, .result = -EIO};
  // The thread inherits this mask, as the program's signal handlers must not run in another namespace.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  int error = pthread_create(&thread, NULL, open_in_namespace, &job);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error != 0) return -error;
  pthread_join(thread, NULL);
  return job.result;
}

static int bind_socket(int fd, const uint8_t *address, int length, uint16_t port) {
  int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return -errno;
  if (length == 4) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    memcpy(&name.sin_addr, address, 4);
    return bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 ? 0 : -errno;
  }
  struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&name.sin6_addr, address, 16);
  int is_one = !IN6_IS_ADDR_UNSPECIFIED(&name.sin6_addr);
  if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_one, sizeof is_one) != 0) return -errno;
  return bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 ? 0 : -errno;
}

int node_socket(int namespace_fd, const uint8_t *address, int length, uint16_t port) {
  int family = length == 4 ? AF_INET : AF_INET6;
  int fd = namespace_fd < 0 ? open_socket(family) : open_socket_in(namespace_fd, family);
  if (fd < 0) return fd;
  int result = bind_socket(fd, address, length, port);
  if (result == 0) return fd;
  close(fd);
  return result;
}
