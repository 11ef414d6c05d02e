/*
 * faults.h: makes the N-th of the library's calls to the system fail.
 *
 * The linker's --wrap turns each reference to malloc, open, ... in the
 * objects it links into one to __wrap_malloc, ...; that are the library's
 * and the test's, not those of libc or of a sanitizer, whose own malloc is
 * what __real_malloc then is.  The list of wrapped names is in the
 * Makefile.
 *
 * For one source file only, which arms and disarms it.  The child of a
 * clone shares this memory, or has a copy: either way it goes on counting.
 */
#ifndef PJ_TEST_FAULTS_H
#define PJ_TEST_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In headers since 5.3 and 5.6.  */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

static struct {
    int armed;
    int from_then_on;   /* all later calls fail too */
    const char *only;   /* the one call that may fail, or NULL */
    long fail_at;       /* from 1; 0: none */
    long calls;         /* so far */
    long blocks;        /* of memory that the library holds */
    long bad_closes;    /* of descriptors that were not open */
    const char *failed; /* the first call that failed */
    pid_t host;
} faults;

static int
fault(const char *name, int number)
{
    if (!faults.armed || faults.fail_at == 0
        || (faults.only != NULL && strcmp(faults.only, name) != 0))
        return 0;
    faults.calls++;
    if (faults.calls != faults.fail_at
        && !(faults.from_then_on && faults.calls > faults.fail_at))
        return 0;
    if (faults.failed == NULL)
        faults.failed = name;
    errno = number;
    return 1;
}

/* For what the library may ask for again and again: one fault at most, or
   its loops would wait for their deadline.  */
static int
fault_once(const char *name, int number)
{
    return !faults.from_then_on && fault(name, number);
}

/* __wrap_NAME and __real_NAME, declared.  */
#define WRAPPED(result, name, ...)                                        \
    result __real_##name(__VA_ARGS__);                                    \
    result __wrap_##name(__VA_ARGS__)

WRAPPED(void *, malloc, size_t size);
WRAPPED(void *, calloc, size_t count, size_t size);
WRAPPED(void *, realloc, void *old, size_t size);
WRAPPED(void, free, void *block);
WRAPPED(char *, realpath, const char *path, char *out);
WRAPPED(int, open, const char *path, int flags, ...);
WRAPPED(int, close, int fd);
WRAPPED(int, fcntl, int fd, int command, ...);
WRAPPED(int, pipe, int ends[2]);
WRAPPED(int, pipe2, int ends[2], int flags);
WRAPPED(ssize_t, read, int fd, void *data, size_t size);
WRAPPED(int, fstat, int fd, struct stat *st);
WRAPPED(int, lstat, const char *path, struct stat *st);
WRAPPED(int, faccessat, int fd, const char *path, int mode, int flags);
WRAPPED(int, poll, struct pollfd *fds, nfds_t count, int timeout);
WRAPPED(int, select, int count, fd_set *in, fd_set *out, fd_set *bad,
        struct timeval *timeout);
WRAPPED(void *, mmap, void *at, size_t size, int how, int flags, int fd,
        off_t offset);
WRAPPED(pid_t, fork, void);
WRAPPED(int, clone, int (*entry)(void *), void *stack, int flags,
        void *argument, ...);
WRAPPED(long, syscall, long number, ...);

static void *
held(void *block)
{
    if (block != NULL && faults.armed)
        faults.blocks++;
    return block;
}

void *
__wrap_malloc(size_t size)
{
    return fault("malloc", ENOMEM) ? NULL : held(__real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return fault("calloc", ENOMEM) ? NULL
                                   : held(__real_calloc(count, size));
}

void *
__wrap_realloc(void *old, size_t size)
{
    void *block;

    if (fault("realloc", ENOMEM))
        return NULL;
    block = __real_realloc(old, size);
    return old == NULL ? held(block) : block;
}

void
__wrap_free(void *block)
{
    if (block != NULL && faults.armed)
        faults.blocks--;
    __real_free(block);
}

char *
__wrap_realpath(const char *path, char *out)
{
    return fault("realpath", ENOMEM) ? NULL : held(__real_realpath(path, out));
}

int
__wrap_open(const char *path, int flags, ...)
{
    return fault("open", EMFILE) ? -1 : __real_open(path, flags, 0);
}

/* Never fails by itself; finds what is closed twice.  */
int
__wrap_close(int fd)
{
    int result = __real_close(fd);

    if (result != 0 && errno == EBADF && faults.armed)
        faults.bad_closes++;
    return result;
}

int
__wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    long argument;

    va_start(args, command);
    argument = va_arg(args, long);
    va_end(args);
    if (command == F_DUPFD_CLOEXEC && fault("fcntl", EMFILE))
        return -1;
    return __real_fcntl(fd, command, argument);
}

int
__wrap_pipe(int ends[2])
{
    return fault("pipe", EMFILE) ? -1 : __real_pipe(ends);
}

int
__wrap_pipe2(int ends[2], int flags)
{
    return fault("pipe2", EMFILE) ? -1 : __real_pipe2(ends, flags);
}

ssize_t
__wrap_read(int fd, void *data, size_t size)
{
    return fault("read", EIO) ? -1 : __real_read(fd, data, size);
}

int
__wrap_fstat(int fd, struct stat *st)
{
    return fault("fstat", EIO) ? -1 : __real_fstat(fd, st);
}

int
__wrap_lstat(const char *path, struct stat *st)
{
    return fault("lstat", EIO) ? -1 : __real_lstat(path, st);
}

int
__wrap_faccessat(int fd, const char *path, int mode, int flags)
{
    return fault("faccessat", EACCES)
        ? -1 : __real_faccessat(fd, path, mode, flags);
}

int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    return fault_once("poll", EINTR) ? -1
                                     : __real_poll(fds, count, timeout);
}

int
__wrap_select(int count, fd_set *in, fd_set *out, fd_set *bad,
              struct timeval *timeout)
{
    return fault_once("select", EINTR)
        ? -1 : __real_select(count, in, out, bad, timeout);
}

void *
__wrap_mmap(void *at, size_t size, int how, int flags, int fd, off_t offset)
{
    return fault("mmap", ENOMEM)
        ? MAP_FAILED : __real_mmap(at, size, how, flags, fd, offset);
}

pid_t
__wrap_fork(void)
{
    return fault("fork", EAGAIN) ? -1 : __real_fork();
}

int
__wrap_clone(int (*entry)(void *), void *stack, int flags, void *argument,
             ...)
{
    va_list args;
    void *pidfd;

    va_start(args, argument);
    pidfd = va_arg(args, void *);
    va_end(args);
    return fault("clone", EAGAIN)
        ? -1 : __real_clone(entry, stack, flags, argument, pidfd, NULL, NULL);
}

/* In the child every call may fail but its exit; in the host those that
   open something.  The mask and the killing must work.  */
static int
may_fail(long number)
{
    if (!faults.armed)
        return 0;
    if (__real_syscall(SYS_getpid) != faults.host)
        return number != SYS_exit_group && number != SYS_getppid;
    return number == SYS_openat2 || number == SYS_pidfd_open;
}

long
__wrap_syscall(long number, ...)
{
    va_list args;
    long a[5];

    va_start(args, number);
    for (int i = 0; i < 5; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (may_fail(number) && fault("syscall", EMFILE))
        return -1;
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4]);
}

#endif
