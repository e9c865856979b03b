// What the target Netlink sees of C: the kernel's headers for netlink, messages built by libnl, and socket calls.
//
// libnl's headers stay out of this one, so that neither its names nor its macros reach Swift.

#ifndef CNetlink_H
#define CNetlink_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A netlink message under construction, of a fixed capacity.
typedef struct cnetlink_message cnetlink_message;

/// A nested attribute that has been begun in a message and not ended.
typedef struct cnetlink_nest cnetlink_nest;

/// Allocates a message that can hold `capacity` bytes, headers included. NULL if memory is short.
cnetlink_message *_Nullable cnetlink_message_create(size_t capacity);

/// Frees a message, which must not be used any more.
void cnetlink_message_destroy(cnetlink_message *message);

/// Empties the message and writes its netlink and generic netlink headers.
/// Returns false if they do not fit.
bool cnetlink_message_begin(cnetlink_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                         uint8_t command, uint8_t version);

/// Does the same for a family that is not generic netlink's: `length` bytes of its own follow the netlink header.
bool cnetlink_message_begin_with(cnetlink_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                              const void *header, size_t length);

/// The message as it goes over the socket; valid until the message changes or is destroyed.
const void *cnetlink_message_bytes(const cnetlink_message *message, size_t *length);

/// Append an attribute; each returns false, and leaves the message as it was, if it does not fit.
bool cnetlink_put_u8(cnetlink_message *message, int attribute, uint8_t value);
bool cnetlink_put_u16(cnetlink_message *message, int attribute, uint16_t value);
bool cnetlink_put_u32(cnetlink_message *message, int attribute, uint32_t value);
bool cnetlink_put_bytes(cnetlink_message *message, int attribute, const void *bytes, int length);
bool cnetlink_put_string(cnetlink_message *message, int attribute, const char *string);

/// Begins a nested attribute: what is put next goes into it. NULL if it does not fit.
cnetlink_nest *_Nullable cnetlink_nest_begin(cnetlink_message *message, int attribute);

/// Ends the innermost nested attribute, which must be `nest`. An empty nest is kept.
void cnetlink_nest_end(cnetlink_message *message, cnetlink_nest *nest);

/// Opens a netlink socket of a protocol such as `NETLINK_GENERIC`, close-on-exec and not yet bound, in the network
/// namespace that `namespace_fd` refers to. A thread of its own enters the namespace, so the caller's threads never leave
/// theirs. Returns the socket, or a negated errno.
int cnetlink_socket_in_namespace(int namespace_fd, int protocol);

/// Opens a file with the flags of open(2), and close-on-exec, as a thread in the network namespace that `namespace_fd`
/// refers to would: a path below `/proc/sys/net` is that namespace's, one below `/proc/thread-self` that thread's.
/// Returns the file, or a negated errno.
int cnetlink_open_in_namespace(int namespace_fd, const char *path, int flags);

/// Opens the network namespace that a socket belongs to, close-on-exec. Returns a file that refers to it, or a negated
/// errno.
int cnetlink_namespace_of_socket(int fd);

/// A datagram to be received: where to, and how long it was and from which port when it has been.
typedef struct cnetlink_datagram {
    void *buffer;
    size_t capacity;
    size_t length;
    uint32_t sender;
} cnetlink_datagram;

/// Receives at most two datagrams, of which it waits for the first alone, if `wait` says so. A length above the capacity
/// tells that the rest is lost. Returns how many have come, or a negated errno.
int cnetlink_receive_two(int fd, cnetlink_datagram *two, bool wait);

#pragma clang assume_nonnull end

#endif
