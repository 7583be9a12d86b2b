// System calls that Swift cannot reach: variadic ones, those without a wrapper in glibc, and those whose errno must be read at once.
// Each returns the kernel's result, or the negated error number. Embedded Swift has no Glibc module, so its libc comes from here, too.
//
// Without _GNU_SOURCE: in ordinary Swift the C library's types would differ from those of the Glibc module. So what only that gives is called by
// number here, and constants are repeated.
#pragma once

#include "CLinuxFiles.h"
#include "CLinuxMounts.h"
#include "CLinuxProcesses.h"
#include "CLinuxCredentials.h"
#include "CLinuxSockets.h"
#include "CLinuxTerminals.h"
