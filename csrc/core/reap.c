/* reap.c: killing the whole tree, and taking the leader's status.  */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "process.h"

/* How long the kernel gets to end killed processes.  A process in an
   uninterruptible sleep (a dead disk) takes as long as it likes; the host
   does not wait for it.  */
#define KILL_BOUND INT64_C(5000000000)

/* How long the rest of the tree gets to vanish.  It was killed and runs no
   instruction more; where init does not reap, its zombies never vanish.  */
#define VANISH_BOUND INT64_C(200000000)

static void
pause_ns(long nanoseconds)
{
    struct timespec pause = {0, nanoseconds};

    nanosleep(&pause, NULL);
}

/* Waits for the killed leader to become a zombie.  */
static int
await_leader(pj_process *process, int64_t end)
{
    while (!process->ended) {
        struct pollfd fd = {process->child.pidfd, POLLIN, 0};

        process->ended = pj_platform_look(&process->child)
            != PJ_LOOK_RUNNING;
        if (process->ended)
            break;
        if (pj_platform_now() >= end)
            return -1;
        if (fd.fd >= 0)
            poll(&fd, 1, 10);
        else
            pause_ns(200000);
    }
    return 0;
}

/* The leader is gone; those it left behind were killed with it, and are
   being torn down.  */
static void
await_group(const pj_process *process, int64_t end)
{
    long pause = 20000;

    while (pj_platform_group_exists(&process->child)
           && pj_platform_now() < end) {
        pause_ns(pause);
        if (pause < 2000000)
            pause *= 2;
    }
}

int
pj_process_reap(pj_process *process)
{
    int64_t end = pj_platform_now() + KILL_BOUND;

    if (process->reaped)
        return 0;
    pj_platform_kill(&process->child);
    if (await_leader(process, end) < 0)
        return -1;
    pj_platform_reap(&process->child, &process->status);
    process->reaped = 1;
    await_group(process, pj_platform_now() + VANISH_BOUND);
    pj_cgroup_remove(&process->cgroup);
    return 0;
}
