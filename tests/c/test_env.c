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
build(const pj_policy_options *policy, const pj_pair *pairs,
      size_t count, char *out, size_t size)
{
    pj_request request = {.env = pairs, .env_count = count};
    pj_pairv env = {NULL, 0, 0};
    pj_strv stripped = {NULL, 0, 0};
    pj_error err;
    size_t used = 0;

    if (pj_env_build(policy, &request, &env, &stripped, &err) < 0) {
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
expect(const pj_policy_options *policy, const pj_pair *pairs,
       size_t count, const char *expected)
{
    char got[512];

    build(policy, pairs, count, got, sizeof got);
    if (strcmp(got, expected) != 0)
        fprintf(stderr, "expected %s, got %s\n", expected, got);
    CHECK(strcmp(got, expected) == 0);
}

static void
test_kinds(void)
{
    pj_pair offered[4] = {{S("A"), S("1")}, {S("B"), S("2")},
                          {S("LD_PRELOAD"), S("x")}, {S("A"), S("3")}};
    pj_pair pairs[3] = {{S("X"), S("y")}, {S("ENV"), S("f")},
                        {S("X"), S("z")}};
    pj_str names[3] = {S("A"), S("LD_PRELOAD"), S("a")};
    pj_policy_options empty = {0}, locale = {.env_kind = PJ_ENV_LOCALE};
    pj_policy_options fixed = {.env_kind = PJ_ENV_FIXED,
                               .env_pairs = pairs, .env_pair_count = 3};
    pj_policy_options list = {.env_kind = PJ_ENV_ALLOWLIST,
                              .env_names = names, .env_name_count = 3};

    expect(&empty, offered, 2, ";A,B,");
    expect(&empty, NULL, 0, ";");
    expect(&locale, offered, 1, "LANG=C.UTF-8,LC_ALL=C.UTF-8,;A,");
    expect(&fixed, offered, 1, "X=z,;ENV,A,");
    expect(&list, offered, 4, "A=3,;B,LD_PRELOAD,");
    list.env_name_count = 0;
    expect(&list, offered, 1, ";A,");
    /* What the policy would not pass on is checked all the same.  */
    offered[1].name = S("B=");
    expect(&empty, offered, 2, "EnvForbidden");
    offered[1].name = (pj_str){"B\0", 2};
    expect(&empty, offered, 2, "NulByte");
}

/* Lists are checked also where they are of another kind.  */
static void
test_refusals(void)
{
    pj_pair pairs[2] = {{S("A"), S("1")}, {S("B=C"), S("2")}};
    pj_str names[2] = {S("A"), S("")};
    pj_error err;

    for (int kind = PJ_ENV_EMPTY; kind <= PJ_ENV_ALLOWLIST; kind++) {
        pj_policy_options fixed = {.env_kind = (pj_env_kind)kind,
                                   .env_pairs = pairs, .env_pair_count = 2};
        pj_policy_options list = {.env_kind = (pj_env_kind)kind,
                                  .env_names = names, .env_name_count = 2};

        CHECK(refuses_options(fixed, PJ_E_EnvForbidden, &err));
        CHECK(strcmp(err.value, "B=C") == 0);
        CHECK(refuses_options(list, PJ_E_EnvForbidden, &err));
        fixed.env_pair_count = list.env_name_count = 1;
        CHECK(pj_policy_check(&fixed, &err) == 0);
        CHECK(pj_policy_check(&list, &err) == 0);
    }
    pairs[0].value = PJ_STR("secret\0");
    names[0] = PJ_STR("A\0");
    CHECK(refuses_options((pj_policy_options){.env_pairs = pairs,
                                              .env_pair_count = 1},
                          PJ_E_NulByte, &err));
    CHECK(strstr(err.message, "secret") == NULL);
    CHECK(refuses_options((pj_policy_options){.env_names = names,
                                              .env_name_count = 1},
                          PJ_E_NulByte, &err));
}

/* A copy holds as many pairs as it says, also of one name.  */
static void
test_names_given_twice(void)
{
    pj_pair pairs[3] = {{S("X"), S("y")}, {S("A"), S("1")},
                        {S("X"), S("z")}};
    pj_policy_options *copy = pj_policy_options_dup(&(pj_policy_options){
        .env_kind = PJ_ENV_FIXED, .env_pairs = pairs, .env_pair_count = 3});

    CHECK(copy != NULL && copy->env_pair_count == 3);
    for (size_t i = 0; i < 3; i++)
        CHECK(pj_str_equal(copy->env_pairs[i].name, pairs[i].name)
              && pj_str_equal(copy->env_pairs[i].value, pairs[i].value));
    expect(copy, NULL, 0, "X=z,A=1,;");
    pj_policy_options_free(copy);
}

int
main(void)
{
    test_strip_rows();
    test_strip();
    test_check();
    test_kinds();
    test_refusals();
    test_names_given_twice();
    return CHECK_REPORT();
}
