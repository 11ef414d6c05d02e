/* reap.c: killing the whole tree, and collecting the leader's status.  */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "run/reap.h"

/* How long to wait for killed processes to exit.  One in uninterruptible
   sleep (a dead disk) can take arbitrarily long; the host does not wait for
   it.  */
#define KILL_BOUND INT64_C(5000000000)

/* The rest of the tree was killed and executes nothing more.  This is how
   long it gets to vanish if it cannot be told from zombies that nobody
   reaps; otherwise it gets as long as the leader.  */
#define VANISH_BOUND INT64_C(200000000)

/* A proper tracer reaps the leader and so passes it on to the parent.  One
   that does not within this time never will: it left the group, and keeps
   the zombie to make the host wait.  The leader's status is lost.  */
#define TRACER_BOUND INT64_C(200000000)

/* Scanning all processes is expensive: only after this many cheap checks.  */
#define SHORT_LOOKS 6

static void
pause_ns(long nanoseconds)
{
    struct timespec pause = {0, nanoseconds};

    nanosleep(&pause, NULL);
}

int
pj_reap_has_ended(pj_process *process)
{
    int64_t now;

    if (pj_platform_look(&process->child) != PJ_LOOK_RUNNING) {
        process->held_ns = 0; /* so it was just exiting */
        return 1;
    }
    if (!pj_platform_is_held(&process->child))
        return 0;
    now = pj_platform_now();
    if (process->held_ns == 0)
        process->held_ns = now;
    return now - process->held_ns >= TRACER_BOUND;
}

/* Waits for the killed leader to become a zombie.  */
static int
await_leader(pj_process *process, int64_t end)
{
    while (!process->ended) {
        struct pollfd fd = {process->child.pidfd, POLLIN, 0};

        process->ended = pj_reap_has_ended(process);
        if (process->ended)
            break;
        if (pj_platform_now() >= end)
            return -1;
        if (fd.fd >= 0 && process->held_ns == 0)
            poll(&fd, 1, 10);
        else
            pause_ns(200000);
    }
    return 0;
}

/* The leader is gone; the processes it left behind were killed with it, and
   are being torn down.  */
static void
await_group(const pj_process *process)
{
    int64_t begun = pj_platform_now();
    long pause = 20000;

    for (int looks = 0;; looks++) {
        enum pj_group group = pj_platform_group(&process->child,
                                                looks >= SHORT_LOOKS);
        int64_t bound = group == PJ_GROUP_LIVES && process->held_ns == 0
            ? KILL_BOUND : VANISH_BOUND;

        if (group == PJ_GROUP_GONE || pj_platform_now() - begun >= bound)
            return;
        pause_ns(pause);
        if (pause < 2000000)
            pause *= 2;
    }
}

int
pj_reap_tree(pj_process *process)
{
    int64_t end = pj_platform_now() + KILL_BOUND;

    if (process->reaped)
        return 0;
    pj_platform_kill(&process->child);
    if (await_leader(process, end) < 0)
        return -1;
    /* The thread kills by the leader's pid, which is free from here on.  */
    pj_guard_leave(&process->guard);
    pj_platform_reap(&process->child, &process->status);
    process->reaped = 1;
    await_group(process);
    pj_cgroup_remove(&process->cgroup);
    return 0;
}
