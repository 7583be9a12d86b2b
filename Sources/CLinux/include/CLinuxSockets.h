// SEQPACKET sockets that carry descriptors (unix(7)), and the loopback device.
#pragma once
#include "CLinuxCall.h"
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LINUX_MAXIMUM_DESCRIPTORS 253

static inline long linux_socketpair(int *ends, int nonBlocking) {
    return linux_result(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (nonBlocking ? SOCK_NONBLOCK : 0), 0, ends));
}

/// Sends one packet, with one descriptor unless it is negative. Never blocks, never raises SIGPIPE.
static inline long linux_send(int socket, const void *bytes, size_t count, int descriptor) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {(void *)bytes, count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return linux_result(sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

/// Sends one packet with several descriptors.
static inline long linux_send_all(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptorCount) {
    union {
        char bytes[CMSG_SPACE(LINUX_MAXIMUM_DESCRIPTORS * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    if (descriptorCount > LINUX_MAXIMUM_DESCRIPTORS) return -(long)E2BIG;
    struct iovec part = {(void *)bytes, count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptorCount > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(descriptorCount * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptorCount * sizeof(int));
        memcpy(CMSG_DATA(header), descriptors, descriptorCount * sizeof(int));
    }
    return linux_result(sendmsg(socket, &message, MSG_NOSIGNAL));
}

/// Receives one packet. `descriptors` holds 253; `*descriptorCount` says how many came, close-on-exec. A truncated packet is -EMSGSIZE.
static inline long linux_receive(int socket, void *bytes, size_t count, int *descriptors, size_t *descriptorCount, int wait) {
    union {
        char bytes[CMSG_SPACE(LINUX_MAXIMUM_DESCRIPTORS * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {bytes, count};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *descriptorCount = 0;
    long result = linux_result(recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT)));
    if (result < 0) return result;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t came = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors, CMSG_DATA(header), came * sizeof(int));
        *descriptorCount = came;
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0) return result;
    for (size_t index = 0; index < *descriptorCount; index++) close(descriptors[index]);
    *descriptorCount = 0;
    return -(long)EMSGSIZE;
}

/// Sets IFF_UP on `lo` of the current network namespace (netdevice(7)).
static inline long linux_loopback_up(void) {
    int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe == -1) return -(long)errno;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    long result = linux_result(ioctl(probe, SIOCGIFFLAGS, &request));
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = linux_result(ioctl(probe, SIOCSIFFLAGS, &request));
    }
    close(probe);
    return result;
}
