/* binary.c: absolute, canonical, regular, executable, pinned.  */
#include "policy/binary.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strings.h"
#include "system/platform.h"

void
pj_identity_of(const struct stat *st, pj_identity *out)
{
    memset(out, 0, sizeof *out);
    out->device = st->st_dev;
    out->inode = st->st_ino;
    out->size = st->st_size;
#ifdef __APPLE__
    out->mtime = st->st_mtimespec;
    out->ctime = st->st_ctimespec;
#else
    out->mtime = st->st_mtim;
    out->ctime = st->st_ctim;
#endif
}

static int
same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

int
pj_identity_equal(const pj_identity *a, const pj_identity *b)
{
    return a->device == b->device && a->inode == b->inode
        && a->size == b->size && same_time(a->mtime, b->mtime)
        && same_time(a->ctime, b->ctime);
}

pj_pin *
pj_pin_ref(pj_pin *pin)
{
    atomic_fetch_add_explicit(&pin->refs, 1, memory_order_relaxed);
    return pin;
}

void
pj_pin_unref(pj_pin *pin)
{
    if (pin == NULL
        || atomic_fetch_sub_explicit(&pin->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (pin->fd >= 0)
        close(pin->fd);
    pj_str_clear(&pin->path);
    free(pin);
}

static int
not_found(pj_str path, pj_error *err)
{
    pj_error_begin(err, PJ_E_BinNotFound, path);
    err->sys_errno = ENOENT;
    return pj_error_say(err, "binary not found: %s; give the path of an "
                        "installed program", err->value);
}

static int
cannot_canonicalize(pj_str path, int number, pj_error *err)
{
    char text[96];

    pj_errno_text(text, sizeof text, number);
    pj_error_begin(err, PJ_E_BinCanonicalizeFailed, path);
    err->sys_errno = number;
    pj_escape(err->reason, pj_str_of(text));
    return pj_error_say(err, "cannot canonicalize binary path %s: %s; every "
                        "directory on the way must be readable",
                        err->value, text);
}

int
pj_binary_resolve(pj_str path, pj_str *canonical, pj_error *err)
{
    char *resolved;

    if (pj_str_has(path, '\0'))
        return pj_error_nul(err, "path", path, -1);
    if (path.len == 0 || path.ptr[0] != '/') {
        pj_error_begin(err, PJ_E_BinNotAbsolute, path);
        return pj_error_say(err, "binary path must be absolute: %s; begin "
                            "it with / (PATH is not searched)", err->value);
    }
    /* Callers pass owned strings or literals: NUL-terminated.  */
    resolved = realpath(path.ptr, NULL);
    if (resolved == NULL && errno == ENOMEM)
        return pj_error_memory(err);
    if (resolved == NULL && errno == ENOENT)
        return not_found(path, err);
    if (resolved == NULL)
        return cannot_canonicalize(path, errno, err);
    *canonical = pj_str_of(resolved);
    return 0;
}

static int
unfit(pj_code code, pj_str path, const char *what, const char *remedy,
      pj_error *err)
{
    pj_error_begin(err, code, path);
    return pj_error_say(err, "%s: %s; %s", what, err->value, remedy);
}

/* For the effective user, who will execute it.  A container's filter may
   refuse faccessat2, which libc takes for an answer about the file (it falls
   back for ENOSYS alone): then the mode bits are all there is to ask, and exec
   decides.  */
static int
is_executable(pj_str path, const struct stat *st)
{
    if (faccessat(AT_FDCWD, path.ptr, X_OK, AT_EACCESS) == 0)
        return 1;
    return errno == EPERM && (st->st_mode & 0111) != 0;
}

/* Whether a file of this kind can be executed at all.  */
static int
check_kind(pj_str path, const struct stat *st, pj_error *err)
{
    if (S_ISDIR(st->st_mode))
        return unfit(PJ_E_BinIsDirectory, path, "binary path is a directory",
                     "name the program inside it", err);
    if (!S_ISREG(st->st_mode))
        return unfit(PJ_E_BinNotRegularFile, path,
                     "binary is not a regular file",
                     "devices, pipes and sockets cannot be run", err);
    if (!is_executable(path, st))
        return unfit(PJ_E_BinNotExecutable, path,
                     "binary is not executable",
                     "set its x bit, or name another file", err);
    return 0;
}

/* The kernel passes a `#!` script to its interpreter by name, so only other
   files can be executed by descriptor.  A file without read permission is not
   a script: its interpreter could not read it either.  If in doubt, treat it
   as one: a path works for both.  */
static int
is_native(const char *path)
{
    char magic[2] = {0, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t got;

    if (fd < 0)
        return errno == EACCES || errno == EPERM;
    got = read(fd, magic, sizeof magic);
    close(fd);
    return got >= 0
        && !(got == 2 && magic[0] == '#' && magic[1] == '!');
}

static pj_pin *
pin_new(pj_str path, const struct stat *st)
{
    pj_pin *pin = calloc(1, sizeof *pin);

    if (pin == NULL)
        return NULL;
    if (pj_str_dup(path, &pin->path) < 0) {
        free(pin);
        return NULL;
    }
    atomic_init(&pin->refs, 1);
    pj_identity_of(st, &pin->identity);
    pin->links = st->st_nlink;
    pin->fd = -1;
    return pin;
}

int
pj_binary_pin(pj_str canonical, pj_pin **out, pj_error *err)
{
    struct stat st;
    pj_pin *pin = NULL;
    int fd = -1;

    if (pj_platform_open_path(canonical.ptr, 0, &fd, &st) < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            return pj_error_system(err, "open", errno);
        if (errno == ENOENT)
            return not_found(canonical, err);
        return cannot_canonicalize(canonical, errno, err);
    }
    if (check_kind(canonical, &st, err) < 0)
        goto fail;
    pin = pin_new(canonical, &st);
    if (pin == NULL) {
        pj_error_memory(err);
        goto fail;
    }
    pin->fd = fd;
    pin->is_native = is_native(canonical.ptr);
    *out = pin;
    return 0;
fail:
    if (fd >= 0)
        close(fd);
    return -1;
}

int
pj_binary_pin_path(pj_str path, pj_pin **out, pj_error *err)
{
    pj_str owned = {NULL, 0}, canonical = {NULL, 0};
    int result = -1;

    if (pj_str_dup(path.ptr == NULL ? PJ_STR("") : path, &owned) < 0)
        pj_error_memory(err);
    else if (pj_binary_resolve(owned, &canonical, err) == 0)
        result = pj_binary_pin(canonical, out, err);
    pj_str_clear(&canonical);
    pj_str_clear(&owned);
    return result;
}

int
pj_pin_is_current(const pj_pin *pin)
{
    struct stat st;

    return stat(pin->path.ptr, &st) == 0
        && st.st_dev == pin->identity.device
        && st.st_ino == pin->identity.inode;
}

int
pj_binary_repin(pj_str canonical, pj_pin *known, pj_pin **out,
                pj_error *err)
{
    struct stat st;
    pj_identity now;

    if (known != NULL && lstat(canonical.ptr, &st) == 0) {
        pj_identity_of(&st, &now);
        if (pj_identity_equal(&now, &known->identity)) {
            *out = pj_pin_ref(known);
            return 0;
        }
    }
    return pj_binary_pin(canonical, out, err);
}

int
pj_pin_verify(const pj_pin *pin, pj_error *err)
{
    struct stat st;
    pj_identity now;
    int found;

    /* A native file is executed by descriptor, a script by its path, so
       for a script the path must still lead to the same file.  */
    found = pin->is_native && pin->fd >= 0 ? fstat(pin->fd, &st)
                                           : lstat(pin->path.ptr, &st);
    if (found == 0) {
        pj_identity_of(&st, &now);
        if (pj_identity_equal(&now, &pin->identity))
            return 0;
    }
    pj_error_begin(err, PJ_E_BinChanged, pin->path);
    return pj_error_say(err, "binary changed since it was checked: %s; "
                        "prepare the request again", err->value);
}

pj_pin *
pj_pin_directory(pj_str canonical)
{
    struct stat st;
    pj_pin *pin;
    int fd = -1;

    if (pj_platform_open_path(canonical.ptr, 1, &fd, &st) < 0)
        return NULL;
    pin = S_ISDIR(st.st_mode) ? pin_new(canonical, &st) : NULL;
    if (pin == NULL) {
        int number = S_ISDIR(st.st_mode) ? ENOMEM : ENOTDIR;

        if (fd >= 0)
            close(fd);
        errno = number;
        return NULL;
    }
    pin->fd = fd;
    return pin;
}
