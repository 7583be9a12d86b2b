// Descriptors and files.
#pragma once
#include "CLinuxCall.h"
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>

/// openat2(2).
static inline long linux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return linux_result(syscall(SYS_openat2, directory, path, &how, sizeof how));
}

/// openat(2).
static inline long linux_openat(int directory, const char *path, int flags, unsigned mode) {
    return linux_result(openat(directory, path, flags | O_CLOEXEC, mode));
}

/// openat(2) without O_CLOEXEC: for descriptors that outlive the monitor's own exec.
static inline long linux_openat_inherited(int directory, const char *path, int flags, unsigned mode) {
    return linux_result(openat(directory, path, flags, mode));
}

static inline long linux_close(int descriptor) {
    return linux_result(close(descriptor));
}

/// close_range(2).
static inline long linux_close_range(unsigned first, unsigned last, unsigned flags) {
    return linux_result(syscall(SYS_close_range, first, last, flags));
}

static inline long linux_read(int descriptor, void *bytes, size_t count) {
    return linux_result(read(descriptor, bytes, count));
}

static inline long linux_pread(int descriptor, void *bytes, size_t count, int64_t offset) {
    return linux_result(pread(descriptor, bytes, count, offset));
}

static inline long linux_write(int descriptor, const void *bytes, size_t count) {
    return linux_result(write(descriptor, bytes, count));
}

static inline long linux_pwrite(int descriptor, const void *bytes, size_t count, int64_t offset) {
    return linux_result(pwrite(descriptor, bytes, count, offset));
}

static inline long linux_mkdirat(int directory, const char *path, unsigned mode) {
    return linux_result(mkdirat(directory, path, mode));
}

static inline long linux_mkfifoat(int directory, const char *path, unsigned mode) {
    return linux_result(mknodat(directory, path, S_IFIFO | mode, 0));
}

static inline long linux_unlinkat(int directory, const char *path, int flags) {
    return linux_result(unlinkat(directory, path, flags));
}

static inline long linux_symlinkat(const char *target, int directory, const char *path) {
    return linux_result(symlinkat(target, directory, path));
}

static inline long linux_readlinkat(int directory, const char *path, char *bytes, size_t count) {
    return linux_result(readlinkat(directory, path, bytes, count));
}

static inline long linux_fchmod(int descriptor, unsigned mode) {
    return linux_result(fchmod(descriptor, mode));
}

static inline long linux_fchown(int descriptor, uint32_t user, uint32_t group) {
    return linux_result(fchown(descriptor, user, group));
}


/// fallocate(2): takes the blocks now, so that a later write cannot meet a full disk.
static inline long linux_fallocate(int descriptor, int64_t size) {
    return linux_result(syscall(SYS_fallocate, descriptor, 0, (int64_t)0, size));
}

/// fallocate(2), FALLOC_FL_PUNCH_HOLE: the range reads as zeros, and its blocks are free.
static inline long linux_punch_hole(int descriptor, int64_t offset, int64_t size) {
    return linux_result(syscall(SYS_fallocate, descriptor, 0x01 | 0x02, offset, size));
}

static inline long linux_seek_end(int descriptor) {
    return linux_result(lseek(descriptor, 0, SEEK_END));
}

/// A file of memory without a name, which an exec keeps.
static inline long linux_memory_file(const char *name) {
    return linux_result(syscall(SYS_memfd_create, name, 0));
}

/// What identifies a file, and its kind.
struct linux_file_identity {
    uint64_t device;
    uint64_t inode;
    uint32_t mode;
};

static inline long linux_identity(int descriptor, struct linux_file_identity *identity) {
    struct stat status;
    if (fstat(descriptor, &status) == -1) return -(long)errno;
    *identity = (struct linux_file_identity){status.st_dev, status.st_ino, status.st_mode};
    return 0;
}

/// The same of a name, without following a final link.
static inline long linux_identity_at(int directory, const char *path, struct linux_file_identity *identity) {
    struct stat status;
    if (fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == -1) return -(long)errno;
    *identity = (struct linux_file_identity){status.st_dev, status.st_ino, status.st_mode};
    return 0;
}

/// The file system's magic number (statfs(2)).
static inline long linux_filesystem_type(int descriptor) {
    struct statfs status;
    if (fstatfs(descriptor, &status) == -1) return -(long)errno;
    return (long)status.f_type & 0xffffffffL;
}

/// 1 when the mount or its superblock is read-only: fstatfs joins both, mountinfo's own options do not.
static inline long linux_is_read_only(int descriptor) {
    struct statfs status;
    if (fstatfs(descriptor, &status) == -1) return -(long)errno;
    return (status.f_flags & 1 /* ST_RDONLY */) != 0;
}

static inline long linux_pipe(int *ends, int flags) {
    return linux_result(syscall(SYS_pipe2, ends, flags));
}

/// Duplicates to the lowest free number from `least` on.
static inline long linux_duplicate(int descriptor, int least, int closeOnExec) {
    return linux_result(fcntl(descriptor, closeOnExec ? F_DUPFD_CLOEXEC : F_DUPFD, least));
}

static inline long linux_duplicate_to(int descriptor, int target, int closeOnExec) {
    return linux_result(syscall(SYS_dup3, descriptor, target, closeOnExec ? O_CLOEXEC : 0));
}

static inline long linux_set_close_on_exec(int descriptor, int on) {
    return linux_result(fcntl(descriptor, F_SETFD, on ? FD_CLOEXEC : 0));
}

static inline long linux_set_nonblocking(int descriptor, int on) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags == -1) return -(long)errno;
    return linux_result(fcntl(descriptor, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

static inline long linux_flock(int descriptor, int operation) {
    return linux_result(flock(descriptor, operation));
}

/// Waits for the process's lock of the whole file: F_RDLCK or F_WRLCK (fcntl(2)).
static inline long linux_lock_record(int descriptor, int type) {
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET};
    return linux_result(fcntl(descriptor, F_SETLKW, &lock));
}

static inline long linux_poll(struct pollfd *descriptors, unsigned long count, int milliseconds) {
    return linux_result(poll(descriptors, count, milliseconds));
}

static inline long linux_fchdir(int descriptor) {
    return linux_result(fchdir(descriptor));
}

/// getcwd(2) itself: the kernel's text starts with "(unreachable)" outside the root.
static inline long linux_getcwd(char *bytes, size_t count) {
    return linux_result(syscall(SYS_getcwd, bytes, count));
}
