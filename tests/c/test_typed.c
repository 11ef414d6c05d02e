/* test_typed.c: typed rules from the declarations to what is executed.  */
#include "argv/typed.h"

#include "fixture.h"
#include "base/strings.h"

static pj_value *any_text, *small_number, *any_path;

static void
make_values(void)
{
    pj_str root = PJ_STR("/usr");

    if (pj_value_text(16, &any_text, NULL) < 0
        || pj_value_int(1, 9, &small_number, NULL) < 0
        || pj_value_read_path(&root, 1, &any_path, NULL) < 0)
        exit(EXIT_FAILURE);
}

static void
clear_values(void)
{
    pj_value_unref(any_text);
    pj_value_unref(small_number);
    pj_value_unref(any_path);
}

/* Rules in a line: -n is a flag, -m# takes a small number, -e* a text,
   -o? one that may be left out, -f/ a path; =word a list of positionals,
   =word+ one without an end; !-s is forced.  Names are joined by commas. */
static void
declare_option(pj_rules *rules, char *names_and_mark)
{
    char *mark = names_and_mark + strlen(names_and_mark) - 1, *rest = NULL;
    pj_value *value = *mark == '#' ? small_number
        : *mark == '/' ? any_path : any_text;
    int is_flag = strchr("#*?/", *mark) == NULL, maybe = *mark == '?';
    pj_str names[4];
    size_t count = 0;

    if (!is_flag)
        *mark = '\0';
    for (char *name = strtok_r(names_and_mark, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest))
        names[count++] = S(name);
    if (is_flag)
        CHECK(pj_rules_add_flag(rules, names, count, NULL) == 0);
    else
        CHECK(pj_rules_add_option(rules, names, count, value, maybe, 1,
                                  NULL) == 0);
}

static void
declare_positional(pj_rules *rules, const char *name)
{
    char last = name[strlen(name) - 1];

    CHECK(pj_rules_add_positional(rules, S(name), last == '/' ? any_path
                                  : any_text, 1, last == '+' ? SIZE_MAX : 1,
                                  NULL, 0, NULL) == 0);
}

static void
declare(pj_rules *rules, char *word)
{
    pj_str forced = S(word + 1);

    if (word[0] == '!')
        CHECK(pj_rules_add_forced(rules, &forced, 1, NULL) == 0);
    else if (word[0] == '=')
        declare_positional(rules, word + 1);
    else
        declare_option(rules, word);
}

static pj_rules *
rules_of(const char *line)
{
    pj_rules *rules = pj_rules_new();
    char text[256];
    pj_str words[16];
    size_t count;

    snprintf(text, sizeof text, "%s", line);
    count = split(text, words, 16);
    for (size_t i = 0; i < count; i++)
        declare(rules, (char *)(uintptr_t)words[i].ptr);
    return rules;
}

/* `out` is what is executed; or, where `code` is set, the index and the
   option at fault, and what would have been accepted.  */
struct case_of {
    const char *program;
    const char *rules;
    const char *argv;
    const char *out;
    pj_code code;
};

static const struct case_of cases[] = {
    {"grep", "-n =p", "-n x", "-n x", PJ_OK},
    {"grep", "-n =p", "x --line-number", "x --line-number", PJ_OK},
    {"grep", "-n =p", "--line-n x", "--line-number x", PJ_OK},
    {"grep", "-m# =p", "--max=5 x", "--max-count=5 x", PJ_OK},
    {"grep", "-m# =p", "--max 5 x", "--max-count 5 x", PJ_OK},
    {"grep", "-m# -n =p !-s", "-nm5 x", "-s -nm5 x", PJ_OK},
    {"grep", "--color? =p", "--color x", "--color x", PJ_OK},
    {"grep", "--color? =p", "--color=a x", "--color=a x", PJ_OK},
    {"grep", "-n =p", "-x p", "0 --line-regexp -n",
     PJ_E_ArgFlagNotAllowed},
    {"grep", "-m# =p", "-m10 p",
     "0 --max-count a decimal number from 1 up to 9", PJ_E_ArgValueInvalid},
    {"grep", "-m# =p", "p -m", "1 --max-count a decimal number from 1 up to "
     "9", PJ_E_ArgValueInvalid},
    {"grep", "-n =p", "p --count=1", "1 --count -n",
     PJ_E_ArgFlagNotAllowed},
    {"grep", "-n -c =p", "p --count=1", "1 --count left out",
     PJ_E_ArgValueInvalid},
    {"grep", "-m# =p", "-m1 -m2 p", "1 --max-count ", PJ_E_ArgConflict},
    {"grep", "-n =p", "-n", "-1 p text of at most 16 bytes",
     PJ_E_ArgMissing},
    {"grep", "-n =p", "p q", "1  ", PJ_E_ArgTooManyPositionals},
    {"grep", "=p =q+ =r", "a b c d", "a b c d", PJ_OK},
    {"grep", "=p =q+ =r", "a b", "-1 r text of at most 16 bytes",
     PJ_E_ArgMissing},
    {"tar", "-t -f* =m+ !-v", "tf a m", "tf a -v m", PJ_OK},
    {"tar", "-t -f* =m+ !-v", "-tf a m", "-v -tf a m", PJ_OK},
    {"find", "-name* -print =d+ !-P", ". -name x", "-P . -name x", PJ_OK},
    {"dd", "if=* count=#", "count=3 if=a", "count=3 if=a", PJ_OK},
    {"dd", "if=* count=#", "of=x", "0 of= if= count=",
     PJ_E_ArgFlagNotAllowed},
    /* Without a table: words by themselves, options first.  */
    {NULL, "-n,--number -o* =w+", "-n -o x --number a -", "-n -o x --number "
     "a -", PJ_OK},
    {NULL, "-n -x", "-nx", "0 -nx -n -x", PJ_E_ArgFlagNotAllowed},
    {NULL, "-o*", "-ox", "0 -o text of at most 16 bytes",
     PJ_E_ArgValueInvalid},
    {NULL, "--out*", "--ou=x", "0 --ou=x --out", PJ_E_ArgFlagNotAllowed},
    {NULL, "-n =w+", "a -n", "1 -n ", PJ_E_ArgFlagAfterPositional},
    {NULL, "-n k=*", "k=v -n", "1 -n ", PJ_E_ArgFlagAfterPositional},
    {NULL, "-word", "-word", "-word", PJ_OK},
};

static void
join(const pj_strv *vector, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < vector->count; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0 ? "" : " ", vector->items[i].ptr);
}

static const pj_program *
table_of(const char *name)
{
    return name == NULL ? NULL : pj_program_find(S(name));
}

static void
try_case(const struct case_of *one)
{
    pj_rules *rules = rules_of(one->rules);
    pj_typed *typed = NULL;
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    pj_error err = {.code = PJ_OK};
    char text[128], told[400];
    pj_str argv[16];
    size_t argc;

    snprintf(text, sizeof text, "%s", one->argv);
    argc = split(text, argv, 16);
    CHECK(pj_typed_compile(rules, table_of(one->program), &typed, &err)
          == 0);
    if (typed == NULL)
        exit(EXIT_FAILURE);
    if (pj_typed_apply(typed, argv, argc, &out, &claims, &err) == 0)
        join(&out, told, sizeof told);
    else
        snprintf(told, sizeof told, "%ld %s %s", err.index, err.option,
                 err.expected);
    if (err.code != one->code || strcmp(told, one->out) != 0)
        fprintf(stderr, "%s, %s, %s: %s (%s)\n", one->program, one->rules,
                one->argv, told, err.code == PJ_OK ? "" : err.message);
    CHECK(err.code == one->code && strcmp(told, one->out) == 0);
    CHECK(err.code == PJ_OK || strstr(err.message, pj_code_phrase(err.code)));
    pj_strv_clear(&out);
    pj_path_claims_clear(&claims);
    pj_typed_free(typed);
    pj_rules_free(rules);
}

/* Compiles, or tells why not.  */
static int
is_invalid(const pj_rules *rules, const char *program, const char *why)
{
    pj_typed *typed = NULL;
    pj_error err = {.code = PJ_OK};
    int result = pj_typed_compile(rules, table_of(program), &typed, &err);

    pj_typed_free(typed);
    if (result < 0 && says(&err, PJ_E_ArgRulesInvalid)
        && strstr(err.message, why) != NULL)
        return 1;
    fprintf(stderr, "expected %s, got: %s\n", why, err.message);
    return 0;
}

static void
test_what_does_not_compile(void)
{
    static const struct {
        const char *program, *rules, *why;
    } wrong[] = {
        {"grep", "--none", "no option"},
        {"grep", "--line", "no option"},
        {"grep", "-m", "by option"},
        {"grep", "-n*", "by flag"},
        {"grep", "-m?", "leave out optional"},
        {"grep", "-n --line-number", "declared twice"},
        {"find", "-exec", "command to run"},
        {NULL, "-n -n*", "declared twice"},
        {NULL, "aux", "begin it with"},
        {"grep", "!x", "force options only"},
        {"grep", "!-e", "its value is missing"},
        {"grep", "!--", "inject_double_dash"},
        {"head", "!-q", "number"},
        {"tar", "!xv", "with dashes"},
        {"find", "!-print", "begin the expression"},
    };

    for (size_t i = 0; i < COUNT(wrong); i++) {
        pj_rules *rules = rules_of(wrong[i].rules);

        CHECK(is_invalid(rules, wrong[i].program, wrong[i].why));
        pj_rules_free(rules);
    }
}

/* Groups know an option by every name that the program has for it.  */
static void
test_groups(void)
{
    pj_rules *rules = rules_of("-n -c -m# =p");
    pj_str names[2] = {PJ_STR("--line-number"), PJ_STR("--count")};
    pj_str argv[3] = {PJ_STR("-n"), PJ_STR("-c"), PJ_STR("p")};
    pj_typed *typed = NULL;
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    pj_error err;

    CHECK(pj_rules_add_exclusive(rules, names, 2, NULL) == 0);
    CHECK(pj_rules_add_require(rules, names, 2, NULL) == 0);
    CHECK(pj_typed_compile(rules, table_of("grep"), &typed, &err) == 0);
    CHECK(pj_typed_apply(typed, argv, 3, &out, &claims, &err) < 0);
    CHECK(says(&err, PJ_E_ArgConflict) && out.count == 0);
    CHECK(pj_typed_apply(typed, argv + 2, 1, &out, &claims, &err) < 0);
    CHECK(says(&err, PJ_E_ArgMissing));
    CHECK(pj_typed_apply(typed, argv + 1, 2, &out, &claims, &err) == 0);
    pj_strv_clear(&out);
    pj_typed_free(typed);
    names[1] = PJ_STR("-x");
    CHECK(pj_rules_add_require(rules, names, 2, NULL) == 0);
    CHECK(is_invalid(rules, "grep", "not declared"));
    pj_rules_free(rules);
}

static void
test_subcommands(void)
{
    pj_rules *rules = rules_of("--no-pager !-P"), *deep;
    pj_rules *log = rules_of("--oneline =rev !--no-ext-diff");
    pj_str argv[4] = {PJ_STR("--no-pager"), PJ_STR("log"),
                      PJ_STR("--oneline"), PJ_STR("x")};
    pj_typed *typed = NULL;
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    char told[128];
    pj_error err;

    CHECK(pj_rules_add_subcommand(rules, S("log"), log, &err) == 0);
    CHECK(pj_typed_compile(rules, table_of("git"), &typed, &err) == 0);
    CHECK(pj_typed_apply(typed, argv, 4, &out, &claims, &err) == 0);
    join(&out, told, sizeof told);
    CHECK(strcmp(told, "-P --no-pager log --no-ext-diff --oneline x") == 0);
    pj_strv_clear(&out);
    CHECK(pj_typed_apply(typed, argv, 1, &out, &claims, &err) < 0);
    CHECK(says(&err, PJ_E_ArgSubcommandMismatch) && err.index == -1);
    CHECK(strcmp(err.expected, "log") == 0);
    pj_strv_clear(&out);
    pj_typed_free(typed);
    CHECK(is_invalid(rules, "grep", "no option"));
    CHECK(pj_rules_set_forced_env(log, &(pj_pair){S("A"), S("1")}, 1, NULL)
          == 0);
    CHECK(pj_rules_add_subcommand(rules, S("diff"), log, &err) < 0);
    CHECK(says(&err, PJ_E_ArgRulesInvalid));
    pj_rules_free(log);
    pj_rules_free(rules);
    rules = pj_rules_new();
    for (int depth = 0; depth < 7; depth++) {
        deep = pj_rules_new();
        CHECK(pj_rules_add_subcommand(deep, S("x"), rules, &err) == 0);
        pj_rules_free(rules);
        rules = deep;
    }
    deep = pj_rules_new();
    CHECK(pj_rules_add_subcommand(deep, S("x"), rules, &err) < 0);
    pj_rules_free(deep);
    pj_rules_free(rules);
}

/* Paths wait for the directory; roots become kernel rules.  */
static void
test_paths(void)
{
    pj_rules *rules = rules_of("-f/ =file/");
    pj_str argv[4] = {PJ_STR("-flib"), PJ_STR("--file=../etc"),
                      PJ_STR("lib"), PJ_STR("-")};
    pj_reach reach = {0, {{NULL, 0, 0}, {NULL, 0, 0}}, 0};
    pj_typed *typed = NULL;
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    pj_error err;

    CHECK(pj_typed_compile(rules, table_of("grep"), &typed, &err) == 0);
    CHECK(pj_typed_reach(typed, &reach, &err) == 0);
    CHECK(reach.limits_files && !reach.runs_nothing);
    CHECK(reach.roots[PJ_ACCESS_READ].count == 2);
    CHECK(pj_str_equal(reach.roots[PJ_ACCESS_READ].items[0], S("/usr")));
    CHECK(reach.roots[PJ_ACCESS_WRITE].count == 0);
    pj_strv_clear(&reach.roots[PJ_ACCESS_READ]);
    CHECK(pj_typed_apply(typed, (pj_str[]){argv[0], argv[2]}, 2, &out,
                         &claims, &err) == 0);
    CHECK(claims.count == 2 && claims.items[1].index == 1);
    CHECK(strcmp(claims.items[0].option, "--file") == 0);
    CHECK(pj_path_claims_check(&claims, S("/usr"), &err) == 0);
    pj_path_claims_clear(&claims);
    pj_strv_clear(&out);
    CHECK(pj_typed_apply(typed, argv + 1, 2, &out, &claims, &err) == 0);
    CHECK(pj_path_claims_check(&claims, S("/usr"), &err) < 0);
    CHECK(says(&err, PJ_E_ArgPathForbidden) && err.index == 0);
    CHECK(strcmp(err.option, "--file") == 0);
    CHECK(strcmp(err.expected, "/usr") == 0);
    pj_path_claims_clear(&claims);
    pj_strv_clear(&out);
    CHECK(pj_typed_apply(typed, argv + 3, 1, &out, &claims, &err) == 0);
    CHECK(pj_path_claims_check(&claims, S("/usr"), &err) == 0);
    pj_path_claims_clear(&claims);
    pj_strv_clear(&out);
    pj_typed_free(typed);
    pj_rules_free(rules);
}

static int
refuses(int result, const pj_error *err, pj_code code)
{
    return result < 0 && says(err, code);
}

static void
test_setters(void)
{
    static const char *const bad[] = {"", "-", "--", "=", "a=b", "-n=",
                                      "--a=b", "a=b="};
    pj_rules *rules = pj_rules_new();
    pj_str name, root = PJ_STR("relative");
    pj_error err;

    for (size_t i = 0; i < COUNT(bad); i++) {
        name = S(bad[i]);
        CHECK(refuses(pj_rules_add_flag(rules, &name, 1, &err), &err,
                      PJ_E_ArgRulesInvalid));
        CHECK(pj_rules_add_require(rules, &name, 1, NULL) < 0);
    }
    name = PJ_STR("-n\0");
    CHECK(refuses(pj_rules_add_flag(rules, &name, 1, &err), &err,
                  PJ_E_NulByte));
    name = PJ_STR("-n");
    CHECK(refuses(pj_rules_add_flag(rules, &name, 0, &err), &err,
                  PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_option(rules, &name, 1, any_text, 0, 0, &err),
                  &err, PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_positional(rules, S("p"), any_text, 2, 1,
                                          NULL, 0, &err), &err,
                  PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_subcommand(rules, S("log"), NULL, &err), &err,
                  PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_option(rules, &name, 1, NULL, 0, 1, &err),
                  &err, PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_positional(rules, S("p"), NULL, 1, 1, NULL, 0,
                                          &err), &err,
                  PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_roots(rules, PJ_ACCESS_READ, &root, 1, &err),
                  &err, PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_add_roots(rules, PJ_ACCESS_EXECUTE, &root, 0,
                                     &err), &err, PJ_E_ArgRulesInvalid));
    CHECK(refuses(pj_rules_set_forced_env(
                      rules, &(pj_pair){S("LD_PRELOAD"), S("x")}, 1, &err),
                  &err, PJ_E_EnvForbidden));
    /* None of that made them typed.  */
    CHECK(pj_rules_set_max_flags(rules, 1, &err) == 0);
    CHECK(refuses(pj_rules_add_flag(rules, &name, 1, &err), &err,
                  PJ_E_ArgRulesInvalid));
    pj_rules_free(rules);
}

static void
test_size(void)
{
    pj_rules *rules = pj_rules_new(), *copy;
    char text[16];
    pj_str name;
    pj_rules_info info;

    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof text, "--f%d", i);
        name = S(text);
        CHECK(pj_rules_add_flag(rules, &name, 1, NULL) == 0);
    }
    CHECK(pj_rules_add_flag(rules, &name, 1, NULL) < 0);
    copy = pj_rules_dup(rules);
    pj_rules_free(rules);
    pj_rules_get(copy, &info);
    CHECK(info.declared_count == 1000);
    CHECK(pj_str_equal(info.declared[7].names[0], S("--f7")));
    pj_rules_free(copy);
}

int
main(void)
{
    make_values();
    for (size_t i = 0; i < COUNT(cases); i++)
        try_case(&cases[i]);
    test_what_does_not_compile();
    test_groups();
    test_subcommands();
    test_paths();
    test_setters();
    test_size();
    clear_values();
    return CHECK_REPORT();
}
