/// A small static program for what busybox cannot do: calls that a hostile job would try.
enum ProbeSource {
    static let text = #"""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/mount.h>
        #include <sys/prctl.h>
        #include <sys/ptrace.h>
        #include <sys/resource.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/uio.h>
        #include <sys/socket.h>
        #include <sys/un.h>
        #include <sys/wait.h>
        #include <sched.h>
        #include <unistd.h>
        static void say(const char *what, long result) {
            if (result >= 0) printf("%s ok\n", what); else printf("%s %s\n", what, strerrorname_np(errno));
            fflush(stdout);
        }
        static void pid1(void) {
            struct rlimit limit = {0, 0};
            say("prlimit-cpu", syscall(SYS_prlimit64, 1, RLIMIT_CPU, &limit, 0));
            say("prlimit-fsize", syscall(SYS_prlimit64, 1, RLIMIT_FSIZE, &limit, 0));
            say("prlimit-nofile", syscall(SYS_prlimit64, 1, RLIMIT_NOFILE, &limit, 0));
            say("ptrace", ptrace(PTRACE_SEIZE, 1, 0, 0));
            int self = syscall(SYS_pidfd_open, 1, 0);
            say("pidfd_getfd", syscall(SYS_pidfd_getfd, self, 0, 0));
            char byte; struct iovec local = {&byte, 1}, remote = {(void *)0x400000, 1};
            say("process_vm_readv", syscall(SYS_process_vm_readv, 1, &local, 1, &remote, 1, 0));
            say("process_vm_writev", syscall(SYS_process_vm_writev, 1, &local, 1, &remote, 1, 0));
            say("mem", open("/proc/1/mem", O_RDWR));
            say("environ", open("/proc/1/environ", O_RDONLY));
            say("maps", open("/proc/1/maps", O_RDONLY));
            say("exe", open("/proc/1/exe", O_RDWR));
            say("exe-read", open("/proc/1/exe", O_RDONLY));
            say("root", open("/proc/1/root/etc", O_RDONLY));
            say("fd", open("/proc/1/fd", O_RDONLY | O_DIRECTORY));
            say("ns", open("/proc/1/ns/mnt", O_RDONLY));
            say("setpriority", setpriority(PRIO_PROCESS, 1, 19));
            cpu_set_t set; CPU_ZERO(&set); CPU_SET(0, &set);
            say("affinity", sched_setaffinity(1, sizeof set, &set));
            for (int number = 1; number <= 64; number++) kill(1, number);
            sleep(1);
            say("alive", kill(1, 0));
        }
        static void escape(void) {
            say("unshare-user", unshare(CLONE_NEWUSER));
            say("unshare-mount", unshare(CLONE_NEWNS));
            say("mount", mount("none", "/tmp", "tmpfs", 0, 0));
            say("mount-cgroup", mount("none", "/tmp", "cgroup", 0, "memory"));
            say("mount-cgroup2", mount("none", "/tmp", "cgroup2", 0, 0));
            say("mount-proc", mount("none", "/tmp", "proc", 0, 0));
            say("mknod", mknod("/tmp/node", S_IFBLK | 0600, 0xfe00));
            say("bpf", syscall(SYS_bpf, 0, 0, 0));
            say("keyctl", syscall(SYS_keyctl, 0, -3, 0));
            say("io_uring", syscall(SYS_io_uring_setup, 1, 0));
            say("open_by_handle", syscall(SYS_open_by_handle_at, 0, 0, 0));
            say("reboot", syscall(SYS_reboot, 0, 0, 0, 0));
            say("kexec", syscall(SYS_kexec_load, 0, 0, 0, 0));
            say("settime", syscall(SYS_clock_settime, 0, 0));
            say("ns-of-1", setns(open("/proc/1/ns/mnt", O_RDONLY), 0));
            say("sysctl", open("/proc/sys/kernel/core_pattern", O_WRONLY));
            say("sysrq", open("/proc/sysrq-trigger", O_WRONLY));
            say("kcore", open("/proc/kcore", O_RDONLY) < 0 ? -1 : (long)read(open("/proc/kcore", O_RDONLY), (char[8]){0}, 8) - 1);
            say("cgroup-dir", open("/sys/fs/cgroup/release_agent", O_WRONLY));
        }
        static void fds(void) {
            for (int number = 0; number < 4096; number++) if (fcntl(number, F_GETFD) >= 0) printf("%d\n", number);
        }
        static void many(int count, int spin) {
            for (int number = 0; number < count; number++) {
                pid_t child = fork();
                if (child < 0) { printf("fork %d %s\n", number, strerrorname_np(errno)); break; }
                if (child == 0) for (;;) if (!spin) pause();
            }
            printf("ready\n"); fflush(stdout);
            for (;;) if (!spin) pause(); else wait(0);
        }
        static void bomb(void) {
            int made = 0;
            for (;;) {
                pid_t child = fork();
                if (child == 0) { made = 0; continue; }
                if (child < 0) break;
                made++;
            }
            sleep(2);
            _exit(7);
        }
        static void eat(long mebibytes) {
            for (long number = 0; number < mebibytes; number++) { char *block = malloc(1 << 20); memset(block, 1, 1 << 20); }
            printf("held %ld\n", mebibytes); fflush(stdout);
        }
        static void huge(long pages) {
            char *found = mmap(0, pages << 21, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26), -1, 0);
            say("huge", found == MAP_FAILED ? -1 : 0);
            for (long number = 0; found != MAP_FAILED && number < pages; number++) found[number << 21] = 1;
        }
        static void write_direct(const char *path, int mebibytes) {
            int file = open(path, O_WRONLY | O_CREAT | O_DIRECT, 0600);
            if (file < 0) { say("open", -1); exit(1); }
            void *block; posix_memalign(&block, 4096, 1 << 20); memset(block, 1, 1 << 20);
            for (int number = 0; number < mebibytes; number++) if (write(file, block, 1 << 20) < 0) { say("write", -1); exit(1); }
        }
        static void read_direct(const char *path) {
            int file = open(path, O_RDONLY | O_DIRECT);
            if (file < 0) { say("open", -1); exit(1); }
            void *block; posix_memalign(&block, 4096, 1 << 20);
            ssize_t got; long sum = 0;
            while ((got = read(file, block, 1 << 20)) > 0) sum += got;
            printf("%ld\n", sum); fflush(stdout);
        }
        static void small_direct(const char *path, int count) {
            int file = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
            if (file < 0) { say("open", -1); exit(1); }
            void *block; posix_memalign(&block, 4096, 4096); memset(block, 1, 4096);
            for (int number = 0; number < count; number++) if (pwrite(file, block, 4096, 4096L * number) < 0) { say("write", -1); exit(1); }
        }
        static void http(const char *path, const char *method, const char *target, const char *body) {
            struct sockaddr_un address = {AF_UNIX}; strncpy(address.sun_path, path, sizeof address.sun_path - 1);
            int link = socket(AF_UNIX, SOCK_STREAM, 0);
            if (connect(link, (struct sockaddr *)&address, sizeof address) < 0) { say("connect", -1); exit(1); }
            dprintf(link, "%s %s HTTP/1.1\r\nHost: b\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", method, target, strlen(body), body);
            char buffer[65536]; ssize_t got;
            while ((got = read(link, buffer, sizeof buffer)) > 0) fwrite(buffer, 1, got, stdout);
            printf("\n");
        }
        /* Reads lines "method, tab, target, tab, body" and prints for each "status, tab, reply" on one line. "{session}" is what the last reply
           with a session said; a body of "@path" is that file's. */
        static void requests(const char *path) {
            static char line[1 << 20], content[1 << 20], reply[1 << 22], session[64];
            while (fgets(line, sizeof line, stdin)) {
                line[strcspn(line, "\n")] = 0;
                char *method = line, *target = strchr(method, '\t'); *target++ = 0;
                char *body = strchr(target, '\t'); *body++ = 0;
                char whole[4096], *place = strstr(target, "{session}");
                if (place) snprintf(whole, sizeof whole, "%.*s%s%s", (int)(place - target), target, session, place + 9);
                else snprintf(whole, sizeof whole, "%s", target);
                size_t size = strlen(body);
                if (body[0] == '@') {
                    int file = open(body + 1, O_RDONLY);
                    ssize_t got = file < 0 ? 0 : read(file, content, sizeof content);
                    body = content; size = got < 0 ? 0 : got; close(file);
                }
                struct sockaddr_un address = {AF_UNIX}; strncpy(address.sun_path, path, sizeof address.sun_path - 1);
                int link = socket(AF_UNIX, SOCK_STREAM, 0);
                struct timeval patience = {10, 0};
                setsockopt(link, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
                if (connect(link, (struct sockaddr *)&address, sizeof address) < 0) { printf("0\t%s\n", strerrorname_np(errno)); continue; }
                dprintf(link, "%s %s HTTP/1.1\r\nHost: b\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", method, whole, size);
                for (size_t done = 0; done < size;) { ssize_t sent = send(link, body + done, size - done, MSG_NOSIGNAL); if (sent <= 0) break; done += sent; }
                size_t length = 0; ssize_t got;
                while (length < sizeof reply - 1 && (got = read(link, reply + length, sizeof reply - 1 - length)) > 0) length += got;
                close(link);
                for (size_t at = 0; at < length; at++) if (!reply[at]) reply[at] = '.';
                reply[length] = 0;
                char *text = strstr(reply, "\r\n\r\n"); text = text ? text + 4 : reply + length;
                char *found = strstr(text, "\"session\":\"");
                if (found) { strncpy(session, found + 11, 32); session[32] = 0; }
                for (char *at = text; *at; at++) if (*at == '\n' || *at == '\r') *at = ' ';
                printf("%d\t%s\n", length > 12 ? atoi(reply + 9) : 0, text);
            }
        }
        int attack(const char *name);
        int swap(const char *one, const char *other);
        int watch(int count, char **paths);
        void stand(const char *path); void notice_all(void); void map_file(const char *path, int touch); void fault(void);
        int main(int count, char **words) {
            if (count < 2) return 2;
            if (!strcmp(words[1], "pid1")) pid1();
            else if (!strcmp(words[1], "escape")) escape();
            else if (!strcmp(words[1], "fds")) fds();
            else if (!strcmp(words[1], "sleepers")) many(atoi(words[2]), 0);
            else if (!strcmp(words[1], "spinners")) many(atoi(words[2]), 1);
            else if (!strcmp(words[1], "bomb")) bomb();
            else if (!strcmp(words[1], "eat")) { eat(atol(words[2])); if (count > 3) for (;;) pause(); }
            else if (!strcmp(words[1], "huge")) huge(atol(words[2]));
            else if (!strcmp(words[1], "direct")) write_direct(words[2], atoi(words[3]));
            else if (!strcmp(words[1], "directread")) read_direct(words[2]);
            else if (!strcmp(words[1], "directsmall")) small_direct(words[2], atoi(words[3]));
            else if (!strcmp(words[1], "stand")) stand(words[2]);
            else if (!strcmp(words[1], "notice")) notice_all();
            else if (!strcmp(words[1], "map")) map_file(words[2], count > 3);
            else if (!strcmp(words[1], "fault")) fault();
            else if (!strcmp(words[1], "killself")) kill(getpid(), atoi(words[2]));
            else if (!strcmp(words[1], "attack")) return attack(words[2]);
            else if (!strcmp(words[1], "swap")) return swap(words[2], words[3]);
            else if (!strcmp(words[1], "watch")) return watch(count - 2, words + 2);
            else if (!strcmp(words[1], "requests")) requests(words[2]);
            else if (!strcmp(words[1], "http")) http(words[2], words[3], words[4], count > 5 ? words[5] : "");
            else return 2;
            return 0;
        }
        """#
}
