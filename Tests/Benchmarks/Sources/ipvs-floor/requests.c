#include "requests.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

// More than the longest request.
enum { room = 1024 };

static void *grown(void *memory, size_t size) {
  memory = realloc(memory, size);
  if (!memory) abort();
  return memory;
}

static void align(struct requests *requests) {
  while (requests->length % NLMSG_ALIGNTO) requests->bytes[requests->length++] = 0;
}

static void append(struct requests *requests, const void *bytes, size_t size) {
  memcpy(requests->bytes + requests->length, bytes, size);
  requests->length += size;
}

static void put(struct requests *requests, uint16_t type, const void *value, uint16_t size) {
  struct nlattr attribute = {.nla_len = sizeof attribute + size, .nla_type = type};
  append(requests, &attribute, sizeof attribute);
  append(requests, value, size);
  align(requests);
}

static void put_u8(struct requests *requests, uint16_t type, uint8_t value) { put(requests, type, &value, sizeof value); }
static void put_u16(struct requests *requests, uint16_t type, uint16_t value) { put(requests, type, &value, sizeof value); }
static void put_u32(struct requests *requests, uint16_t type, uint32_t value) { put(requests, type, &value, sizeof value); }

static void put_address(struct requests *requests, uint16_t type, uint32_t address) {
  uint32_t words[4] = {htonl(address)};
  put(requests, type, words, sizeof words);
}

static size_t begin_nest(struct requests *requests, uint16_t type) {
  size_t start = requests->length;
  put(requests, type, NULL, 0);
  return start;
}

static void end_nest(struct requests *requests, size_t start) {
  uint16_t length = requests->length - start;
  memcpy(requests->bytes + start + offsetof(struct nlattr, nla_len), &length, sizeof length);
}

static size_t begin(struct requests *requests, uint8_t command, uint16_t flags) {
  if (requests->capacity - requests->length < room) {
    requests->capacity = requests->capacity * 2 + (1 << 20);
    requests->bytes = grown(requests->bytes, requests->capacity);
  }
  size_t start = requests->length;
  struct nlmsghdr header = {.nlmsg_type = requests->family, .nlmsg_flags = NLM_F_REQUEST | flags};
  struct genlmsghdr generic = {.cmd = command, .version = IPVS_GENL_VERSION};
  append(requests, &header, sizeof header);
  append(requests, &generic, sizeof generic);
  return start;
}

static void end(struct requests *requests, size_t start) {
  uint32_t length = requests->length - start;
  memcpy(requests->bytes + start + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof length);
}

static void end_system_call(struct requests *requests) {
  if (requests->count == requests->ends_capacity) {
    requests->ends_capacity = requests->ends_capacity * 2 + 64;
    requests->ends = grown(requests->ends, requests->ends_capacity * sizeof *requests->ends);
  }
  requests->ends[requests->count++] = requests->length;
}

// Ends a change. It is sent together with those before it if it fits.
static void end_change(struct requests *requests, size_t start) {
  end(requests, start);
  size_t previous = requests->count > 1 ? requests->ends[requests->count - 2] : 0;
  if (requests->count && requests->length - previous <= batch_capacity)
    requests->ends[requests->count - 1] = requests->length;
  else
    end_system_call(requests);
}

static void put_service_identity(struct requests *requests, uint32_t service) {
  put_u16(requests, IPVS_SVC_ATTR_AF, AF_INET);
  put_u16(requests, IPVS_SVC_ATTR_PROTOCOL, IPPROTO_TCP);
  put_address(requests, IPVS_SVC_ATTR_ADDR, layout_virtual_address(service));
  put_u16(requests, IPVS_SVC_ATTR_PORT, htons(layout_virtual_port));
}

static void put_service_key(struct requests *requests, uint32_t service) {
  size_t nest = begin_nest(requests, IPVS_CMD_ATTR_SERVICE);
  put_service_identity(requests, service);
  end_nest(requests, nest);
}

static void put_destination_identity(struct requests *requests, uint32_t destination) {
  put_u16(requests, IPVS_DEST_ATTR_ADDR_FAMILY, AF_INET);
  put_address(requests, IPVS_DEST_ATTR_ADDR, layout_real_address(destination));
  put_u16(requests, IPVS_DEST_ATTR_PORT, htons(layout_real_port));
}

static void put_destination(struct requests *requests, uint32_t destination, uint32_t weight) {
  size_t nest = begin_nest(requests, IPVS_CMD_ATTR_DEST);
  put_destination_identity(requests, destination);
  put_u32(requests, IPVS_DEST_ATTR_FWD_METHOD, IP_VS_CONN_F_MASQ);
  put_u32(requests, IPVS_DEST_ATTR_WEIGHT, weight);
  put_u32(requests, IPVS_DEST_ATTR_U_THRESH, 0);
  put_u32(requests, IPVS_DEST_ATTR_L_THRESH, 0);
  put_u8(requests, IPVS_DEST_ATTR_TUN_TYPE, IP_VS_CONN_F_TUNNEL_TYPE_IPIP);
  put_u16(requests, IPVS_DEST_ATTR_TUN_PORT, 0);
  put_u16(requests, IPVS_DEST_ATTR_TUN_FLAGS, IP_VS_TUNNEL_ENCAP_FLAG_NOCSUM);
  end_nest(requests, nest);
}

void add_service(struct requests *requests, uint32_t service) {
  static const char scheduler[] = "wrr";
  static const struct ip_vs_flags flags = {.flags = 0, .mask = ~0u};
  size_t start = begin(requests, IPVS_CMD_NEW_SERVICE, 0);
  size_t nest = begin_nest(requests, IPVS_CMD_ATTR_SERVICE);
  put_service_identity(requests, service);
  put(requests, IPVS_SVC_ATTR_SCHED_NAME, scheduler, sizeof scheduler);
  put(requests, IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
  put_u32(requests, IPVS_SVC_ATTR_TIMEOUT, 0);
  put_u32(requests, IPVS_SVC_ATTR_NETMASK, ~0u);
  end_nest(requests, nest);
  end_change(requests, start);
}

void delete_service(struct requests *requests, uint32_t service) {
  size_t start = begin(requests, IPVS_CMD_DEL_SERVICE, 0);
  put_service_key(requests, service);
  end_change(requests, start);
}

static void change_destination(struct requests *requests, uint8_t command, uint32_t service, uint32_t destination, uint32_t weight) {
  size_t start = begin(requests, command, 0);
  put_service_key(requests, service);
  put_destination(requests, destination, weight);
  end_change(requests, start);
}

void add_destination(struct requests *requests, uint32_t service, uint32_t destination, uint32_t weight) {
  change_destination(requests, IPVS_CMD_NEW_DEST, service, destination, weight);
}

void update_destination(struct requests *requests, uint32_t service, uint32_t destination, uint32_t weight) {
  change_destination(requests, IPVS_CMD_SET_DEST, service, destination, weight);
}

void delete_destination(struct requests *requests, uint32_t service, uint32_t destination) {
  size_t start = begin(requests, IPVS_CMD_DEL_DEST, 0);
  put_service_key(requests, service);
  size_t nest = begin_nest(requests, IPVS_CMD_ATTR_DEST);
  put_destination_identity(requests, destination);
  end_nest(requests, nest);
  end_change(requests, start);
}

void acknowledge_last(struct requests *requests) {
  struct nlmsghdr *message = NULL;
  size_t next = 0;
  for (size_t i = 0; i < requests->count; ++i) {
    for (; next < requests->ends[i]; next += message->nlmsg_len) message = (void *)(requests->bytes + next);
    message->nlmsg_flags |= NLM_F_ACK;
  }
}

void dump_services(struct requests *requests) {
  size_t start = begin(requests, IPVS_CMD_GET_SERVICE, NLM_F_DUMP);
  end(requests, start);
  end_system_call(requests);
}

void dump_destinations(struct requests *requests, uint32_t service) {
  size_t start = begin(requests, IPVS_CMD_GET_DEST, NLM_F_DUMP);
  put_service_key(requests, service);
  end(requests, start);
  end_system_call(requests);
}
