/* sandbox.c: writing down what the kernel shall hold a child to.  */
#include "confine/sandbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const struct {
    const char *name;
    const char *needs;
} controls[PJ_CONTROL_COUNT] = {
#define PJ_CONTROL(id, name, needs) [PJ_CONTROL_##id] = {name, needs},
#include "procjail_controls.def"
#undef PJ_CONTROL
};

const char *
pj_control_name(pj_control control)
{
    return (unsigned)control < PJ_CONTROL_COUNT ? controls[control].name
                                                : "unknown";
}

const char *
pj_control_needs(pj_control control)
{
    return (unsigned)control < PJ_CONTROL_COUNT ? controls[control].needs
                                                : "unknown";
}

int
pj_control_find(pj_str name, pj_control *out)
{
    for (int i = 0; i < PJ_CONTROL_COUNT; i++)
        if (pj_str_equal(pj_str_of(controls[i].name), name)) {
            *out = (pj_control)i;
            return 0;
        }
    return -1;
}

pj_sandbox *
pj_sandbox_new(pj_preset preset)
{
    pj_sandbox *sandbox;

    if (preset != PJ_PRESET_DEFAULT && preset != PJ_PRESET_COMPAT
        && preset != PJ_PRESET_STRICT)
        return NULL;
    sandbox = calloc(1, sizeof *sandbox);
    if (sandbox == NULL)
        return NULL;
    sandbox->preset = preset;
    sandbox->umask = -1;
    if (preset == PJ_PRESET_STRICT)
        sandbox->network = PJ_NETWORK_DENY;
    return sandbox;
}

void
pj_sandbox_free(pj_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    for (int access = 0; access < 3; access++)
        pj_strv_clear(&sandbox->roots[access]);
    free(sandbox);
}

pj_sandbox *
pj_sandbox_dup(const pj_sandbox *from)
{
    pj_sandbox *copy = malloc(sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *from;
    memset(copy->roots, 0, sizeof copy->roots);
    for (int access = 0; access < 3; access++)
        if (pj_strv_extend(&copy->roots[access], from->roots[access].items,
                           from->roots[access].count) < 0) {
            pj_sandbox_free(copy);
            return NULL;
        }
    return copy;
}

static int
invalid(pj_str value, const char *what, pj_error *err)
{
    pj_error_begin(err, PJ_E_SandboxInvalid, value);
    pj_escape(err->reason, pj_str_of(what));
    return pj_error_say(err, "sandbox invalid: %s%s%s", what,
                        err->value[0] == '\0' ? "" : ": ", err->value);
}

int
pj_sandbox_add_root(pj_sandbox *sandbox, pj_access access, pj_str path,
                    pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if ((unsigned)access > PJ_ACCESS_EXECUTE)
        return invalid(PJ_STR(""), "unknown kind of access", err);
    if (pj_str_has(path, '\0'))
        return pj_error_nul(err, "root", path, -1);
    if (path.len == 0 || path.ptr[0] != '/')
        return invalid(path, "a root must be an absolute path", err);
    if (pj_strv_push(&sandbox->roots[access], path) < 0)
        return pj_error_memory(err);
    return 0;
}

int
pj_sandbox_set_network(pj_sandbox *sandbox, pj_network network,
                       pj_error *err)
{
    pj_error scratch;

    if (network != PJ_NETWORK_INHERIT && network != PJ_NETWORK_DENY)
        return invalid(PJ_STR(""), "network must be Deny or Inherit",
                       err == NULL ? &scratch : err);
    sandbox->network = network;
    return 0;
}

int
pj_sandbox_set_tree(pj_sandbox *sandbox, pj_tree tree, pj_error *err)
{
    pj_error scratch;

    if (tree != PJ_TREE_GROUP && tree != PJ_TREE_PID_NAMESPACE)
        return invalid(PJ_STR(""), "tree must be Group or PidNamespace",
                       err == NULL ? &scratch : err);
    sandbox->tree = tree;
    return 0;
}

int
pj_sandbox_set_limit(pj_sandbox *sandbox, pj_limit limit, uint64_t value,
                     pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if ((unsigned)limit >= PJ_LIMIT_COUNT)
        return invalid(PJ_STR(""), "unknown limit", err);
    /* Below these nothing starts, and the error would be a riddle.  */
    if (value == 0 || value > INT64_MAX
        || (limit == PJ_LIMIT_OPEN_FILES && value < 3))
        return invalid(PJ_STR(""), "a limit must be positive (open files: "
                       "at least 3) and below 2**63", err);
    sandbox->limits[limit] = value;
    sandbox->limits_set |= UINT32_C(1) << limit;
    return 0;
}

int
pj_sandbox_set_umask(pj_sandbox *sandbox, unsigned mask, pj_error *err)
{
    pj_error scratch;

    if (mask > 0777)
        return invalid(PJ_STR(""), "umask must be 0 to 0o777",
                       err == NULL ? &scratch : err);
    sandbox->umask = (int)mask;
    return 0;
}

int
pj_sandbox_set_user(pj_sandbox *sandbox, uid_t uid, gid_t gid,
                    pj_error *err)
{
    pj_error scratch;

    /* -1 means "leave it" to setresuid.  */
    if (uid == (uid_t)-1 || gid == (gid_t)-1)
        return invalid(PJ_STR(""), "user needs a uid and a gid",
                       err == NULL ? &scratch : err);
    sandbox->has_user = 1;
    sandbox->uid = uid;
    sandbox->gid = gid;
    return 0;
}

int
pj_sandbox_best_effort(pj_sandbox *sandbox, pj_str name, pj_error *err)
{
    pj_error scratch;
    pj_control control;

    if (pj_control_find(name, &control) < 0)
        return invalid(name, "there is no control of this name",
                       err == NULL ? &scratch : err);
    sandbox->best_effort |= UINT32_C(1) << control;
    return 0;
}

static const char *const allows[PJ_ALLOW_COUNT] = {
    [PJ_ALLOW_TIOCSWINSZ] = "TIOCSWINSZ",
};

const char *
pj_allow_name(pj_allow allow)
{
    return (unsigned)allow < PJ_ALLOW_COUNT ? allows[allow] : "unknown";
}

int
pj_sandbox_allow(pj_sandbox *sandbox, pj_str name, pj_error *err)
{
    pj_text known = {.used = 0};
    pj_error scratch;

    for (int i = 0; i < PJ_ALLOW_COUNT; i++)
        if (pj_str_equal(pj_str_of(allows[i]), name)) {
            sandbox->allow |= UINT32_C(1) << i;
            return 0;
        }
    pj_text_add(&known, "what can be allowed is");
    for (int i = 0; i < PJ_ALLOW_COUNT; i++)
        pj_text_add(&known, " %s", allows[i]);
    return invalid(name, known.text, err == NULL ? &scratch : err);
}

void
pj_sandbox_get(const pj_sandbox *sandbox, pj_sandbox_info *out)
{
    memset(out, 0, sizeof *out);
    out->preset = sandbox->preset;
    for (int access = 0; access < 3; access++) {
        out->roots[access] = sandbox->roots[access].items;
        out->root_count[access] = sandbox->roots[access].count;
    }
    out->network = sandbox->network;
    out->tree = sandbox->tree;
    out->limits_set = sandbox->limits_set;
    memcpy(out->limits, sandbox->limits, sizeof out->limits);
    out->umask = sandbox->umask;
    out->has_user = sandbox->has_user;
    out->uid = sandbox->uid;
    out->gid = sandbox->gid;
    out->best_effort = sandbox->best_effort;
    out->allow = sandbox->allow;
}
