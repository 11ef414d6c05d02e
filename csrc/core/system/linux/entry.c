/*
 * entry.c: where a child begins, in the memory of the host.
 *
 * It becomes the program, or continues as the csrc/init program.  The
 * contract in steps.c applies here.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/linux/child.h"
#include "system/linux/entry.h"
#include "system/linux/steps.h"

/* "0" is the writer.  Done first, as the init of a namespace belongs to the
   tree, too.  */
static int
join_cgroup(const pj_child_plan *plan)
{
    if (plan->cgroup_fd < 0)
        return 0;
    return syscall(SYS_write, plan->cgroup_fd, "0", (size_t)1) == 1 ? 0 : -1;
}

static int
write_text(const char *path, const char *text)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC,
                          0);
    long size = 0, wrote;

    if (fd < 0)
        return -1;
    while (text[size] != '\0')
        size++;
    wrote = syscall(SYS_write, fd, text, (size_t)size);
    syscall(SYS_close, fd);
    return wrote == size ? 0 : -1;
}

/* A user namespace starts without any mapping.  With setgroups denied, one
   uid and one gid may be mapped.  The next exec loses the right to do so, so
   it is done before.  */
static int
map_user(const pj_child_plan *plan)
{
    if (plan->uid_map == NULL)
        return 0;
    if (write_text("/proc/self/setgroups", "deny") != 0
        || write_text("/proc/self/uid_map", plan->uid_map) != 0)
        return -1;
    return write_text("/proc/self/gid_map", plan->gid_map);
}

/* Changes nothing that belongs to the host as well: its memory is still
   shared.  What the init program needs is kept open across the exec.  */
void
pj_child_hand_over(const pj_child_plan *plan, int order_fd,
                   char *const *argv)
{
    const int needed[] = {order_fd, plan->stdin_fd, plan->stdout_fd,
                          plan->stderr_fd, plan->cwd_fd, plan->exec_fd,
                          plan->confinement->landlock_fd,
                          plan->lifeline[0], plan->lifeline[1],
                          plan->report_fd, plan->dir_fd};

    if (join_cgroup(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_CGROUP);
    if (map_user(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_NAMESPACE);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (needed[i] >= 0)
            syscall(SYS_fcntl, needed[i], F_SETFD, 0);
    syscall(SYS_execveat, plan->confinement->init_fd, "", argv, plan->envp,
            AT_EMPTY_PATH);
    pj_child_give_up(plan, PJ_STEP_INIT);
}

void
pj_child_main(const pj_child_plan *plan)
{
    if (join_cgroup(plan) != 0)
        pj_child_give_up(plan, PJ_STEP_CGROUP);
    pj_child_become(plan);
}
