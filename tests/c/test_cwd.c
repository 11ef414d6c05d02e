/* test_cwd.c: where a child may run.  */
#include "policy/cwd.h"

#include "fixture.h"
#include "base/strings.h"

static char base[] = "/tmp/test_cwd_XXXXXX";

/* A path below the base, in one of a few rotating buffers.  */
static pj_str
at(const char *name)
{
    static char paths[32][128];
    static unsigned next;
    char *path = paths[next++ % 32];

    snprintf(path, sizeof paths[0], "%s%s", base, name);
    return S(path);
}

static void
make_tree(void)
{
    CHECK(mkdtemp(base) != NULL && chdir(base) == 0);
    CHECK(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
    CHECK(mkdir("ab", 0755) == 0 && symlink("../ab", "a/out") == 0);
    CHECK(symlink("a/b", "in") == 0 && symlink("a", "root") == 0);
    put_file("a/file", "", 0755);
    CHECK(chdir("/") == 0);
}

static void
remove_tree(void)
{
    static const char *const names[] = {"a/out", "in", "root", "a/file",
                                        "a/b", "a", "ab", "."};

    CHECK(chdir(base) == 0);
    for (size_t i = 0; i + 1 < COUNT(names); i++)
        CHECK(remove(names[i]) == 0);
    CHECK(chdir("/") == 0 && rmdir(base) == 0);
}

/* The directory chosen for a request, or the code of the refusal.  */
static int
chooses(const pj_policy_options *policy, pj_str cwd, const char *expected)
{
    pj_request request = {.cwd = cwd};
    pj_pin *pin = NULL;
    pj_str shown = {NULL, 0};
    pj_error err;
    char got[256];
    int ok;

    if (pj_cwd_choose(policy, NULL, &request, &pin, &shown, &err) < 0)
        snprintf(got, sizeof got, "%s", pj_code_name(err.code));
    else
        snprintf(got, sizeof got, "%s", pin->path.ptr + strlen(base));
    ok = strcmp(got, expected) == 0;
    if (!ok)
        fprintf(stderr, "%.*s: expected %s, got %s\n", (int)cwd.len,
                cwd.ptr == NULL ? "" : cwd.ptr, expected, got);
    pj_pin_unref(pin);
    pj_str_clear(&shown);
    return ok;
}

static void
test_jailed(void)
{
    pj_str root = at("/root");
    pj_policy_options policy = {.cwd_kind = PJ_CWD_JAILED,
                                .cwd_dirs = &root, .cwd_dir_count = 1};

    CHECK(chooses(&policy, ABSENT, "/a"));
    CHECK(chooses(&policy, at("/a"), "/a"));
    CHECK(chooses(&policy, at("/a/"), "/a"));
    CHECK(chooses(&policy, at("/a/b"), "/a/b"));
    CHECK(chooses(&policy, at("/in"), "/a/b"));
    CHECK(chooses(&policy, at("/ab/../a//./b"), "/a/b"));
    CHECK(chooses(&policy, at("/ab"), "CwdForbidden"));
    CHECK(chooses(&policy, at("/a/out"), "CwdForbidden"));
    CHECK(chooses(&policy, at("/a/.."), "CwdForbidden"));
    CHECK(chooses(&policy, at(""), "CwdForbidden"));
    CHECK(chooses(&policy, S("/"), "CwdForbidden"));
    CHECK(chooses(&policy, at("/a/none"), "CwdForbidden"));
    CHECK(chooses(&policy, at("/a/file"), "CwdForbidden"));
    CHECK(chooses(&policy, S("a"), "CwdForbidden"));
    CHECK(chooses(&policy, S(""), "CwdForbidden"));
    CHECK(chooses(&policy, (pj_str){"/tmp\0x", 6}, "NulByte"));
    root = at("/a");
    policy.cwd_fallback = at("/a/b");
    CHECK(chooses(&policy, ABSENT, "/a/b"));
    /* A default outside the root is no way out of it.  */
    policy.cwd_fallback = at("/ab");
    CHECK(chooses(&policy, ABSENT, "CwdForbidden"));
    policy.cwd_fallback = ABSENT;
    root = at("/none");
    CHECK(chooses(&policy, at("/a"), "CwdForbidden"));
    root = S("/");
    CHECK(chooses(&policy, at("/a"), "/a"));
}

static void
test_allowlist(void)
{
    pj_str dirs[3] = {at("/none"), at("/root"), at("/ab")};
    pj_policy_options policy = {.cwd_kind = PJ_CWD_ALLOWLIST,
                                .cwd_dirs = dirs, .cwd_dir_count = 3};

    CHECK(chooses(&policy, at("/a"), "/a"));
    CHECK(chooses(&policy, at("/a/out"), "/ab"));
    CHECK(chooses(&policy, at("/a/b"), "CwdForbidden"));
    CHECK(chooses(&policy, at(""), "CwdForbidden"));
    CHECK(chooses(&policy, at("/none"), "CwdForbidden"));
    CHECK(chooses(&policy, ABSENT, "CwdForbidden"));
    policy.cwd_fallback = at("/ab");
    CHECK(chooses(&policy, ABSENT, "/ab"));
    policy.cwd_fallback = S("/");
    CHECK(chooses(&policy, ABSENT, "CwdForbidden"));
    policy = (pj_policy_options){.cwd_kind = PJ_CWD_ALLOWLIST};
    CHECK(chooses(&policy, at("/a"), "CwdForbidden"));
}

static void
test_fixed(void)
{
    pj_str dir = at("/in");
    pj_policy_options policy = {.cwd_dirs = &dir, .cwd_dir_count = 1};

    CHECK(chooses(&policy, ABSENT, "/a/b"));
    CHECK(chooses(&policy, at("/ab"), "/a/b"));
    CHECK(chooses(&policy, S("not even absolute"), "/a/b"));
    CHECK(chooses(&policy, (pj_str){"\0", 1}, "NulByte"));
    dir = at("/none");
    CHECK(chooses(&policy, ABSENT, "CwdForbidden"));
    dir = at("/a/file");
    CHECK(chooses(&policy, ABSENT, "CwdForbidden"));
}

/* The directory that was opened when the policy was built is used as long
   as it is the one at the path.  */
static void
test_pinned(void)
{
    pj_str dir = at("/a/b");
    pj_policy_options policy = {.cwd_dirs = &dir, .cwd_dir_count = 1};
    pj_request request = {.cwd = ABSENT};
    pj_pin *known = pj_cwd_pin(at("/a/b")), *pin = NULL;
    pj_str shown = {NULL, 0};

    CHECK(known != NULL && pj_cwd_pin(at("/none")) == NULL);
    CHECK(pj_cwd_choose(&policy, known, &request, &pin, &shown, NULL) == 0);
    CHECK(pin == known);
    pj_pin_unref(pin);
    pj_str_clear(&shown);
    CHECK(rename(at("/a/b").ptr, at("/old").ptr) == 0);
    CHECK(mkdir(at("/a/b").ptr, 0755) == 0);
    CHECK(!pj_pin_is_current(known));
    CHECK(pj_cwd_choose(&policy, known, &request, &pin, &shown, NULL) == 0);
    CHECK(pin != known && pj_pin_is_current(pin));
    pj_pin_unref(pin);
    pj_pin_unref(known);
    pj_str_clear(&shown);
    CHECK(rmdir(at("/old").ptr) == 0);
}

static int
refuses(pj_cwd_kind kind, pj_str dir, pj_str fallback, pj_code code)
{
    pj_str dirs[2] = {S("/tmp"), dir};
    int listed = kind == PJ_CWD_ALLOWLIST;
    pj_error err;

    return refuses_options((pj_policy_options){
        .cwd_kind = kind, .cwd_dirs = listed ? dirs : &dir,
        .cwd_dir_count = listed ? 2 : 1, .cwd_fallback = fallback,
    }, code, &err);
}

static void
test_refusals(void)
{
    static const pj_cwd_kind kinds[] = {PJ_CWD_FIXED, PJ_CWD_JAILED,
                                        PJ_CWD_ALLOWLIST};
    pj_str nul = {"/\0", 2};
    pj_error err;

    for (size_t i = 0; i < COUNT(kinds); i++) {
        CHECK(refuses(kinds[i], S("tmp"), ABSENT, PJ_E_CwdForbidden));
        CHECK(refuses(kinds[i], S(""), ABSENT, PJ_E_CwdForbidden));
        CHECK(refuses(kinds[i], ABSENT, ABSENT, PJ_E_CwdForbidden));
        CHECK(refuses(kinds[i], nul, ABSENT, PJ_E_NulByte));
        CHECK(refuses(kinds[i], S("/"), S("x"), PJ_E_CwdForbidden));
        CHECK(refuses(kinds[i], S("/"), S(""), PJ_E_CwdForbidden));
        CHECK(refuses(kinds[i], S("/"), nul, PJ_E_NulByte));
    }
    /* Neither is there a root that nobody named.  */
    CHECK(refuses_options((pj_policy_options){.cwd_kind = PJ_CWD_JAILED},
                          PJ_E_LimitInvalid, &err));
    CHECK(strcmp(err.value, "cwd_dirs") == 0);
}

int
main(void)
{
    make_tree();
    test_jailed();
    test_allowlist();
    test_fixed();
    test_pinned();
    test_refusals();
    remove_tree();
    return CHECK_REPORT();
}
