/* sandbox.c: the definition of what the kernel is to enforce on a child.  */
#include <stdlib.h>

#include "base/error.h"
#include "base/strings.h"

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

static int
invalid(pj_str value, const char *what, pj_error *err)
{
    pj_error_begin(err, PJ_E_SandboxInvalid, value);
    pj_escape(err->reason, pj_str_of(what));
    return pj_error_say(err, "sandbox invalid: %s%s%s", what,
                        err->value[0] == '\0' ? "" : ": ", err->value);
}

int
pj_control_find(pj_str name, pj_control *out, pj_error *err)
{
    pj_error scratch;

    for (int i = 0; i < PJ_CONTROL_COUNT; i++)
        if (pj_str_equal(pj_str_of(controls[i].name), name)) {
            *out = (pj_control)i;
            return 0;
        }
    return invalid(name, "no control has this name",
                   err == NULL ? &scratch : err);
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
pj_allow_find(pj_str name, pj_allow *out, pj_error *err)
{
    pj_text known = {.used = 0};
    pj_error scratch;

    for (int i = 0; i < PJ_ALLOW_COUNT; i++)
        if (pj_str_equal(pj_str_of(allows[i]), name)) {
            *out = (pj_allow)i;
            return 0;
        }
    pj_text_add(&known, "what can be allowed is");
    for (int i = 0; i < PJ_ALLOW_COUNT; i++)
        pj_text_add(&known, " %s", allows[i]);
    return invalid(name, known.text, err == NULL ? &scratch : err);
}

static int
check_roots(const pj_str *roots, size_t count, pj_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (pj_str_has(roots[i], '\0'))
            return pj_error_nul(err, "root", roots[i], -1);
        if (roots[i].len == 0 || roots[i].ptr[0] != '/')
            return invalid(roots[i], "a root must be an absolute path", err);
    }
    return 0;
}

/* Below these nothing starts, and the error would be obscure.  */
static int
check_limits(const pj_sandbox *sandbox, pj_error *err)
{
    for (int i = 0; i < PJ_LIMIT_COUNT; i++) {
        uint64_t limit = sandbox->limits[i];

        if ((sandbox->limits_set & UINT32_C(1) << i)
            && (limit == 0 || limit > INT64_MAX
                || (i == PJ_LIMIT_OPEN_FILES && limit < 3)))
            return invalid(PJ_STR(""), "a limit must be positive (open "
                           "files: at least 3) and below 2**63", err);
    }
    return 0;
}

/* Whether a mask has bits beyond the first `count`.  */
static int
has_more(uint32_t mask, int count)
{
    return (uint64_t)mask >> count != 0;
}

/* Refuses numbers outside their enum.  */
static int
check_choices(const pj_sandbox *sandbox, pj_error *err)
{
    if ((unsigned)sandbox->preset > PJ_PRESET_STRICT)
        return invalid(PJ_STR(""), "unknown preset", err);
    if ((unsigned)sandbox->network > PJ_NETWORK_DENY)
        return invalid(PJ_STR(""), "network must be Deny or Inherit", err);
    if ((unsigned)sandbox->tree > PJ_TREE_PID_NAMESPACE)
        return invalid(PJ_STR(""), "tree must be Group or PidNamespace", err);
    if (has_more(sandbox->limits_set, PJ_LIMIT_COUNT))
        return invalid(PJ_STR(""), "unknown limit", err);
    if (has_more(sandbox->best_effort, PJ_CONTROL_COUNT))
        return invalid(PJ_STR(""), "unknown control", err);
    if (has_more(sandbox->allow, PJ_ALLOW_COUNT))
        return invalid(PJ_STR(""), "unknown bit in allow", err);
    return 0;
}

int
pj_sandbox_check(const pj_sandbox *sandbox, pj_error *err)
{
    pj_error scratch;

    if (err == NULL)
        err = &scratch;
    if (check_choices(sandbox, err) < 0 || check_limits(sandbox, err) < 0)
        return -1;
    for (int access = 0; access < 3; access++)
        if (check_roots(sandbox->roots[access], sandbox->root_count[access],
                        err) < 0)
            return -1;
    if (sandbox->has_umask && sandbox->umask > 0777)
        return invalid(PJ_STR(""), "umask must be 0 to 0o777", err);
    /* To setresuid, -1 means "no change".  */
    if (sandbox->has_user
        && (sandbox->uid == (uid_t)-1 || sandbox->gid == (gid_t)-1))
        return invalid(PJ_STR(""), "user needs a uid and a gid", err);
    return 0;
}

int
pj_sandbox_denies_network(const pj_sandbox *sandbox)
{
    return sandbox->has_network ? sandbox->network == PJ_NETWORK_DENY
                                : sandbox->preset == PJ_PRESET_STRICT;
}

pj_sandbox *
pj_sandbox_dup(const pj_sandbox *from)
{
    pj_sandbox *copy = malloc(sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *from;
    for (int access = 0; access < 3; access++) {
        copy->roots[access] = NULL;
        copy->root_count[access] = 0;
    }
    for (int access = 0; access < 3; access++) {
        if (pj_strs_dup(from->roots[access], from->root_count[access],
                        &copy->roots[access]) < 0) {
            pj_sandbox_free(copy);
            return NULL;
        }
        copy->root_count[access] = from->root_count[access];
    }
    return copy;
}

void
pj_sandbox_free(pj_sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    for (int access = 0; access < 3; access++)
        pj_strs_free(sandbox->roots[access], sandbox->root_count[access]);
    free(sandbox);
}
