#define _GNU_SOURCE

#include "CNetlinkShim.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

// The opaque types are libnl's, under names that don't require its headers.
static struct nl_msg *msg(const cnetlink_message *message) { return (struct nl_msg *)message; }

cnetlink_message *cnetlink_message_create(size_t capacity) {
    return (cnetlink_message *)nlmsg_alloc_size(capacity);
}

void cnetlink_message_destroy(cnetlink_message *message) { nlmsg_free(msg(message)); }

bool cnetlink_message_begin(cnetlink_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                         uint8_t command, uint8_t version) {
    // libnl has no function that empties a message, but uses the length in its header.
    nlmsg_hdr(msg(message))->nlmsg_len = NLMSG_HDRLEN;
    return genlmsg_put(msg(message), port, sequence, type, 0, flags, command, version) != NULL;
}

bool cnetlink_message_begin_with(cnetlink_message *message, uint16_t type, uint16_t flags, uint32_t sequence, uint32_t port,
                              const void *header, size_t length) {
    nlmsg_hdr(msg(message))->nlmsg_len = NLMSG_HDRLEN;
    struct nlmsghdr *begun = nlmsg_put(msg(message), port, sequence, type, length, flags);
    if (begun == NULL) return false;
    memcpy(nlmsg_data(begun), header, length);
    return true;
}

const void *cnetlink_message_bytes(const cnetlink_message *message, size_t *length) {
    struct nlmsghdr *header = nlmsg_hdr(msg(message));
    *length = header->nlmsg_len;
    return header;
}

bool cnetlink_put_u8(cnetlink_message *message, int attribute, uint8_t value) {
    return nla_put_u8(msg(message), attribute, value) == 0;
}

bool cnetlink_put_u16(cnetlink_message *message, int attribute, uint16_t value) {
    return nla_put_u16(msg(message), attribute, value) == 0;
}

bool cnetlink_put_u32(cnetlink_message *message, int attribute, uint32_t value) {
    return nla_put_u32(msg(message), attribute, value) == 0;
}

bool cnetlink_put_bytes(cnetlink_message *message, int attribute, const void *bytes, int length) {
    return nla_put(msg(message), attribute, length, bytes) == 0;
}

bool cnetlink_put_string(cnetlink_message *message, int attribute, const char *string) {
    return nla_put_string(msg(message), attribute, string) == 0;
}

cnetlink_nest *cnetlink_nest_begin(cnetlink_message *message, int attribute) {
    return (cnetlink_nest *)nla_nest_start(msg(message), attribute);
}

void cnetlink_nest_end(cnetlink_message *message, cnetlink_nest *nest) {
    nla_nest_end_keep_empty(msg(message), (struct nlattr *)nest);
}

int cnetlink_receive_two(int fd, cnetlink_datagram *two, bool wait) {
    struct sockaddr_nl senders[2];
    struct iovec places[2];
    struct mmsghdr messages[2] = {0};
    for (int i = 0; i < 2; i++) {
        places[i] = (struct iovec){.iov_base = two[i].buffer, .iov_len = two[i].capacity};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &senders[i], .msg_namelen = sizeof senders[i], .msg_iov = &places[i], .msg_iovlen = 1};
    }
    // MSG_TRUNC returns the full length.
    int count = recvmmsg(fd, messages, 2, MSG_TRUNC | MSG_WAITFORONE | (wait ? 0 : MSG_DONTWAIT), NULL);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        two[i].length = messages[i].msg_len;
        two[i].sender = senders[i].nl_pid;
    }
    return count;
}

int cnetlink_memory_file(void) {
    int fd = memfd_create("memory", MFD_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

int cnetlink_namespace_of_socket(int fd) {
    int namespace_fd = ioctl(fd, SIOCGSKNS);
    return namespace_fd >= 0 ? namespace_fd : -errno;
}

struct job {
    int namespace_fd;
    /// The function to call; NULL for a file or a socket.
    void (*_Nullable call)(void *);
    void *_Nullable argument;
    /// The file to open; NULL for a socket.
    const char *_Nullable path;
    int flags;
    int domain, type, protocol;
    int result;
};

static void *do_in_namespace(void *argument) {
    struct job *job = argument;
    int fd = setns(job->namespace_fd, CLONE_NEWNET);
    if (fd == 0 && job->call != NULL) {
        job->call(job->argument);
    } else if (fd == 0) {
        fd = job->path != NULL ? open(job->path, job->flags | O_CLOEXEC)
                               : socket(job->domain, job->type | SOCK_CLOEXEC, job->protocol);
    }
    job->result = fd >= 0 ? fd : -errno;
    return NULL;
}

/// Runs a job on a new thread and returns its result.
static int on_thread(struct job job) {
    // The thread inherits this mask, as the program's signal handlers must not run in another namespace.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_in_namespace, &job);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) return -error;
    pthread_join(thread, NULL);
    return job.result;
}

int cnetlink_socket_in_namespace(int namespace_fd, int domain, int type, int protocol) {
    return on_thread((struct job){
        .namespace_fd = namespace_fd, .domain = domain, .type = type, .protocol = protocol, .result = -EIO});
}

int cnetlink_open_in_namespace(int namespace_fd, const char *path, int flags) {
    return on_thread((struct job){.namespace_fd = namespace_fd, .path = path, .flags = flags, .result = -EIO});
}

int cnetlink_call_in_namespace(int namespace_fd, void (*call)(void *), void *argument) {
    return on_thread((struct job){.namespace_fd = namespace_fd, .call = call, .argument = argument, .result = -EIO});
}
