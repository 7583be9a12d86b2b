/// What a dump and a restore need of system calls that a shell has not, and the job that goes through them.
enum RoundTripTool {
    static let source = #"""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <linux/filter.h>
        #include <linux/mount.h>
        #include <linux/openat2.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/ptrace.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <sys/xattr.h>
        #include <unistd.h>
        static int failed(const char *what) { perror(what); return 1; }
        static int enter(int pid) { return setns(syscall(SYS_pidfd_open, pid, 0), CLONE_NEWNS); }
        static int move(int tree, int to, const char *path) {
            return syscall(SYS_move_mount, tree, "", to, path, MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH));
        }
        static int beneath(const char *path, int flags) {
            struct open_how how = {.flags = flags | O_CLOEXEC, .mode = flags & O_CREAT ? 0711 : 0, .resolve = RESOLVE_NO_SYMLINKS};
            return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        }
        /* Binds a file of the host read-only at a path of a process, which is made if it is not there. Not nosuid: the file may have a capability. */
        static int attach(int pid, const char *file, const char *path) {
            int tree = syscall(SYS_open_tree, AT_FDCWD, file, OPEN_TREE_CLONE);
            struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY, .attr_clr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC};
            if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) < 0) return failed(file);
            if (enter(pid) < 0) return failed("enter");
            char folder[256];
            snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
            if (mkdir(folder, 0755) < 0 && errno != EEXIST) return failed(folder);
            if (beneath(path, O_CREAT | O_EXCL | O_WRONLY) < 0 && errno != EEXIST) return failed("create");
            int place = beneath(path, O_PATH);
            if (place < 0 || move(tree, place, "") < 0) return failed(path);
            return 0;
        }
        /* A mount of a process, once more, with all its attributes. */
        static int keep(int pid, const char *path, const char *place) {
            int home = open("/proc/self/ns/mnt", O_RDONLY);
            if (enter(pid) < 0) return failed("enter");
            int tree = syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE);
            if (tree < 0 || setns(home, CLONE_NEWNS) < 0 || move(tree, AT_FDCWD, place) < 0) return failed(path);
            return 0;
        }
        /* PID 1's capabilities for whoever executes the file: vfs_cap_data, revision 2, permitted CAP_KILL and CAP_SYS_NICE. */
        static int capability(const char *file) {
            unsigned data[5] = {0x02000000, 1 << 5 | 1 << 23, 0, 0, 0};
            return setxattr(file, "security.capability", data, sizeof data, 0) < 0 ? failed(file) : 0;
        }
        static int filters(int pid) {
            int status;
            if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0) return failed("seize");
            if (waitpid(pid, &status, __WALL) < 0) return failed("wait");
            for (int number = 0;; number++) {
                struct sock_filter code[4096];
                long length = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, number, code);
                if (length < 0) return errno == ENOENT ? 0 : failed("filter");
                for (int at = 0; at < length; at++) printf("%04x%02x%02x%08x", code[at].code, code[at].jt, code[at].jf, code[at].k);
                printf("\n");
            }
        }
        int main(int count, char **words) {
            if (!strcmp(words[1], "attach")) return attach(atoi(words[2]), words[3], words[4]);
            if (!strcmp(words[1], "put")) return move(atoi(words[2]), AT_FDCWD, words[3]) < 0 ? failed(words[3]) : 0;
            if (!strcmp(words[1], "keep")) return keep(atoi(words[2]), words[3], words[4]);
            if (!strcmp(words[1], "capability")) return capability(words[2]);
            if (!strcmp(words[1], "filters")) return filters(atoi(words[2]));
            /* What is restored inherits the session keyring. */
            if (!strcmp(words[1], "keyring") && syscall(SYS_keyctl, 1, 0) >= 0) execvp(words[2], words + 2);
            return failed(words[1]);
        }
        """#

    /// CRIU asks for the resource limits of all processes. The owner of their user namespace may see them, and who has CAP_SYS_RESOURCE; where
    /// root has it not, it becomes the owner for each of these questions.
    static let limitsShim = #"""
        extern int *__errno_location(void);
        static long call(long number, long a, long b, long c, long d, long e, long f) {
            long result;
            register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
            __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
            return result;
        }
        long syscall(long number, long a, long b, long c, long d, long e, long f) {
            long result = call(number, a, b, c, d, e, f);
            /* prlimit64 that only looks: with setresuid in between. */
            if (number == 302 && result == -1 && !c) {
                call(117, -1, SLOT, -1, 0, 0, 0);
                result = call(number, a, b, c, d, e, f);
                call(117, -1, 0, -1, 0, 0, 0);
            }
            if (result >= 0 || result < -4095) return result;
            *__errno_location() = -result;
            return -1;
        }
        int prlimit64(int pid, int kind, const void *wanted, void *found) { return syscall(302, pid, kind, (long)wanted, (long)found, 0, 0); }
        int prlimit(int pid, int kind, const void *wanted, void *found) { return prlimit64(pid, kind, wanted, found); }
        """#

    /// Two processes that pass numbers through a pipe and print them, twenty and a pause of so many nanoseconds, until SIGUSR1: then the last is told, with 21.
    /// A third tries on PID 1 without a pause what could end, change or trace it, by all ids that count, and tells what it was let.
    static let jobSource = #"""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/ptrace.h>
        #include <sys/resource.h>
        #include <sys/syscall.h>
        #include <sys/uio.h>
        #include <sys/wait.h>
        #include <termios.h>
        #include <time.h>
        #include <unistd.h>
        static char line[256];
        #define SAY(...) do { int length = snprintf(line, sizeof line, __VA_ARGS__); write(1, line, length); } while (0)
        #define LET(what, result) do { if ((result) >= 0) SAY("OPEN %s\n", what); } while (0)
        static void siege(void) {
            const char *written[] = {"mem", "oom_score_adj", "oom_adj", "comm", "clear_refs", "coredump_filter", "timerslack_ns", "loginuid", "sched",
                "autogroup", "setgroups", "uid_map", "gid_map", "projid_map", "attr/current", "attr/exec", "exe", "timens_offsets", "task/1/comm",
                "task/1/mem", "fd/3", "fd/4", "fd/5"};
            const char *looked[] = {"mem", "environ", "maps", "smaps", "exe", "root/bin", "cwd/bin", "fd", "fd/3", "map_files", "auxv", "stack", "syscall",
                "pagemap", "io", "ns/mnt", "ns/user", "ns/pid"};
            char path[64];
            for (int at = 0; at < sizeof written / sizeof *written; at++) {
                snprintf(path, sizeof path, "/proc/1/%s", written[at]);
                int file = open(path, O_WRONLY);
                LET(path, file < 0 ? -1 : write(file, "1", 1));
                if (file >= 0) close(file);
            }
            for (int at = 0; at < sizeof looked / sizeof *looked; at++) {
                snprintf(path, sizeof path, "/proc/1/%s", looked[at]);
                int file = open(path, O_RDONLY);
                char byte;
                LET(path, file < 0 ? -1 : strcmp(looked[at], "maps") && strcmp(looked[at], "smaps") ? 0 : read(file, &byte, 1) > 0 ? 0 : -1);
                if (file >= 0) close(file);
            }
            LET("seize", ptrace(PTRACE_SEIZE, 1, 0, 0));
            LET("attach", ptrace(PTRACE_ATTACH, 1, 0, 0));
            char byte = 0;
            unsigned long places[] = {0x400000, 0x200000, (unsigned long)&byte};
            for (int at = 0; at < 3; at++) {
                struct iovec local = {&byte, 1}, remote = {(void *)places[at], 1};
                LET("readv", syscall(SYS_process_vm_readv, 1, &local, 1, &remote, 1, 0));
                LET("writev", syscall(SYS_process_vm_writev, 1, &local, 1, &remote, 1, 0));
            }
            int pid1 = syscall(SYS_pidfd_open, 1, 0);
            for (int number = 0; number < 12; number++) LET("getfd", syscall(SYS_pidfd_getfd, pid1, number, 0));
            for (int kind = 0; kind < 7; kind++) LET("kcmp", syscall(SYS_kcmp, getpid(), 1, kind, 0, 0));
            struct rlimit none = {0, 0}, found;
            const int kinds[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_AS};
            for (int at = 0; at < 4; at++) {
                LET("prlimit", syscall(SYS_prlimit64, 1, kinds[at], &none, 0));
                LET("look at limits", syscall(SYS_prlimit64, 1, kinds[at], 0, &found));
            }
            LET("nice", setpriority(PRIO_PROCESS, 1, 19));
            cpu_set_t first;
            CPU_ZERO(&first); CPU_SET(0, &first);
            LET("cpus", sched_setaffinity(1, sizeof first, &first));
            LET("idle", sched_setscheduler(1, SCHED_IDLE, &(struct sched_param){0}));
            LET("io class", syscall(SYS_ioprio_set, 1, 1, 3 << 13));
            /* These are let through and must have no effect. */
            union sigval value = {0};
            for (int number = 1; number <= 64; number++) {
                siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};
                kill(1, number);
                syscall(SYS_tgkill, 1, 1, number);
                sigqueue(1, number, value);
                syscall(SYS_rt_sigqueueinfo, 1, number, &info);
                syscall(SYS_pidfd_send_signal, pid1, number, 0, 0);
            }
            close(pid1);
        }
        static void besiege(void) {
            /* With -1 the others stay, and with them the permitted capabilities. */
            const unsigned ids[][3] = {{0, 0, 0}, {65533, 65533, 65533}, {65534, 65534, 65534}, {65535, 65535, 65535}, {65533, 65534, 65535},
                {65533, 65534, 65534}, {-1, 65533, -1}, {-1, 65534, -1}, {65533, -1, -1}, {65534, -1, -1}};
            for (int round = 1;; round++) {
                for (int at = 0; at < sizeof ids / sizeof *ids; at++) {
                    if (at == 0) siege();
                    pid_t child = at ? fork() : -1;
                    if (child == 0) {
                        syscall(SYS_setresgid, ids[at][0], ids[at][1], ids[at][2]);
                        if (syscall(SYS_setresuid, ids[at][0], ids[at][1], ids[at][2]) < 0) SAY("CANNOT %u\n", ids[at][0]);
                        siege();
                        _exit(0);
                    }
                    if (child > 0) waitpid(child, 0, 0);
                }
                SAY("siege %d\n", round);
            }
        }
        static int pair[2];
        static volatile sig_atomic_t asked;
        static void ask(int number) { asked = 1; }
        int main(int count, char **words) {
            int megabytes = 4;
            long rest = count > 1 ? atol(words[1]) : 5000000;
            unsigned *heap = mmap(0, (size_t)megabytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            size_t words_count = ((size_t)megabytes << 20) / 4;
            for (size_t at = 0; at < words_count; at++) heap[at] = at * 2654435761u;
            signal(SIGUSR1, ask);
            struct termios terminal;
            if (tcgetattr(0, &terminal) == 0) { terminal.c_lflag &= ~ECHO; tcsetattr(0, TCSANOW, &terminal); }
            /* What PID 1 reaps before the dump: 16,384 faults. */
            if (fork() == 0) {
                if (fork() != 0) _exit(0);
                char *pages = mmap(0, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                madvise(pages, 64 << 20, MADV_NOHUGEPAGE);
                for (size_t at = 0; at < 64 << 20; at += 4096) pages[at] = 1;
                SAY("touched\n");
                _exit(0);
            }
            wait(0);
            pipe(pair);
            if (fork() == 0) { besiege(); _exit(0); }
            /* What is typed or sent is told, whenever it comes. */
            if (fork() == 0) {
                char text[128];
                ssize_t got;
                while ((got = read(0, text, sizeof text - 1)) > 0) { text[got] = 0; SAY("typed %s", text); }
                for (;;) pause();
            }
            if (fork() == 0) {
                for (unsigned number = 1;; number++) {
                    if (write(pair[1], &number, sizeof number) != sizeof number) _exit(1);
                    if (number % 20 == 0) nanosleep(&(struct timespec){0, rest}, 0);
                }
            }
            unsigned number, last = 0;
            while (!asked) {
                ssize_t got = read(pair[0], &number, sizeof number);
                if (got < 0 && errno == EINTR) continue;
                if (got != sizeof number || number != last + 1) { SAY("OPEN pipe after %u\n", last); return 3; }
                last = number;
                if (last % 64 == 0 && heap[last * 997 % words_count] != (unsigned)(last * 997 % words_count) * 2654435761u) { SAY("OPEN heap\n"); return 4; }
                int length = snprintf(line, sizeof line, "count %u ........................................\n", last);
                for (int done = 0; done < length;) {
                    ssize_t put = write(1, line + done, length - done);
                    if (put < 0 && errno != EINTR) return 5;
                    if (put > 0) done += put;
                }
            }
            SAY("last %u\n", last);
            return 21;
        }
        """#
}
