/*
 * System calls and constants that Swift's Glibc module does not give to LinuxSys: variadic ones, those newer than the C library, and those
 * whose kernel header clashes with the C library's. Every function returns the call's result, or -errno, so that nothing can overwrite errno
 * between the call and its reading. Numbers that differ between architectures come from <asm/...> through <sys/syscall.h> and <fcntl.h>.
 */
#ifndef BERTH_SYS_H
#define BERTH_SYS_H

#include <errno.h>
#include <spawn.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Declared here because <unistd.h> hides it in strict modes. */
extern long syscall(long number, ...);

/* GNU additions that the C library declares only with _GNU_SOURCE, which Swift's importer does not set. */
extern const char *strerrorname_np(int number);
extern const char *strerrordesc_np(int number);

static inline const char *berth_sys_error_name(int number) { return strerrorname_np(number); }
static inline const char *berth_sys_error_text(int number) { return strerrordesc_np(number); }

static inline long berth_sys_result(long result) { return result < 0 ? -(long)errno : result; }

/* ---- constants ---- */

enum {
    BERTH_O_RDONLY = 0,
    BERTH_O_WRONLY = 1,
    BERTH_O_RDWR = 2,
    BERTH_O_CREAT = 0100,
    BERTH_O_EXCL = 0200,
    BERTH_O_NOCTTY = 0400,
    BERTH_O_TRUNC = 01000,
    BERTH_O_APPEND = 02000,
    BERTH_O_NONBLOCK = 04000,
    BERTH_O_CLOEXEC = 02000000,
    BERTH_O_PATH = 010000000,
    BERTH_O_NOATIME = 01000000,
#if defined(__aarch64__) || defined(__arm__) || defined(__powerpc__)
    BERTH_O_DIRECTORY = 040000,
    BERTH_O_NOFOLLOW = 0100000,
    BERTH_O_DIRECT = 0200000,
#else
    BERTH_O_DIRECTORY = 0200000,
    BERTH_O_NOFOLLOW = 0400000,
    BERTH_O_DIRECT = 040000,
#endif
    BERTH_O_TMPFILE = 020000000 | BERTH_O_DIRECTORY,

    BERTH_AT_FDCWD = -100,
    BERTH_AT_SYMLINK_NOFOLLOW = 0x100,
    BERTH_AT_REMOVEDIR = 0x200,
    BERTH_AT_SYMLINK_FOLLOW = 0x400,
    BERTH_AT_EMPTY_PATH = 0x1000,
    BERTH_AT_RECURSIVE = 0x8000,

    BERTH_F_DUPFD_CLOEXEC = 1030,
    BERTH_F_GETFD = 1,
    BERTH_F_SETFD = 2,
    BERTH_F_GETFL = 3,
    BERTH_F_SETFL = 4,
    BERTH_F_OFD_GETLK = 36,
    BERTH_F_OFD_SETLK = 37,
    BERTH_F_OFD_SETLKW = 38,
    BERTH_F_ADD_SEALS = 1033,
    BERTH_F_SETPIPE_SZ = 1031,

    BERTH_PR_SET_PDEATHSIG = 1,
    BERTH_PR_SET_DUMPABLE = 4,
    BERTH_PR_SET_NO_NEW_PRIVS = 38,

    BERTH_SO_PEERPIDFD = 77, /* since Linux 6.5 */
    BERTH_SO_PEERGROUPS = 59,
};

/* Numbers of calls younger than the headers; the same on every architecture Berth knows. */
enum {
    BERTH_SYS_openat2 = 437,
    BERTH_SYS_pidfd_getfd = 438,
    BERTH_SYS_close_range = 436,
    BERTH_SYS_pidfd_open = 434,
    BERTH_SYS_pidfd_send_signal = 424,
    BERTH_SYS_open_tree = 428,
    BERTH_SYS_move_mount = 429,
    BERTH_SYS_fsopen = 430,
    BERTH_SYS_fsconfig = 431,
    BERTH_SYS_fsmount = 432,
    BERTH_SYS_fspick = 433,
    BERTH_SYS_mount_setattr = 442,
    BERTH_SYS_quotactl_fd = 443,
    BERTH_SYS_fchmodat2 = 452,
};

/* ---- files ---- */

struct berth_open_how {
    uint64_t flags, mode, resolve;
};

static inline long berth_sys_open(int directory, const char *path, int flags, unsigned mode) {
    return berth_sys_result(syscall(SYS_openat, directory, path, flags, mode));
}

static inline long berth_sys_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct berth_open_how how = {flags, mode, resolve};
    return berth_sys_result(syscall(BERTH_SYS_openat2, directory, path, &how, sizeof how));
}

struct berth_statfs {
    uint64_t type, block, blocks, available, files, free_files, flags;
};

static inline long berth_sys_fstatfs(int descriptor, struct berth_statfs *out) {
    struct statfs buffer;
    if (fstatfs(descriptor, &buffer) < 0) return -(long)errno;
    out->type = (uint64_t)(uint32_t)buffer.f_type;
    out->block = (uint64_t)buffer.f_bsize;
    out->blocks = buffer.f_blocks;
    out->available = buffer.f_bavail;
    out->files = buffer.f_files;
    out->free_files = buffer.f_ffree;
    out->flags = (uint64_t)buffer.f_flags;
    return 0;
}

static inline long berth_sys_pipe(int *ends, int flags) { return berth_sys_result(syscall(SYS_pipe2, ends, flags)); }

static inline long berth_sys_memfd(const char *name, unsigned flags) {
    return berth_sys_result(syscall(SYS_memfd_create, name, flags));
}

static inline long berth_sys_fcntl(int descriptor, int command, long argument) {
    return berth_sys_result(syscall(SYS_fcntl, descriptor, command, argument));
}

static inline long berth_sys_ioctl(int descriptor, unsigned long request, void *argument) {
    return berth_sys_result(syscall(SYS_ioctl, descriptor, request, argument));
}

static inline long berth_sys_ioctl_number(int descriptor, unsigned long request, unsigned long argument) {
    return berth_sys_result(syscall(SYS_ioctl, descriptor, request, argument));
}

static inline long berth_sys_getdents(int descriptor, void *buffer, size_t size) {
    return berth_sys_result(syscall(SYS_getdents64, descriptor, buffer, size));
}

static inline long berth_sys_renameat2(int from, const char *old_name, int to, const char *new_name, unsigned flags) {
    return berth_sys_result(syscall(SYS_renameat2, from, old_name, to, new_name, flags));
}

static inline long berth_sys_fallocate(int descriptor, int mode, int64_t offset, int64_t length) {
    return berth_sys_result(syscall(SYS_fallocate, descriptor, mode, offset, length));
}

static inline long berth_sys_syncfs(int descriptor) { return berth_sys_result(syscall(SYS_syncfs, descriptor)); }

static inline long berth_sys_fchownat(int directory, const char *name, unsigned uid, unsigned gid, int flags) {
    return berth_sys_result(syscall(SYS_fchownat, directory, name, uid, gid, flags));
}

static inline long berth_sys_fchmodat2(int directory, const char *name, unsigned mode, int flags) {
    return berth_sys_result(syscall(BERTH_SYS_fchmodat2, directory, name, mode, flags));
}

static inline long berth_sys_copy_file_range(int from, int to, size_t length) {
    return berth_sys_result(syscall(SYS_copy_file_range, from, (void *)0, to, (void *)0, length, 0));
}

static inline long berth_sys_unlinkat(int directory, const char *name, int flags) {
    return berth_sys_result(syscall(SYS_unlinkat, directory, name, flags));
}

static inline long berth_sys_fsetxattr(int descriptor, const char *name, const void *value, size_t size) {
    return berth_sys_result(syscall(SYS_fsetxattr, descriptor, name, value, size, 0));
}

static inline long berth_sys_fgetxattr(int descriptor, const char *name, void *value, size_t size) {
    return berth_sys_result(syscall(SYS_fgetxattr, descriptor, name, value, size));
}

static inline long berth_sys_flistxattr(int descriptor, void *list, size_t size) {
    return berth_sys_result(syscall(SYS_flistxattr, descriptor, list, size));
}

static inline long berth_sys_fremovexattr(int descriptor, const char *name) {
    return berth_sys_result(syscall(SYS_fremovexattr, descriptor, name));
}

/* ---- polling, timers, notifications ---- */

static inline long berth_sys_eventfd(unsigned value, int flags) { return berth_sys_result(syscall(SYS_eventfd2, value, flags)); }
static inline long berth_sys_inotify_init(int flags) { return berth_sys_result(syscall(SYS_inotify_init1, flags)); }

static inline long berth_sys_inotify_add(int descriptor, const char *path, uint32_t mask) {
    return berth_sys_result(syscall(SYS_inotify_add_watch, descriptor, path, mask));
}

static inline long berth_sys_inotify_remove(int descriptor, int watch) {
    return berth_sys_result(syscall(SYS_inotify_rm_watch, descriptor, watch));
}

static inline long berth_sys_timerfd(int clock, int flags) { return berth_sys_result(syscall(SYS_timerfd_create, clock, flags)); }

/* Both times in nanoseconds; flags 1 is an absolute time. A value of 0 disarms. */
static inline long berth_sys_timerfd_set(int descriptor, int flags, int64_t first, int64_t interval) {
    struct itimerspec value;
    value.it_value.tv_sec = first / 1000000000;
    value.it_value.tv_nsec = first % 1000000000;
    value.it_interval.tv_sec = interval / 1000000000;
    value.it_interval.tv_nsec = interval % 1000000000;
    return berth_sys_result(syscall(SYS_timerfd_settime, descriptor, flags, &value, (void *)0));
}

#if defined(__x86_64__)
struct berth_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));
#else
struct berth_epoll_event {
    uint32_t events;
    uint64_t data;
};
#endif

static inline long berth_sys_epoll_create(int flags) { return berth_sys_result(syscall(SYS_epoll_create1, flags)); }

static inline long berth_sys_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
    struct berth_epoll_event event;
    event.events = events;
    event.data = data;
    return berth_sys_result(syscall(SYS_epoll_ctl, epoll, operation, descriptor, &event));
}

/* At most 64 events a call; the caller's arrays have room for them. */
static inline long berth_sys_epoll_wait(int epoll, uint32_t *events, uint64_t *data, int count, int milliseconds) {
    struct berth_epoll_event buffer[64];
    if (count > 64) count = 64;
    long found = berth_sys_result(syscall(SYS_epoll_pwait, epoll, buffer, count, milliseconds, (void *)0, (size_t)8));
    for (long i = 0; i < found; i++) {
        events[i] = buffer[i].events;
        data[i] = buffer[i].data;
    }
    return found;
}

/* ---- sockets ---- */

/* struct ucred, which needs _GNU_SOURCE. */
struct berth_credentials {
    int32_t pid;
    uint32_t uid, gid;
};

enum { BERTH_MAX_DESCRIPTORS = 253 }; /* SCM_MAX_FD */

static inline long berth_sys_send(int socket, const void *bytes, size_t length, const int *descriptors, int count, int flags) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * BERTH_MAX_DESCRIPTORS)];
    } control;
    struct iovec vector = {(void *)bytes, length};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (count > BERTH_MAX_DESCRIPTORS) return -EINVAL;
    if (count > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.space;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    return berth_sys_result(sendmsg(socket, &message, flags | MSG_NOSIGNAL));
}

static inline long berth_sys_accept(int socket, int flags) {
    return berth_sys_result(syscall(SYS_accept4, socket, (void *)0, (void *)0, flags));
}

/* `descriptors` has room for BERTH_MAX_DESCRIPTORS; they come close-on-exec. `truncated` is set when bytes or descriptors were cut off. */
static inline long berth_sys_receive(int socket, void *bytes, size_t length, int *descriptors, int *count, int *truncated, int flags) {
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * BERTH_MAX_DESCRIPTORS)];
    } control;
    struct iovec vector = {bytes, length};
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    *count = 0;
    *truncated = 0;
    long received = berth_sys_result(recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC));
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int found = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        if (found > BERTH_MAX_DESCRIPTORS - *count) found = BERTH_MAX_DESCRIPTORS - *count;
        memcpy(descriptors + *count, CMSG_DATA(header), sizeof(int) * (size_t)found);
        *count += found;
    }
    *truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    return received;
}

/* ---- mounts (numbers of linux/mount.h, which clashes with the C library's sys/mount.h) ---- */

enum {
    BERTH_OPEN_TREE_CLONE = 1,
    BERTH_MOVE_MOUNT_F_EMPTY_PATH = 4,
    BERTH_MOVE_MOUNT_T_EMPTY_PATH = 0x40,
    BERTH_FSCONFIG_SET_FLAG = 0,
    BERTH_FSCONFIG_SET_STRING = 1,
    BERTH_FSCONFIG_SET_FD = 5,
    BERTH_FSCONFIG_CMD_CREATE = 6,
    BERTH_FSCONFIG_CMD_RECONFIGURE = 7,
    BERTH_MOUNT_ATTR_IDMAP = 0x00100000,
};

struct berth_mount_attr {
    uint64_t set, clear, propagation, userns;
};

static inline long berth_sys_open_tree(int directory, const char *path, unsigned flags) {
    return berth_sys_result(syscall(BERTH_SYS_open_tree, directory, path, flags));
}

static inline long berth_sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags) {
    return berth_sys_result(syscall(BERTH_SYS_move_mount, from, from_path, to, to_path, flags));
}

static inline long berth_sys_fsopen(const char *type, unsigned flags) {
    return berth_sys_result(syscall(BERTH_SYS_fsopen, type, flags));
}

static inline long berth_sys_fsconfig(int context, unsigned command, const char *key, const void *value, int number) {
    return berth_sys_result(syscall(BERTH_SYS_fsconfig, context, command, key, value, number));
}

static inline long berth_sys_fsmount(int context, unsigned flags, unsigned attributes) {
    return berth_sys_result(syscall(BERTH_SYS_fsmount, context, flags, attributes));
}

static inline long berth_sys_fspick(int directory, const char *path, unsigned flags) {
    return berth_sys_result(syscall(BERTH_SYS_fspick, directory, path, flags));
}

static inline long berth_sys_mount_setattr(int directory, const char *path, unsigned flags, uint64_t set, uint64_t clear,
                                           uint64_t propagation, int userns) {
    struct berth_mount_attr attributes = {set, clear, propagation, (uint64_t)userns};
    return berth_sys_result(syscall(BERTH_SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes));
}

static inline long berth_sys_mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data) {
    return berth_sys_result(syscall(SYS_mount, source, target, type, flags, data));
}

static inline long berth_sys_umount(const char *path, int flags) { return berth_sys_result(syscall(SYS_umount2, path, flags)); }

/* ---- processes ---- */

static inline long berth_sys_pidfd_open(int pid, unsigned flags) { return berth_sys_result(syscall(BERTH_SYS_pidfd_open, pid, flags)); }

static inline long berth_sys_pidfd_send_signal(int pidfd, int signal) {
    return berth_sys_result(syscall(BERTH_SYS_pidfd_send_signal, pidfd, signal, (void *)0, 0));
}

static inline long berth_sys_pidfd_getfd(int pidfd, int number) {
    return berth_sys_result(syscall(BERTH_SYS_pidfd_getfd, pidfd, number, 0));
}

/* idtype 1 is P_PID, 3 is P_PIDFD. Returns 0 with code 0 when WNOHANG found nothing. */
static inline long berth_sys_waitid(int idtype, int id, int options, int *pid, int *code, int *status) {
    siginfo_t information;
    memset(&information, 0, sizeof information);
    long result = berth_sys_result(syscall(SYS_waitid, idtype, id, &information, options, (void *)0));
    *pid = information.si_pid;
    *code = information.si_code;
    *status = information.si_status;
    return result;
}

static inline long berth_sys_setns(int descriptor, int kind) { return berth_sys_result(syscall(SYS_setns, descriptor, kind)); }
static inline long berth_sys_unshare(int flags) { return berth_sys_result(syscall(SYS_unshare, flags)); }

static inline long berth_sys_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
    return berth_sys_result(syscall(SYS_prctl, option, a, b, c, d));
}

/* By number, so that the calling thread alone changes: for a process that has no other. */
static inline long berth_sys_setresuid(uint32_t id) { return berth_sys_result(syscall(SYS_setresuid, id, id, id)); }
static inline long berth_sys_setresgid(uint32_t id) { return berth_sys_result(syscall(SYS_setresgid, id, id, id)); }

/* A fork into the namespaces of `kinds` (CLONE_NEW...), without the C library's handlers; SIGCHLD at its end. */
static inline long berth_sys_fork_into(unsigned long kinds) {
    return berth_sys_result(syscall(SYS_clone, kinds | 17UL, 0UL, 0UL, 0UL, 0UL));
}

static inline long berth_sys_pivot_root(const char *root, const char *former) {
    return berth_sys_result(syscall(SYS_pivot_root, root, former));
}

/* Effective and permitted sets; the inheritable one is emptied (version 3 of capset(2)). */
static inline long berth_sys_keep_capabilities(uint64_t bits) {
    struct {
        uint32_t version;
        int32_t pid;
    } header = {0x20080522, 0};
    struct {
        uint32_t effective, permitted, inheritable;
    } data[2] = {{(uint32_t)bits, (uint32_t)bits, 0}, {(uint32_t)(bits >> 32), (uint32_t)(bits >> 32), 0}};
    return berth_sys_result(syscall(SYS_capset, &header, data));
}

/* SECCOMP_SET_MODE_FILTER of whole `struct sock_filter`s. */
static inline long berth_sys_seccomp_filter(const void *entries, unsigned short count) {
    struct {
        unsigned short count;
        const void *entries;
    } program = {count, entries};
    return berth_sys_result(syscall(SYS_seccomp, 1, 0, &program));
}

/*
 * A process that does nothing but own a new user namespace: it waits until `pipe` closes and ends. Safe to call from a process with threads:
 * the child makes raw system calls only, from a copy of the memory, and never touches the heap. Returns its pid.
 */
static inline long berth_sys_park_user_namespace(int wait_end, int write_end) {
    /* CLONE_NEWUSER | SIGCHLD */
    long pid = syscall(SYS_clone, 0x10000000UL | 17UL, 0UL, 0UL, 0UL, 0UL);
    if (pid != 0) return berth_sys_result(pid);
    char byte;
    /* The copy of the descriptor table holds the writing ends of other threads' pipes too: two such processes would wait for each other. */
    (void)write_end;
    if (wait_end > 0) syscall(SYS_close_range, 0U, (unsigned)wait_end - 1U, 0U);
    syscall(SYS_close_range, (unsigned)wait_end + 1U, ~0U, 0U);
    syscall(SYS_read, wait_end, &byte, 1UL);
    for (;;) syscall(SYS_exit_group, 0);
}

/* GNU additions, as above. */
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/*
 * Starts a program with exactly the descriptors given: sources[i] becomes targets[i], the gaps and everything from `first_closed` are closed.
 * No source is a target. Signals are unblocked and at their default. Returns 0 or -errno.
 */
static inline long berth_sys_spawn(int *pid, const char *path, char *const *argv, char *const *envp, const int *sources,
                                   const int *targets, int count, const int *gaps, int gap_count, int first_closed, int new_session) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return -error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&actions);
        return -error;
    }
    for (int i = 0; i < count && !error; i++) error = posix_spawn_file_actions_adddup2(&actions, sources[i], targets[i]);
    for (int i = 0; i < gap_count && !error; i++) error = posix_spawn_file_actions_addclose(&actions, gaps[i]);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&actions, first_closed);
    if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
    /* POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK, and POSIX_SPAWN_SETSID of GNU. */
    if (!error) error = posix_spawnattr_setflags(&attributes, (short)(0x04 | 0x08 | (new_session ? 0x80 : 0)));
    if (!error) error = posix_spawn(pid, path, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -error;
}

/* ---- quotas ---- */

static inline long berth_sys_quotactl_fd(int descriptor, unsigned command, unsigned id, void *address) {
    return berth_sys_result(syscall(BERTH_SYS_quotactl_fd, descriptor, command, id, address));
}

#endif
