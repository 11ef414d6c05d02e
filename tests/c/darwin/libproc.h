/* libproc.h: as much of Darwin's as descriptors.c uses, over Linux's /proc.
   A list that does not fit is cut off, and the room that is said to be
   needed is an estimate, as there.  */
#ifndef PJ_TEST_LIBPROC_H
#define PJ_TEST_LIBPROC_H

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#define PROC_PIDLISTFDS 1

struct proc_fdinfo {
    int32_t proc_fd;
    uint32_t proc_fdtype;
};

static int fake_estimate; /* entries */
static int fake_fails;

static inline int
proc_pidinfo(pid_t pid, int flavor, uint64_t argument, void *out, int size)
{
    struct proc_fdinfo *list = out;
    int room = size / (int)sizeof *list, count = 0;
    const struct dirent *entry;
    DIR *dir;

    (void)pid, (void)flavor, (void)argument;
    if (fake_fails)
        return -1;
    if (list == NULL)
        return fake_estimate * (int)sizeof *list;
    dir = opendir("/proc/self/fd");
    while (dir != NULL && count < room && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(dir))
            list[count++] = (struct proc_fdinfo){atoi(entry->d_name), 1};
    if (dir != NULL)
        closedir(dir);
    return count * (int)sizeof *list;
}

#endif
