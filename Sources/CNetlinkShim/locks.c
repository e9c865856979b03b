#define _GNU_SOURCE

#include "CNetlinkShim.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// Stores the abstract address with a name, and returns its length, or 0 if the name is too long.
static socklen_t abstract_address(const char *name, struct sockaddr_un *address) {
    size_t length = strlen(name);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length >= sizeof address->sun_path) return 0;
    // An abstract address begins with a NUL, and does not end with one.
    memcpy(address->sun_path + 1, name, length);
    return offsetof(struct sockaddr_un, sun_path) + 1 + length;
}

int cnetlink_listen_at(int fd, const char *name) {
    struct sockaddr_un address;
    socklen_t length = abstract_address(name, &address);
    if (length == 0) return -ENAMETOOLONG;
    if (bind(fd, (const struct sockaddr *)&address, length) != 0) return -errno;
    return listen(fd, SOMAXCONN) == 0 ? 0 : -errno;
}

int cnetlink_connect_to(int fd, const char *name) {
    struct sockaddr_un address;
    socklen_t length = abstract_address(name, &address);
    if (length == 0) return -ENAMETOOLONG;
    return connect(fd, (const struct sockaddr *)&address, length) == 0 ? 0 : -errno;
}

int cnetlink_peer(int fd, int32_t *pid, uint32_t *uid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -errno;
    *pid = credentials.pid;
    *uid = credentials.uid;
    return 0;
}

int cnetlink_wait_for_end(int fd, int milliseconds) {
    struct pollfd end = {.fd = fd, .events = POLLRDHUP};
    int count = poll(&end, 1, milliseconds);
    return count >= 0 || errno == EINTR ? 0 : -errno;
}

void cnetlink_end_pending(int fd) {
    int pending;
    while ((pending = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) close(pending);
}
