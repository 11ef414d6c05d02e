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
chooses(const pj_builder *builder, pj_str cwd, const char *expected)
{
    pj_builder_info info;
    pj_request request = {.cwd = cwd};
    pj_pin *pin = NULL;
    pj_str shown = {NULL, 0};
    pj_error err;
    char got[256];
    int ok;

    pj_builder_get(builder, &info);
    if (pj_cwd_choose(&info, NULL, &request, &pin, &shown, &err) < 0)
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
    pj_builder *builder = pj_builder_new();

    CHECK(pj_builder_cwd_jailed(builder, at("/root"), ABSENT, NULL) == 0);
    CHECK(chooses(builder, ABSENT, "/a"));
    CHECK(chooses(builder, at("/a"), "/a"));
    CHECK(chooses(builder, at("/a/"), "/a"));
    CHECK(chooses(builder, at("/a/b"), "/a/b"));
    CHECK(chooses(builder, at("/in"), "/a/b"));
    CHECK(chooses(builder, at("/ab/../a//./b"), "/a/b"));
    CHECK(chooses(builder, at("/ab"), "CwdForbidden"));
    CHECK(chooses(builder, at("/a/out"), "CwdForbidden"));
    CHECK(chooses(builder, at("/a/.."), "CwdForbidden"));
    CHECK(chooses(builder, at(""), "CwdForbidden"));
    CHECK(chooses(builder, S("/"), "CwdForbidden"));
    CHECK(chooses(builder, at("/a/none"), "CwdForbidden"));
    CHECK(chooses(builder, at("/a/file"), "CwdForbidden"));
    CHECK(chooses(builder, S("a"), "CwdForbidden"));
    CHECK(chooses(builder, S(""), "CwdForbidden"));
    CHECK(chooses(builder, (pj_str){"/tmp\0x", 6}, "NulByte"));
    CHECK(pj_builder_cwd_jailed(builder, at("/a"), at("/a/b"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "/a/b"));
    /* A default outside the root is no way out of it.  */
    CHECK(pj_builder_cwd_jailed(builder, at("/a"), at("/ab"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "CwdForbidden"));
    CHECK(pj_builder_cwd_jailed(builder, at("/none"), ABSENT, NULL) == 0);
    CHECK(chooses(builder, at("/a"), "CwdForbidden"));
    CHECK(pj_builder_cwd_jailed(builder, S("/"), ABSENT, NULL) == 0);
    CHECK(chooses(builder, at("/a"), "/a"));
    pj_builder_free(builder);
}

static void
test_allowlist(void)
{
    pj_builder *builder = pj_builder_new();
    pj_str dirs[3] = {at("/none"), at("/root"), at("/ab")};

    CHECK(pj_builder_cwd_allowlist(builder, dirs, 3, ABSENT, NULL) == 0);
    CHECK(chooses(builder, at("/a"), "/a"));
    CHECK(chooses(builder, at("/a/out"), "/ab"));
    CHECK(chooses(builder, at("/a/b"), "CwdForbidden"));
    CHECK(chooses(builder, at(""), "CwdForbidden"));
    CHECK(chooses(builder, at("/none"), "CwdForbidden"));
    CHECK(chooses(builder, ABSENT, "CwdForbidden"));
    CHECK(pj_builder_cwd_allowlist(builder, dirs, 3, at("/ab"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "/ab"));
    CHECK(pj_builder_cwd_allowlist(builder, dirs, 3, S("/"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "CwdForbidden"));
    CHECK(pj_builder_cwd_allowlist(builder, NULL, 0, ABSENT, NULL) == 0);
    CHECK(chooses(builder, at("/a"), "CwdForbidden"));
    pj_builder_free(builder);
}

static void
test_fixed(void)
{
    pj_builder *builder = pj_builder_new();

    CHECK(pj_builder_cwd_fixed(builder, at("/in"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "/a/b"));
    CHECK(chooses(builder, at("/ab"), "/a/b"));
    CHECK(chooses(builder, S("not even absolute"), "/a/b"));
    CHECK(chooses(builder, (pj_str){"\0", 1}, "NulByte"));
    CHECK(pj_builder_cwd_fixed(builder, at("/none"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "CwdForbidden"));
    CHECK(pj_builder_cwd_fixed(builder, at("/a/file"), NULL) == 0);
    CHECK(chooses(builder, ABSENT, "CwdForbidden"));
    pj_builder_free(builder);
}

/* The directory that was opened when the policy was built is used as long
   as it is the one at the path.  */
static void
test_pinned(void)
{
    pj_builder *builder = pj_builder_new();
    pj_builder_info info;
    pj_request request = {.cwd = ABSENT};
    pj_pin *known = pj_cwd_pin(at("/a/b")), *pin = NULL;
    pj_str shown = {NULL, 0};

    CHECK(known != NULL && pj_cwd_pin(at("/none")) == NULL);
    CHECK(pj_builder_cwd_fixed(builder, at("/a/b"), NULL) == 0);
    pj_builder_get(builder, &info);
    CHECK(pj_cwd_choose(&info, known, &request, &pin, &shown, NULL) == 0);
    CHECK(pin == known);
    pj_pin_unref(pin);
    pj_str_clear(&shown);
    CHECK(rename(at("/a/b").ptr, at("/old").ptr) == 0);
    CHECK(mkdir(at("/a/b").ptr, 0755) == 0);
    CHECK(!pj_pin_is_current(known));
    CHECK(pj_cwd_choose(&info, known, &request, &pin, &shown, NULL) == 0);
    CHECK(pin != known && pj_pin_is_current(pin));
    pj_pin_unref(pin);
    pj_pin_unref(known);
    pj_str_clear(&shown);
    CHECK(rmdir(at("/old").ptr) == 0);
    pj_builder_free(builder);
}

static void
test_setters(void)
{
    pj_builder *builder = pj_builder_new();
    pj_str dirs[2] = {S("/tmp"), S("tmp")};
    pj_builder_info info;
    pj_error err;

    CHECK(pj_builder_cwd_fixed(builder, S("tmp"), &err) < 0);
    CHECK(says(&err, PJ_E_CwdForbidden));
    CHECK(pj_builder_cwd_fixed(builder, ABSENT, NULL) < 0);
    CHECK(pj_builder_cwd_jailed(builder, S(""), ABSENT, &err) < 0);
    CHECK(says(&err, PJ_E_CwdForbidden));
    CHECK(pj_builder_cwd_jailed(builder, S("/"), S("x"), NULL) < 0);
    CHECK(pj_builder_cwd_allowlist(builder, dirs, 2, ABSENT, &err) < 0);
    CHECK(says(&err, PJ_E_CwdForbidden));
    CHECK(strcmp(err.value, "tmp") == 0);
    CHECK(pj_builder_cwd_fixed(builder, (pj_str){"/\0", 2}, &err) < 0);
    CHECK(says(&err, PJ_E_NulByte));
    pj_builder_get(builder, &info);
    CHECK(info.cwd_kind == PJ_CWD_FIXED && info.cwd_dir_count == 1);
    CHECK(pj_str_equal(info.cwd_dirs[0], S("/tmp")));
    CHECK(info.cwd_fallback.ptr == NULL);
    pj_builder_free(builder);
}

int
main(void)
{
    make_tree();
    test_jailed();
    test_allowlist();
    test_fixed();
    test_pinned();
    test_setters();
    remove_tree();
    return CHECK_REPORT();
}
