/// What a job does that is looked into, by name: `probe stand FILE`, `probe notice`, `probe map FILE [touch]`, `probe fault`.
enum InspectSource {
    static let text = #"""
        #define _GNU_SOURCE
        #include <arpa/inet.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <linux/userfaultfd.h>
        #include <poll.h>
        #include <pthread.h>
        #include <semaphore.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/epoll.h>
        #include <sys/ioctl.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/socket.h>
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        static int idle[2];
        static void *reads(void *nothing) { char byte; read(idle[0], &byte, 1); return 0; }
        static void *spins(void *nothing) { for (;;) ; }
        /* Three threads, one in a pipe, one that runs, one in pause(); a listener, an open file, a text at a known address. */
        void stand(const char *path) {
            char *needle = mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            strcpy(needle, "needle in memory "); strcat(needle, "and nowhere else");
            mmap(0, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            pipe(idle);
            pthread_t thread;
            pthread_create(&thread, 0, reads, 0); pthread_create(&thread, 0, spins, 0);
            struct sockaddr_in address = {AF_INET, htons(4711), {htonl(INADDR_LOOPBACK)}};
            int listener = socket(AF_INET, SOCK_STREAM, 0);
            bind(listener, (void *)&address, sizeof address); listen(listener, 1);
            int file = open(path, O_RDWR | O_CREAT | O_APPEND, 0600); write(file, "12345", 5);
            prctl(PR_SET_NAME, "a\033[2Jb\nc)");
            printf("needle %p\nready\n", needle); fflush(stdout);
            for (;;) pause();
        }
        static volatile int noticed;
        static void notice(int number) { noticed = number; }
        static void tell(const char *what, int failed) { if (failed) printf("%s %s\n", what, strerrorname_np(errno)); }
        static void *reads_all(void *nothing) {
            char byte;
            for (;;) { int got = read(idle[0], &byte, 1); tell("read", got < 0); fflush(stdout); if (got < 0 && errno != EINTR) return 0; }
        }
        /* Tells of a tracer, a signal and a call that fails, and otherwise only that it goes on. */
        void notice_all(void) {
            for (int number = 1; number < 32; number++) if (number != SIGTERM && number != SIGUSR1) signal(number, notice);
            pipe(idle);
            struct pollfd wanted = {idle[0], POLLIN};
            struct epoll_event event = {EPOLLIN};
            int events = epoll_create1(0); epoll_ctl(events, EPOLL_CTL_ADD, idle[0], &event);
            sem_t never; sem_init(&never, 0, 0);
            int pair[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
            struct timeval patience = {0, 20000}; setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
            pthread_t thread; pthread_create(&thread, 0, reads_all, 0);
            printf("ready\n"); fflush(stdout);
            for (int round = 0;; round++) {
                char text[4096] = "", *tracer; int file = open("/proc/self/status", O_RDONLY); read(file, text, sizeof text - 1); close(file);
                if ((tracer = strstr(text, "TracerPid:")) && atoi(tracer + 10)) printf("traced\n");
                struct timespec rest = {0, 20000000}, end;
                tell("nanosleep", nanosleep(&rest, 0) < 0);
                tell("poll", poll(&wanted, 1, 20) < 0);
                clock_gettime(CLOCK_REALTIME, &end); end.tv_nsec += 20000000;
                if (end.tv_nsec >= 1000000000) { end.tv_sec++; end.tv_nsec -= 1000000000; }
                tell("futex", sem_timedwait(&never, &end) < 0 && errno != ETIMEDOUT);
                tell("epoll_wait", epoll_wait(events, &event, 1, 20) < 0);
                char byte; tell("recv", recv(pair[0], &byte, 1, 0) < 0 && errno != EAGAIN);
                if (noticed) { printf("signal %d\n", noticed); noticed = 0; }
                if (round % 10 == 0) printf("tick\n");
                fflush(stdout);
            }
        }
        /* Maps a file; a child of it touches it, if told to. */
        void map_file(const char *path, int touch) {
            int file = open(path, O_RDONLY); if (file < 0) { printf("open %s\n", strerrorname_np(errno)); exit(1); }
            volatile char *mapped = mmap(0, 1 << 16, PROT_READ, MAP_PRIVATE, file, 0);
            if (touch && fork() == 0) { printf("%d\n", *mapped); _exit(0); }
            printf("ready\n"); fflush(stdout);
            for (;;) { printf("tick\n"); fflush(stdout); usleep(100000); }
        }
        static volatile char *pages;
        static void *touches(void *nothing) { pages[4096] = 1; printf("served\n"); fflush(stdout); return 0; }
        /* Memory whose second page a handler would have to bring that never does; the first and the third are there. A thread waits for it. */
        void fault(void) {
            /* 1: UFFD_USER_MODE_ONLY, the one that everybody may have. */
            int handler = syscall(SYS_userfaultfd, O_CLOEXEC | 1);
            struct uffdio_api api = {UFFD_API};
            if (handler < 0 || ioctl(handler, UFFDIO_API, &api) < 0) { printf("userfaultfd %s\n", strerrorname_np(errno)); fflush(stdout); exit(1); }
            pages = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            strcpy((char *)pages + 8192, "the page "); strcat((char *)pages + 8192, "after the hole"); pages[0] = 1;
            struct uffdio_register range = {{(unsigned long)pages, 3 * 4096}, UFFDIO_REGISTER_MODE_MISSING};
            if (ioctl(handler, UFFDIO_REGISTER, &range) < 0) { printf("register %s\n", strerrorname_np(errno)); fflush(stdout); exit(1); }
            pthread_t thread; pthread_create(&thread, 0, touches, 0);
            printf("ready\n"); fflush(stdout);
            for (;;) { printf("tick\n"); fflush(stdout); usleep(100000); }
        }
        """#
}
