/* platform.h: what differs between Linux and other POSIX systems.  The
   directories linux and posix each implement all of it; PJ_PORTABLE selects
   the second on Linux too, so that it is tested.  */
#ifndef PJ_PLATFORM_H
#define PJ_PLATFORM_H

#include <pthread.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "procjail.h"

/* A started child.  */
typedef struct pj_child {
    pid_t pid;
    int pidfd; /* -1 if the system has none */
    void *shared; /* with the csrc/init program, or NULL */
} pj_child;

/* How a child ended.  */
typedef struct pj_status {
    pj_end end;
    int code; /* exit status or signal */
} pj_status;

/* The result of pj_platform_look.  */
enum pj_look {
    PJ_LOOK_RUNNING = 0,
    PJ_LOOK_ENDED = 1, /* a zombie, not reaped yet */
    PJ_LOOK_LOST = 2   /* reaped by someone else */
};

/* Opens a canonical path without following any symbolic link, needing read
   permission or causing side effects, and reports what it is.  `*fd` is -1
   if the system can only stat it.  Returns -1 and sets errno on failure.  */
int pj_platform_open_path(const char *path, int directory, int *fd,
                          struct stat *st);

/* Opens a directory to look up names in, above 2 and closed by exec.  -1
   sets errno.  */
int pj_platform_open_place(const char *path, int *fd);

/* A pipe whose ends are above 2 and closed by exec.  -1 sets errno.  */
int pj_platform_pipe(int ends[2]);

/* Two ends, each of which is notified when the other is released, above 2
   and closed by exec.  -1 sets errno.  */
int pj_platform_lifeline(int ends[2]);

/* An unnamed file that holds `bytes`, for a program to read: above 2, closed
   by exec, at offset 0.  It can no longer be written to, nor executed.  -1
   sets errno.  */
int pj_platform_input(pj_str bytes);

/* The csrc/init program, as a file to execute: above 2 and closed by exec.
   -1 sets errno.  */
int pj_platform_init_program(void);

/* Whether a child that is asked to share this memory really does; under an
   emulator of another CPU it does not.  Tries it with a child that exits at
   once.  1 or -1; 0 if no child can be created.  */
int pj_platform_probe_memory(void);

/* A condition whose waits use the clock of pj_platform_now, and such a wait.
   0 or an errno.  */
int pj_platform_condition(pthread_cond_t *condition);
int pj_platform_await(pthread_cond_t *condition, pthread_mutex_t *lock,
                      int64_t until_ns);

/* Whether the leader has ended; its zombie stays.  */
enum pj_look pj_platform_look(const pj_child *child);

/* Whether a leader that look() reports as running has in fact ended: the
   kernel reports its end to a tracer first, and to its parent only after the
   tracer has reaped it, which may be never.  */
int pj_platform_is_held(const pj_child *child);

/* Kills the leader and its whole process group.  Call it while the zombie
   still pins the group's id.  */
void pj_platform_kill(const pj_child *child);

/* Collects the exit status of an ended leader.  Returns 0, or -1 if the
   status is lost.  Never blocks on a running child.  */
int pj_platform_reap(const pj_child *child, pj_status *status);

/* The result of pj_platform_group.  */
enum pj_group {
    PJ_GROUP_GONE,
    PJ_GROUP_LIVES, /* a member runs, or is a zombie of this process */
    PJ_GROUP_EXISTS /* possibly only zombies of other parents */
};

/* What is left of the group after its leader was reaped.  Members that were
   reparented to this process, because it is a container's init or a
   subreaper, are reaped on the way.  Zombies of other parents may stay
   forever, so they count as gone; finding them takes a scan of all
   processes, done only if `closely`.  */
enum pj_group pj_platform_group(const pj_child *child, int closely);

void pj_platform_close(pj_child *child);

/* The monotonic clock in nanoseconds.  */
int64_t pj_platform_now(void);

#endif
