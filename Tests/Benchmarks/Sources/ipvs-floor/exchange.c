#include "exchange.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// The maximum length of a part of a dump.
static char buffer[32 * 1024] __attribute__((aligned(8)));
static int descriptor;

void fail(const char *what) {
  if (errno)
    fprintf(stderr, "ipvs-floor: %s: %s\n", what, strerror(errno));
  else
    fprintf(stderr, "ipvs-floor: %s\n", what);
  exit(1);
}

static void send_bytes(const char *bytes, size_t size) {
  if (send(descriptor, bytes, size, 0) != (ssize_t)size) fail("send");
}

static size_t receive(void) {
  ssize_t length = recv(descriptor, buffer, sizeof buffer, MSG_TRUNC);
  if (length < 0) fail("recv");
  if ((size_t)length > sizeof buffer) {
    errno = 0;
    fail("a reply is longer than the buffer");
  }
  return length;
}

// Fails if a message is an error.
static void check(const struct nlmsghdr *message) {
  if (message->nlmsg_type != NLMSG_ERROR && message->nlmsg_type != NLMSG_DONE) return;
  const int *code = NLMSG_DATA(message);
  if (*code >= 0) return;
  errno = -*code;
  fail("the kernel refused a request");
}

uint16_t open_exchange(void) {
  descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address)) fail("socket");
  memset(buffer, 1, sizeof buffer);

  struct {
    struct nlmsghdr header;
    struct genlmsghdr generic;
    struct nlattr attribute;
    char name[8];
  } request = {
      {.nlmsg_len = sizeof request, .nlmsg_type = GENL_ID_CTRL, .nlmsg_flags = NLM_F_REQUEST},
      {.cmd = CTRL_CMD_GETFAMILY, .version = 2},
      {.nla_len = sizeof request.attribute + sizeof IPVS_GENL_NAME, .nla_type = CTRL_ATTR_FAMILY_NAME},
      IPVS_GENL_NAME,
  };
  send_bytes((const char *)&request, sizeof request);
  receive();
  const struct nlmsghdr *reply = (void *)buffer;
  check(reply);
  const char *end = buffer + reply->nlmsg_len;
  const struct nlattr *attribute;
  for (const char *place = (char *)NLMSG_DATA(reply) + GENL_HDRLEN; place < end; place += NLA_ALIGN(attribute->nla_len)) {
    attribute = (void *)place;
    if (attribute->nla_type == CTRL_ATTR_FAMILY_ID) return *(uint16_t *)(place + NLA_HDRLEN);
  }
  errno = 0;
  fail("the kernel does not tell the number of IPVS");
}

// The kernel always answers the last request of a batch. Answers to others come before it, and only if they failed.
void send_changes(const struct requests *requests) {
  size_t start = 0;
  for (size_t i = 0; i < requests->count; start = requests->ends[i++]) {
    send_bytes(requests->bytes + start, requests->ends[i] - start);
    receive();
    check((void *)buffer);
  }
}

// Reads a part of a dump and counts its entries. The end is a separate datagram.
static bool read_part(size_t *entries) {
  size_t left = receive();
  for (const struct nlmsghdr *message = (void *)buffer; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
    check(message);
    if (message->nlmsg_type == NLMSG_DONE) return false;
    ++*entries;
  }
  return true;
}

size_t read_dumps(const struct requests *requests) {
  size_t entries = 0, start = 0;
  for (size_t i = 0; i < requests->count; start = requests->ends[i++]) {
    send_bytes(requests->bytes + start, requests->ends[i] - start);
    while (read_part(&entries)) continue;
  }
  return entries;
}
