/* test_typed.c: typed rules from the declarations to what is executed.  */
#include "argv/typed.h"

#include "fixture.h"
#include "base/strings.h"

static pj_value *any_text, *small_number, *any_path;

static void
make_values(void)
{
    pj_str root = PJ_STR("/usr");

    any_text = need_value((pj_value_options){.type = PJ_VALUE_TEXT,
                                             .max_length = 16});
    small_number = need_value((pj_value_options){.type = PJ_VALUE_INT,
                                                 .min = 1, .max = 9});
    any_path = need_value((pj_value_options){.type = PJ_VALUE_READ_PATH,
                                             .words = &root,
                                             .word_count = 1});
}

static void
clear_values(void)
{
    pj_value_unref(any_text);
    pj_value_unref(small_number);
    pj_value_unref(any_path);
}

/* Options of typed rules, with what they point to.  */
struct draft {
    char text[256];
    pj_str names[24];
    size_t name_count;
    pj_declared declared[16];
    pj_str forced[4];
    pj_rules_options options;
};

/* A declaration without names yet.  */
static pj_declared *
add(struct draft *d, pj_declared_kind kind)
{
    pj_declared *one = &d->declared[d->options.declared_count++];

    *one = (pj_declared){.kind = kind, .names = &d->names[d->name_count]};
    return one;
}

static void
add_name(struct draft *d, pj_declared *one, pj_str name)
{
    d->names[d->name_count++] = name;
    one->name_count++;
}

static void
add_option(struct draft *d, char *names_and_mark)
{
    char *mark = names_and_mark + strlen(names_and_mark) - 1, *rest = NULL;
    pj_value *value = *mark == '#' ? small_number
        : *mark == '/' ? any_path : any_text;
    int is_flag = strchr("#*?/", *mark) == NULL;
    pj_declared *one = add(d, is_flag ? PJ_DECLARED_FLAG
                                      : PJ_DECLARED_OPTION);

    if (!is_flag) {
        one->value = value;
        one->optional = *mark == '?';
        one->max = 1;
        *mark = '\0';
    }
    for (char *name = strtok_r(names_and_mark, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest))
        add_name(d, one, S(name));
}

static void
add_positional(struct draft *d, const char *name)
{
    char last = name[strlen(name) - 1];
    pj_declared *one = add(d, PJ_DECLARED_POSITIONAL);

    one->value = last == '/' ? any_path : any_text;
    one->min = 1;
    one->max = last == '+' ? SIZE_MAX : 1;
    add_name(d, one, S(name));
}

static void
add_group(struct draft *d, pj_declared_kind kind, const char *name,
          const char *other)
{
    pj_declared *one = add(d, kind);

    add_name(d, one, S(name));
    add_name(d, one, S(other));
}

/* Takes the caller's reference to `inner`.  */
static void
add_subcommand(struct draft *d, const char *word, pj_rules *inner)
{
    pj_declared *one = add(d, PJ_DECLARED_SUBCOMMAND);

    one->inner = inner;
    add_name(d, one, S(word));
}

/* Rules in a line: -n is a flag, -m# takes a small number, -e* a text,
   -o? one that may be left out, -f/ a path; =word a list of positionals,
   =word+ one without an end; !-s is forced.  Names are joined by commas. */
static void
begin(struct draft *d, const char *line)
{
    pj_str words[16];
    size_t count;

    memset(d, 0, sizeof *d);
    d->options.declared = d->declared;
    d->options.forced = d->forced;
    snprintf(d->text, sizeof d->text, "%s", line);
    count = split(d->text, words, 16);
    for (size_t i = 0; i < count; i++) {
        char *word = (char *)(uintptr_t)words[i].ptr;

        if (word[0] == '!')
            d->forced[d->options.forced_count++] = S(word + 1);
        else if (word[0] == '=')
            add_positional(d, word + 1);
        else
            add_option(d, word);
    }
}

static pj_rules *
finish(struct draft *d)
{
    pj_rules *rules = need_rules(d->options);

    for (size_t i = 0; i < d->options.declared_count; i++)
        pj_rules_unref(d->declared[i].inner);
    return rules;
}

static pj_rules *
rules_of(const char *line)
{
    struct draft draft;

    begin(&draft, line);
    return finish(&draft);
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
    CHECK(pj_typed_compile(pj_rules_get(rules), table_of(one->program),
                           &typed, &err) == 0);
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
    pj_rules_unref(rules);
}

/* Compiles, or tells why not.  */
static int
is_invalid(const pj_rules *rules, const char *program, const char *why)
{
    pj_typed *typed = NULL;
    pj_error err = {.code = PJ_OK};
    int result = pj_typed_compile(pj_rules_get(rules), table_of(program),
                                  &typed, &err);

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
        pj_rules_unref(rules);
    }
}

static pj_rules *
rules_with_groups(const char *name, const char *other, const char *third)
{
    struct draft draft;

    begin(&draft, "-n -c -m# =p");
    add_group(&draft, PJ_DECLARED_EXCLUSIVE, name, other);
    add_group(&draft, PJ_DECLARED_REQUIRE, name, third);
    return finish(&draft);
}

/* Groups know an option by every name that the program has for it.  */
static void
test_groups(void)
{
    pj_rules *rules = rules_with_groups("--line-number", "--count",
                                        "--count");
    pj_str argv[3] = {PJ_STR("-n"), PJ_STR("-c"), PJ_STR("p")};
    pj_typed *typed = NULL;
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    pj_error err;

    CHECK(pj_typed_compile(pj_rules_get(rules), table_of("grep"), &typed,
                           &err) == 0);
    CHECK(pj_typed_apply(typed, argv, 3, &out, &claims, &err) < 0);
    CHECK(says(&err, PJ_E_ArgConflict) && out.count == 0);
    CHECK(pj_typed_apply(typed, argv + 2, 1, &out, &claims, &err) < 0);
    CHECK(says(&err, PJ_E_ArgMissing));
    CHECK(pj_typed_apply(typed, argv + 1, 2, &out, &claims, &err) == 0);
    pj_strv_clear(&out);
    pj_typed_free(typed);
    pj_rules_unref(rules);
    rules = rules_with_groups("--line-number", "--count", "-x");
    CHECK(is_invalid(rules, "grep", "not declared"));
    pj_rules_unref(rules);
}

static void
test_subcommands(void)
{
    struct draft draft;
    pj_rules *rules;
    pj_str argv[4] = {PJ_STR("--no-pager"), PJ_STR("log"),
                      PJ_STR("--oneline"), PJ_STR("x")};
    pj_typed *typed = NULL;
    pj_path_claims claims = {NULL, 0, 0};
    pj_strv out = {NULL, 0, 0};
    char told[128];
    pj_error err;

    begin(&draft, "--no-pager !-P");
    add_subcommand(&draft, "log",
                   rules_of("--oneline =rev !--no-ext-diff"));
    rules = finish(&draft);
    CHECK(pj_typed_compile(pj_rules_get(rules), table_of("git"), &typed,
                           &err) == 0);
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
    pj_rules_unref(rules);
}

/* Takes the reference to `inner`, as the one that it gives is.  */
static pj_rules *
nest(pj_rules *inner)
{
    struct draft draft;

    begin(&draft, "");
    add_subcommand(&draft, "x", inner);
    return finish(&draft);
}

static void
test_subcommands_that_are_refused(void)
{
    pj_pair env = {S("A"), S("1")};
    pj_str flag = S("-n"), words[2] = {S("log"), S("diff")};
    pj_rules *forcing = need_rules((pj_rules_options){
        .forced_env = &env, .forced_env_count = 1});
    pj_rules *plain = need_rules((pj_rules_options){
        .flags = &flag, .flag_count = 1});
    pj_rules *deep = need_rules((pj_rules_options){0});
    pj_declared one = {.kind = PJ_DECLARED_SUBCOMMAND, .names = words,
                       .name_count = 1};
    pj_error err;

    CHECK(refuses_declared(one, PJ_E_ArgRulesInvalid, &err));
    one.inner = forcing;
    CHECK(refuses_declared(one, PJ_E_ArgRulesInvalid, &err));
    one.inner = plain;
    CHECK(refuses_declared(one, PJ_E_ArgRulesInvalid, &err));
    for (int depth = 0; depth < 7; depth++) {
        one.inner = deep;
        one.name_count = 2;
        CHECK(refuses_declared(one, PJ_E_ArgRulesInvalid, &err));
        one.name_count = 0;
        CHECK(refuses_declared(one, PJ_E_ArgRulesInvalid, &err));
        deep = nest(deep);
    }
    one.inner = deep;
    one.name_count = 1;
    CHECK(refuses_declared(one, PJ_E_ArgRulesInvalid, &err));
    CHECK(strstr(err.message, "too deep") != NULL);
    pj_rules_unref(forcing);
    pj_rules_unref(plain);
    pj_rules_unref(deep);
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

    CHECK(pj_typed_compile(pj_rules_get(rules), table_of("grep"), &typed,
                           &err) == 0);
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
    pj_rules_unref(rules);
}

/* Each kind that is of options, with one name or none.  */
static int
refuses_name(pj_str name, size_t count, pj_code code)
{
    static const pj_declared_kind kinds[] = {
        PJ_DECLARED_FLAG, PJ_DECLARED_OPTION, PJ_DECLARED_REQUIRE,
        PJ_DECLARED_EXCLUSIVE,
    };
    int all = 1;
    pj_error err;

    for (size_t i = 0; i < COUNT(kinds); i++)
        all &= refuses_declared((pj_declared){
            .kind = kinds[i], .names = &name, .name_count = count,
            .value = any_text, .max = 1,
        }, code, &err);
    return all & refuses_declared((pj_declared){
        .kind = PJ_DECLARED_POSITIONAL, .names = &(pj_str){"p", 1},
        .name_count = 1, .value = any_text, .max = 1, .unless = &name,
        .unless_count = count == 0 ? 1 : count,
    }, code, &err);
}

static void
test_names_that_are_refused(void)
{
    static const char *const bad[] = {"", "-", "--", "=", "a=b", "-n=",
                                      "--a=b", "a=b="};

    for (size_t i = 0; i < COUNT(bad); i++)
        CHECK(refuses_name(S(bad[i]), 1, PJ_E_ArgRulesInvalid));
    CHECK(refuses_name(PJ_STR("-n\0"), 1, PJ_E_NulByte));
    CHECK(refuses_name(ABSENT, 0, PJ_E_ArgRulesInvalid));
}

static void
test_declarations_that_are_refused(void)
{
    pj_str name = S("-n"), nul = PJ_STR("p\0");
    pj_declared option = {.kind = PJ_DECLARED_OPTION, .names = &name,
                          .name_count = 1, .value = any_text};
    pj_declared list = {.kind = PJ_DECLARED_POSITIONAL, .names = &name,
                        .name_count = 1, .value = any_text, .min = 2,
                        .max = 1};
    pj_error err;

    CHECK(refuses_declared(option, PJ_E_ArgRulesInvalid, &err));
    option.max = 1;
    option.value = NULL;
    CHECK(refuses_declared(option, PJ_E_ArgRulesInvalid, &err));
    CHECK(refuses_declared(list, PJ_E_ArgRulesInvalid, &err));
    list.min = list.max = 0;
    CHECK(refuses_declared(list, PJ_E_ArgRulesInvalid, &err));
    list.max = 1;
    list.value = NULL;
    CHECK(refuses_declared(list, PJ_E_ArgRulesInvalid, &err));
    list.value = any_text;
    list.name_count = 0;
    CHECK(refuses_declared(list, PJ_E_ArgRulesInvalid, &err));
    list.name_count = 1;
    list.names = &nul;
    CHECK(refuses_declared(list, PJ_E_NulByte, &err));
    for (int kind = -1; kind <= PJ_DECLARED_SUBCOMMAND + 1;
         kind += PJ_DECLARED_SUBCOMMAND + 2) {
        option = (pj_declared){.kind = (pj_declared_kind)kind,
                               .names = &name, .name_count = 1};
        CHECK(refuses_declared(option, PJ_E_ArgRulesInvalid, &err));
    }
}

static void
test_rules_that_are_refused(void)
{
    pj_str root = PJ_STR("relative"), nul = PJ_STR("/a\0");
    pj_pair env = {S("LD_PRELOAD"), S("x")};
    pj_error err;

    for (int access = PJ_ACCESS_READ; access <= PJ_ACCESS_WRITE; access++) {
        pj_rules_options rules = {.forced_env_count = 0};

        rules.roots[access] = &root;
        rules.root_count[access] = 1;
        CHECK(refuses_rules(rules, PJ_E_ArgRulesInvalid, &err));
        rules.roots[access] = &nul;
        CHECK(refuses_rules(rules, PJ_E_NulByte, &err));
    }
    CHECK(refuses_rules((pj_rules_options){.forced = &nul,
                                           .forced_count = 1},
                        PJ_E_NulByte, &err));
    CHECK(refuses_rules((pj_rules_options){.forced_env = &env,
                                           .forced_env_count = 1},
                        PJ_E_EnvForbidden, &err));
    env.name = S("A=B");
    CHECK(refuses_rules((pj_rules_options){.forced_env = &env,
                                           .forced_env_count = 1},
                        PJ_E_EnvForbidden, &err));
    env = (pj_pair){S("A"), nul};
    CHECK(refuses_rules((pj_rules_options){.forced_env = &env,
                                           .forced_env_count = 1},
                        PJ_E_NulByte, &err));
}

/* Rules list tokens or declare by type; whatever makes them the one does
   not go with whatever makes them the other.  */
static void
test_rules_of_both_kinds(void)
{
    pj_str name = PJ_STR("-n"), word = PJ_STR("log"), root = PJ_STR("/");
    pj_declared flag = {.kind = PJ_DECLARED_FLAG, .names = &name,
                        .name_count = 1};
    const pj_rules_options plain[] = {
        {.subcommand = word},
        {.flags = &name, .flag_count = 1},
        {.max_flags = 1},
        {.max_positionals = 1},
    };

    for (size_t i = 0; i < COUNT(plain); i++)
        for (int kind = 0; kind < 4; kind++) {
            pj_rules_options both = plain[i];
            pj_error err;

            both.declared = &flag;
            both.declared_count = kind == 0;
            both.forced = &name;
            both.forced_count = kind == 1;
            both.roots[0] = both.roots[1] = &root;
            both.root_count[0] = kind == 2;
            both.root_count[1] = kind == 3;
            CHECK(refuses_rules(both, PJ_E_ArgRulesInvalid, &err));
            CHECK(strstr(err.message, "declare by type") != NULL);
        }
}

static void
test_size(void)
{
    static char text[1001][8];
    static pj_str names[1001];
    static pj_declared flags[1001];
    pj_rules_options options = {.declared = flags, .declared_count = 1001};
    const pj_rules_options *is;
    pj_rules *rules;
    pj_error err;

    for (int i = 0; i < 1001; i++) {
        snprintf(text[i], sizeof text[i], "--f%d", i);
        names[i] = S(text[i]);
        flags[i] = (pj_declared){.names = &names[i], .name_count = 1};
    }
    CHECK(refuses_rules(options, PJ_E_ArgRulesInvalid, &err));
    options.declared_count = 1000;
    rules = need_rules(options);
    memset(text, 'x', sizeof text);
    memset(names, 0, sizeof names);
    is = pj_rules_get(rules);
    CHECK(is->declared_count == 1000);
    CHECK(is->declared[7].kind == PJ_DECLARED_FLAG);
    CHECK(pj_str_equal(is->declared[7].names[0], S("--f7")));
    pj_rules_unref(rules);
}

/* What was declared is given back, and holds its types and inner rules
   when nobody else does.  */
static void
test_get(void)
{
    struct draft draft;
    pj_str root = S("/a"), unless = S("-n");
    const pj_rules_options *is;
    pj_rules *rules;

    begin(&draft, "-n -m,--most# =p+ !-s");
    draft.declared[2].unless = &unless;
    draft.declared[2].unless_count = 1;
    draft.declared[2].value = need_value((pj_value_options){0});
    add_group(&draft, PJ_DECLARED_EXCLUSIVE, "-n", "-m");
    add_subcommand(&draft, "log", rules_of("-x"));
    draft.options.roots[PJ_ACCESS_WRITE] = &root;
    draft.options.root_count[PJ_ACCESS_WRITE] = 1;
    rules = finish(&draft);
    pj_value_unref(draft.declared[2].value);
    memset(&draft, 0, sizeof draft);
    unless = root = ABSENT;
    is = pj_rules_get(rules);
    CHECK(is->declared_count == 5 && is->forced_count == 1);
    CHECK(is->declared[1].name_count == 2 && is->declared[1].max == 1);
    CHECK(pj_str_equal(is->declared[1].names[1], S("--most")));
    CHECK(is->declared[1].value == small_number);
    CHECK(is->declared[2].min == 1 && is->declared[2].max == SIZE_MAX);
    CHECK(pj_str_equal(is->declared[2].unless[0], S("-n")));
    CHECK(pj_value_get(is->declared[2].value)->type == PJ_VALUE_INT);
    CHECK(is->declared[3].kind == PJ_DECLARED_EXCLUSIVE);
    CHECK(pj_rules_get(is->declared[4].inner)->declared_count == 1);
    CHECK(pj_str_equal(is->forced[0], S("-s")));
    CHECK(is->root_count[PJ_ACCESS_READ] == 0);
    CHECK(pj_str_equal(is->roots[PJ_ACCESS_WRITE][0], S("/a")));
    pj_rules_unref(rules);
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
    test_subcommands_that_are_refused();
    test_names_that_are_refused();
    test_declarations_that_are_refused();
    test_rules_that_are_refused();
    test_rules_of_both_kinds();
    test_size();
    test_get();
    clear_values();
    return CHECK_REPORT();
}
