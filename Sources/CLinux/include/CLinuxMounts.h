// Mounts, by the calls that work on descriptors.
#pragma once
#include "CLinuxCall.h"
#include <fcntl.h>
#include <sys/mount.h>

/// One attribute change of mount_setattr(2).
struct linux_mount_attributes {
    uint64_t set;
    uint64_t clear;
    uint64_t propagation;
    uint64_t userNamespace;
};

static inline long linux_mount_setattr(int directory, const char *path, unsigned flags, const struct linux_mount_attributes *change) {
    return linux_result(syscall(SYS_mount_setattr, directory, path, flags, change, sizeof *change));
}

static inline long linux_open_tree(int directory, const char *path, unsigned flags) {
    return linux_result(syscall(SYS_open_tree, directory, path, flags));
}

static inline long linux_move_mount(int from, const char *fromPath, int to, const char *toPath, unsigned flags) {
    return linux_result(syscall(SYS_move_mount, from, fromPath, to, toPath, flags));
}

static inline long linux_fsopen(const char *type) {
    return linux_result(syscall(SYS_fsopen, type, 1 /* FSOPEN_CLOEXEC */));
}

static inline long linux_fsconfig(int context, unsigned command, const char *key, const void *value, int auxiliary) {
    return linux_result(syscall(SYS_fsconfig, context, command, key, value, auxiliary));
}

static inline long linux_fsmount(int context, unsigned attributes) {
    return linux_result(syscall(SYS_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, attributes));
}

static inline long linux_pivot_root(const char *root, const char *old) {
    return linux_result(syscall(SYS_pivot_root, root, old));
}

static inline long linux_umount(const char *path, int flags) {
    return linux_result(umount2(path, flags));
}

/// mount(2).
static inline long linux_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
    return linux_result(mount(source, target, type, flags, data));
}
