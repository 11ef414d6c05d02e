/* cwd.c: fixed, jailed, or one of a list.  */
#include "policy/cwd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/strings.h"

static int
forbid(pj_str path, const char *reason, const char *remedy, pj_error *err)
{
    pj_error_begin(err, PJ_E_CwdForbidden, path);
    pj_escape(err->reason, pj_str_of(reason));
    return pj_error_say(err, "working directory forbidden: %s: %s; %s",
                        err->value, reason, remedy);
}

int
pj_cwd_check(pj_str path, pj_error *err)
{
    if (pj_str_has(path, '\0'))
        return pj_error_nul(err, "working directory", path, -1);
    if (path.len == 0 || path.ptr[0] != '/')
        return forbid(path, "not an absolute path", "begin it with /",
                      err);
    return 0;
}

/* The canonical path of a directory, newly allocated.  */
static int
resolve(pj_str path, pj_str *canonical, pj_error *err)
{
    char text[96];
    char *resolved = realpath(path.ptr, NULL);

    if (resolved == NULL && errno == ENOMEM)
        return pj_error_memory(err);
    if (resolved == NULL) {
        pj_errno_text(text, sizeof text, errno);
        return forbid(path, text, "name an existing directory", err);
    }
    *canonical = pj_str_of(resolved);
    return 0;
}

static int
open_directory(pj_str canonical, pj_pin **out, pj_error *err)
{
    char text[96];

    *out = pj_pin_directory(canonical);
    if (*out != NULL)
        return 0;
    if (errno == ENOMEM)
        return pj_error_memory(err);
    if (errno == EMFILE || errno == ENFILE)
        return pj_error_system(err, "open", errno);
    pj_errno_text(text, sizeof text, errno);
    return forbid(canonical, text, "name an existing directory", err);
}

pj_pin *
pj_cwd_pin(pj_str path)
{
    pj_error ignored;
    pj_str canonical = {NULL, 0};
    pj_pin *pin = NULL;

    if (resolve(path, &canonical, &ignored) == 0)
        pin = pj_pin_directory(canonical);
    pj_str_clear(&canonical);
    return pin;
}

/* The policy's own directory: opened when the policy was built, and reopened
   if it has been replaced since.  */
static int
choose_fixed(const pj_policy_options *policy, pj_pin *known, pj_pin **out,
             pj_str *shown, pj_error *err)
{
    pj_str path = policy->cwd_dirs[0], canonical = {NULL, 0};
    int result = -1;

    if (known != NULL && pj_pin_is_current(known)) {
        *out = pj_pin_ref(known);
    } else {
        if (resolve(path, &canonical, err) < 0
            || open_directory(canonical, out, err) < 0)
            goto done;
    }
    result = pj_str_dup(path, shown) < 0 ? pj_error_memory(err) : 0;
done:
    pj_str_clear(&canonical);
    return result;
}

/* The requested directory, or the fallback, or an absent string.  */
static pj_str
wanted(const pj_policy_options *policy, const pj_request *request)
{
    return request->cwd.ptr != NULL ? request->cwd : policy->cwd_fallback;
}

static int
is_listed(const pj_policy_options *policy, pj_str canonical, pj_error *err)
{
    for (size_t i = 0; i < policy->cwd_dir_count; i++) {
        pj_str entry = {NULL, 0};
        int equal;

        /* A listed directory that no longer exists allows nothing.  */
        if (resolve(policy->cwd_dirs[i], &entry, err) < 0) {
            if (err->code == PJ_E_OutOfMemory)
                return -1;
            continue;
        }
        equal = pj_str_equal(entry, canonical);
        pj_str_clear(&entry);
        if (equal)
            return 1;
    }
    return 0;
}

static int
is_jailed(const pj_policy_options *policy, pj_str canonical, pj_error *err)
{
    pj_str root = {NULL, 0};
    int below;

    if (resolve(policy->cwd_dirs[0], &root, err) < 0)
        return -1;
    below = pj_path_is_below(canonical, root);
    pj_str_clear(&root);
    return below;
}

static int
check_choice(const pj_policy_options *policy, pj_str path, pj_str canonical,
             pj_error *err)
{
    int jailed = policy->cwd_kind == PJ_CWD_JAILED;
    int allowed = jailed ? is_jailed(policy, canonical, err)
                         : is_listed(policy, canonical, err);

    if (allowed < 0)
        return -1;
    if (allowed)
        return 0;
    forbid(path, jailed ? "outside the root" : "not in the list",
           "name a directory that the policy allows", err);
    if (jailed)
        pj_escape(err->expected, policy->cwd_dirs[0]);
    return -1;
}

static int
choose_free(const pj_policy_options *policy, const pj_request *request,
            pj_pin **out, pj_str *shown, pj_error *err)
{
    pj_str path = {NULL, 0}, choice = wanted(policy, request);
    pj_pin *pin = NULL;
    int result = -1;

    if (choice.ptr == NULL && policy->cwd_kind == PJ_CWD_JAILED)
        choice = policy->cwd_dirs[0];
    if (choice.ptr == NULL)
        return forbid(PJ_STR(""), "the request names none",
                      "give the request a cwd, or the policy a default",
                      err);
    if (pj_cwd_check(choice, err) < 0)
        return -1;
    if (pj_str_dup(choice, &path) < 0)
        return pj_error_memory(err);
    if (resolve(path, shown, err) < 0
        || open_directory(*shown, &pin, err) < 0
        || check_choice(policy, path, *shown, err) < 0)
        goto done;
    *out = pin;
    pin = NULL;
    result = 0;
done:
    pj_pin_unref(pin);
    pj_str_clear(&path);
    return result;
}

int
pj_cwd_choose(const pj_policy_options *policy, pj_pin *known,
              const pj_request *request, pj_pin **out, pj_str *shown,
              pj_error *err)
{
    if (request->cwd.ptr != NULL && pj_str_has(request->cwd, '\0'))
        return pj_error_nul(err, "working directory", request->cwd, -1);
    if (policy->cwd_kind == PJ_CWD_FIXED)
        return choose_fixed(policy, known, out, shown, err);
    return choose_free(policy, request, out, shown, err);
}
