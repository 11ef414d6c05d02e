/* guard.h: what ends a command when its owner does not: the death of the
   host, enforced by the kernel, and the clock, enforced by a thread.  */
#ifndef PJ_GUARD_H
#define PJ_GUARD_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

struct pj_child;

/* Pipes and socket pairs that live and die with this process, and not with
   a fork of it.  */
enum pj_guard_pipe {
    PJ_GUARD_LIFELINE, /* its release kills the command */
    PJ_GUARD_REPORT,   /* its end reports the exec */
    PJ_GUARD_PIPES
};

/* Part of every started process.  Must not move in memory between enter and
   leave.  */
typedef struct pj_guard {
    struct pj_guard *next, **link; /* in the list of all, or NULL */
    int ends[PJ_GUARD_PIPES][2];   /* -1: not open */
    const struct pj_child *child;  /* what the thread kills */
    int64_t deadline_ns;
    int64_t grace_ns;    /* when SIGTERM is due; 0: never */
    int watched;         /* by the thread */
    int lingers;         /* the thread stays a while after it */
    int passed_grace;    /* seen by the thread */
    int unwatched;       /* no thread could be started for it */
    atomic_int asked;    /* SIGTERM was sent */
    atomic_int expired;  /* killed at its deadline, by the thread */
} pj_guard;

/* Joins the list of what a fork of this process has to close.  -1 with
   errno if that cannot be arranged.  */
int pj_guard_enter(pj_guard *guard, int64_t deadline_ns, int64_t grace_ns);

/* Opens one of its pipes, atomically with regard to fork.  -1 with errno.  */
int pj_guard_open(pj_guard *guard, enum pj_guard_pipe which);

/* fork; the child keeps the write end of the report open.  */
pid_t pj_guard_fork(const pj_guard *guard);

/* Closes one end of a pipe; for a lifeline, this kills what is left of the
   command.  */
void pj_guard_close(pj_guard *guard, enum pj_guard_pipe which, int end);

/* Makes the thread watch the clock, too.  One thread serves all commands;
   if none can be started, the owner's own checks have to do, and
   `unwatched` is set.  `lingers`: many short commands may follow, so the
   thread stays for half a second.  */
void pj_guard_watch(pj_guard *guard, const struct pj_child *child,
                    int lingers);

/* Checks the clock for the owner: asks the tree to end when the grace
   period begins.  Returns whether the deadline has passed.  */
int pj_guard_is_late(pj_guard *guard, const struct pj_child *child);

/* Time until the clock has to be checked; 0 if that is now.  */
int64_t pj_guard_remaining_ns(const pj_guard *guard);

/* pj_platform_probe_memory, called once.  */
int pj_guard_shares_memory(void);

/* Ends all of it.  Call it before the leader is reaped, because the thread
   kills by the leader's pid.  Safe to call twice.  */
void pj_guard_leave(pj_guard *guard);

/* In a fork of the host: removes it from the list.  The fork handlers have
   done so already, unless the fork bypassed them.  */
void pj_guard_forget(pj_guard *guard);

#endif
