// Ids, capabilities and filters, by the system calls themselves: the C library's versions want to signal threads.
#pragma once
#include "CLinuxCall.h"
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

static inline long linux_setresuid(uint32_t real, uint32_t effective, uint32_t saved) {
    return linux_result(syscall(SYS_setresuid, real, effective, saved));
}

static inline long linux_setresgid(uint32_t real, uint32_t effective, uint32_t saved) {
    return linux_result(syscall(SYS_setresgid, real, effective, saved));
}

static inline long linux_setgroups(size_t count, const uint32_t *groups) {
    return linux_result(syscall(SYS_setgroups, count, groups));
}

/// The three sets of the calling process (capabilities(7)).
struct linux_capabilities {
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
};

static inline long linux_capset(struct linux_capabilities sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(uint32_t)sets.effective, (uint32_t)sets.permitted, (uint32_t)sets.inheritable},
        {(uint32_t)(sets.effective >> 32), (uint32_t)(sets.permitted >> 32), (uint32_t)(sets.inheritable >> 32)}};
    return linux_result(syscall(SYS_capset, &header, data));
}

static inline long linux_capget(struct linux_capabilities *sets) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    long result = linux_result(syscall(SYS_capget, &header, data));
    sets->effective = data[0].effective | (uint64_t)data[1].effective << 32;
    sets->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
    sets->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
    return result;
}

/// seccomp(SECCOMP_SET_MODE_FILTER) with whole `sock_filter` entries.
static inline long linux_seccomp_filter(const void *entries, size_t count) {
    struct sock_fprog program = {(unsigned short)count, (struct sock_filter *)entries};
    return linux_result(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

/// securebits.h writes it as a shift that Swift does not import.
static const unsigned long linux_no_setuid_fixup = SECBIT_NO_SETUID_FIXUP;
