// What Swift sees of C: the kernel's own headers, and messages built by libnl.
//
// libnl's headers stay out of this one, so that neither its names nor its macros reach Swift.

#ifndef CIPVS_H
#define CIPVS_H

#include <linux/genetlink.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A netlink message under construction, of a fixed capacity.
typedef struct cipvs_message cipvs_message;

/// A nested attribute that has been begun in a message and not ended.
typedef struct cipvs_nest cipvs_nest;

/// Allocates a message that can hold `capacity` bytes, headers included. NULL if memory is short.
cipvs_message *_Nullable cipvs_message_create(size_t capacity);

/// Frees a message, which must not be used any more.
void cipvs_message_destroy(cipvs_message *message);

/// Empties the message and writes its netlink and generic netlink headers.
/// Returns false if they do not fit.
bool cipvs_message_begin(cipvs_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                         uint8_t command, uint8_t version);

/// Does the same for a family that is not generic netlink's: `length` bytes of its own follow the netlink header.
bool cipvs_message_begin_with(cipvs_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                              const void *header, size_t length);

/// The message as it goes over the socket; valid until the message changes or is destroyed.
const void *cipvs_message_bytes(const cipvs_message *message, size_t *length);

/// Append an attribute; each returns false, and leaves the message as it was, if it does not fit.
bool cipvs_put_u8(cipvs_message *message, int attribute, uint8_t value);
bool cipvs_put_u16(cipvs_message *message, int attribute, uint16_t value);
bool cipvs_put_u32(cipvs_message *message, int attribute, uint32_t value);
bool cipvs_put_bytes(cipvs_message *message, int attribute, const void *bytes, int length);
bool cipvs_put_string(cipvs_message *message, int attribute, const char *string);

/// Begins a nested attribute: what is put next goes into it. NULL if it does not fit.
cipvs_nest *_Nullable cipvs_nest_begin(cipvs_message *message, int attribute);

/// Ends the innermost nested attribute, which must be `nest`. An empty nest is kept.
void cipvs_nest_end(cipvs_message *message, cipvs_nest *nest);

/// Opens a netlink socket of a protocol such as `NETLINK_GENERIC`, close-on-exec and not yet bound, in the network
/// namespace that `namespace_fd` refers to. A thread of its own enters the namespace, so the caller's threads never leave
/// theirs. Returns the socket, or a negated errno.
int cipvs_socket_in_namespace(int namespace_fd, int protocol);

/// Opens a file with the flags of open(2), and close-on-exec, as a thread in the network namespace that `namespace_fd`
/// refers to would: a path below `/proc/sys/net` is that namespace's, one below `/proc/thread-self` that thread's.
/// Returns the file, or a negated errno.
int cipvs_open_in_namespace(int namespace_fd, const char *path, int flags);

/// Opens the network namespace that a socket belongs to, close-on-exec. Returns a file that refers to it, or a negated
/// errno.
int cipvs_namespace_of_socket(int fd);

/// A datagram to be received: where to, and how long it was and from which port when it has been.
typedef struct cipvs_datagram {
    void *buffer;
    size_t capacity;
    size_t length;
    uint32_t sender;
} cipvs_datagram;

/// Receives at most two datagrams, of which it waits for the first alone, if `wait` says so. A length above the capacity
/// tells that the rest is lost. Returns how many have come, or a negated errno.
int cipvs_receive_two(int fd, cipvs_datagram *two, bool wait);

#pragma clang assume_nonnull end

#endif
