/*
 * guard.c: the list of running commands, its thread, and fork handlers.
 *
 * This is the only process-wide state of the library, for two reasons that
 * leave no choice.  A pthread_atfork handler gets no argument; and a
 * lifeline that a forked worker keeps open would let a command outlive the
 * host that started it.
 *
 * The thread never calls out of the library, so deadlines are met whatever
 * the host's threads are waiting for, an interpreter lock included.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "system/platform.h"

/* How long the thread stays if more commands are likely to follow: a host
   that runs one command after another starts the thread only once.  */
#define LINGER_NS INT64_C(500000000)

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_once_t prepared;
    int result; /* of prepare(): an errno */
    int memory; /* of a child: 0 not known yet, 1 shared, -1 a copy */
    pj_guard *first;
    pthread_t thread;
    unsigned long number; /* of the thread that should run; others end */
    int running;
    int64_t stays_ns; /* at least until then */
    int64_t wakes_ns;
} host = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .prepared = PTHREAD_ONCE_INIT};

/* The guard of the command that a fork of this thread becomes, or NULL.  */
static _Thread_local const pj_guard *forking;

static void
close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
close_all(pj_guard *guard)
{
    for (int which = 0; which < PJ_GUARD_PIPES; which++)
        for (int end = 0; end < 2; end++)
            close_end(&guard->ends[which][end]);
}

static void
unlink_guard(pj_guard *guard)
{
    *guard->link = guard->next;
    if (guard->next != NULL)
        guard->next->link = guard->link;
    guard->link = NULL;
    guard->next = NULL;
}

static void
before_fork(void)
{
    pthread_mutex_lock(&host.lock);
}

static void
after_fork(void)
{
    pthread_mutex_unlock(&host.lock);
}

/* The commands and the thread belong to the parent.  */
static void
in_fork(void)
{
    while (host.first != NULL) {
        if (host.first == forking)
            host.first->ends[PJ_GUARD_REPORT][1] = -1;
        close_all(host.first);
        unlink_guard(host.first);
    }
    host.running = 0;
    host.number++;
    pthread_mutex_init(&host.lock, NULL);
    pj_platform_condition(&host.changed);
}

static void
prepare(void)
{
    host.result = pj_platform_condition(&host.changed);
    if (host.result == 0)
        host.result = pthread_atfork(before_fork, after_fork, in_fork);
}

int
pj_guard_enter(pj_guard *guard, int64_t deadline_ns, int64_t grace_ns)
{
    guard->deadline_ns = deadline_ns;
    guard->grace_ns = grace_ns;
    for (int which = 0; which < PJ_GUARD_PIPES; which++)
        guard->ends[which][0] = guard->ends[which][1] = -1;
    atomic_init(&guard->asked, 0);
    atomic_init(&guard->expired, 0);
    pthread_once(&host.prepared, prepare);
    if (host.result != 0) {
        errno = host.result;
        return -1;
    }
    pthread_mutex_lock(&host.lock);
    guard->next = host.first;
    guard->link = &host.first;
    if (host.first != NULL)
        host.first->link = &guard->next;
    host.first = guard;
    pthread_mutex_unlock(&host.lock);
    return 0;
}

int
pj_guard_shares_memory(void)
{
    int memory;

    pthread_mutex_lock(&host.lock);
    memory = host.memory;
    pthread_mutex_unlock(&host.lock);
    if (memory != 0)
        return memory > 0;
    memory = pj_platform_probe_memory();
    pthread_mutex_lock(&host.lock);
    host.memory = memory;
    pthread_mutex_unlock(&host.lock);
    /* If no child could be created, the next call tries again.  */
    return memory > 0;
}

int
pj_guard_open(pj_guard *guard, enum pj_guard_pipe which)
{
    int result;

    pthread_mutex_lock(&host.lock);
    result = which == PJ_GUARD_LIFELINE
        ? pj_platform_lifeline(guard->ends[which])
        : pj_platform_pipe(guard->ends[which]);
    pthread_mutex_unlock(&host.lock);
    return result;
}

pid_t
pj_guard_fork(const pj_guard *guard)
{
    pid_t pid;

    forking = guard;
    pid = fork();
    forking = NULL;
    return pid;
}

void
pj_guard_close(pj_guard *guard, enum pj_guard_pipe which, int end)
{
    pthread_mutex_lock(&host.lock);
    close_end(&guard->ends[which][end]);
    pthread_mutex_unlock(&host.lock);
}

int64_t
pj_guard_remaining_ns(const pj_guard *guard)
{
    int64_t due = guard->grace_ns > 0 && !atomic_load(&guard->asked)
        ? guard->grace_ns : guard->deadline_ns;
    int64_t left = due - pj_platform_now();

    return left > 0 ? left : 0;
}

/* A reaped leader no longer pins the id of its group.  */
static void
ask_to_end(pj_guard *guard, const pj_child *child)
{
    if (pj_platform_look(child) == PJ_LOOK_RUNNING
        && atomic_exchange(&guard->asked, 1) == 0)
        kill(-child->pid, SIGTERM);
}

int
pj_guard_is_late(pj_guard *guard, const pj_child *child)
{
    int64_t now = pj_platform_now();

    if (now >= guard->deadline_ns)
        return 1;
    if (guard->grace_ns > 0 && now >= guard->grace_ns)
        ask_to_end(guard, child);
    return 0;
}

/* The thread's check of one command.  One that ended in time, but was not
   checked since, has not expired; what it left behind has.  */
static void
enforce(pj_guard *guard, int64_t now)
{
    if (now >= guard->deadline_ns) {
        if (pj_platform_look(guard->child) == PJ_LOOK_RUNNING)
            atomic_store(&guard->expired, 1);
        pj_platform_kill(guard->child);
        guard->watched = 0;
        return;
    }
    guard->passed_grace = 1;
    ask_to_end(guard, guard->child);
}

static int64_t
due_of(const pj_guard *guard)
{
    return guard->grace_ns > 0 && !guard->passed_grace ? guard->grace_ns
                                                       : guard->deadline_ns;
}

/* Acts on what is due, and returns the time of the next check; 0: nothing
   is watched.  */
static int64_t
enforce_all(void)
{
    int64_t now = pj_platform_now(), next = 0;

    for (pj_guard *guard = host.first; guard != NULL; guard = guard->next) {
        while (guard->watched && due_of(guard) <= now)
            enforce(guard, now);
        if (guard->watched && (next == 0 || due_of(guard) < next))
            next = due_of(guard);
    }
    return next;
}

/* Sleeps until something is due.  Returns 0 if the thread is no longer
   needed.  */
static int
sleep_till_due(void)
{
    int64_t now = pj_platform_now(), due = enforce_all();

    if (due == 0) {
        if (now >= host.stays_ns)
            return 0;
        due = host.stays_ns;
    }
    host.wakes_ns = due;
    pj_platform_await(&host.changed, &host.lock, host.wakes_ns);
    return 1;
}

static void *
watch(void *argument)
{
    unsigned long number = (unsigned long)(uintptr_t)argument;

    pthread_mutex_lock(&host.lock);
    while (host.number == number)
        if (!sleep_till_due()) {
            host.running = 0;
            pthread_detach(pthread_self());
            break;
        }
    pthread_mutex_unlock(&host.lock);
    return NULL;
}

/* With every signal blocked: signals are for the host's threads.  */
static int
start_thread(void)
{
    sigset_t all, old;
    int result;

    host.number++;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    result = pthread_create(&host.thread, NULL, watch,
                            (void *)(uintptr_t)host.number);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result == 0 ? 0 : -1;
}

void
pj_guard_watch(pj_guard *guard, const pj_child *child, int lingers)
{
    pthread_mutex_lock(&host.lock);
    if (!guard->watched) {
        guard->child = child;
        guard->lingers = lingers;
        guard->watched = 1;
        if (!host.running)
            host.running = start_thread() == 0;
        else if (due_of(guard) < host.wakes_ns)
            pthread_cond_broadcast(&host.changed);
        guard->unwatched = !host.running;
        guard->watched = host.running;
    }
    pthread_mutex_unlock(&host.lock);
}

static int
is_anything_watched(void)
{
    for (const pj_guard *guard = host.first; guard != NULL;
         guard = guard->next)
        if (guard->watched)
            return 1;
    return 0;
}

/* If no more commands are likely, the thread ends with its last one: a host
   that forks next has only its own threads.  */
static int
dismiss_thread(const pj_guard *last, pthread_t *thread)
{
    if (last->lingers) {
        host.stays_ns = pj_platform_now() + LINGER_NS;
        /* It may be sleeping until a deadline that no longer matters.  If
           it wakes earlier, it finds out by itself when to end.  */
        if (host.running && host.wakes_ns > host.stays_ns
            && !is_anything_watched())
            pthread_cond_broadcast(&host.changed);
        return 0;
    }
    if (!host.running || is_anything_watched()
        || pj_platform_now() < host.stays_ns)
        return 0;
    *thread = host.thread;
    host.running = 0;
    host.number++;
    pthread_cond_broadcast(&host.changed);
    return 1;
}

void
pj_guard_forget(pj_guard *guard)
{
    pthread_mutex_lock(&host.lock);
    if (guard->link != NULL) {
        close_all(guard);
        unlink_guard(guard);
    }
    pthread_mutex_unlock(&host.lock);
}

void
pj_guard_leave(pj_guard *guard)
{
    pthread_t thread;
    int was_watched, dismissed = 0;

    pthread_mutex_lock(&host.lock);
    if (guard->link != NULL) {
        was_watched = guard->child != NULL;
        close_all(guard);
        unlink_guard(guard);
        guard->watched = 0;
        guard->child = NULL;
        if (was_watched)
            dismissed = dismiss_thread(guard, &thread);
    }
    pthread_mutex_unlock(&host.lock);
    if (dismissed)
        pthread_join(thread, NULL);
}
