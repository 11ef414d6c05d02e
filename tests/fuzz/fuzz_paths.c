/*
 * fuzz_paths.c: paths, names, and text for messages.  fuzz.h tells how to
 * run it.
 *
 * Input: one byte that chooses what is tried, then the text.  For
 * directories, single letters stand for the names of a small tree with
 * prefix traps and links in it, so that most inputs lead somewhere.
 */
#include <ctype.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/binary.h"
#include "policy/cwd.h"
#include "base/error.h"
#include "fuzz.h"
#include "policy/risky.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

static char base[] = "/tmp/fuzz_paths_XXXXXX";

static void
remove_tree(void)
{
    static const char *const links[] = {"in", "a/out", "a/up"};
    static const char *const dirs[] = {"a/b/c", "a/b", "a", "ab", "a-b"};

    if (chdir(base) != 0)
        return;
    for (size_t i = 0; i < 3; i++)
        unlink(links[i]);
    for (size_t i = 0; i < 5; i++)
        rmdir(dirs[i]);
    rmdir(base);
}

/* a is the root of the jail; ab and a-b begin as it does.  */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    HOLDS(mkdtemp(base) != NULL && chdir(base) == 0);
    HOLDS(mkdir("a", 0700) == 0 && mkdir("ab", 0700) == 0
          && mkdir("a-b", 0700) == 0 && mkdir("a/b", 0700) == 0
          && mkdir("a/b/c", 0700) == 0);
    HOLDS(symlink("a/b", "in") == 0 && symlink("../ab", "a/out") == 0
          && symlink("..", "a/up") == 0 && chdir("/") == 0);
    atexit(remove_tree);
    return 0;
}

static size_t
sequence_length(unsigned char lead)
{
    return lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/* Well-formed UTF-8 without controls and marks of direction.  Written with
   the byte ranges of RFC 3629, not with code points as the library is.  */
static int
is_clean(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s != '\0') {
        size_t len = sequence_length(*s);

        if (*s < 0x20 || *s == 0x7f || (*s >= 0x80 && *s < 0xc2)
            || *s > 0xf4)
            return 0;
        for (size_t i = 1; i < len; i++)
            if (s[i] < 0x80 || s[i] > 0xbf)
                return 0;
        if ((s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0)
            || (s[0] == 0xed && s[1] > 0x9f)
            || (s[0] == 0xf0 && s[1] < 0x90)
            || (s[0] == 0xf4 && s[1] > 0x8f))
            return 0;
        if (s[0] == 0xe2 && s[1] == 0x80
            && (s[2] == 0x8e || s[2] == 0x8f
                || (s[2] >= 0xa8 && s[2] <= 0xae)))
            return 0;
        if (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9)
            return 0;
        s += len;
    }
    return 1;
}

static void
try_escape(pj_str text)
{
    char out[PJ_VALUE_SIZE], again[PJ_VALUE_SIZE];
    int plain = text.len <= 128;
    size_t len;

    memset(out, 'x', sizeof out);
    pj_escape(out, text);
    len = strnlen(out, sizeof out);
    HOLDS(len <= 131);
    HOLDS(is_clean(out));
    HOLDS(len <= 128 || memcmp(out + len - 3, "...", 3) == 0);
    for (size_t i = 0; i < text.len; i++)
        plain &= text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f;
    if (plain)
        HOLDS(len == text.len
              && (len == 0 || memcmp(out, text.ptr, len) == 0));
    if (len <= 128) {
        pj_escape(again, (pj_str){out, len});
        HOLDS(strcmp(again, out) == 0);
    }
}

static int
is_canonical(const char *path)
{
    size_t len = strlen(path);

    return path[0] == '/' && strstr(path, "//") == NULL
        && strstr(path, "/./") == NULL && strstr(path, "/../") == NULL
        && (len == 1 || path[len - 1] != '/')
        && (len < 3 || strcmp(path + len - 3, "/..") != 0)
        && (len < 2 || strcmp(path + len - 2, "/.") != 0);
}

static void
try_resolve(pj_str text)
{
    pj_str owned, canonical = {NULL, 0};
    struct stat st;
    pj_error err;

    HOLDS(pj_str_dup(text, &owned) == 0);
    if (pj_binary_resolve(owned, &canonical, &err) == 0) {
        HOLDS(!pj_str_has(text, '\0'));
        HOLDS(is_canonical(canonical.ptr));
        HOLDS(strlen(canonical.ptr) == canonical.len);
        HOLDS(lstat(canonical.ptr, &st) == 0 && !S_ISLNK(st.st_mode));
    } else {
        check_error(&err);
        HOLDS(canonical.ptr == NULL);
        HOLDS(is_clean(err.message));
        HOLDS(err.code == PJ_E_NulByte || err.code == PJ_E_BinNotAbsolute
              || err.code == PJ_E_BinNotFound
              || err.code == PJ_E_BinCanonicalizeFailed);
        HOLDS((err.code == PJ_E_BinNotAbsolute)
              == (!pj_str_has(text, '\0')
                  && (text.len == 0 || text.ptr[0] != '/')));
    }
    pj_str_clear(&canonical);
    pj_str_clear(&owned);
}

/* Letters become names of the tree, other bytes stay.  */
static pj_str
walk(pj_str text, char *out, size_t size)
{
    static const char letters[] = "abctdinouxs";
    static const char *const names[] = {
        "a", "b", "c", "ab", "a-b", "in", "none", "out", "up", "..", "."};
    size_t used = (size_t)snprintf(out, size, "%s/", base);

    for (size_t i = 0; i < text.len && used + 8 < size; i++) {
        const char *found = memchr(letters, text.ptr[i], sizeof letters - 1);

        if (found == NULL)
            out[used++] = text.ptr[i];
        else
            used += (size_t)snprintf(out + used, size - used, "%s",
                                     names[found - letters]);
    }
    out[used] = '\0';
    return (pj_str){out, used};
}

/* What may be used is the root or really inside it, and nothing that may
   be used is refused.  */
static void
try_cwd(pj_str text, int listed)
{
    char path[512], root[64], resolved[PATH_MAX] = "";
    pj_str choice = walk(text, path, sizeof path), shown = {NULL, 0};
    pj_str dir = (snprintf(root, sizeof root, "%s/a", base),
                  pj_str_of(root));
    pj_policy_options policy = {.cwd_kind = listed ? PJ_CWD_ALLOWLIST
                                                   : PJ_CWD_JAILED,
                                .cwd_dirs = &dir, .cwd_dir_count = 1};
    pj_request request = {.cwd = choice};
    size_t len = strlen(root);
    pj_pin *pin = NULL;
    pj_error err;
    int inside = !pj_str_has(choice, '\0')
        && realpath(path, resolved) != NULL
        && strncmp(resolved, root, len) == 0
        && (resolved[len] == '\0' || (!listed && resolved[len] == '/'));

    if (pj_cwd_choose(&policy, NULL, &request, &pin, &shown, &err) == 0) {
        HOLDS(inside);
        HOLDS(strcmp(shown.ptr, resolved) == 0);
        HOLDS(strcmp(pin->path.ptr, resolved) == 0);
    } else {
        check_error(&err);
        HOLDS(!inside && pin == NULL);
        HOLDS(is_clean(err.message));
        HOLDS(err.code == PJ_E_CwdForbidden || err.code == PJ_E_NulByte);
    }
    pj_pin_unref(pin);
    pj_str_clear(&shown);
}

/* A name is what it is in any case, and with .exe behind it.  */
static void
try_name(pj_str text)
{
    char name[260];
    pj_str part = pj_str_basename(text);
    pj_risk risk;

    HOLDS(part.len <= text.len && !pj_str_has(part, '/'));
    if (part.len == 0 || part.len > 250 || pj_str_has(part, '\0'))
        return;
    risk = pj_risk_of_name(part);
    HOLDS(risk >= PJ_RISK_NONE && risk < PJ_RISK_COUNT);
    memcpy(name, part.ptr, part.len);
    memcpy(name + part.len, ".ExE", 4);
    if (part.len < 4 || strncasecmp(part.ptr + part.len - 4, ".exe", 4) != 0)
        HOLDS(pj_risk_of_name((pj_str){name, part.len + 4}) == risk);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    pj_str text = {(const char *)data + 1, size - 1};

    if (size == 0)
        return 0;
    switch (data[0] % 5) {
    case 0:
        try_escape(text);
        break;
    case 1:
        try_resolve(text);
        break;
    case 2:
        try_cwd(text, 0);
        break;
    case 3:
        try_cwd(text, 1);
        break;
    default:
        try_name(text);
        break;
    }
    return 0;
}
