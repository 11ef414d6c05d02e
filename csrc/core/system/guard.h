/* guard.h: what ends a command when its owner does not: the death of the
   host, held by the kernel, and the clock, held by a thread.  */
#ifndef PJ_GUARD_H
#define PJ_GUARD_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

struct pj_child;

/* Pipes, and pairs of sockets, that live and die with this process, and with
   no fork of it.  */
enum pj_guard_pipe {
    PJ_GUARD_LIFELINE, /* its release kills the command */
    PJ_GUARD_REPORT,   /* its end tells of the exec */
    PJ_GUARD_PIPES
};

/* Part of every started process.  Between enter and leave it stays where it
   is in memory.  */
typedef struct pj_guard {
    struct pj_guard *next, **link; /* in the list of all; else NULL */
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

/* Joins the list of what a fork of this process has to let go.  -1 with
   errno when that cannot be arranged.  */
int pj_guard_enter(pj_guard *guard, int64_t deadline_ns, int64_t grace_ns);

/* Opens one of its pipes; no fork can come in between.  -1 with errno.  */
int pj_guard_open(pj_guard *guard, enum pj_guard_pipe which);

/* fork, in whose child the writing end of the report stays open.  */
pid_t pj_guard_fork(const pj_guard *guard);

/* Closes one end of a pipe; that of a lifeline kills what is left of the
   command.  */
void pj_guard_close(pj_guard *guard, enum pj_guard_pipe which, int end);

/* Lets the thread hold the clock, too.  One thread serves all commands;
   where none can be started the owner's own look has to do, and `unwatched`
   says so.  `lingers`: many short commands may follow, so the thread stays
   for half a second.  */
void pj_guard_watch(pj_guard *guard, const struct pj_child *child,
                    int lingers);

/* Looks at the clock for the owner: asks the tree to end when the grace
   begins.  Whether the deadline has passed.  */
int pj_guard_is_late(pj_guard *guard, const struct pj_child *child);

/* Time until the clock has to be looked at; 0 when that is now.  */
int64_t pj_guard_remaining_ns(const pj_guard *guard);

/* pj_platform_probe_memory, asked once.  */
int pj_guard_shares_memory(void);

/* Ends all of it.  To be called while the leader's number is still its own,
   because the thread kills by it.  Safe to call twice.  */
void pj_guard_leave(pj_guard *guard);

/* In a fork of the host: takes it off the list.  The handlers of the fork
   have done so, unless it was made around them.  */
void pj_guard_forget(pj_guard *guard);

#endif
