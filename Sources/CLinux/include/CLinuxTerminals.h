// Pseudo-terminals (ioctl_tty(2)).
#pragma once
#include "CLinuxCall.h"
#include <fcntl.h>
#include <sys/ioctl.h>

static inline long linux_unlock_terminal(int master) {
    int unlocked = 0;
    return linux_result(ioctl(master, TIOCSPTLCK, &unlocked));
}

/// Opens the slave without a path: no other /dev/pts can be put in between.
static inline long linux_open_terminal_peer(int master) {
    return linux_result(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

static inline long linux_set_terminal_size(int terminal, unsigned short rows, unsigned short columns) {
    struct winsize size = {rows, columns, 0, 0};
    return linux_result(ioctl(terminal, TIOCSWINSZ, &size));
}

static inline long linux_set_controlling_terminal(int terminal) {
    return linux_result(ioctl(terminal, TIOCSCTTY, 0));
}
