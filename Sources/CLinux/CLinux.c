#include "CLinux.h"

int linux_argument_count = 0;
char **linux_arguments = 0;

/// Embedded Swift has no CommandLine; the C library gives main's arguments to constructors, too.
__attribute__((constructor)) static void keep_arguments(int count, char **arguments, char **environment) {
    (void)environment;
    linux_argument_count = count;
    linux_arguments = arguments;
}
