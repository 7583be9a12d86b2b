// Processes, namespaces, signals, time.
#pragma once
#include "CLinuxCall.h"
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

/// clone3(2) as a fork. `pidfd` gets a pidfd when CLONE_PIDFD is set; `group` is for CLONE_INTO_CGROUP.
static inline long linux_clone3(uint64_t flags, int exitSignal, int *pidfd, int group) {
    struct clone_args arguments = {
        .flags = flags, .pidfd = (uint64_t)(uintptr_t)pidfd, .exit_signal = (uint64_t)exitSignal, .cgroup = (uint64_t)group};
    return linux_result(syscall(SYS_clone3, &arguments, sizeof arguments));
}

static inline long linux_setns(int descriptor, int flags) {
    return linux_result(syscall(SYS_setns, descriptor, flags));
}

static inline long linux_unshare(int flags) {
    return linux_result(syscall(SYS_unshare, flags));
}

static inline long linux_setsid(void) {
    return linux_result(setsid());
}

static inline void linux_exit(int status) {
    _exit(status);
}

static inline long linux_prctl(int option, unsigned long first, unsigned long second, unsigned long third, unsigned long fourth) {
    return linux_result(prctl(option, first, second, third, fourth));
}

/// execve(2); returns only when it failed.
static inline long linux_execve(const char *path, char *const *arguments, char *const *environment) {
    return linux_result(execve(path, arguments, environment));
}

/// wait4(2).
static inline long linux_wait(int pid, int *status, int flags) {
    return linux_result(wait4(pid, status, flags, NULL));
}

static inline long linux_kill(int pid, int signal) {
    return linux_result(kill(pid, signal));
}

static inline long linux_pidfd_open(int pid) {
    return linux_result(syscall(SYS_pidfd_open, pid, 0));
}

static inline long linux_pidfd_send_signal(int pidfd, int signal) {
    return linux_result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

/// Blocks every signal and gives a descriptor that reads them all.
static inline long linux_signal_descriptor(void) {
    sigset_t all;
    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL) == -1) return -(long)errno;
    return linux_result(signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// Default actions and an empty mask, as the job has to find them.
static inline void linux_reset_signals(void) {
    for (int number = 1; number <= 64; number++) {
        // sigaction(2) refuses KILL, STOP and the C library's own; those cannot have been changed.
        signal(number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static inline void linux_ignore_signal(int number) {
    signal(number, SIG_IGN);
}

static inline uint64_t linux_boot_nanoseconds(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) == -1) return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// prlimit(2) on the calling process.
static inline long linux_set_limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {soft, hard};
    return linux_result(syscall(SYS_prlimit64, 0, resource, &limit, NULL));
}

static inline long linux_setpriority(int nice) {
    return linux_result(setpriority(PRIO_PROCESS, 0, nice));
}

static inline void linux_umask(unsigned mask) {
    umask(mask);
}

static inline long linux_sethostname(const char *name, size_t count) {
    return linux_result(sethostname(name, count));
}

/// keyctl(KEYCTL_JOIN_SESSION_KEYRING) with an anonymous keyring.
static inline long linux_join_session_keyring(void) {
    return linux_result(syscall(SYS_keyctl, 1, NULL));
}

/// getrusage(2) of the reaped children.
static inline void linux_children_usage(struct rusage *usage) {
    memset(usage, 0, sizeof *usage);
    getrusage(RUSAGE_CHILDREN, usage);
}
