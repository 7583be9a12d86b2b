/* The kernel's floor: what a container costs that nobody could make cheaper without sharing or reusing something.
 *
 * Usage: floor GROUPS AT_ONCE COUNT NOOP
 *
 * Each of COUNT containers, AT_ONCE at a time, gets fresh pid, mount, ipc, uts, network and user namespaces, fresh control groups, a
 * tmpfs with proc as its root, and executes the static no-op. GROUPS: how many controllers of v1 get a group of their own, in the order
 * cpu, cpuacct, memory, pids, cpuset, freezer, blkio, devices; or their names with commas. PID 1 enters them by writing `0` itself. Among
 * the names `unified` is a group of v2 beside them, entered by CLONE_INTO_CGROUP, and `job` an empty child of that. On a machine with
 * cgroup v2 only, anything but 0 is `unified`, or `unified,job`. No overlay, no filter, no log, no database.
 *
 * A time is from the first mkdir to the reaped exit; the rate includes removing the groups.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static const char *const controllers[] = {"cpu", "cpuacct", "memory", "pids", "cpuset", "freezer", "blkio", "devices"};
enum { most_groups = 8 };

static int groups, unified, child, noop;
/* The controllers that get a group of their own, and the parents; the unified hierarchy's is the last. */
static const char *chosen[most_groups];
static char parents[most_groups + 1][256];
static char staging[] = "/tmp/berth-floor-XXXXXX";

static void write_file(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) fail("open %s", path);
    if (write(fd, text, strlen(text)) < 0) fail("write %s", path);
    close(fd);
}

/* Finds where a controller of v1 is mounted; "" for the unified hierarchy. */
static int find_mount(const char *controller, char *out) {
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char line[4096], point[1024], type[64], options[1024];
    int found = 0;
    while (file && fgets(line, sizeof line, file)) {
        char *tail = strstr(line, " - ");
        if (!tail || sscanf(line, "%*s %*s %*s %*s %1023s", point) != 1 || sscanf(tail, " - %63s %*s %1023s", type, options) != 2) continue;
        if (!*controller) {
            if (strcmp(type, "cgroup2")) continue;
        } else {
            if (strcmp(type, "cgroup")) continue;
            char list[1100], needle[64];
            snprintf(list, sizeof list, ",%s,", options);
            snprintf(needle, sizeof needle, ",%s,", controller);
            list[strcspn(list, "\n")] = 0;
            if (!strstr(list, needle)) continue;
        }
        snprintf(out, 256, "%.200s", point);
        found = 1;
        break;
    }
    if (file) fclose(file);
    return found;
}

static void copy_setting(const char *from, const char *to, const char *name) {
    char path[600], text[256];
    snprintf(path, sizeof path, "%s/%s", from, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail("open %s", path);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length > 0 ? length : 0] = 0;
    snprintf(path, sizeof path, "%s/%s", to, name);
    write_file(path, text);
}

static void choose(char *words) {
    if (*words >= '0' && *words <= '9') {
        groups = atoi(words);
        if (groups > most_groups) errno = 0, fail("groups: found %s, accepted 0 to %d", words, most_groups);
        for (int i = 0; i < groups; i++) chosen[i] = controllers[i];
    } else {
        for (char *word = strtok(words, ","); word; word = strtok(NULL, ",")) {
            int known = !strcmp(word, "unified") || !strcmp(word, "job");
            unified |= !strcmp(word, "unified");
            child |= !strcmp(word, "job");
            for (int i = 0; i < most_groups && !known; i++)
                if (!strcmp(word, controllers[i]) && groups < most_groups) chosen[groups++] = controllers[i], known = 1;
            if (!known) errno = 0, fail("groups: found %s, accepted a number, or names of controllers, unified and job", word);
        }
        if (child && !unified) errno = 0, fail("groups: job is below unified, which is not there");
    }
    char mount[256];
    if (groups > 0 && !find_mount("memory", mount)) groups = 0, unified = 1;
}

static void make_parent(int place, const char *controller) {
    char mount[256];
    if (!find_mount(controller, mount)) errno = ENOENT, fail("find the hierarchy of %s", *controller ? controller : "v2");
    snprintf(parents[place], sizeof parents[place], "%.180s/berth-test-floor-%d", mount, getpid());
    if (mkdir(parents[place], 0755) && errno != EEXIST) fail("mkdir %s", parents[place]);
    if (strcmp(controller, "cpuset")) return;
    copy_setting(mount, parents[place], "cpuset.cpus");
    copy_setting(mount, parents[place], "cpuset.mems");
}

/* One parent for the whole run in each hierarchy. */
static void make_parents(void) {
    for (int i = 0; i < groups; i++) make_parent(i, chosen[i]);
    if (unified) make_parent(groups, "");
}

static void remove_parents(void) {
    for (int i = 0; i < groups + unified; i++) {
        /* Only a failure leaves groups of single containers behind. */
        DIR *folder = opendir(parents[i]);
        for (struct dirent *entry; folder && (entry = readdir(folder));) {
            if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
            char job[300];
            snprintf(job, sizeof job, "%s/job", entry->d_name);
            unlinkat(dirfd(folder), job, AT_REMOVEDIR);
            unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
        }
        if (folder) closedir(folder);
        rmdir(parents[i]);
    }
}

/* The container's PID 1. It has what it needs as descriptors, opened by a parent with the rights. */
static void container(const int *tasks, int mapped) {
    char byte;
    for (int i = 0; i < groups; i++)
        if (write(tasks[i], "0", 1) != 1) fail("enter the group of %s", chosen[i]);
    if (read(mapped, &byte, 1) != 1) fail("wait for the id map");
    if (setresgid(0, 0, 0) || setresuid(0, 0, 0)) fail("become root inside");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("make mounts private");
    if (mount("tmpfs", staging, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m")) fail("mount tmpfs");
    if (chdir(staging) || mkdir("proc", 0755)) fail("mkdir proc");
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL)) fail("mount proc");
    if (syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/")) fail("pivot_root");
    char *argv[] = {"noop", NULL}, *environment[] = {NULL};
    syscall(SYS_execveat, noop, "", argv, environment, AT_EMPTY_PATH);
    fail("execveat");
}

static void prepare(int worker) { (void)worker; }

static double one(int worker, int i) {
    char names[most_groups + 1][400], path[500];
    int tasks[most_groups], group = -1, gate[2], status;
    double started = now_ms();
    for (int g = 0; g < groups + unified; g++) {
        snprintf(names[g], sizeof names[g], "%s/%d-%d", parents[g], worker, i);
        if (mkdir(names[g], 0755)) fail("mkdir %s", names[g]);
        if (g == groups) break;
        if (!strcmp(chosen[g], "cpuset")) {
            copy_setting(parents[g], names[g], "cpuset.cpus");
            copy_setting(parents[g], names[g], "cpuset.mems");
        }
        snprintf(path, sizeof path, "%s/tasks", names[g]);
        if ((tasks[g] = open(path, O_WRONLY | O_CLOEXEC)) < 0) fail("open %s", path);
    }
    if (unified && (group = open(names[groups], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) fail("open %s", names[groups]);
    if (child && mkdirat(group, "job", 0755)) fail("mkdir job in %s", names[groups]);
    if (pipe2(gate, O_CLOEXEC)) fail("pipe");
    struct clone_args arguments = {
        .flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWUSER | (unified ? CLONE_INTO_CGROUP : 0),
        .exit_signal = SIGCHLD,
        .cgroup = unified ? (uint64_t)group : 0,
    };
    pid_t pid = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid < 0) fail("clone3");
    if (pid == 0) container(tasks, gate[0]);
    snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
    write_file(path, "0 1000000 65536");
    snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
    write_file(path, "0 1000000 65536");
    if (write(gate[1], "", 1) != 1) fail("open the gate");
    if (waitpid(pid, &status, 0) != pid || status != 0) errno = 0, fail("container %d ended with status %#x", i, status);
    double taken = now_ms() - started;
    close(gate[0]);
    close(gate[1]);
    if (child && unlinkat(group, "job", AT_REMOVEDIR)) fail("rmdir job in %s", names[groups]);
    if (group >= 0) close(group);
    for (int g = 0; g < groups; g++) close(tasks[g]);
    for (int g = 0; g < groups + unified; g++)
        if (rmdir(names[g])) fail("rmdir %s", names[g]);
    return taken;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: floor GROUPS AT_ONCE COUNT NOOP\n");
        return 2;
    }
    choose(argv[1]);
    int at_once = atoi(argv[2]), count = atoi(argv[3]);
    if (at_once < 1 || count < at_once) {
        fprintf(stderr, "floor: at least one at once, a count of at least that\n");
        return 2;
    }
    if ((noop = open(argv[4], O_RDONLY | O_CLOEXEC)) < 0) fail("open %s", argv[4]);
    if (!mkdtemp(staging)) fail("mkdtemp");
    chmod(staging, 0755);
    make_parents();
    int status = measure(at_once, count, prepare, one);
    remove_parents();
    rmdir(staging);
    return status;
}
