/* test_env.c: environment policies, and the strip table.  */
#include "base/variable.h"
#include "policy/env.h"

#include "fixture.h"

static void
test_strip_rows(void)
{
    static const char *const exact[] = {
#define PJ_ENV_EXACT(name, reason) name,
#define PJ_ENV_PREFIX(name, reason) name, name "X",
#define PJ_ENV_VALUE(name, pattern, reason)
#include "base/env_strip.def"
#undef PJ_ENV_EXACT
#undef PJ_ENV_PREFIX
#undef PJ_ENV_VALUE
    };

    for (size_t i = 0; i < COUNT(exact); i++) {
        CHECK(strchr(exact[i], '=') == NULL && exact[i][0] != '\0');
        CHECK(pj_variable_is_stripped(S(exact[i]), S("1")));
        CHECK(pj_variable_is_stripped(S(exact[i]), S("")));
    }
}

struct strip_case {
    const char *name, *value;
    int stripped;
};

static const struct strip_case strip_cases[] = {
    {"LD_PRELOAD", "x.so", 1},
    {"ld_preload", "x.so", 1},
    {"LD_", "", 1},
    {"LDX", "x", 0},
    {"DYLD_INSERT_LIBRARIES", "x", 1},
    {"BASH_ENV", "x", 1},
    {"BASH_FUNC_ls%%", "() { :; }", 1},
    {"PYTHONPATH", "x", 1},
    {"PYTHONUNBUFFERED", "1", 0},
    {"IFS", " ", 1},
    {"PATH", "/bin", 0},
    {"HOME", "/root", 0},
    {"TMPDIR", "/tmp", 0},
    {"LANG", "C.UTF-8", 0},
    {"LC_ALL", "C.UTF-8", 0},
    {"LANG", "/tmp/x", 1},
    {"LC_ALL", "a%n", 1},
    {"ANYTHING", "() { :; }; x", 1},
    {"ANYTHING", "(){", 1},
    {"ANYTHING", " () {", 0},
    {"TZ", "Europe/Berlin", 0},
    {"TZ", ":UTC", 0},
    {"TZ", "", 0},
    {"TZ", "/usr/share/zoneinfo/UTC", 0},
    {"TZ", "/etc/passwd", 1},
    {"TZ", ":/etc/passwd", 1},
    {"TZ", "../../../etc/passwd", 1},
    {"TZ", "/usr/share/zoneinfo/../../x", 1},
};

static void
test_strip(void)
{
    for (size_t i = 0; i < COUNT(strip_cases); i++) {
        const struct strip_case *one = &strip_cases[i];
        int ok = pj_variable_is_stripped(S(one->name), S(one->value))
            == one->stripped;

        if (!ok)
            fprintf(stderr, "%s=%s\n", one->name, one->value);
        CHECK(ok);
    }
}

static void
test_check(void)
{
    pj_error err;

    CHECK(pj_variable_check_name(S("A"), &err) == 0);
    CHECK(pj_variable_check_name(S("a b%"), &err) == 0);
    CHECK(pj_variable_check_name(S(""), &err) < 0);
    CHECK(says(&err, PJ_E_EnvForbidden));
    CHECK(pj_variable_check_name(ABSENT, &err) < 0);
    CHECK(pj_variable_check_name(S("A=B"), &err) < 0);
    CHECK(says(&err, PJ_E_EnvForbidden));
    CHECK(strcmp(err.value, "A=B") == 0);
    CHECK(pj_variable_check_name((pj_str){"A\0", 2}, &err) < 0);
    CHECK(says(&err, PJ_E_NulByte));
    CHECK(pj_variable_check_pair(S("A"), ABSENT, &err) == 0);
    /* A value is never told.  */
    CHECK(pj_variable_check_pair(S("A"), (pj_str){"secret\0", 7}, &err) < 0);
    CHECK(says(&err, PJ_E_NulByte));
    CHECK(strcmp(err.value, "A") == 0);
    CHECK(strstr(err.message, "secret") == NULL);
}

/* What the child gets, as NAME=VALUE,...;stripped,...  */
static void
build(const pj_builder *builder, const pj_pair *pairs, size_t count,
      char *out, size_t size)
{
    pj_builder_info info;
    pj_request request = {.env = pairs, .env_count = count};
    pj_pairv env = {NULL, 0, 0};
    pj_strv stripped = {NULL, 0, 0};
    pj_error err;
    size_t used = 0;

    pj_builder_get(builder, &info);
    if (pj_env_build(&info, &request, &env, &stripped, &err) < 0) {
        snprintf(out, size, "%s", pj_code_name(err.code));
    } else {
        out[0] = '\0';
        for (size_t i = 0; i < env.count; i++)
            used += (size_t)snprintf(out + used, size - used, "%s=%s,",
                                     env.items[i].name.ptr,
                                     env.items[i].value.ptr);
        used += (size_t)snprintf(out + used, size - used, ";");
        for (size_t i = 0; i < stripped.count; i++)
            used += (size_t)snprintf(out + used, size - used, "%s,",
                                     stripped.items[i].ptr);
    }
    pj_pairv_clear(&env);
    pj_strv_clear(&stripped);
}

static void
expect(const pj_builder *builder, const pj_pair *pairs, size_t count,
       const char *expected)
{
    char got[512];

    build(builder, pairs, count, got, sizeof got);
    if (strcmp(got, expected) != 0)
        fprintf(stderr, "expected %s, got %s\n", expected, got);
    CHECK(strcmp(got, expected) == 0);
}

static void
test_kinds(void)
{
    pj_builder *builder = pj_builder_new();
    pj_pair offered[4] = {{S("A"), S("1")}, {S("B"), S("2")},
                          {S("LD_PRELOAD"), S("x")}, {S("A"), S("3")}};
    pj_pair fixed[3] = {{S("X"), S("y")}, {S("ENV"), S("f")},
                        {S("X"), S("z")}};
    pj_str names[3] = {S("A"), S("LD_PRELOAD"), S("a")};

    expect(builder, offered, 2, ";A,B,");
    pj_builder_env_locale(builder);
    expect(builder, offered, 1, "LANG=C.UTF-8,LC_ALL=C.UTF-8,;A,");
    CHECK(pj_builder_env_fixed(builder, fixed, 3, NULL) == 0);
    expect(builder, offered, 1, "X=z,;ENV,A,");
    CHECK(pj_builder_env_allowlist(builder, names, 3, NULL) == 0);
    expect(builder, offered, 4, "A=3,;B,LD_PRELOAD,");
    CHECK(pj_builder_env_allowlist(builder, NULL, 0, NULL) == 0);
    expect(builder, offered, 1, ";A,");
    pj_builder_env_empty(builder);
    expect(builder, NULL, 0, ";");
    /* What the policy would not pass on is checked all the same.  */
    offered[1].name = S("B=");
    expect(builder, offered, 2, "EnvForbidden");
    offered[1].name = (pj_str){"B\0", 2};
    expect(builder, offered, 2, "NulByte");
    pj_builder_free(builder);
}

static void
test_setters(void)
{
    pj_builder *builder = pj_builder_new();
    pj_pair pairs[2] = {{S("A"), S("1")}, {S("B=C"), S("2")}};
    pj_str names[2] = {S("A"), S("")};
    pj_builder_info info;
    pj_error err;

    CHECK(pj_builder_env_fixed(builder, pairs, 1, &err) == 0);
    CHECK(pj_builder_env_fixed(builder, pairs, 2, &err) < 0);
    CHECK(says(&err, PJ_E_EnvForbidden));
    CHECK(pj_builder_env_fixed(builder, pairs, 2, NULL) < 0);
    CHECK(pj_builder_env_allowlist(builder, names, 2, &err) < 0);
    CHECK(says(&err, PJ_E_EnvForbidden));
    CHECK(pj_builder_env_allowlist(builder, names, 2, NULL) < 0);
    pj_builder_get(builder, &info);
    CHECK(info.env_kind == PJ_ENV_FIXED && info.env_pair_count == 1);
    CHECK(pj_builder_env_allowlist(builder, names, 1, &err) == 0);
    pj_builder_get(builder, &info);
    CHECK(info.env_kind == PJ_ENV_ALLOWLIST && info.env_pair_count == 0);
    CHECK(info.env_name_count == 1);
    pj_builder_env_locale(builder);
    pj_builder_get(builder, &info);
    CHECK(info.env_kind == PJ_ENV_LOCALE && info.env_name_count == 0);
    pj_builder_free(builder);
}

int
main(void)
{
    test_strip_rows();
    test_strip();
    test_check();
    test_kinds();
    test_setters();
    return CHECK_REPORT();
}
