/// What a hostile job would try on its monitor, its group, its limits, its submitter's files and Berth itself, by name: `probe attack NAME`.
///
/// Each try prints what it was and `ok` where the kernel let it through, else the errno; nothing of it may be `ok`.
public enum AttackSource {
    /// The attacks, each a check of its own.
    public static let names = [
        "ptrace", "proc-1", "process-vm", "pidfd-getfd", "kcmp", "signals", "prlimit-each-id", "scheduling", "record-and-log", "group", "limits",
        "binds", "socket-directory", "launcher", "namespaces",
    ]

    static let text = #"""
        #define _GNU_SOURCE
        #include <errno.h>
        #include <fcntl.h>
        #include <ftw.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/inotify.h>
        #include <sys/mman.h>
        #include <sys/mount.h>
        #include <sys/ptrace.h>
        #include <sys/resource.h>
        #include <sys/socket.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <sys/uio.h>
        #include <sys/un.h>
        #include <sys/wait.h>
        #include <sys/xattr.h>
        #include <dirent.h>
        #include <unistd.h>
        static void tried(const char *what, long result) {
            if (result >= 0) printf("%s ok\n", what); else printf("%s %s\n", what, strerrorname_np(errno));
        }
        static void opened(const char *path, int flags) {
            int file = open(path, flags);
            tried(path, file);
            if (file >= 0) close(file);
        }
        static void attack_ptrace(void) {
            tried("seize", ptrace(PTRACE_SEIZE, 1, 0, 0));
            tried("attach", ptrace(PTRACE_ATTACH, 1, 0, 0));
            tried("interrupt", ptrace(PTRACE_INTERRUPT, 1, 0, 0));
        }
        static void attack_proc(void) {
            const char *read[] = {"mem", "environ", "maps", "smaps", "numa_maps", "exe", "root/bin", "cwd/bin", "fd", "fd/0", "fd/3", "fdinfo", "map_files",
                "auxv", "stack", "syscall", "pagemap", "io", "personality", "ns/mnt", "ns/user", "ns/pid", "ns/net", "ns/cgroup", "task/1/mem", "task/1/fd"};
            const char *written[] = {"mem", "oom_score_adj", "oom_adj", "comm", "clear_refs", "coredump_filter", "timerslack_ns", "loginuid", "sched",
                "autogroup", "setgroups", "uid_map", "gid_map", "projid_map", "attr/current", "attr/exec", "exe", "timens_offsets", "task/1/comm"};
            char path[64];
            for (int at = 0; at < sizeof read / sizeof *read; at++) { snprintf(path, sizeof path, "/proc/1/%s", read[at]); opened(path, O_RDONLY); }
            for (int at = 0; at < sizeof written / sizeof *written; at++) { 
                snprintf(path, sizeof path, "/proc/1/%s", written[at]);
                int file = open(path, O_WRONLY);
                tried(path, file < 0 ? -1 : write(file, "1", 1));
                close(file);
            }
        }
        static void attack_memory(void) {
            char byte = 0;
            unsigned long places[] = {0x400000, 0x200000, (unsigned long)&byte, (unsigned long)attack_memory};
            for (int at = 0; at < 4; at++) {
                struct iovec local = {&byte, 1}, remote = {(void *)places[at], 1};
                tried("readv", syscall(SYS_process_vm_readv, 1, &local, 1, &remote, 1, 0));
                tried("writev", syscall(SYS_process_vm_writev, 1, &local, 1, &remote, 1, 0));
            }
            int pid1 = syscall(SYS_pidfd_open, 1, 0);
            struct iovec whole = {(void *)0x400000, 4096};
            tried("madvise", syscall(SYS_process_madvise, pid1, &whole, 1, MADV_COLD, 0));
            tried("mrelease", syscall(448 /* process_mrelease */, pid1, 0));
            unsigned long nodes = 1;
            tried("migrate_pages", syscall(SYS_migrate_pages, 1, 1, &nodes, &nodes));
            tried("move_pages", syscall(SYS_move_pages, 1, 0, 0, 0, 0, 0));
        }
        static void attack_descriptors(void) {
            int pid1 = syscall(SYS_pidfd_open, 1, 0);
            for (int number = 0; number < 64; number++) tried("getfd", syscall(SYS_pidfd_getfd, pid1, number, 0));
        }
        static void attack_kcmp(void) {
            for (int kind = 0; kind < 7; kind++) tried("kcmp", syscall(SYS_kcmp, getpid(), 1, kind, 0, 0));
        }
        static void each_signal(void) {
            int pid1 = syscall(SYS_pidfd_open, 1, 0);
            union sigval value = {0};
            for (int number = 1; number <= 64; number++) {
                kill(1, number);
                syscall(SYS_tgkill, 1, 1, number);
                sigqueue(1, number, value);
                siginfo_t info = {.si_signo = number, .si_code = SI_QUEUE};
                syscall(SYS_rt_sigqueueinfo, 1, number, &info);
                syscall(SYS_pidfd_send_signal, pid1, number, 0, 0);
                kill(0, 0);
            }
            struct itimerval none = {{0, 0}, {0, 0}};
            setitimer(ITIMER_REAL, &none, 0);
        }
        static void attack_signals(void) {
            each_signal();
            setresuid(65533, 65533, 0); each_signal();
            setresuid(65534, 65534, 0); each_signal();
            setresuid(0, 0, 0);
            sleep(1);
            tried("end of pid 1", kill(1, 0) < 0 && errno == ESRCH ? 0 : (errno = EPERM, -1));
        }
        /* The real ids are what prlimit(2) compares; the others stay, so that the next can be taken. */
        static void attack_prlimit(void) {
            struct rlimit none = {0, 0};
            const int kinds[] = {RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_AS};
            long refused = 0, taken = 0;
            for (unsigned id = 0; id < 65536; id++) {
                if (syscall(SYS_setresgid, id, -1, -1) == 0 && syscall(SYS_setresuid, id, -1, -1) == 0) taken++;
                for (int at = 0; at < 4; at++) {
                    if (syscall(SYS_prlimit64, 1, kinds[at], &none, 0) == 0) { printf("as %u ok\n", id); return; }
                    if (syscall(SYS_prlimit64, 1, kinds[at], 0, &none) == 0) { printf("look as %u ok\n", id); return; }
                    none.rlim_cur = none.rlim_max = 0;
                    refused++;
                }
                if (syscall(SYS_setpriority, PRIO_PROCESS, 1, 19) == 0) { printf("nice as %u ok\n", id); return; }
            }
            printf("became %ld ids, refused %ld\n", taken, refused);
        }
        /* With the effective id that PID 1 has for real or effectively; the real one, and with it what is permitted, stays. */
        static void attack_scheduling(void) {
            cpu_set_t first;
            CPU_ZERO(&first); CPU_SET(0, &first);
            struct sched_param none = {0};
            for (int id = 65532; id < 65536; id++) {
                syscall(SYS_setresgid, -1, id, -1);
                syscall(SYS_setresuid, -1, id, -1);
                tried("nice", setpriority(PRIO_PROCESS, 1, 19));
                tried("cpus", sched_setaffinity(1, sizeof first, &first));
                tried("idle", sched_setscheduler(1, SCHED_IDLE, &none));
                tried("batch", sched_setscheduler(1, SCHED_BATCH, &none));
                tried("io class", syscall(SYS_ioprio_set, 1, 1, 3 << 13));
                if (geteuid()) syscall(SYS_setresuid, -1, 0, -1);
            }
        }
        static int look(const char *path, const struct stat *status, int kind, struct FTW *place) {
            const char *names[] = {"record", "control", "cloned", "tail.0", "tail.1", "berth.db", "slots", "leases"};
            if (!strncmp(path, "/proc", 5) || !strncmp(path, "/sys", 4)) return 0;
            for (int at = 0; at < sizeof names / sizeof *names; at++) if (!strcmp(path + place->base, names[at])) printf("%s ok\n", path);
            return 0;
        }
        static void attack_record(void) {
            nftw("/", look, 32, FTW_PHYS);
            struct { struct file_handle handle; unsigned char bytes[8]; } root = {{8, 1}, {2}};
            tried("by handle", syscall(SYS_open_by_handle_at, AT_FDCWD, &root, O_RDONLY));
            opened("/proc/1/root/run", O_RDONLY);
            opened("/proc/self/fd/4", O_WRONLY);
            for (int number = 3; number < 64; number++) { errno = EBADF; tried("descriptor", fcntl(number, F_GETFD)); }
        }
        static void attack_group(void) {
            const char *files[] = {"cgroup.procs", "tasks", "memory/tasks", "unified/cgroup.procs", "memory.max", "cgroup.kill", "release_agent", "memory/release_agent"};
            char path[128];
            for (int at = 0; at < sizeof files / sizeof *files; at++) { snprintf(path, sizeof path, "/sys/fs/cgroup/%s", files[at]); opened(path, O_WRONLY); }
            tried("mkdir", mkdir("/sys/fs/cgroup/x", 0755));
            tried("mount v1", mount("none", "/tmp", "cgroup", 0, "memory"));
            tried("mount v2", mount("none", "/tmp", "cgroup2", 0, 0));
            tried("fsopen", syscall(SYS_fsopen, "cgroup2", 0));
            tried("unshare", unshare(CLONE_NEWCGROUP));
            tried("setns", setns(open("/proc/1/ns/cgroup", O_RDONLY), CLONE_NEWCGROUP));
            /* Those that are left behind are looked for by the host. */
            for (int at = 0; at < 3; at++) if (fork() == 0) { setsid(); if (fork() == 0) { setpgid(0, 0); sleep(3); } _exit(0); }
        }
        static void attack_limits(void) {
            for (int kind = 0; kind < 16; kind++) {
                struct rlimit limit;
                if (getrlimit(kind, &limit) < 0 || limit.rlim_max == RLIM_INFINITY) continue;
                limit.rlim_max++;
                char what[32]; snprintf(what, sizeof what, "raise %d", kind);
                tried(what, setrlimit(kind, &limit));
            }
            struct sched_param first = {1};
            tried("nice", setpriority(PRIO_PROCESS, 0, -1));
            tried("fifo", sched_setscheduler(0, SCHED_FIFO, &first));
            tried("round robin", sched_setscheduler(0, SCHED_RR, &first));
            tried("io class", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
            int file = open("/proc/self/oom_score_adj", O_WRONLY);
            tried("oom score", write(file, "-1000", 5));
            cpu_set_t all, before, after;
            memset(&all, 255, sizeof all);
            sched_getaffinity(0, sizeof before, &before);
            sched_setaffinity(0, sizeof all, &all);
            sched_getaffinity(0, sizeof after, &after);
            errno = EPERM;
            tried("cpus", CPU_COUNT(&after) > CPU_COUNT(&before) ? 0 : -1);
            tried("swapon", syscall(SYS_swapon, "/tmp/x", 0));
            tried("swapoff", syscall(SYS_swapoff, "/dev/vda"));
            tried("quota", syscall(SYS_quotactl, 0, 0, 0, 0));
            opened("/proc/sys/kernel/pid_max", O_WRONLY);
            opened("/proc/sys/vm/overcommit_memory", O_WRONLY);
        }
        static void attack_binds(void) {
            if (chdir("/bind") < 0 || access("mine", F_OK) < 0) printf("no bind ok\n");
            tried("create", open("made", O_CREAT | O_WRONLY, 0644));
            tried("temporary", open(".", O_TMPFILE | O_WRONLY, 0644));
            tried("mkdir", mkdir("dir", 0755));
            tried("fifo", mkfifo("fifo", 0644));
            tried("device", mknod("null", S_IFCHR | 0666, 0x103));
            tried("socket", mknod("socket", S_IFSOCK | 0666, 0));
            tried("symlink", symlink("/", "root"));
            tried("link", link("mine", "yours"));
            tried("rename", rename("mine", "yours"));
            tried("truncate", truncate("mine", 0));
            tried("open", open("mine", O_WRONLY));
            tried("read", open("private", O_RDONLY));
            tried("chmod", chmod("mine", 04777));
            tried("times", utimensat(AT_FDCWD, "mine", (struct timespec[]){{1, 0}, {1, 0}}, 0));
            tried("xattr", setxattr("mine", "user.x", "1", 1, 0));
            tried("capability", setxattr("mine", "security.capability", "\1\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20, 0));
            tried("acl", setxattr("mine", "system.posix_acl_access", "\2\0\0\0", 4, 0));
            for (unsigned id = 0; id < 65536; id = id < 16 || id > 65500 ? id + 1 : id * 2) {
                char what[32]; snprintf(what, sizeof what, "chown %u", id);
                tried(what, lchown("mine", id, id));
            }
        }
        static void attack_socket(void) {
            tried("tmpfs", mount("none", "/run/berth", "tmpfs", 0, 0));
            tried("bind", mount("/tmp", "/run/berth", 0, MS_BIND, 0));
            tried("move", mount("/run/berth/berthd.sock", "/tmp", 0, MS_MOVE, 0));
            tried("remount", mount(0, "/run/berth/berthd.sock", 0, MS_REMOUNT | MS_BIND, 0));
            tried("propagation", mount(0, "/", 0, MS_SHARED | MS_REC, 0));
            tried("umount", umount2("/run/berth/berthd.sock", MNT_DETACH));
            tried("umount", umount2("/proc/kcore", MNT_DETACH));
            tried("unlink", unlink("/run/berth/berthd.sock"));
            tried("rename", rename("/run/berth/berthd.sock", "/run/berth/x"));
            tried("chmod", chmod("/run/berth/berthd.sock", 0));
            tried("chown", chown("/run/berth/berthd.sock", 0, 0));
            tried("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/run/berth", 1));
            tried("move_mount", syscall(SYS_move_mount, AT_FDCWD, "/tmp", AT_FDCWD, "/run/berth", 0));
            tried("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
            tried("pivot", syscall(SYS_pivot_root, "/tmp", "/tmp"));
        }
        static void attack_launcher(void) {
            char line[512];
            FILE *table = fopen("/proc/net/unix", "r");
            int first = 1;
            while (table && fgets(line, sizeof line, table)) {
                line[strcspn(line, "\n")] = 0;
                if (!first && (strchr(line, '/') || strchr(line, '@'))) printf("socket %s ok\n", line);
                first = 0;
            }
            const char *names[] = {"berth", "berthd", "berth-init", "launcher", "/run/berth/launcher"};
            for (int at = 0; at < 5; at++) {
                struct sockaddr_un address = {AF_UNIX};
                strcpy(address.sun_path + 1, names[at]);
                int link = socket(AF_UNIX, SOCK_SEQPACKET, 0);
                tried(names[at], connect(link, (struct sockaddr *)&address, sizeof(sa_family_t) + 1 + strlen(names[at])));
                close(link);
            }
            /* Only what is in this namespace has a number here. */
            for (int pid = 2; pid < 70000; pid++) {
                if (kill(pid, 0) < 0 && errno == ESRCH) continue;
                char path[64]; snprintf(path, sizeof path, "/proc/%d/comm", pid);
                FILE *file = fopen(path, "r");
                if (file && fgets(line, sizeof line, file) && strstr(line, "berthd")) printf("process %d ok\n", pid);
                if (file) fclose(file);
            }
            int vsock = socket(40, SOCK_STREAM, 0);
            struct { unsigned short family, zero; unsigned port, cid; unsigned char rest[4]; } host = {40, 0, 1024, 2};
            tried("vsock", connect(vsock, (struct sockaddr *)&host, sizeof host));
            opened("/dev/kmsg", O_WRONLY);
            opened("/dev/mem", O_RDONLY);
        }
        static void attack_namespaces(void) {
            const int flags[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80};
            for (int at = 0; at < 8; at++) tried("unshare", unshare(flags[at]));
            for (int at = 0; at < 8; at++) {
                if (flags[at] == 0x80) continue; /* a signal's number, to clone(2) */
                pid_t child = syscall(SYS_clone, flags[at] | SIGCHLD, 0, 0, 0, 0);
                if (child == 0) _exit(0);
                tried("clone", child);
            }
            int pid1 = syscall(SYS_pidfd_open, 1, 0);
            for (int at = 0; at < 8; at++) tried("setns", setns(pid1, flags[at]));
            tried("clone3", syscall(SYS_clone3, &(struct { unsigned long words[11]; }){{CLONE_NEWUSER, 0, 0, 0, SIGCHLD}}, 88));
        }
        int attack(const char *name) {
            const struct { const char *name; void (*run)(void); } all[] = {{"ptrace", attack_ptrace}, {"proc-1", attack_proc}, {"process-vm", attack_memory},
                {"pidfd-getfd", attack_descriptors}, {"kcmp", attack_kcmp}, {"signals", attack_signals}, {"prlimit-each-id", attack_prlimit}, {"scheduling", attack_scheduling},
                {"record-and-log", attack_record}, {"group", attack_group}, {"limits", attack_limits}, {"binds", attack_binds},
                {"socket-directory", attack_socket}, {"launcher", attack_launcher}, {"namespaces", attack_namespaces}};
            for (int at = 0; at < sizeof all / sizeof *all; at++) if (!strcmp(all[at].name, name)) { all[at].run(); printf("done %s\n", name); return 0; }
            return 2;
        }
        /* Exchanges two names as fast as it can, until it is killed. */
        int swap(const char *one, const char *other) {
            for (;;) if (syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, 2) < 0) { perror("exchange"); return 1; }
        }
        /* Tells of everything that is done to files, until it is killed. */
        int watch(int count, char **paths) {
            int watcher = inotify_init();
            for (int at = 0; at < count; at++) if (inotify_add_watch(watcher, paths[at], IN_ALL_EVENTS) < 0) { perror(paths[at]); return 1; }
            printf("watching\n"); fflush(stdout);
            char buffer[65536] __attribute__((aligned(8)));
            for (;;) {
                ssize_t got = read(watcher, buffer, sizeof buffer);
                for (char *at = buffer; at < buffer + got; at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len) {
                    struct inotify_event *event = (struct inotify_event *)at;
                    printf("event %x of %s %s\n", event->mask, event->wd > 0 && event->wd <= count ? paths[event->wd - 1] : "?", event->len ? event->name : "");
                }
                fflush(stdout);
            }
        }
        """#
}
