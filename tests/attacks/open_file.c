/* open_file HOW PATH: opens a file that is out of bounds.

   read, write, trunc, trunc3 (an access mode of 3), openat2 (a truncation by
   it), append, dir; truncate, which opens nothing; path: by an O_PATH descriptor; reopen:
   for writing, by a descriptor that only reads; node: makes /dev/null.  */
#include "attack.h"
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int
again(int fd, int flags)
{
    char link[40];

    if (fd < 0)
        return -1;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return open(link, flags);
}

/* struct open_how, which old headers lack: flags, mode, resolve.  */
static int
by_openat2(const char *path)
{
    unsigned long long how[3] = {O_RDONLY | O_TRUNC, 0, 0};

    return (int)syscall(437, AT_FDCWD, path, how, sizeof how);
}

static int
attempt(const char *how, const char *path)
{
    if (strcmp(how, "write") == 0)
        return open(path, O_WRONLY);
    if (strcmp(how, "create") == 0)
        return open(path, O_WRONLY | O_CREAT, 0600);
    if (strcmp(how, "trunc") == 0)
        return open(path, O_RDONLY | O_TRUNC);
    if (strcmp(how, "trunc3") == 0)
        return open(path, O_ACCMODE | O_TRUNC);
    if (strcmp(how, "openat2") == 0)
        return by_openat2(path);
    if (strcmp(how, "truncate") == 0)
        return truncate(path, 0);
    if (strcmp(how, "append") == 0)
        return open(path, O_WRONLY | O_APPEND);
    if (strcmp(how, "dir") == 0)
        return open(path, O_RDONLY | O_DIRECTORY);
    if (strcmp(how, "tmpfile") == 0)
        return open(path, O_WRONLY | O_TMPFILE, 0600);
    if (strcmp(how, "node") == 0)
        return mknod(path, S_IFCHR | 0600, makedev(1, 3));
    if (strcmp(how, "path") == 0)
        return again(open(path, O_PATH), O_RDONLY);
    if (strcmp(how, "reopen") == 0)
        return again(open(path, O_RDONLY), O_RDWR);
    return open(path, O_RDONLY);
}

/* Some files of /proc open, and refuse to be read.  */
int
main(int argc, char **argv)
{
    char data[64];
    int fd;

    if (argc != 3)
        return 2;
    fd = attempt(argv[1], argv[2]);
    if (fd >= 0 && strcmp(argv[1], "read") == 0)
        return verdict("read", read(fd, data, sizeof data));
    return verdict(argv[1], fd);
}
