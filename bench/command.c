/* Runs a command COUNT times, AT_ONCE at a time, each from its spawn to its first line on standard output, and prints times and rate.
 *
 * Usage: command AT_ONCE COUNT PROGRAM [ARGUMENT…]
 *
 * A command that does not end with 0, or prints no line, ends the measurement. A time does not hold the command's end; the rate does.
 */
#define _GNU_SOURCE
#include "measure.h"

#include <fcntl.h>
#include <spawn.h>

extern char **environ;
static char **words;

static void prepare(int worker) { (void)worker; }

static double one(int worker, int i) {
    int ends[2], status;
    pid_t pid;
    posix_spawn_file_actions_t actions;
    (void)worker;
    if (pipe2(ends, O_CLOEXEC)) fail("pipe");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    double started = now_ms();
    int number = posix_spawn(&pid, words[0], &actions, NULL, words, environ);
    if (number) errno = number, fail("spawn %s", words[0]);
    close(ends[1]);
    char byte = 0;
    while (byte != '\n')
        if (read(ends[0], &byte, 1) != 1) errno = 0, fail("%s, run %d, printed no line", words[0], i);
    double taken = now_ms() - started;
    while (read(ends[0], &byte, 1) == 1) {}
    close(ends[0]);
    if (waitpid(pid, &status, 0) != pid || status != 0) errno = 0, fail("%s, run %d, ended with status %#x", words[0], i, status);
    posix_spawn_file_actions_destroy(&actions);
    return taken;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: command AT_ONCE COUNT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    int at_once = atoi(argv[1]), count = atoi(argv[2]);
    if (at_once < 1 || count < at_once) {
        fprintf(stderr, "command: at least one at once, a count of at least that\n");
        return 2;
    }
    words = argv + 3;
    return measure(at_once, count, prepare, one);
}
