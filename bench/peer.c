/* Runs an OCI runtime COUNT times, AT_ONCE at a time, on an overlay root of its own each time, and prints times and rate.
 *
 * Usage: peer AT_ONCE COUNT RUNTIME FOLDER
 *
 * FOLDER holds `lower` (the image's root), and a bundle `bundle-N` with config.json for each of AT_ONCE workers. Upper and work
 * directories lie on a tmpfs. It runs in a private mount namespace in which a cgroup2 beside v1 is unmounted, because crun and podman
 * refuse a mixed hierarchy; nothing outside changes. A runtime that does not end with 0 ends the measurement.
 *
 * A time is from making the upper directory to the runtime's exit; the rate includes taking the overlay down.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>

extern char **environ;
static const char *runtime, *folder;
static char bundle[512], root[600], state[512];

static void prepare(int worker) {
    snprintf(bundle, sizeof bundle, "%.200s/bundle-%d", folder, worker);
    snprintf(root, sizeof root, "%s/rootfs", bundle);
    snprintf(state, sizeof state, "%.200s/state", folder);
}

static double one(int worker, int i) {
    char upper[700], work[700], inner[720], options[2600], id[64];
    int status;
    pid_t pid;
    snprintf(upper, sizeof upper, "%.200s/scratch/u%d-%d", folder, worker, i);
    snprintf(work, sizeof work, "%.200s/scratch/w%d-%d", folder, worker, i);
    snprintf(id, sizeof id, "berth-bench-%d-%d", worker, i);
    double started = now_ms();
    if (mkdir(upper, 0755) || mkdir(work, 0755)) fail("mkdir %s", upper);
    snprintf(options, sizeof options, "lowerdir=%.200s/lower,upperdir=%s,workdir=%s", folder, upper, work);
    if (mount("overlay", root, "overlay", 0, options)) fail("mount overlay on %s", root);
    char *argv[] = {(char *)runtime, "--root", state, "run", "--bundle", bundle, id, NULL};
    int number = posix_spawn(&pid, runtime, NULL, NULL, argv, environ);
    if (number) errno = number, fail("spawn %s", runtime);
    if (waitpid(pid, &status, 0) != pid || status != 0) errno = 0, fail("%s run %s ended with status %#x", runtime, id, status);
    double taken = now_ms() - started;
    if (umount2(root, MNT_DETACH)) fail("umount %s", root);
    snprintf(inner, sizeof inner, "%s/work", work);
    rmdir(inner);
    rmdir(work);
    /* A runtime leaves mount points in the upper directory: it goes with the tmpfs. */
    return taken;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: peer AT_ONCE COUNT RUNTIME FOLDER\n");
        return 2;
    }
    int at_once = atoi(argv[1]), count = atoi(argv[2]);
    runtime = argv[3];
    folder = argv[4];
    if (at_once < 1 || count < at_once) {
        fprintf(stderr, "peer: at least one at once, a count of at least that\n");
        return 2;
    }
    if (unshare(CLONE_NEWNS)) fail("unshare");
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) fail("make mounts private");
    if (access("/sys/fs/cgroup/memory", F_OK) == 0 && umount2("/sys/fs/cgroup/unified", MNT_DETACH) && errno != EINVAL && errno != ENOENT)
        fail("umount /sys/fs/cgroup/unified");
    char scratch[512];
    snprintf(scratch, sizeof scratch, "%.200s/scratch", folder);
    if (mkdir(scratch, 0755) && errno != EEXIST) fail("mkdir %s", scratch);
    if (mount("tmpfs", scratch, "tmpfs", 0, "mode=755")) fail("mount tmpfs");
    return measure(at_once, count, prepare, one);
}
