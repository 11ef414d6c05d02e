/* platform.h: what differs between Linux and other POSIX systems.  The
   folders linux and posix each implement the whole of it; PJ_PORTABLE chooses
   the second one on Linux too, so that it is tested.  */
#ifndef PJ_PLATFORM_H
#define PJ_PLATFORM_H

#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "procjail.h"

/* A started child.  */
typedef struct pj_child {
    pid_t pid;
    int pidfd; /* -1 where the system has none */
    void *shared; /* with the program of csrc/init, or NULL */
} pj_child;

/* How a child ended.  */
typedef struct pj_status {
    pj_end end;
    int code; /* exit status or signal */
} pj_status;

/* What pj_platform_look found.  */
enum pj_look {
    PJ_LOOK_RUNNING = 0,
    PJ_LOOK_ENDED = 1, /* a zombie that nobody has reaped */
    PJ_LOOK_LOST = 2   /* somebody else reaped it */
};

/* Opens a canonical path, no symbolic link followed anywhere, without
   reading rights or side effects, and tells what it is.  `*fd` is -1 where
   the system can only look.  Returns -1 and sets errno.  */
int pj_platform_open_path(const char *path, int directory, int *fd,
                          struct stat *st);

/* Opens a directory to look names up in, above 2 and closed by exec.  -1
   sets errno.  */
int pj_platform_open_place(const char *path, int *fd);

/* A pipe whose ends are above 2 and closed by exec.  -1 sets errno.  */
int pj_platform_pipe(int ends[2]);

/* Two ends of which either tells the other of its release, above 2 and closed
   by exec.  -1 sets errno.  */
int pj_platform_lifeline(int ends[2]);

/* A file without a name that holds `bytes`, for a program to read: above 2,
   closed by exec, at its beginning.  Nobody can write to it any more, or
   execute it.  -1 sets errno.  */
int pj_platform_input(pj_str bytes);

/* The program of csrc/init, as a file to execute: above 2 and closed by
   exec.  -1 sets errno.  */
int pj_platform_init_program(void);

/* Whether a child that is asked to share this memory does so; not under an
   emulator of another processor.  Tries it, with a child that ends at
   once.  1 or -1; 0 where no child can be had.  */
int pj_platform_probe_memory(void);

/* A condition whose waits end by the clock of pj_platform_now, and such a
   wait.  0 or an errno.  */
int pj_platform_condition(pthread_cond_t *condition);
int pj_platform_await(pthread_cond_t *condition, pthread_mutex_t *lock,
                      int64_t until_ns);

/* Whether the leader has ended; its zombie stays.  */
enum pj_look pj_platform_look(const pj_child *child);

/* Whether a leader that look() takes to be running has ended all the same:
   the kernel shows its end to whoever traces it first, and to its parent when
   that one has taken it, which may be never.  */
int pj_platform_is_held(const pj_child *child);

/* Kills the leader and its whole process group.  To be called while the
   zombie still pins the group's id.  */
void pj_platform_kill(const pj_child *child);

/* Takes the exit status of an ended leader.  Returns 0, or -1 when nobody
   can tell it any more.  Never blocks on a child that runs.  */
int pj_platform_reap(const pj_child *child, pj_status *status);

/* What pj_platform_group found.  */
enum pj_group {
    PJ_GROUP_GONE,
    PJ_GROUP_LIVES, /* one of it runs, or is a zombie of this process */
    PJ_GROUP_EXISTS /* it cannot be told apart from zombies of others */
};

/* What is left of the group, after its leader was reaped.  Members that
   became children of this process, because it is a container's init or a
   subreaper, are reaped on the way.  Zombies of other parents may stay for
   ever, so they count as gone, which takes a look at all processes: only
   `closely` does so.  */
enum pj_group pj_platform_group(const pj_child *child, int closely);

void pj_platform_close(pj_child *child);

/* Nanoseconds of the monotonic clock.  */
int64_t pj_platform_now(void);

#endif
