/* binary.h: resolving a path to a pinned file.  */
#ifndef PJ_BINARY_H
#define PJ_BINARY_H

#include <stdatomic.h>
#include <sys/stat.h>

#include "procjail.h"

/* What must not change between the check and the exec.  */
typedef struct pj_identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec mtime;
    struct timespec ctime;
} pj_identity;

/* An executable file, or a directory, kept open.  Immutable and shared:
   all commands prepared for one file hold the same pin.  */
typedef struct pj_pin {
    atomic_size_t refs;
    pj_str path; /* canonical */
    pj_identity identity;
    int fd;        /* O_PATH; -1 if not supported */
    int is_native; /* not a `#!` script: executable by descriptor, if any */
    nlink_t links;
} pj_pin;

pj_pin *pj_pin_ref(pj_pin *pin);
void pj_pin_unref(pj_pin *pin);

/* The canonical form of an absolute path, which the caller frees with
   pj_str_clear.  Fails with NulByte, BinNotAbsolute, BinNotFound or
   BinCanonicalizeFailed.  */
int pj_binary_resolve(pj_str path, pj_str *canonical, pj_error *err);

/* Opens a canonical path.  Fails with BinIsDirectory, BinNotRegularFile,
   BinNotExecutable, BinNotFound or OutOfDescriptors.  */
int pj_binary_pin(pj_str canonical, pj_pin **out, pj_error *err);

/* Resolves a path, which need not end with a NUL, and pins its file.  */
int pj_binary_pin_path(pj_str path, pj_pin **out, pj_error *err);

/* The pin of a canonical path: `known` again if it still holds that file,
   otherwise a new one.  */
int pj_binary_repin(pj_str canonical, pj_pin *known, pj_pin **out,
                    pj_error *err);

/* Whether the pinned file is unchanged.  Fails with BinChanged.  */
int pj_pin_verify(const pj_pin *pin, pj_error *err);

/* Opens a canonical directory.  Returns NULL and sets errno.  */
pj_pin *pj_pin_directory(pj_str canonical);

/* Whether `pin` still holds the directory at its path.  */
int pj_pin_is_current(const pj_pin *pin);

void pj_identity_of(const struct stat *st, pj_identity *out);
int pj_identity_equal(const pj_identity *a, const pj_identity *b);

#endif
