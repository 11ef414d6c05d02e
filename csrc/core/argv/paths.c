/* paths.c: resolve a path from the child's directory to below a root.

   A link can be swapped between this check and the program's own open.  The
   roots are also kernel rules (confine.c), which are enforced at the open. */
#include "argv/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

int
pj_path_roots(const pj_value *value, pj_strv *canonical, pj_error *err)
{
    char text[96];

    for (size_t i = 0; i < value->is.word_count; i++) {
        char *path = realpath(value->is.words[i].ptr, NULL);
        int result;

        if (path == NULL && errno == ENOMEM)
            return pj_error_memory(err);
        if (path == NULL) {
            pj_errno_text(text, sizeof text, errno);
            pj_error_begin(err, PJ_E_ArgRulesInvalid,
                           value->is.words[i]);
            pj_escape(err->reason, pj_str_of(text));
            return pj_error_say(err, "argument rules invalid: root %s: %s; "
                                "name an existing file or directory",
                                err->value, text);
        }
        result = pj_strv_push(canonical, pj_str_of(path));
        free(path);
        if (result < 0)
            return pj_error_memory(err);
    }
    return 0;
}

pj_path_claim *
pj_path_claims_add(pj_path_claims *claims)
{
    if (claims->count == claims->room) {
        size_t room = claims->room == 0 ? 4 : claims->room * 2;
        pj_path_claim *bigger = realloc(claims->items,
                                        room * sizeof *bigger);

        if (bigger == NULL)
            return NULL;
        claims->items = bigger;
        claims->room = room;
    }
    memset(&claims->items[claims->count], 0, sizeof *claims->items);
    return &claims->items[claims->count++];
}

void
pj_path_claims_clear(pj_path_claims *claims)
{
    free(claims->items);
    memset(claims, 0, sizeof *claims);
}

static int
forbid(const pj_path_claim *claim, const char *why, pj_error *err)
{
    char roots[PJ_VALUE_SIZE] = "none";

    if (claim->roots->count > 0)
        snprintf(roots, sizeof roots, "%.*s%s",
                 (int)claim->roots->items[0].len, claim->roots->items[0].ptr,
                 claim->roots->count > 1 ? ", ..." : "");
    pj_error_begin(err, PJ_E_ArgPathForbidden, claim->text);
    err->index = claim->index;
    memcpy(err->option, claim->option, sizeof err->option);
    pj_escape(err->expected, pj_str_of(roots));
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "path forbidden: %s of %s (argv[%ld]): %s; "
                        "name a file below: %s", err->value, err->option,
                        claim->index, why, err->expected);
}

/* The absolute path, newly allocated.  */
static char *
absolute(pj_str text, pj_str directory)
{
    size_t lead = text.ptr[0] == '/' ? 0 : directory.len + 1;
    char *path = malloc(lead + text.len + 1);

    if (path == NULL)
        return NULL;
    if (lead > 0) {
        memcpy(path, directory.ptr, directory.len);
        path[directory.len] = '/';
    }
    memcpy(path + lead, text.ptr, text.len);
    path[lead + text.len] = '\0';
    return path;
}

/* Where a missing file would be created: its directory, resolved.  A dangling
   link is refused: its target would be created, wherever that is.  */
static char *
resolve_parent(char *path)
{
    struct stat st;
    char *slash = strrchr(path, '/'), *found;

    if (slash[1] == '\0' || strcmp(slash, "/.") == 0
        || strcmp(slash, "/..") == 0 || lstat(path, &st) == 0) {
        errno = ENOENT;
        return NULL;
    }
    *slash = '\0';
    found = realpath(path[0] == '\0' ? "/" : path, NULL);
    *slash = '/';
    return found;
}

/* `-` is standard input unless a file has that name: some programs would
   open it.  */
static int
is_input(const pj_path_claim *claim, const char *path)
{
    struct stat st;

    return !claim->writes && pj_str_equal(claim->text, PJ_STR("-"))
        && lstat(path, &st) != 0 && errno == ENOENT;
}

static int
check_found(const pj_path_claim *claim, pj_str found, pj_error *err)
{
    for (size_t i = 0; i < claim->roots->count; i++)
        if (pj_path_is_below(found, claim->roots->items[i]))
            return 0;
    return forbid(claim, "it leads outside", err);
}

static int
check_claim(const pj_path_claim *claim, pj_str directory, pj_error *err)
{
    char *path = absolute(claim->text, directory), *found, why[96];
    int number, result;

    if (path == NULL)
        return pj_error_memory(err);
    if (is_input(claim, path)) {
        free(path);
        return 0;
    }
    found = realpath(path, NULL);
    if (found == NULL && errno == ENOENT && claim->writes)
        found = resolve_parent(path);
    number = errno;
    free(path);
    if (found == NULL && number == ENOMEM)
        return pj_error_memory(err);
    if (found == NULL) {
        pj_errno_text(why, sizeof why, number);
        return forbid(claim, why, err);
    }
    result = check_found(claim, pj_str_of(found), err);
    free(found);
    return result;
}

int
pj_path_claims_check(const pj_path_claims *claims, pj_str directory,
                     pj_error *err)
{
    for (size_t i = 0; i < claims->count; i++)
        if (check_claim(&claims->items[i], directory, err) < 0)
            return -1;
    return 0;
}
