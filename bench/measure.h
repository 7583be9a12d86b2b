/* Shared by the measuring programs: clock, workers, and the line of JSON that they print. */
#ifndef BERTH_BENCH_MEASURE_H
#define BERTH_BENCH_MEASURE_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

__attribute__((format(printf, 1, 2), noreturn)) static inline void fail(const char *format, ...) {
    int number = errno;
    va_list words;
    va_start(words, format);
    vfprintf(stderr, format, words);
    va_end(words);
    fprintf(stderr, number ? ": %s\n" : "\n", strerror(number));
    _exit(1);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs `one(worker, i)` count times over a number of processes; each stores its milliseconds. Prints rate, median, p5 and p99. */
static inline int measure(int at_once, int count, void (*prepare)(int worker), double (*one)(int worker, int i)) {
    double *times = mmap(0, sizeof(double) * count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (times == MAP_FAILED) fail("mmap");
    double started = now_ms();
    for (int worker = 0; worker < at_once; worker++) {
        pid_t pid = fork();
        if (pid < 0) fail("fork");
        if (pid > 0) continue;
        prepare(worker);
        for (int i = worker; i < count; i += at_once) times[i] = one(worker, i);
        _exit(0);
    }
    int bad = 0, status;
    while (wait(&status) > 0) bad |= status;
    double elapsed = now_ms() - started;
    if (bad) return 1;
    qsort(times, count, sizeof(double), by_size);
    printf("{\"at_once\": %d, \"count\": %d, \"rate\": %.1f, \"median_ms\": %.4f, \"p5_ms\": %.4f, \"p99_ms\": %.4f}\n", at_once, count,
           count / elapsed * 1e3, times[count / 2], times[count / 20], times[(int)(count * 0.99)]);
    return 0;
}

#endif
