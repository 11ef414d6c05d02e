/* spawn.c: starting a child, in this memory, in a copy of it, or through
   the csrc/init program.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/spawn.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/alias.h"
#include "system/linux/clone.h"
#include "system/linux/entry.h"
#include "system/linux/linux.h"
#include "system/linux/order.h"

/* Memory shared with a child whose own is a copy or, through a file, another
   program's.  NULL with errno.  */
static void *
map_shared(size_t size, int file)
{
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0), file, 0);

    return page == MAP_FAILED ? NULL : page;
}

/* An order, and the file that backs it.  NULL with errno; then no file is
   left open.  */
static pj_order *
make_order(int *fd)
{
    pj_order *order = NULL;
    int number;

    *fd = pj_linux_memory_file("order", PJ_MFD_NOEXEC_SEAL);
    if (*fd < 0)
        return NULL;
    /* A host may have a file size limit.  */
    if (ftruncate(*fd, sizeof *order) == 0)
        order = map_shared(sizeof *order, *fd);
    number = errno;
    if (order == NULL)
        close(*fd);
    errno = number;
    return order;
}

/* Removes a child that did not reach its program.  Returns -1.  */
static int
bury(pj_child *child)
{
    pj_status status;

    pj_platform_kill(child);
    while (pj_platform_look(child) == PJ_LOOK_RUNNING)
        sched_yield();
    pj_platform_reap(child, &status);
    pj_platform_close(child);
    return -1;
}

/* Waits until the child has executed, has failed, or is gone.  The first
   shows as the end of the pipe, or is reported by the init of a namespace;
   the second is a byte, since a copy of this process may hold the pipe open;
   the third shows on the pidfd, too.  What takes too long is killed.  */
static void
await_exec(const pj_guard *guard, int64_t end, const pj_child *child)
{
    struct pollfd fds[2] = {{guard->ends[PJ_GUARD_REPORT][0], POLLIN, 0},
                            {child->pidfd, POLLIN, 0}};

    for (;;) {
        int64_t left = (end - pj_platform_now()) / 1000000 + 1;
        int most = child->pidfd < 0 ? 10 : 1000;
        int ready = poll(fds, 2, left < 0 ? 0 : left > most ? most
                                                            : (int)left);

        if (ready > 0 || pj_platform_look(child) != PJ_LOOK_RUNNING)
            return;
        if (pj_platform_now() >= end)
            pj_platform_kill(child);
    }
}

/* Reads the stage once the child has executed or never will.  A child that
   ended on the way did not execute, whoever sent the signal; if it was the
   clock, the caller reports that.  */
static int
settle_start(const pj_child_plan *plan, int64_t end, pj_child *child,
             pj_child_report *report)
{
    if (report->stage == PJ_STAGE_EXEC && plan->dir_fd >= 0
        && pj_alias_confirm(plan, child, end) < 0)
        report->stage = PJ_STAGE_OTHER;
    if (report->stage == PJ_STAGE_EXEC
        || (report->stage == PJ_STAGE_BEGUN && pj_platform_now() >= end))
        return 0;
    if (report->stage == PJ_STAGE_BEGUN)
        report->stage = PJ_STAGE_KILLED;
    return bury(child);
}

static int
child_entry(void *plan)
{
    pj_child_main(plan);
}

/* The child shares this memory until it executes, and its parent waits: the
   report is ordinary memory, and is complete when clone returns.  */
static int
spawn_shared(const pj_child_plan *plan, pj_child *child,
             pj_child_report *report)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    int64_t end = pj_platform_now() + plan->exec_ns;
    pj_child_plan own = *plan;

    own.report = report;
    if (pj_clone(child_entry, &own, stack + STACK,
                    CLONE_VM | CLONE_VFORK, child) < 0)
        return -1;
    return settle_start(plan, end, child, report);
}

/* The child has its own memory: under a sanitizer, and on systems that look
   like Linux but do not share memory when asked to.  */
static int
spawn_copied(const pj_child_plan *plan, pj_guard *guard, pj_child *child,
             pj_child_report *report)
{
    /* On the caller's stack, where a sanitizer expects it; that may be the
       small stack of a thread.  */
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    int64_t end = pj_platform_now() + plan->exec_ns;
    pj_child_plan own = *plan;
    int result = -1, number;

    own.report = map_shared(sizeof *report, -1);
    if (own.report == NULL)
        return -1;
    *own.report = *report;
    if (pj_guard_open(guard, PJ_GUARD_REPORT) == 0) {
        own.report_fd = guard->ends[PJ_GUARD_REPORT][1];
        result = pj_clone(child_entry, &own, stack + STACK, 0, child);
        number = errno;
        pj_guard_close(guard, PJ_GUARD_REPORT, 1);
        errno = number;
    }
    if (result == 0) {
        await_exec(guard, end, child);
        *report = *own.report;
        result = settle_start(plan, end, child, report);
    }
    number = errno;
    pj_guard_close(guard, PJ_GUARD_REPORT, 0);
    munmap(own.report, sizeof *report);
    errno = number;
    return result;
}

/* What is handed to another program must stay open in it.  */
struct handover {
    const pj_child_plan *plan;
    int order_fd;
    char *const *argv;
};

static int
handover_entry(void *argument)
{
    const struct handover *handover = argument;

    pj_child_hand_over(handover->plan, handover->order_fd, handover->argv);
}

/* The init's own two arguments, then the program's argv.  */
static char **
argv_behind(char *const *argv, char *number)
{
    size_t count = 0;
    char **out;

    while (argv[count] != NULL)
        count++;
    out = malloc((count + 3) * sizeof *out);
    if (out == NULL)
        return NULL;
    out[0] = (char *)"proc_jail-init";
    out[1] = number;
    memcpy(out + 2, argv, (count + 1) * sizeof *out);
    return out;
}

static void
fill_order(pj_order *order, const pj_child_plan *plan)
{
    const pj_confinement *confinement = plan->confinement;

    order->plan = *plan;
    memcpy(&order->confinement, confinement, sizeof *confinement);
    if (confinement->filter != NULL)
        memcpy(order->filter, confinement->filter,
               confinement->filter_count * sizeof *order->filter);
    if (confinement->own_filter != NULL)
        memcpy(order->own_filter, confinement->own_filter,
               confinement->own_filter_count * sizeof *order->own_filter);
    memccpy(order->exec_path, plan->exec_path, '\0',
            sizeof order->exec_path - 1);
}

/* The maps for the single user of a user namespace, as /proc takes them.  */
struct user_maps {
    char uid[48];
    char gid[48];
};

static void
name_user(struct user_maps *out)
{
    snprintf(out->uid, sizeof out->uid, "%u %u 1", geteuid(), geteuid());
    snprintf(out->gid, sizeof out->gid, "%u %u 1", getegid(), getegid());
}

/* Starts csrc/init, which shares this memory only until it executes.  */
static int
clone_init(int order_fd, const pj_child_plan *plan,
           pj_child *child)
{
    enum { STACK = 16 * 1024 };
    char stack[STACK] __attribute__((aligned(16)));
    char number[16];
    pj_child_plan own = *plan;
    struct user_maps maps;
    struct handover handover = {&own, order_fd, NULL};
    char **argv;
    int result, failed;

    if (plan->confinement->namespace_flags & CLONE_NEWUSER) {
        name_user(&maps);
        own.uid_map = maps.uid;
        own.gid_map = maps.gid;
    }

    snprintf(number, sizeof number, "%d", order_fd);
    argv = argv_behind(plan->argv, number);
    if (argv == NULL)
        return -1;
    handover.argv = argv;
    result = pj_clone(handover_entry, &handover, stack + STACK,
                         plan->confinement->namespace_flags | PJ_CLONE_VM
                             | CLONE_VFORK, child);
    failed = errno;
    free(argv);
    errno = failed;
    return result;
}

static int
spawn_by_init(const pj_child_plan *plan, pj_guard *guard, pj_child *child,
              pj_child_report *report)
{
    int64_t end = pj_platform_now() + plan->exec_ns;
    pj_child_plan own = *plan;
    int order_fd = -1, result = -1, number;
    pj_order *order = make_order(&order_fd);

    if (order == NULL)
        return -1;
    if (pj_guard_open(guard, PJ_GUARD_REPORT) == 0) {
        own.report_fd = guard->ends[PJ_GUARD_REPORT][1];
        own.report = &order->report;
        /* The pid of a program in the namespace is not known outside.  */
        if (plan->confinement->namespace_flags != 0)
            own.dir_fd = -1;
        fill_order(order, &own);
        result = clone_init(order_fd, &own, child);
        number = errno;
        pj_guard_close(guard, PJ_GUARD_REPORT, 1);
        errno = number;
    }
    number = errno;
    close(order_fd);
    errno = number;
    if (result == 0) {
        await_exec(guard, end, child);
        *report = order->report;
        result = settle_start(&own, end, child, report);
    }
    number = errno;
    pj_guard_close(guard, PJ_GUARD_REPORT, 0);
    if (result == 0)
        child->shared = order;
    else
        munmap(order, sizeof *order);
    errno = number;
    return result;
}

int
pj_platform_spawn(const pj_child_plan *plan, pj_guard *guard,
                  pj_child *child, pj_child_report *report)
{
    pj_child_plan own = *plan;
    int number, result;

    child->pidfd = -1;
    child->shared = NULL;
    memset(report, 0, sizeof *report);
    if (pj_guard_open(guard, PJ_GUARD_LIFELINE) != 0)
        return -1;
    for (int end = 0; end < 2; end++)
        own.lifeline[end] = guard->ends[PJ_GUARD_LIFELINE][end];
    if (plan->confinement->init_fd >= 0)
        result = spawn_by_init(&own, guard, child, report);
    else if (PJ_CLONE_VM != 0 && pj_guard_shares_memory())
        result = spawn_shared(&own, child, report);
    else
        result = spawn_copied(&own, guard, child, report);
    if (result < 0) {
        number = errno;
        for (int end = 0; end < 2; end++)
            pj_guard_close(guard, PJ_GUARD_LIFELINE, end);
        errno = number;
    }
    return result;
}
