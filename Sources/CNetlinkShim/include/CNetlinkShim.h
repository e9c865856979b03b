// The C interface of the target Netlink: the kernel's netlink headers, messages built by libnl, and socket calls.
//
// It doesn't include libnl's headers, so that neither its names nor its macros are imported into Swift.

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

/// A nested attribute that was begun in a message and has not been ended.
typedef struct cnetlink_nest cnetlink_nest;

/// Allocates a message that can hold `capacity` bytes, including headers. Returns NULL if there is no memory for it.
cnetlink_message *_Nullable cnetlink_message_create(size_t capacity);

/// Frees a message, which must not be used afterwards.
void cnetlink_message_destroy(cnetlink_message *message);

/// Empties the message and writes its netlink and generic netlink headers.
/// Returns false if they do not fit.
bool cnetlink_message_begin(cnetlink_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                         uint8_t command, uint8_t version);

/// Does the same for another family: `length` bytes of the family's header follow the netlink header.
bool cnetlink_message_begin_with(cnetlink_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                              const void *header, size_t length);

/// Returns the message as it is sent. Valid until the message is changed or destroyed.
const void *cnetlink_message_bytes(const cnetlink_message *message, size_t *length);

/// These append an attribute. Each returns false and leaves the message unchanged if the attribute does not fit.
bool cnetlink_put_u8(cnetlink_message *message, int attribute, uint8_t value);
bool cnetlink_put_u16(cnetlink_message *message, int attribute, uint16_t value);
bool cnetlink_put_u32(cnetlink_message *message, int attribute, uint32_t value);
bool cnetlink_put_bytes(cnetlink_message *message, int attribute, const void *bytes, int length);
bool cnetlink_put_string(cnetlink_message *message, int attribute, const char *string);

/// Begins a nested attribute, to which the following attributes are added. Returns NULL if it does not fit.
cnetlink_nest *_Nullable cnetlink_nest_begin(cnetlink_message *message, int attribute);

/// Ends the innermost nested attribute, which must be `nest`. An empty nest is kept.
void cnetlink_nest_end(cnetlink_message *message, cnetlink_nest *nest);

/// Opens a socket with the arguments of socket(2), close-on-exec, in the network namespace that `namespace_fd` refers to. A
/// new thread enters the namespace, so the caller's threads never leave theirs. Returns the socket, or a negated errno.
int cnetlink_socket_in_namespace(int namespace_fd, int domain, int type, int protocol);

/// Opens a file with flags of open(2) and close-on-exec, as a thread in the network namespace that `namespace_fd` refers to
/// would: a path below `/proc/sys/net` is that of the namespace, and one below `/proc/thread-self` that of the thread.
/// Returns the file descriptor, or a negated errno.
int cnetlink_open_in_namespace(int namespace_fd, const char *path, int flags);

/// Calls a function with an argument on a new thread, which has entered the network namespace that `namespace_fd` refers to,
/// and waits for its end. Returns 0, or a negated errno if it was not called.
int cnetlink_call_in_namespace(int namespace_fd, void (*call)(void *_Nullable), void *_Nullable argument);

/// Opens an empty file in memory, close-on-exec. Returns a file descriptor, or a negated errno.
int cnetlink_memory_file(void);

/// Opens the network namespace that a socket belongs to, close-on-exec. Returns a file descriptor, or a negated errno.
int cnetlink_namespace_of_socket(int fd);

/// A buffer for a datagram. When one was received: its full length and the sender's port.
typedef struct cnetlink_datagram {
    void *buffer;
    size_t capacity;
    size_t length;
    uint32_t sender;
} cnetlink_datagram;

/// Receives at most two datagrams. If `wait` is true, it waits for the first one. If a length exceeds the capacity, the rest of
/// that datagram is lost. Returns the number of datagrams, or a negated errno.
int cnetlink_receive_two(int fd, cnetlink_datagram *two, bool wait);

/// Binds a Unix stream socket to an abstract address, which belongs to the socket's network namespace, and lets other
/// processes connect to it. Returns 0, or a negated errno: EADDRINUSE if another socket has the address.
int cnetlink_listen_at(int fd, const char *name);

/// Connects a Unix stream socket to an abstract address, without waiting. Returns 0, or a negated errno: ECONNREFUSED if no
/// socket listens there, or EAGAIN if too many connections to it are pending.
int cnetlink_connect_to(int fd, const char *name);

/// Determines the process and the user that listen at the other end of a connection. The process ID is 0 if the caller's PID
/// namespace doesn't have the process. Returns 0, or a negated errno.
int cnetlink_peer(int fd, int32_t *pid, uint32_t *uid);

/// Waits until the other end of a connection is closed, for a time in milliseconds. Returns 0, also when the time is over, or a
/// negated errno.
int cnetlink_wait_for_end(int fd, int milliseconds);

/// Ends all pending connections to a socket that listens.
void cnetlink_end_pending(int fd);

#pragma clang assume_nonnull end

#endif
