/* confine.c: a sandbox, compiled for one program on this kernel.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controls.h"
#include "error.h"
#include "kernel_fs.h"
#include "landlock.h"
#include "platform.h"
#include "rehearse.h"
#include "seccomp.h"

#define BIT PJ_BIT

static int
enforces(const pj_draft *d, uint32_t bit)
{
    return (d->out->report.enforced & bit) != 0;
}

static int
wants(const pj_draft *d, uint32_t bit)
{
    return (d->wanted & bit) != 0;
}

/* The controls that mean nothing while the command can take over a process
   outside, or undo them by a file of the kernel's: whatever the preset, they
   bring the Landlock domain and the rows of the filter that refuse it, and
   take away the capabilities that pass both.  */
static int
leans_on_the_host(const pj_draft *d)
{
    return wants(d, BIT(HOST_SHIELD) | BIT(NETWORK_DENY) | BIT(READ_ROOTS)
                        | BIT(WRITE_ROOTS) | BIT(EXECUTE_ROOTS)
                        | BIT(EXEC_LOCK))
        || enforces(d, BIT(TREE_TOTALS));
}

/* CAP_SYS_RESOURCE would raise them again, and CAP_SYS_PTRACE have another
   process do it.  */
static int
has_limits(const pj_draft *d)
{
    return d->sandbox->limits_set != 0 || wants(d, BIT(CPU_PER_PROCESS));
}

static void
add_limit(pj_confinement *out, int resource, uint64_t value)
{
    pj_rlimit *limit = &out->limits[out->limit_count++];
    struct rlimit now;

    limit->resource = resource;
    limit->value.rlim_cur = limit->value.rlim_max = (rlim_t)value;
    /* An unprivileged process cannot raise its hard limit; a host that has
       less than was asked for keeps what it has.  */
    if (getrlimit((pj_resource)resource, &now) == 0
        && now.rlim_max != RLIM_INFINITY && now.rlim_max < (rlim_t)value)
        limit->value.rlim_cur = limit->value.rlim_max = now.rlim_max;
}

/* Processor time that no command within its deadline can use up: a process
   that is left of one whose host was stopped ends by itself.  Each fork
   begins anew, so it holds the busy, and not the hostile.  */
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
    if (enforces(d, BIT(MAX_CPU_SECONDS)))
        add_limit(out, RLIMIT_CPU, limits[PJ_LIMIT_CPU_SECONDS]);
    else if (enforces(d, BIT(CPU_PER_PROCESS)))
        add_limit(out, RLIMIT_CPU, ample_seconds(d->policy->timeout_ns));
    if (enforces(d, BIT(MAX_FILE_SIZE)))
        add_limit(out, RLIMIT_FSIZE, limits[PJ_LIMIT_FILE_SIZE]);
    if (enforces(d, BIT(MAX_OPEN_FILES)))
        add_limit(out, RLIMIT_NOFILE, limits[PJ_LIMIT_OPEN_FILES]);
    if (enforces(d, BIT(MAX_DATA)))
        add_limit(out, RLIMIT_DATA, limits[PJ_LIMIT_DATA]);
    if (enforces(d, BIT(TREE_TOTALS)))
        return;
    if (enforces(d, BIT(MAX_PROCESSES)))
        add_limit(out, RLIMIT_NPROC, limits[PJ_LIMIT_PROCESSES]);
    /* Last, as the child itself has to get that far.  */
    if (enforces(d, BIT(MAX_MEMORY)))
        add_limit(out, RLIMIT_AS, limits[PJ_LIMIT_MEMORY]);
}

#if defined(__linux__) && !defined(PJ_PORTABLE)

/* Whether there is any file that the program may change.  */
static int
has_write_root(const pj_draft *d)
{
    return d->sandbox->roots[PJ_ACCESS_WRITE].count > 0
        || (d->reach != NULL && d->reach->roots[PJ_ACCESS_WRITE].count > 0);
}

/* A control of which the kernel has a part only is reported missing, and
   that part is enforced: so what is asked here is what is wanted.  */
static int
compile_filter(pj_draft *d, pj_error *err)
{
    const pj_seccomp_plan plan = {
        .syscalls = wants(d, BIT(SYSCALL_FILTER)),
        .session = wants(d, BIT(SESSION_LOCK)),
        .network = wants(d, BIT(NETWORK_DENY)),
        .metadata = wants(d, BIT(METADATA_LOCK)),
        .execute = wants(d, BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK)),
        .exec = wants(d, BIT(EXEC_LOCK)),
        .ipc = wants(d, BIT(READ_ROOTS) | BIT(NETWORK_DENY)),
        .watch = wants(d, BIT(READ_ROOTS)),
        .locks = wants(d, BIT(METADATA_LOCK)) && !has_write_root(d),
        .host = leans_on_the_host(d),
        .memory = enforces(d, BIT(MAX_MEMORY))
            && !enforces(d, BIT(TREE_TOTALS)),
        .allow = d->sandbox->allow,
    };

    if (!d->features.seccomp || !d->features.no_new_privs
        || !pj_seccomp_wanted(&plan))
        return 0;
    return pj_seccomp_build(&plan, &d->out->filter, &d->out->filter_count,
                            err);
}

/* The roots of the sandbox, and of the program's own rules.  */
static int
gather_roots(const pj_draft *d, pj_strv *roots)
{
    for (int access = 0; access < 3; access++) {
        const pj_strv *own = &d->sandbox->roots[access];
        const pj_strv *more = d->reach != NULL && access < 2
            ? &d->reach->roots[access] : NULL;

        if (pj_strv_extend(&roots[access], own->items, own->count) < 0
            || (more != NULL
                && pj_strv_extend(&roots[access], more->items,
                                  more->count) < 0))
            return -1;
    }
    /* What may be written may be read: programs open files for both.  */
    return d->reach == NULL ? 0
        : pj_strv_extend(&roots[PJ_ACCESS_READ],
                         d->reach->roots[PJ_ACCESS_WRITE].items,
                         d->reach->roots[PJ_ACCESS_WRITE].count);
}

/* Files in memory are memory, which the limit of a process does not count.
   With a cgroup they are; elsewhere strict does not let them be made.  */
static int
check_memory_roots(const pj_draft *d, const pj_strv *roots, pj_error *err)
{
    if (d->sandbox->preset != PJ_PRESET_STRICT
        || !enforces(d, BIT(MAX_MEMORY)) || enforces(d, BIT(TREE_TOTALS))
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
               const pj_pin *program, pj_error *err)
{
    pj_strv roots[3] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
    pj_landlock_plan full = *plan;
    int result = gather_roots(d, roots);

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

static int
compile_landlock(pj_draft *d, const pj_pin *program, pj_error *err)
{
    /* A filter cannot read a path, so the rules have to know what may be
       executed where nothing else is.  */
    const pj_landlock_plan plan = {
        .read = wants(d, BIT(READ_ROOTS)),
        .write = wants(d, BIT(WRITE_ROOTS)),
        .execute = wants(d, BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK)),
        .nothing = wants(d, BIT(EXEC_LOCK)),
        .kernel = wants(d, BIT(HOST_SHIELD))
            || enforces(d, BIT(TREE_TOTALS)),
        .network = wants(d, BIT(NETWORK_DENY)),
        .signals = wants(d, BIT(HOST_SIGNALS)),
    };

    if (d->features.landlock_abi == 0 || !d->features.no_new_privs
        || !leans_on_the_host(d))
        return 0;
    return build_landlock(d, &plan, program, err);
}

#else

/* Settled before: nothing that needs these is enforced.  */
static int
compile_filter(pj_draft *d, pj_error *err)
{
    (void)d, (void)err;
    return 0;
}

static int
compile_landlock(pj_draft *d, const pj_pin *program, pj_error *err)
{
    (void)d, (void)program, (void)err;
    return 0;
}

#endif

/* Looks for the place of a cgroup where a total is asked for.  */
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
pj_confine_is_general(const pj_builder_info *policy)
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

/* The plan for what is settled.  1: something that it needs is not there,
   and was taken back.  */
static int
compile(pj_draft *d, const pj_pin *program, pj_error *err)
{
    pj_confinement *out = d->out;

    /* A host that may not change ids was found to have them already.  */
    out->has_user = enforces(d, BIT(USER)) && pj_features_changes_ids();
    out->uid = d->sandbox->uid;
    out->gid = d->sandbox->gid;
    out->drop_capabilities = enforces(d, BIT(NO_CAPABILITIES));
    out->shed_capabilities = leans_on_the_host(d) || has_limits(d);
    out->shed_ids = pj_features_is_lesser_root();
    out->namespace_flags = enforces(d, BIT(PID_NAMESPACE))
        ? d->features.namespace_flags : 0;
    /* A user namespace makes its first process all-powerful inside.  */
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
    if (compile_filter(d, err) < 0)
        return -1;
    return compile_landlock(d, program, err);
}

/* What compile made, before it is made anew.  */
static void
discard(pj_confinement *out)
{
    close_fd(&out->init_fd);
    close_fd(&out->landlock_fd);
    free(out->filter);
    out->filter = NULL;
    out->filter_count = 0;
    out->limit_count = 0;
}

/* What can be had is settled, compiled and tried, and what turned out to be
   refused is taken back, until what is left works.  Each round takes one
   feature at least.  */
static int
compile_what_works(pj_draft *d, const pj_pin *program, pj_error *err)
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
pj_confine_compile(const pj_builder_info *policy, const pj_pin *program,
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
    d.out->umask = d.sandbox->umask;
    d.wanted = pj_controls_wanted(d.sandbox, reach);
    pj_features_probe(&d.features);
    if (d.sandbox->tree == PJ_TREE_PID_NAMESPACE)
        d.features.namespace_flags = pj_features_pid_namespace();
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
