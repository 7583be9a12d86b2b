#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef O_PATH
#define O_PATH 010000000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/// Turns the C library's -1 with errno into the negated error number, before anything else can change errno.
static inline long linux_result(long result) {
    return result == -1 ? -(long)errno : result;
}

/// Arguments of main.
extern int linux_argument_count;
extern char **linux_arguments;

static inline const char *linux_argument(int place) {
    return place < linux_argument_count ? linux_arguments[place] : NULL;
}

/// Wipes all arguments but the first, where the kernel shows them.
static inline void linux_hide_arguments(void) {
    for (int place = 1; place < linux_argument_count; place++) memset(linux_arguments[place], 0, strlen(linux_arguments[place]));
}
