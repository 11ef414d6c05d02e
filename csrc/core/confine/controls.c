/* controls.c: which controls are wanted, which are available, and the
   messages about those that are not.  */
#include "confine/controls.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define BIT PJ_BIT

static const pj_sandbox implicit = {.preset = PJ_PRESET_DEFAULT};

const pj_sandbox *
pj_controls_sandbox(const pj_policy_options *policy)
{
    return policy->sandbox != NULL ? policy->sandbox : &implicit;
}

uint32_t
pj_controls_of_files(const pj_sandbox *sandbox)
{
    int strict = sandbox->preset == PJ_PRESET_STRICT;
    int execute = strict || sandbox->root_count[PJ_ACCESS_EXECUTE] > 0;
    uint32_t wanted = 0;

    if (execute)
        wanted |= BIT(EXECUTE_ROOTS) | BIT(READ_ROOTS);
    if (sandbox->root_count[PJ_ACCESS_READ] > 0)
        wanted |= BIT(READ_ROOTS);
    if (strict || sandbox->root_count[PJ_ACCESS_WRITE] > 0)
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
        [PJ_LIMIT_DATA] = BIT(MAX_DATA),
    };
    uint32_t wanted = 0;

    for (int i = 0; i < PJ_LIMIT_COUNT; i++)
        if (sandbox->limits_set & UINT32_C(1) << i)
            wanted |= by_limit[i];
    if (wanted & (BIT(MAX_MEMORY) | BIT(MAX_PROCESSES)))
        wanted |= BIT(TREE_TOTALS);
    return wanted;
}

/* The controls that are useless if the command can take over a process
   outside, or undo them through one of the kernel's files: for any preset,
   they add the Landlock domain and the filter rows that refuse this, and drop
   the capabilities that bypass both.  */
#define LEANING                                                              \
    (BIT(HOST_SHIELD) | BIT(NETWORK_DENY) | BIT(READ_ROOTS)                  \
     | BIT(WRITE_ROOTS) | BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK)                \
     | BIT(TREE_TOTALS))

/* What a program's argument rules ask for.  The hygiene-only preset is chosen
   in order to have no file limits.  */
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

uint32_t
pj_controls_wanted(const pj_sandbox *sandbox, const pj_reach *reach)
{
    uint32_t wanted = BIT(NO_NEW_PRIVS) | BIT(NO_CORE) | BIT(HOST_GUARD);

    if (sandbox->preset != PJ_PRESET_COMPAT)
        wanted |= BIT(SYSCALL_FILTER) | BIT(SESSION_LOCK) | BIT(HOST_SHIELD)
            | BIT(HOST_SIGNALS) | BIT(CPU_PER_PROCESS);
    if (sandbox->preset == PJ_PRESET_STRICT)
        wanted |= BIT(NO_CAPABILITIES);
    if (pj_sandbox_denies_network(sandbox))
        wanted |= BIT(NETWORK_DENY);
    if (sandbox->has_umask)
        wanted |= BIT(UMASK);
    if (sandbox->has_user)
        wanted |= BIT(USER);
    /* Nothing can escape from its own namespace, so setsid is harmless.  */
    if (sandbox->tree == PJ_TREE_PID_NAMESPACE)
        wanted = (wanted & ~BIT(SESSION_LOCK)) | BIT(PID_NAMESPACE);
    return wanted | pj_controls_of_files(sandbox) | limit_controls(sandbox)
        | reach_controls(sandbox, reach);
}

/* The controls that this system supports completely.  */
static uint32_t
available_controls(const pj_draft *d)
{
    const pj_features *features = &d->features;
    const pj_sandbox *sandbox = d->sandbox;
    uint32_t can = BIT(NO_CORE) | BIT(CPU_PER_PROCESS) | BIT(MAX_MEMORY)
        | BIT(MAX_PROCESSES) | BIT(MAX_FILE_SIZE) | BIT(MAX_OPEN_FILES)
        | BIT(MAX_CPU_SECONDS) | BIT(MAX_DATA) | BIT(UMASK);
    int abi = features->no_new_privs ? features->landlock_abi : 0;

    if (pj_sandbox_has_kernel())
        can |= BIT(HOST_GUARD);
    if (features->no_new_privs)
        can |= BIT(NO_NEW_PRIVS);
    if (features->seccomp_errno == 0 && features->no_new_privs)
        can |= BIT(SYSCALL_FILTER) | BIT(SESSION_LOCK) | BIT(NETWORK_DENY)
            | BIT(METADATA_LOCK);
    if (abi >= 1)
        can |= BIT(HOST_SHIELD) | BIT(READ_ROOTS);
    /* Landlock does not cover memory files; the filter does.  The filter
       cannot read a path, with which execveat starts any program; Landlock
       can.  */
    if ((can & BIT(READ_ROOTS)) && (can & BIT(SYSCALL_FILTER)))
        can |= BIT(EXECUTE_ROOTS) | BIT(EXEC_LOCK);
    /* What an older Landlock does not deny, truncation, the filter does.  */
    if (abi >= PJ_LANDLOCK_ABI_TRUNCATE
        || (abi >= 1 && (can & BIT(SYSCALL_FILTER))))
        can |= BIT(WRITE_ROOTS);
    if (features->capabilities)
        can |= BIT(NO_CAPABILITIES);
    if (sandbox->has_user && !features->no_user
        && pj_features_may_become(sandbox->uid, sandbox->gid))
        can |= BIT(USER);
    if (features->namespace_flags != 0)
        can |= BIT(PID_NAMESPACE);
    /* A process with no id in the namespace cannot be signalled.  A program
       that runs no other needs to signal only itself and its group, which it
       cannot leave: a filter can tell.  */
    if (abi >= PJ_LANDLOCK_ABI_SIGNALS || (can & BIT(PID_NAMESPACE))
        || (can & d->wanted & BIT(EXEC_LOCK)
            && can & d->wanted & BIT(SESSION_LOCK)))
        can |= BIT(HOST_SIGNALS);
    if (features->cgroup)
        can |= BIT(TREE_TOTALS);
    return can;
}

/* What may be missing without the policy saying so.  */
static uint32_t
tolerated_controls(const pj_draft *d)
{
    uint32_t tolerated = d->sandbox->best_effort | BIT(TREE_TOTALS);

    if (d->policy->checks_only)
        return ~UINT32_C(0);
    /* What was not explicitly requested is provided as far as possible.
       Rules with run_nothing are an explicit request; if there is a kernel to
       enforce them, so are rules that name paths.  */
    if (d->policy->sandbox == NULL && pj_sandbox_has_kernel())
        return tolerated | BIT(HOST_SHIELD) | BIT(HOST_SIGNALS)
            | BIT(CPU_PER_PROCESS) | BIT(HOST_GUARD);
    if (d->policy->sandbox == NULL)
        return ~BIT(EXEC_LOCK);
    if (!pj_sandbox_has_kernel() && d->sandbox->preset == PJ_PRESET_COMPAT)
        tolerated |= BIT(NO_NEW_PRIVS) | BIT(HOST_GUARD);
    return tolerated;
}

/* --------------------------------------------------------- the messages */

/* A sentence that grows.  */
typedef struct sentence {
    char text[PJ_MESSAGE_SIZE];
    size_t used;
} sentence;

static void
say(sentence *words, const char *text)
{
    size_t room = sizeof words->text - words->used;
    int wrote = snprintf(words->text + words->used, room, "%s", text);

    words->used += (size_t)wrote < room ? (size_t)wrote : room - 1;
}

/* Names of controls, each enclosed in `quote`.  */
static void
say_names(sentence *words, uint32_t controls, const char *quote)
{
    const char *between = "";

    for (int i = 0; i < PJ_CONTROL_COUNT; i++) {
        if (!(controls & UINT32_C(1) << i))
            continue;
        say(words, between);
        say(words, quote);
        say(words, pj_control_name((pj_control)i));
        say(words, quote);
        between = ", ";
    }
}

/* The controls of a mask that have the same needs as one of them.  */
static uint32_t
alike(uint32_t controls, int one)
{
    uint32_t same = 0;

    for (int i = one; i < PJ_CONTROL_COUNT; i++)
        if (controls & UINT32_C(1) << i
            && strcmp(pj_control_needs((pj_control)i),
                      pj_control_needs((pj_control)one)) == 0)
            same |= UINT32_C(1) << i;
    return same;
}

/* "a needs x; b, c need y".  */
static void
say_needs(sentence *words, uint32_t controls)
{
    const char *between = "";

    for (int i = 0; i < PJ_CONTROL_COUNT; i++) {
        uint32_t same;

        if (!(controls & UINT32_C(1) << i))
            continue;
        same = alike(controls, i);
        say(words, between);
        say_names(words, same, "");
        say(words, same & (same - 1) ? " need " : " needs ");
        say(words, pj_control_needs((pj_control)i));
        controls &= ~same;
        between = "; ";
    }
}

/* The call that accepts it.  If there is no sandbox yet, the call adds one,
   which is then required: so it names what was tolerated before.  */
static void
say_best_effort(sentence *words, uint32_t controls, int is_named)
{
    say(words, is_named ? "."
        : pj_sandbox_has_kernel() ? ".sandbox(Sandbox()."
                                  : ".sandbox(Sandbox.compat().");
    say(words, "best_effort(");
    say_names(words, controls, "\"");
    say(words, is_named ? ")" : "))");
}

static void
begin(uint32_t lacking, const pj_features *features, pj_error *err)
{
    int first = 0;

    while (!(lacking & UINT32_C(1) << first))
        first++;
    pj_error_begin(err, PJ_E_SandboxUnavailable,
                   pj_str_of(pj_control_name((pj_control)first)));
    err->controls = lacking;
    pj_escape(err->expected,
              pj_str_of(pj_control_needs((pj_control)first)));
    snprintf(err->reason, sizeof err->reason, "%s", features->text);
}

/* Reports everything at once, to save fixing one problem after another.  */
static int
refuse(const pj_draft *d, uint32_t lacking, uint32_t tolerated,
       pj_error *err)
{
    int is_named = d->policy->sandbox != NULL;
    uint32_t refused = lacking & ~tolerated;
    uint32_t named = is_named || !pj_sandbox_has_kernel()
        ? refused : lacking & ~BIT(TREE_TOTALS);
    sentence needs = {.used = 0}, accept = {.used = 0};
    int many = (refused & (refused - 1)) != 0;

    begin(refused, &d->features, err);
    say_needs(&needs, refused);
    say_best_effort(&accept, named, is_named);
    return pj_error_say(err, "sandbox control%s not available: %s; found %s; "
                        "change the system, or accept %s absence with %s",
                        many ? "s" : "", needs.text, d->features.text,
                        many ? "their" : "its", accept.text);
}

/* What silences the warning, in code and in a policy file.  If there is no
   kernel to ask, only hygiene is left of the default.  */
static void
say_accept(sentence *words, uint32_t missing)
{
    if (!pj_sandbox_has_kernel()) {
        say(words, ".sandbox(Sandbox.compat()), or in a policy file "
            "[sandbox] preset = \"compat\"");
        return;
    }
    say_best_effort(words, missing, 0);
    say(words, ", or in a policy file [sandbox] best_effort = [");
    say_names(words, missing, "\"");
    say(words, "]");
}

void
pj_controls_tell(uint32_t missing, pj_error *why)
{
    sentence needs = {.used = 0}, accept = {.used = 0};
    int many = (missing & (missing - 1)) != 0;
    pj_features features;

    pj_features_probe(&features);
    begin(missing, &features, why);
    say_needs(&needs, missing);
    say_accept(&accept, missing);
    pj_error_say(why, "sandbox control%s missing: %s; found %s; commands run "
                 "without %s; to accept this silently, write %s",
                 many ? "s" : "", needs.text,
                 features.text, many ? "them" : "it", accept.text);
}

/* Nothing runs without its own session: one kill ends all of it.  */
static int
refuse_session(const pj_draft *d, pj_error *err)
{
    begin(BIT(SESSION_LOCK), &d->features, err);
    return pj_error_say(err, "no command can have a session of its own: this "
                        "process runs inside a sandbox that locks its "
                        "session; give the outer sandbox "
                        ".tree(Tree.PidNamespace), inside which others "
                        "can be made");
}

/* Without Landlock the host's memory and the kernel's files are a way round
   what leans on them: so the shield is wanted under any preset, and named as
   what is missing.  Totals are never required, and neither is it for them.  */
static uint32_t
want_what_is_leaned_on(pj_draft *d, uint32_t can)
{
    uint32_t held = d->wanted & can, before = d->wanted;

    if ((can & BIT(HOST_SHIELD)) || !(held & LEANING))
        return 0;
    d->wanted |= BIT(HOST_SHIELD);
    return held & LEANING & ~BIT(TREE_TOTALS) ? 0
        : BIT(HOST_SHIELD) & ~before;
}

int
pj_controls_settle(pj_draft *d, pj_error *err)
{
    uint32_t can = available_controls(d);
    uint32_t tolerated = tolerated_controls(d), lacking;

    if (d->features.no_session != 0 && !d->policy->checks_only)
        return refuse_session(d, err);
    if (d->features.no_session != 0) /* nothing starts */
        can = 0;
    /* Without the namespace the group has to contain the tree.  */
    if ((d->wanted & ~can & BIT(PID_NAMESPACE))
        && d->sandbox->preset != PJ_PRESET_COMPAT)
        d->wanted |= BIT(SESSION_LOCK);
    tolerated |= want_what_is_leaned_on(d, can);
    lacking = d->wanted & ~can;
    if (lacking & ~tolerated)
        return refuse(d, lacking, tolerated, err);
    d->out->report.enforced = d->wanted & can;
    d->out->report.missing = lacking;
    d->out->report.landlock_abi = d->features.landlock_abi;
    return 0;
}

int
pj_draft_enforces(const pj_draft *d, uint32_t bit)
{
    return (d->out->report.enforced & bit) != 0;
}

int
pj_draft_wants(const pj_draft *d, uint32_t bit)
{
    return (d->wanted & bit) != 0;
}

int
pj_draft_leans_on_host(const pj_draft *d)
{
    return pj_draft_wants(d, LEANING & ~BIT(TREE_TOTALS))
        || pj_draft_enforces(d, BIT(TREE_TOTALS));
}
