/*
 * descriptors.c: a child passes on its standard streams alone.
 *
 * The contract in child.c applies here.  Descriptors are marked for the exec
 * and not closed: Darwin kills a process that closes one that is guarded.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/posix/descriptors.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

/* Where no hard limit is set, there is a last number to try.  */
#define NUMBERS_MAX 1048576

/* There is no portable way to list one's descriptors after a fork.  */
static int
drop_every_number(void)
{
    struct rlimit limit;
    long most;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -1;
    most = limit.rlim_max > NUMBERS_MAX ? NUMBERS_MAX : (long)limit.rlim_max;
    for (long fd = 3; fd < most; fd++)
        fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    return 0;
}

#ifdef __APPLE__

#include <libproc.h>
#include <sys/mman.h>

/* A bare system call, as the rest here.  Bytes, or less than 1.  */
static int
list_open(struct proc_fdinfo *out, size_t room)
{
    return proc_pidinfo(getpid(), PROC_PIDLISTFDS, 0, out, (int)room);
}

/* Darwin's hard limit is none, and trying a million numbers takes 0.1 s.  It
   lists what is open, cut off where that does not fit; the room it asks for
   is an estimate.  Nothing else runs in this process that could open more.
   1, or 0 if it cannot be listed.  */
static int
drop_listed(void)
{
    size_t room = 0, used;
    struct proc_fdinfo *list;
    int size = list_open(NULL, 0);

    do {
        room = room == 0 && size > 0 ? (size_t)size : room * 2;
        list = room == 0 ? MAP_FAILED
                         : mmap(NULL, room, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANON, -1, 0);
        if (list == MAP_FAILED)
            return 0;
        size = list_open(list, room);
        used = size > 0 ? (size_t)size : 0;
        for (size_t i = 0; i < used / sizeof *list; i++)
            if (list[i].proc_fd > 2)
                fcntl(list[i].proc_fd, F_SETFD, FD_CLOEXEC);
        munmap(list, room);
    } while (used + sizeof *list > room);
    return used > 0;
}

#else

static int
drop_listed(void)
{
    return 0;
}

#endif

int
pj_child_drop_descriptors(void)
{
    return drop_listed() ? 0 : drop_every_number();
}
