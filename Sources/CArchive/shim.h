// libarchive, and the one thing of the C library that its use needs.
#ifndef BERTH_CARCHIVE_SHIM_H
#define BERTH_CARCHIVE_SHIM_H

// Without _GNU_SOURCE, as everywhere: the modules' C library declarations must agree with each other and with the Glibc module's.
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

// Names in pax headers are UTF-8; in the C locale libarchive cannot hand them out.
static inline int berth_archive_use_utf8(void) {
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

#endif
