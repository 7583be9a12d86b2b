// System calls that Swift cannot reach: variadic ones, those without a wrapper in glibc, and those whose errno must be read at once.
// Each returns the kernel's result, or the negated error number. Header-only: Embedded Swift has no Glibc module.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "CLinuxFiles.h"
#include "CLinuxMounts.h"
#include "CLinuxProcesses.h"
#include "CLinuxCredentials.h"
#include "CLinuxSockets.h"
#include "CLinuxTerminals.h"
