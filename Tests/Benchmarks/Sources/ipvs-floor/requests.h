// Netlink requests of IPVS, built one after the other in memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Requests in the order in which they are sent. Those from ends[i - 1] to ends[i] are sent with one system call.
struct requests {
  uint16_t family;
  char *bytes;
  size_t length, capacity;
  size_t *ends;
  size_t count, ends_capacity;
};

// Changes, as many per system call as fit into batch_capacity.
void add_service(struct requests *, uint32_t service);
void delete_service(struct requests *, uint32_t service);
void add_destination(struct requests *, uint32_t service, uint32_t destination, uint32_t weight);
void update_destination(struct requests *, uint32_t service, uint32_t destination, uint32_t weight);
void delete_destination(struct requests *, uint32_t service, uint32_t destination);

// Requests an acknowledgement for the last change of each system call.
void acknowledge_last(struct requests *);

// Dumps, which are requested one at a time.
void dump_services(struct requests *);
void dump_destinations(struct requests *, uint32_t service);

// A socket with the default send buffer, net.core.wmem_default, accepts slightly more than this.
enum { batch_capacity = 200 * 1024 };
