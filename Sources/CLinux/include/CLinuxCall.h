#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/// Turns the C library's -1 with errno into the negated error number, before anything else can change errno.
static inline long linux_result(long result) {
    return result == -1 ? -(long)errno : result;
}
