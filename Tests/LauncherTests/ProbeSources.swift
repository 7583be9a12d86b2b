/// Tries on PID 1 what could end, change or trace it, as each id that the namespace maps, and prints what succeeded.
let attackSource = #"""
    #define _GNU_SOURCE
    #include <errno.h>
    #include <fcntl.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/ptrace.h>
    #include <sys/resource.h>
    #include <sys/syscall.h>
    #include <sys/uio.h>
    #include <sys/wait.h>
    #include <unistd.h>
    static void file(const char *name) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/%s", name);
        int fd = open(path, O_RDONLY);
        if (fd >= 0) { printf("OPEN %s\n", path); close(fd); }
    }
    static void attempt(int id) {
        struct rlimit limit = {0, 0};
        if (prlimit(1, RLIMIT_CPU, &limit, NULL) == 0) printf("OPEN prlimit as %d\n", id);
        if (prlimit(1, RLIMIT_FSIZE, &limit, NULL) == 0) printf("OPEN prlimit as %d\n", id);
        if (ptrace(PTRACE_SEIZE, 1, 0, 0) == 0) printf("OPEN ptrace as %d\n", id);
        char byte;
        struct iovec local = {&byte, 1}, remote = {(void *)0x400000, 1};
        if (process_vm_readv(1, &local, 1, &remote, 1, 0) == 1) printf("OPEN readv as %d\n", id);
        int pidfd = syscall(SYS_pidfd_open, 1, 0);
        if (pidfd >= 0 && syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0) printf("OPEN getfd as %d\n", id);
        if (pidfd >= 0) close(pidfd);
        file("mem"); file("environ"); file("maps"); file("fd/0"); file("root/bin"); file("exe"); file("ns/user");
        kill(1, SIGKILL); kill(1, SIGTERM); kill(1, SIGSTOP); kill(1, 62);
        union sigval value = {0};
        sigqueue(1, SIGTERM, value);
        siginfo_t info = {.si_signo = 62, .si_code = SI_QUEUE};
        info.si_pid = 0;
        syscall(SYS_rt_sigqueueinfo, 1, 62, &info);
    }
    int main(void) {
        attempt(0);
        for (int id = 1; id < 65536; id = id < 65000 ? id * 3 : id + 1) {
            pid_t pid = fork();
            if (pid == 0) {
                syscall(SYS_setresgid, id, id, id);
                if (syscall(SYS_setresuid, id, id, id) != 0) printf("CANNOT %d\n", id);
                attempt(id);
                fflush(stdout);
                _exit(0);
            }
            waitpid(pid, NULL, 0);
        }
        printf("tried all\n");
        return 0;
    }
    """#

/// Prints the resource limits, the umask and whether a forbidden system call is refused.
let limitsSource = #"""
    #define _GNU_SOURCE
    #include <errno.h>
    #include <stdio.h>
    #include <sys/resource.h>
    #include <sys/stat.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(void) {
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        printf("nofile %ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
        printf("umask %o\n", umask(0));
        long result = syscall(SYS_getppid);
        printf("getppid %ld %d\n", result, result < 0 ? errno : 0);
        return 0;
    }
    """#

/// Binds a file of the host, read-only, at a path in the mount namespace of a process: what a dump does first.
let attachSource = #"""
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <sched.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/mount.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(int count, char **arguments) {
        if (count == 3) /* an inherited, detached mount: attach it here */
        return syscall(SYS_move_mount, atoi(arguments[1]), "", AT_FDCWD, arguments[2], 4) == 0 ? 0 : (perror("attach"), 1);
    int tree = syscall(SYS_open_tree, AT_FDCWD, arguments[2], 1 /* OPEN_TREE_CLONE */);
        int pidfd = syscall(SYS_pidfd_open, atoi(arguments[1]), 0);
        if (tree < 0 || pidfd < 0 || setns(pidfd, CLONE_NEWNS) != 0) return perror("enter"), 1;
        if (syscall(SYS_move_mount, tree, "", AT_FDCWD, arguments[3], 4 /* MOVE_MOUNT_F_EMPTY_PATH */) != 0) return perror("attach"), 1;
        return 0;
    }
    """#

/// Opens as many inotify instances as it is told, and stays.
let watchSource = #"""
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/inotify.h>
    #include <unistd.h>
    int main(int count, char **words) {
        int wanted = atoi(words[1]), got = 0;
        while (got < wanted && inotify_init() >= 0) got++;
        printf("%d instances\n", got);
        fflush(stdout);
        sleep(1000);
    }
    """#

/// Fills the queue of real-time signals of its user, so that the kernel forgets the sender of the next ones, and sends PID 1 all of them in each way.
let forgeSource = #"""
    #define _GNU_SOURCE
    #include <signal.h>
    #include <stdio.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    int main(void) {
        sigset_t all;
        union sigval none = {0};
        long queued = 0;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        while (queued < 1000000 && sigqueue(getpid(), SIGRTMIN + 6, none) == 0) queued++;
        for (int signal = 1; signal < 65; signal++) {
            kill(1, signal);
            sigqueue(1, signal, none);
            syscall(SYS_tgkill, 1, 1, signal);
        }
        printf("queued %ld\n", queued);
        return 0;
    }
    """#
