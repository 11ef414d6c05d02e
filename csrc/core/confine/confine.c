/* confine.c: a sandbox, compiled for one program on this kernel.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "confine/controls.h"
#include "confine/kernel.h"
#include "system/platform.h"
#include "system/rehearse.h"

#define BIT PJ_BIT

/* CAP_SYS_RESOURCE could raise them again, and CAP_SYS_PTRACE could make
   another process do it.  */
static int
has_limits(const pj_draft *d)
{
    return d->sandbox->limits_set != 0
        || pj_draft_wants(d, BIT(CPU_PER_PROCESS));
}

static void
add_limit(pj_confinement *out, int resource, uint64_t value)
{
    pj_rlimit *limit = &out->limits[out->limit_count++];
    struct rlimit now;

    limit->resource = resource;
    limit->value.rlim_cur = limit->value.rlim_max = (rlim_t)value;
    /* An unprivileged process cannot raise its hard limit; a host with less
       than requested keeps what it has.  */
    if (getrlimit((pj_resource)resource, &now) == 0
        && now.rlim_max != RLIM_INFINITY && now.rlim_max < (rlim_t)value)
        limit->value.rlim_cur = limit->value.rlim_max = now.rlim_max;
}

/* More CPU time than a command can use within its deadline: a process left
   over from a host that was stopped ends by itself.  Each fork starts from
   zero, so this stops busy processes but not hostile ones.  */
static uint64_t
ample_seconds(int64_t timeout_ns)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seconds = (uint64_t)timeout_ns / 1000000000 + 2;

    return seconds * (processors < 1 ? 1 : (uint64_t)processors) + 1;
}

static void
compile_limits(pj_draft *d)
{
    const uint64_t *limits = d->sandbox->limits;
    pj_confinement *out = d->out;

    add_limit(out, RLIMIT_CORE, 0);
    if (pj_draft_enforces(d, BIT(MAX_CPU_SECONDS)))
        add_limit(out, RLIMIT_CPU, limits[PJ_LIMIT_CPU_SECONDS]);
    else if (pj_draft_enforces(d, BIT(CPU_PER_PROCESS)))
        add_limit(out, RLIMIT_CPU, ample_seconds(d->policy->timeout_ns));
    if (pj_draft_enforces(d, BIT(MAX_FILE_SIZE)))
        add_limit(out, RLIMIT_FSIZE, limits[PJ_LIMIT_FILE_SIZE]);
    if (pj_draft_enforces(d, BIT(MAX_OPEN_FILES)))
        add_limit(out, RLIMIT_NOFILE, limits[PJ_LIMIT_OPEN_FILES]);
    if (pj_draft_enforces(d, BIT(MAX_DATA)))
        add_limit(out, RLIMIT_DATA, limits[PJ_LIMIT_DATA]);
    if (pj_draft_enforces(d, BIT(TREE_TOTALS)))
        return;
    if (pj_draft_enforces(d, BIT(MAX_PROCESSES)))
        add_limit(out, RLIMIT_NPROC, limits[PJ_LIMIT_PROCESSES]);
    /* Last, since the child itself has to get this far.  */
    if (pj_draft_enforces(d, BIT(MAX_MEMORY)))
        add_limit(out, RLIMIT_AS, limits[PJ_LIMIT_MEMORY]);
}

/* Finds a place for a cgroup if totals are wanted.  */
static void
find_cgroup(pj_draft *d)
{
    if (!(d->wanted & BIT(TREE_TOTALS)))
        return;
    if (d->wanted & BIT(MAX_MEMORY))
        d->out->totals.memory = d->sandbox->limits[PJ_LIMIT_MEMORY];
    if (d->wanted & BIT(MAX_PROCESSES))
        d->out->totals.processes = d->sandbox->limits[PJ_LIMIT_PROCESSES];
    d->out->cgroup_fd = pj_cgroup_find(&d->out->totals);
    d->features.cgroup = d->out->cgroup_fd >= 0;
}

int
pj_confine_is_general(const pj_policy_options *policy)
{
    return pj_controls_of_files(pj_controls_sandbox(policy)) == 0;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Compiles the settled controls.  Returns 1 if something they need is
   missing and was withdrawn.  */
static int
compile(pj_draft *d, pj_str program, pj_error *err)
{
    pj_confinement *out = d->out;

    /* A host that cannot change ids is known to have these already.  */
    out->has_user =
        pj_draft_enforces(d, BIT(USER)) && pj_features_changes_ids();
    out->uid = d->sandbox->uid;
    out->gid = d->sandbox->gid;
    out->drop_capabilities = pj_draft_enforces(d, BIT(NO_CAPABILITIES));
    out->shed_capabilities = pj_draft_leans_on_host(d) || has_limits(d);
    out->shed_ids = pj_features_is_lesser_root();
    out->namespace_flags = pj_draft_enforces(d, BIT(PID_NAMESPACE))
        ? d->features.namespace_flags : 0;
    /* A user namespace gives its first process all capabilities in it.  */
    if (out->namespace_flags & PJ_NAMESPACE_USER)
        out->drop_capabilities = 1;
    compile_limits(d);
    if (out->has_user || out->namespace_flags != 0) {
        out->init_fd = pj_platform_init_program();
        if (out->init_fd < 0 && (errno == EMFILE || errno == ENFILE
                                 || errno == ENOMEM))
            return pj_error_system(err, "init", errno);
        if (out->init_fd < 0)
            return pj_features_have_no_init(&d->features);
    }
    if (pj_kernel_filter(d, err) < 0)
        return -1;
    return pj_kernel_landlock(d, program, err);
}

/* Discards what compile made, before it is compiled again.  */
static void
discard(pj_confinement *out)
{
    close_fd(&out->init_fd);
    close_fd(&out->landlock_fd);
    free(out->filter);
    out->filter = NULL;
    out->filter_count = 0;
    free(out->own_filter);
    out->own_filter = NULL;
    out->own_filter_count = 0;
    out->limit_count = 0;
}

/* Settles, compiles and tries what is available, and withdraws what turns out
   to be refused, until the rest works.  Each round withdraws at least one
   feature.  */
static int
compile_what_works(pj_draft *d, pj_str program, pj_error *err)
{
    pj_child_report report;

    for (;;) {
        int compiled = pj_controls_settle(d, err) < 0
            ? -1 : compile(d, program, err);

        if (compiled < 0)
            return -1;
        if (compiled > 0)
            continue;
        if (!pj_sandbox_has_kernel() || pj_rehearse(d->out, &report) == 0
            || !pj_features_withdraw(&d->features, &report))
            return 0;
        discard(d->out);
    }
}

int
pj_confine_compile(const pj_policy_options *policy, pj_str program,
                   const pj_reach *reach, pj_confinement **out,
                   pj_error *err)
{
    pj_draft d = {.sandbox = pj_controls_sandbox(policy), .policy = policy,
                  .reach = reach};

    d.out = calloc(1, sizeof *d.out);
    if (d.out == NULL)
        return pj_error_memory(err);
    atomic_init(&d.out->refs, 1);
    d.out->landlock_fd = -1;
    d.out->cgroup_fd = -1;
    d.out->init_fd = -1;
    d.out->umask = d.sandbox->has_umask ? (int)d.sandbox->umask : -1;
    d.wanted = pj_controls_wanted(d.sandbox, reach);
    if (d.sandbox->tree == PJ_TREE_PID_NAMESPACE)
        pj_features_probe_namespace(&d.features);
    else
        pj_features_probe(&d.features);
    find_cgroup(&d);
    if (compile_what_works(&d, program, err) < 0) {
        pj_confine_unref(d.out);
        return -1;
    }
    *out = d.out;
    return 0;
}

pj_confinement *
pj_confine_ref(pj_confinement *confinement)
{
    atomic_fetch_add_explicit(&confinement->refs, 1, memory_order_relaxed);
    return confinement;
}

void
pj_confine_unref(pj_confinement *confinement)
{
    if (confinement == NULL
        || atomic_fetch_sub_explicit(&confinement->refs, 1,
                                     memory_order_acq_rel) > 1)
        return;
    discard(confinement);
    close_fd(&confinement->cgroup_fd);
    free(confinement);
}
