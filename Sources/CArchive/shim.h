// libarchive, and the one thing of the C library that its use needs.
#ifndef BERTH_CARCHIVE_SHIM_H
#define BERTH_CARCHIVE_SHIM_H

// The same C library declarations as in CLinux, or the two modules contradict each other.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

// Names in pax headers are UTF-8; in the C locale libarchive cannot hand them out.
static inline int berth_archive_use_utf8(void) {
    return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

#endif
