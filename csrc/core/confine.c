/* confine.c: a sandbox, compiled for one program on this kernel.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "confine.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "features.h"
#include "landlock.h"
#include "platform.h"
#include "sandbox.h"
#include "seccomp.h"

#define BIT(control) (UINT32_C(1) << PJ_CONTROL_##control)

/* What is being compiled.  */
struct draft {
    const pj_sandbox *sandbox;
    const pj_builder_info *policy;
    const pj_reach *reach; /* or NULL */
    pj_features features;
    uint32_t wanted; /* controls */
    pj_confinement *out;
};

static const pj_sandbox implicit = {.preset = PJ_PRESET_DEFAULT,
                                    .umask = -1};

int
pj_sandbox_has_kernel(void)
{
#if defined(__linux__) && !defined(PJ_PORTABLE)
    return 1;
#else
    return 0;
#endif
}

/* The sandbox of a policy, its own or the default.  */
static const pj_sandbox *
sandbox_of(const pj_builder_info *policy)
{
    return policy->sandbox != NULL ? policy->sandbox : &implicit;
}

static uint32_t
file_controls(const pj_sandbox *sandbox)
{
    int strict = sandbox->preset == PJ_PRESET_STRICT;
    int execute = strict || sandbox->roots[PJ_ACCESS_EXECUTE].count > 0;
    uint32_t wanted = 0;

    if (execute)
        wanted |= BIT(EXECUTE_ROOTS) | BIT(READ_ROOTS);
    if (sandbox->roots[PJ_ACCESS_READ].count > 0)
        wanted |= BIT(READ_ROOTS);
    if (strict || sandbox->roots[PJ_ACCESS_WRITE].count > 0)
        wanted |= BIT(WRITE_ROOTS) | BIT(METADATA_LOCK);
    return wanted;
}

static uint32_t
limit_controls(const pj_sandbox *sandbox)
{
    static const uint32_t by_limit[PJ_LIMIT_COUNT] = {
        [PJ_LIMIT_MEMORY] = BIT(MAX_MEMORY),
        [PJ_LIMIT_PROCESSES] = BIT(MAX_PROCESSES),
        [PJ_LIMIT_FILE_SIZE] = BIT(MAX_FILE_SIZE),
        [PJ_LIMIT_OPEN_FILES] = BIT(MAX_OPEN_FILES),
        [PJ_LIMIT_CPU_SECONDS] = BIT(MAX_CPU_SECONDS),
    };
    uint32_t wanted = 0;

    for (int i = 0; i < PJ_LIMIT_COUNT; i++)
        if (sandbox->limits_set & UINT32_C(1) << i)
            wanted |= by_limit[i];
    if (wanted & (BIT(MAX_MEMORY) | BIT(MAX_PROCESSES)))
        wanted |= BIT(TREE_TOTALS);
    return wanted;
}

/* The controls that a sandbox asks for.  */
static uint32_t
wanted_controls(const pj_sandbox *sandbox)
{
    uint32_t wanted = BIT(NO_NEW_PRIVS) | BIT(NO_CORE);

    if (sandbox->preset != PJ_PRESET_COMPAT)
        wanted |= BIT(SYSCALL_FILTER) | BIT(SESSION_LOCK) | BIT(HOST_SHIELD)
            | BIT(HOST_SIGNALS) | BIT(CPU_BACKSTOP);
    if (sandbox->preset == PJ_PRESET_STRICT)
        wanted |= BIT(NO_CAPABILITIES);
    if (sandbox->network == PJ_NETWORK_DENY)
        wanted |= BIT(NETWORK_DENY);
    if (sandbox->umask >= 0)
        wanted |= BIT(UMASK);
    if (sandbox->has_user)
        wanted |= BIT(USER);
    /* Inside a namespace of its own nothing can get away, and setsid does
       no harm.  */
    if (sandbox->tree == PJ_TREE_PID_NAMESPACE)
        wanted = (wanted & ~BIT(SESSION_LOCK)) | BIT(PID_NAMESPACE);
    return wanted | file_controls(sandbox) | limit_controls(sandbox);
}

/* And those that a program's argument rules ask for.  A sandbox of hygiene
   only was chosen to have no limits of files.  */
static uint32_t
reach_controls(const pj_sandbox *sandbox, const pj_reach *reach)
{
    uint32_t wanted = 0;

    if (reach == NULL)
        return 0;
    if (reach->limits_files && sandbox->preset != PJ_PRESET_COMPAT)
        wanted |= BIT(READ_ROOTS) | BIT(WRITE_ROOTS) | BIT(METADATA_LOCK);
    if (reach->runs_nothing)
        wanted |= BIT(EXEC_LOCK);
    return wanted;
}

/* What this system can do of it.  */
static uint32_t
available_controls(const pj_features *features, const pj_sandbox *sandbox)
{
    uint32_t can = BIT(NO_CORE) | BIT(CPU_BACKSTOP) | BIT(MAX_MEMORY)
        | BIT(MAX_PROCESSES) | BIT(MAX_FILE_SIZE) | BIT(MAX_OPEN_FILES)
        | BIT(MAX_CPU_SECONDS) | BIT(UMASK);

    if (features->no_new_privs)
        can |= BIT(NO_NEW_PRIVS);
    if (features->seccomp && features->no_new_privs)
        can |= BIT(SYSCALL_FILTER) | BIT(SESSION_LOCK) | BIT(NETWORK_DENY)
            | BIT(METADATA_LOCK) | BIT(EXEC_LOCK);
    if (features->landlock_abi >= 1 && features->no_new_privs)
        can |= BIT(HOST_SHIELD) | BIT(READ_ROOTS);
    /* Landlock does not see memory files, the filter does.  */
    if ((can & BIT(READ_ROOTS)) && (can & BIT(SYSCALL_FILTER)))
        can |= BIT(EXECUTE_ROOTS);
    if (features->landlock_abi >= 3 && features->no_new_privs)
        can |= BIT(WRITE_ROOTS);
    if (features->landlock_abi >= 6 && features->no_new_privs)
        can |= BIT(HOST_SIGNALS);
    if (features->capabilities)
        can |= BIT(NO_CAPABILITIES);
    if (sandbox->has_user && pj_features_may_become(sandbox->uid,
                                                    sandbox->gid))
        can |= BIT(USER);
    if (features->namespace_flags != 0)
        can |= BIT(PID_NAMESPACE);
    if (features->cgroup)
        can |= BIT(TREE_TOTALS);
    return can;
}

static int
unavailable(pj_control control, const pj_features *features, pj_error *err)
{
    const char *name = pj_control_name(control);
    const char *needs = pj_control_needs(control);

    pj_error_begin(err, PJ_E_SandboxUnavailable, pj_str_of(name));
    pj_escape(err->expected, pj_str_of(needs));
    snprintf(err->reason, sizeof err->reason, "%s", features->text);
    return pj_error_say(err, "sandbox control %s is not available: it needs "
                        "%s, found %s; change the system, or accept its "
                        "absence with best_effort('%s')", name, needs,
                        features->text, name);
}

/* Decides what will be enforced, or fails.  */
static int
settle(struct draft *d, pj_error *err)
{
    uint32_t can = available_controls(&d->features, d->sandbox);
    uint32_t tolerated = d->sandbox->best_effort | BIT(TREE_TOTALS);
    uint32_t lacking;

    /* What was not asked for by name is offered as far as it goes; rules
       that say run_nothing ask by name.  */
    if (!pj_sandbox_has_kernel() && d->policy->sandbox == NULL)
        tolerated = ~BIT(EXEC_LOCK);
    if (!pj_sandbox_has_kernel() && d->sandbox->preset == PJ_PRESET_COMPAT)
        tolerated |= BIT(NO_NEW_PRIVS);
    /* Without a cgroup limits hold for each process: that is told, and no
       reason to refuse.  Without the namespace the group has to hold the
       tree after all.  */
    if ((d->wanted & ~can & BIT(PID_NAMESPACE))
        && d->sandbox->preset != PJ_PRESET_COMPAT)
        d->wanted |= BIT(SESSION_LOCK);
    lacking = d->wanted & ~can;
    for (int i = 0; i < PJ_CONTROL_COUNT; i++)
        if (lacking & ~tolerated & UINT32_C(1) << i)
            return unavailable((pj_control)i, &d->features, err);
    d->out->report.enforced = d->wanted & can;
    d->out->report.missing = lacking;
    d->out->report.landlock_abi = d->features.landlock_abi;
    return 0;
}

static int
enforces(const struct draft *d, uint32_t bit)
{
    return (d->out->report.enforced & bit) != 0;
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

/* Processor time that no command within its deadline can use up: what is
   left of one whose host was stopped ends by itself.  */
static uint64_t
backstop_seconds(int64_t timeout_ns)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t seconds = (uint64_t)timeout_ns / 1000000000 + 2;

    return seconds * (processors < 1 ? 1 : (uint64_t)processors) + 1;
}

static void
compile_limits(struct draft *d)
{
    const uint64_t *limits = d->sandbox->limits;
    pj_confinement *out = d->out;

    add_limit(out, RLIMIT_CORE, 0);
    if (enforces(d, BIT(MAX_CPU_SECONDS)))
        add_limit(out, RLIMIT_CPU, limits[PJ_LIMIT_CPU_SECONDS]);
    else if (enforces(d, BIT(CPU_BACKSTOP)))
        add_limit(out, RLIMIT_CPU, backstop_seconds(d->policy->timeout_ns));
    if (enforces(d, BIT(MAX_FILE_SIZE)))
        add_limit(out, RLIMIT_FSIZE, limits[PJ_LIMIT_FILE_SIZE]);
    if (enforces(d, BIT(MAX_OPEN_FILES)))
        add_limit(out, RLIMIT_NOFILE, limits[PJ_LIMIT_OPEN_FILES]);
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
has_write_root(const struct draft *d)
{
    return d->sandbox->roots[PJ_ACCESS_WRITE].count > 0
        || (d->reach != NULL && d->reach->roots[PJ_ACCESS_WRITE].count > 0);
}

static int
compile_filter(struct draft *d, pj_error *err)
{
    const pj_seccomp_plan plan = {
        .syscalls = enforces(d, BIT(SYSCALL_FILTER)),
        .session = enforces(d, BIT(SESSION_LOCK)),
        .network = enforces(d, BIT(NETWORK_DENY)),
        .metadata = enforces(d, BIT(METADATA_LOCK)),
        .execute = enforces(d, BIT(EXECUTE_ROOTS)),
        .exec = enforces(d, BIT(EXEC_LOCK)),
        .ipc = d->features.seccomp
            && enforces(d, BIT(READ_ROOTS) | BIT(NETWORK_DENY)),
        .watch = d->features.seccomp && enforces(d, BIT(READ_ROOTS)),
        .locks = enforces(d, BIT(METADATA_LOCK)) && !has_write_root(d),
        .allow = d->sandbox->allow,
    };

    if (!pj_seccomp_wanted(&plan))
        return 0;
    return pj_seccomp_build(&plan, &d->out->filter, &d->out->filter_count,
                            err);
}

/* The roots of the sandbox, and of the program's own rules.  */
static int
gather_roots(const struct draft *d, pj_strv *roots)
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

static int
compile_landlock(struct draft *d, const pj_pin *program, pj_error *err)
{
    pj_strv roots[3] = {{NULL, 0, 0}, {NULL, 0, 0}, {NULL, 0, 0}};
    int result;
    pj_landlock_plan plan = {
        .read = enforces(d, BIT(READ_ROOTS)),
        .write = enforces(d, BIT(WRITE_ROOTS)),
        .execute = enforces(d, BIT(EXECUTE_ROOTS)),
        .network = enforces(d, BIT(NETWORK_DENY)),
        .signals = enforces(d, BIT(HOST_SIGNALS)),
    };

    if (!plan.read && !plan.write && !plan.execute
        && !enforces(d, BIT(HOST_SHIELD)))
        return 0;
    result = gather_roots(d, roots);
    for (int access = 0; access < 3; access++) {
        plan.roots[access] = roots[access].items;
        plan.root_count[access] = roots[access].count;
    }
    if (result < 0)
        pj_error_memory(err);
    else
        result = pj_landlock_build(&plan, d->features.landlock_abi, program,
                                   &d->out->landlock_fd, err);
    for (int access = 0; access < 3; access++)
        pj_strv_clear(&roots[access]);
    return result;
}

#else

/* Settled before: nothing that needs these is enforced.  */
static int
compile_filter(struct draft *d, pj_error *err)
{
    (void)d, (void)err;
    return 0;
}

static int
compile_landlock(struct draft *d, const pj_pin *program, pj_error *err)
{
    (void)d, (void)program, (void)err;
    return 0;
}

#endif

/* Looks for the place of a cgroup where a total is asked for.  */
static void
find_cgroup(struct draft *d)
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
    return file_controls(sandbox_of(policy)) == 0;
}

int
pj_confine_compile(const pj_builder_info *policy, const pj_pin *program,
                   const pj_reach *reach, pj_confinement **out,
                   pj_error *err)
{
    struct draft d = {.sandbox = sandbox_of(policy), .policy = policy,
                      .reach = reach};

    d.out = calloc(1, sizeof *d.out);
    if (d.out == NULL)
        return pj_error_memory(err);
    atomic_init(&d.out->refs, 1);
    d.out->landlock_fd = -1;
    d.out->cgroup_fd = -1;
    d.out->init_fd = -1;
    d.out->umask = d.sandbox->umask;
    d.wanted = wanted_controls(d.sandbox)
        | reach_controls(d.sandbox, reach);
    pj_features_probe(&d.features);
    if (d.sandbox->tree == PJ_TREE_PID_NAMESPACE)
        d.features.namespace_flags = pj_features_pid_namespace();
    find_cgroup(&d);
    if (settle(&d, err) < 0)
        goto fail;
    /* A host that may not change ids was found to have them already.  */
    d.out->has_user = enforces(&d, BIT(USER)) && geteuid() == 0;
    d.out->uid = d.sandbox->uid;
    d.out->gid = d.sandbox->gid;
    d.out->drop_capabilities = enforces(&d, BIT(NO_CAPABILITIES));
    d.out->shed_capabilities = enforces(&d, BIT(HOST_SHIELD));
    if (enforces(&d, BIT(PID_NAMESPACE)))
        d.out->namespace_flags = d.features.namespace_flags;
    /* A user namespace makes its first process all-powerful inside.  */
    if (d.out->namespace_flags & PJ_NAMESPACE_USER)
        d.out->drop_capabilities = 1;
    compile_limits(&d);
    if (d.out->has_user || d.out->namespace_flags != 0) {
        d.out->init_fd = pj_platform_init_program();
        if (d.out->init_fd < 0) {
            pj_error_system(err, "init", errno);
            goto fail;
        }
    }
    if (compile_filter(&d, err) < 0
        || compile_landlock(&d, program, err) < 0)
        goto fail;
    *out = d.out;
    return 0;
fail:
    pj_confine_unref(d.out);
    return -1;
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
    if (confinement->landlock_fd >= 0)
        close(confinement->landlock_fd);
    if (confinement->cgroup_fd >= 0)
        close(confinement->cgroup_fd);
    if (confinement->init_fd >= 0)
        close(confinement->init_fd);
    free(confinement->filter);
    free(confinement);
}
