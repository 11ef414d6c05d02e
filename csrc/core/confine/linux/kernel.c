/* kernel.c: from controls to a filter and a ruleset.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/kernel.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "confine/linux/kernel_fs.h"
#include "confine/linux/landlock.h"
#include "confine/linux/seccomp.h"
#include "confine/roots.h"

#define BIT PJ_BIT
#define ABI_TRUNCATE PJ_LANDLOCK_ABI_TRUNCATE
#define ABI_SIGNALS PJ_LANDLOCK_ABI_SIGNALS

/* Whether there are any files that the program may change.  */
static int
has_write_root(const pj_draft *d)
{
    return d->sandbox->root_count[PJ_ACCESS_WRITE] > 0
        || (d->reach != NULL && d->reach->roots[PJ_ACCESS_WRITE].count > 0);
}

/* A control that the kernel supports only in part is reported missing, but
   that part is enforced: so this looks at what is wanted.  */
int
pj_kernel_filter(pj_draft *d, pj_error *err)
{
    const pj_seccomp_plan plan = {
        .syscalls = pj_draft_wants(d, BIT(SYSCALL_FILTER)),
        .session = pj_draft_wants(d, BIT(SESSION_LOCK)),
        .network = pj_draft_wants(d, BIT(NETWORK_DENY)),
        .metadata = pj_draft_wants(d, BIT(METADATA_LOCK)),
        .execute = pj_draft_wants(d, BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK)),
        .exec = pj_draft_wants(d, BIT(EXEC_LOCK)),
        .ipc = pj_draft_wants(d, BIT(READ_ROOTS) | BIT(NETWORK_DENY)),
        .watch = pj_draft_wants(d, BIT(READ_ROOTS)),
        .locks = pj_draft_wants(d, BIT(METADATA_LOCK)) && !has_write_root(d),
        .host = pj_draft_leans_on_host(d),
        .memory = pj_draft_enforces(d, BIT(MAX_MEMORY))
            && !pj_draft_enforces(d, BIT(TREE_TOTALS)),
        .truncate = pj_draft_wants(d, BIT(WRITE_ROOTS))
            && d->features.landlock_abi < ABI_TRUNCATE,
        .allow = d->sandbox->allow,
    };

    if (d->features.seccomp_errno != 0 || !d->features.no_new_privs
        || !pj_seccomp_wanted(&plan))
        return 0;
    if (pj_seccomp_build(&plan, &d->out->filter, &d->out->filter_count, err)
        < 0)
        return -1;
    if (pj_draft_enforces(d, BIT(HOST_SIGNALS))
        && d->features.landlock_abi < ABI_SIGNALS
        && !pj_draft_enforces(d, BIT(PID_NAMESPACE)))
        return pj_seccomp_build_own(&d->out->own_filter,
                                    &d->out->own_filter_count, err);
    return 0;
}

/* In-memory files use memory that a per-process limit does not count.  A
   cgroup does; without one, strict does not allow them to be created.  */
static int
check_memory_roots(const pj_draft *d, const pj_strv *roots, pj_error *err)
{
    if (d->sandbox->preset != PJ_PRESET_STRICT
        || !pj_draft_enforces(d, BIT(MAX_MEMORY))
        || pj_draft_enforces(d, BIT(TREE_TOTALS))
        || (d->sandbox->best_effort & BIT(TREE_TOTALS)))
        return 0;
    for (size_t i = 0; i < roots->count; i++) {
        int fd = open(roots->items[i].ptr, O_PATH | O_CLOEXEC);
        int is_memory = fd >= 0 && pj_kernel_fs_is_memory(fd);

        if (fd >= 0)
            close(fd);
        if (!is_memory)
            continue;
        pj_error_begin(err, PJ_E_SandboxInvalid, roots->items[i]);
        snprintf(err->reason, sizeof err->reason,
                 "files there are memory that max_memory does not count");
        return pj_error_say(err, "sandbox invalid: root %s is kept in "
                            "memory, which max_memory does not count without "
                            "a cgroup; name a root on a disk, or accept it "
                            "with best_effort(\"tree_totals\")",
                            err->value);
    }
    return 0;
}

static int
build_landlock(pj_draft *d, const pj_landlock_plan *plan,
               pj_str program, pj_error *err)
{
    pj_strv roots[3] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
    pj_landlock_plan full = *plan;
    int result = pj_roots_gather(d->sandbox, d->reach, roots);

    if (result < 0)
        pj_error_memory(err);
    else
        result = check_memory_roots(d, &roots[PJ_ACCESS_WRITE], err);
    for (int access = 0; access < 3; access++) {
        full.roots[access] = roots[access].items;
        full.root_count[access] = roots[access].count;
    }
    if (result == 0)
        result = pj_landlock_build(&full, d->features.landlock_abi, program,
                                   &d->out->landlock_fd, err);
    for (int access = 0; access < 3; access++)
        pj_strv_clear(&roots[access]);
    return result;
}

int
pj_kernel_landlock(pj_draft *d, pj_str program, pj_error *err)
{
    /* A filter cannot read a path, so if nothing else may be executed, the
       rules have to know what may be.  */
    const pj_landlock_plan plan = {
        .read = pj_draft_wants(d, BIT(READ_ROOTS)),
        .write = pj_draft_wants(d, BIT(WRITE_ROOTS)),
        .execute = pj_draft_wants(d, BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK)),
        .nothing = pj_draft_wants(d, BIT(EXEC_LOCK)),
        .kernel = pj_draft_wants(d, BIT(HOST_SHIELD))
            || pj_draft_enforces(d, BIT(TREE_TOTALS)),
        .network = pj_draft_wants(d, BIT(NETWORK_DENY)),
        .signals = pj_draft_wants(d, BIT(HOST_SIGNALS)),
    };

    if (d->features.landlock_abi == 0 || !d->features.no_new_privs
        || !pj_draft_leans_on_host(d))
        return 0;
    return build_landlock(d, &plan, program, err);
}
