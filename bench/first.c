/* The job's first instruction tells when it was: it writes the boot clock in nanoseconds as decimal digits. No C library.
 *
 * With `pause` as its first argument it then sleeps for ever; with a number it forks until so many processes are there, which all sleep.
 */
#include <linux/time.h>
#include <sys/syscall.h>

static long call(long number, long a, long b, long c, long d) {
    long result;
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c, x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    result = x0;
#else
#error "write call for this architecture"
#endif
    return result;
}

static void sleep_for_ever(void) {
    for (;;) call(SYS_ppoll, 0, 0, 0, 0);
}

__attribute__((used, noreturn)) static void body(long *stack) {
    struct __kernel_timespec now;
    char text[24];
    int place = sizeof text;
    call(SYS_clock_gettime, CLOCK_BOOTTIME, (long)&now, 0, 0);
    unsigned long value = (unsigned long)now.tv_sec * 1000000000ul + (unsigned long)now.tv_nsec;
    text[--place] = '\n';
    do text[--place] = (char)('0' + value % 10);
    while (value /= 10);
    char *word = stack[0] > 1 ? (char *)stack[2] : "";
    unsigned long count = 0;
    for (const char *digit = word; *digit >= '0' && *digit <= '9'; digit++) count = count * 10 + (unsigned long)(*digit - '0');
    for (unsigned long made = 1; made < count; made++)
        if (call(SYS_clone, 17 /* SIGCHLD */, 0, 0, 0) == 0) sleep_for_ever();
    call(SYS_write, 1, (long)(text + place), (long)sizeof text - place, 0);
    if (*word) sleep_for_ever();
    call(SYS_exit, 0, 0, 0, 0);
    __builtin_unreachable();
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n mov %rsp, %rdi\n and $-16, %rsp\n call body\n");
#else
__asm__(".globl _start\n_start:\n mov x0, sp\n bl body\n");
#endif
