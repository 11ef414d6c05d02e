/* cgroup.c: creating and removing cgroups, by plain files.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "system/platform.h"

#define CGROUP2_MAGIC 0x63677270

/* A killed process leaves its cgroup once it is a zombie, which is soon.  */
#define REMOVE_BOUND INT64_C(200000000)

/* The whole of a small file, as a string; -1 with errno.  */
static int
read_file(int dir, const char *name, char *out, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (fd < 0)
        return -1;
    got = read(fd, out, size - 1);
    close(fd);
    if (got < 0)
        return -1;
    out[got] = '\0';
    return 0;
}

static int
write_file(int dir, const char *name, const char *text)
{
    int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
    ssize_t wrote;

    if (fd < 0)
        return -1;
    wrote = write(fd, text, strlen(text));
    close(fd);
    return wrote < 0 ? -1 : 0;
}

/* The mount of version 2: the only one, or beside those of version 1.  */
static int
open_mount(void)
{
    static const char *const places[] = {"/sys/fs/cgroup",
                                         "/sys/fs/cgroup/unified"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct statfs fs;
        int fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0 && fstatfs(fd, &fs) == 0
            && fs.f_type == CGROUP2_MAGIC)
            return fd;
        if (fd >= 0)
            close(fd);
    }
    return -1;
}

/* The cgroup of this process, without the leading slash.  */
static int
own_path(char *out, size_t size)
{
    char text[4096], *line, *end;

    if (read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof text) < 0)
        return -1;
    line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
    if (line == NULL)
        return -1;
    line = strchr(line, '/') + 1;
    end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
    if (strlen(line) >= size || strstr(line, "..") != NULL)
        return -1;
    memcpy(out, line, strlen(line) + 1);
    return 0;
}

static int
has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if ((at == text || at[-1] == ' ')
            && (at[len] == ' ' || at[len] == '\n' || at[len] == '\0'))
            return 1;
    return 0;
}

/* Whether cgroups with the controllers can be created in a directory.  */
static int
is_usable(int dir, const pj_cgroup_limits *limits)
{
    char handed_down[256];

    if (read_file(dir, "cgroup.subtree_control", handed_down,
                  sizeof handed_down) < 0)
        return 0;
    if ((limits->memory > 0 && !has_word(handed_down, "memory"))
        || (limits->processes > 0 && !has_word(handed_down, "pids")))
        return 0;
    /* Moving a process needs write access to the common ancestor.  */
    return faccessat(dir, ".", W_OK, AT_EACCESS) == 0
        && faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) == 0;
}

int
pj_cgroup_find(const pj_cgroup_limits *limits)
{
    char path[4000];
    char *slash;
    int mount = open_mount(), dir = -1, high;

    if (mount < 0)
        return -1;
    if (own_path(path, sizeof path) == 0) {
        slash = strrchr(path, '/');
        if (slash != NULL)
            *slash = '\0';
        dir = openat(mount, slash != NULL ? path : ".",
                     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    close(mount);
    if (dir >= 0 && !is_usable(dir, limits)) {
        close(dir);
        dir = -1;
    }
    if (dir < 0)
        return -1;
    high = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    close(dir);
    return high;
}

static int
set_limits(int dir, const pj_cgroup_limits *limits)
{
    char text[32];

    if (limits->memory > 0) {
        snprintf(text, sizeof text, "%" PRIu64, limits->memory);
        if (write_file(dir, "memory.max", text) < 0)
            return -1;
        /* Otherwise memory over the limit would be swapped out.  The file
           is missing if there is no swap.  */
        write_file(dir, "memory.swap.max", "0");
    }
    if (limits->processes == 0)
        return 0;
    snprintf(text, sizeof text, "%" PRIu64, limits->processes);
    return write_file(dir, "pids.max", text);
}

/* A unique name: the time differs between threads, and EEXIST catches the
   rest.  */
static int
make_directory(int parent_fd, char *name, size_t size)
{
    for (int tries = 0; tries < 100; tries++) {
        snprintf(name, size, "proc_jail.%d.%" PRIx64, (int)getpid(),
                 (uint64_t)pj_platform_now());
        if (mkdirat(parent_fd, name, 0755) == 0)
            return 0;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int
pj_cgroup_create(int parent_fd, const pj_cgroup_limits *limits,
                 pj_cgroup *out)
{
    int dir, low, number;

    out->parent_fd = parent_fd;
    out->join_fd = -1;
    if (make_directory(parent_fd, out->name, sizeof out->name) < 0)
        return -1;
    dir = openat(parent_fd, out->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    low = dir < 0 || set_limits(dir, limits) < 0
        ? -1 : openat(dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (low >= 0)
        out->join_fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
    number = errno;
    if (low >= 0)
        close(low);
    if (dir >= 0)
        close(dir);
    if (out->join_fd >= 0)
        return 0;
    unlinkat(parent_fd, out->name, AT_REMOVEDIR);
    out->name[0] = '\0';
    errno = number;
    return -1;
}

void
pj_cgroup_close(pj_cgroup *group)
{
    if (group->join_fd >= 0)
        close(group->join_fd);
    group->join_fd = -1;
}

void
pj_cgroup_remove(pj_cgroup *group)
{
    struct timespec pause = {0, 100000};
    int64_t end = pj_platform_now() + REMOVE_BOUND;
    char kill_file[96];

    pj_cgroup_close(group);
    if (group->name[0] == '\0')
        return;
    /* Also reaches what left the process group, if anything did (5.14).  */
    snprintf(kill_file, sizeof kill_file, "%s/cgroup.kill", group->name);
    write_file(group->parent_fd, kill_file, "1");
    while (unlinkat(group->parent_fd, group->name, AT_REMOVEDIR) != 0
           && errno == EBUSY && pj_platform_now() < end)
        nanosleep(&pause, NULL);
    group->name[0] = '\0';
}
