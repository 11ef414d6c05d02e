/* test_args.c: what becomes of argv, as one table.  */
#include "argv/args.h"

#include "fixture.h"
#include "base/strings.h"

/* Words are separated by blanks; `out` is the expected argv, or, where
   `code` is set, `index` the token at fault.  */
struct args_case {
    const char *program;    /* of csrc/programs, or NULL */
    const char *subcommand; /* pinned, or NULL */
    int inject;
    size_t max_flags, max_positionals;
    const char *flags;
    const char *argv;
    const char *out;
    pj_code code;
    long index;
};

#define ACCEPTED PJ_OK, -1
#define NEVER 0
#define AFTER 1

static const struct args_case plain_cases[] = {
    {NULL, NULL, NEVER, 0, 0, "", "", "", ACCEPTED},
    {NULL, NULL, AFTER, 0, 0, "", "", "", ACCEPTED},
    {NULL, NULL, NEVER, 0, 2, "", "a b", "a b", ACCEPTED},
    {NULL, NULL, NEVER, 0, 1, "", "a b", NULL,
     PJ_E_ArgTooManyPositionals, 1},
    {NULL, NULL, NEVER, 0, 0, "", "a", NULL, PJ_E_ArgTooManyPositionals, 0},
    {NULL, NULL, NEVER, 2, 1, "-a --b=1", "--b=1 x -a", "--b=1 x -a",
     ACCEPTED},
    {NULL, NULL, NEVER, 1, 1, "-a", "-a x -a", NULL, PJ_E_ArgTooManyFlags,
     2},
    {NULL, NULL, NEVER, 0, 0, "-a", "-a", NULL, PJ_E_ArgTooManyFlags, 0},
    /* Flags are matched whole.  */
    {NULL, NULL, NEVER, 9, 9, "-a -b", "-ab", NULL, PJ_E_ArgFlagNotAllowed,
     0},
    {NULL, NULL, NEVER, 9, 9, "--b", "x --b=1", NULL,
     PJ_E_ArgFlagNotAllowed, 1},
    {NULL, NULL, NEVER, 9, 9, "--bb", "--b", NULL, PJ_E_ArgFlagNotAllowed,
     0},
    {NULL, NULL, NEVER, 9, 9, "-a", "-A", NULL, PJ_E_ArgFlagNotAllowed, 0},
    /* A lone dash is a positional; behind `--` everything is.  */
    {NULL, NULL, NEVER, 0, 1, "", "-", "-", ACCEPTED},
    {NULL, NULL, NEVER, 0, 3, "", "-- -x -- y", "-- -x -- y", ACCEPTED},
    {NULL, NULL, NEVER, 0, 2, "", "-- -x -- y", NULL,
     PJ_E_ArgTooManyPositionals, 3},
    {NULL, NULL, NEVER, 9, 9, "-a", "---", NULL, PJ_E_ArgFlagNotAllowed, 0},
    /* The `--` that is put in.  */
    {NULL, NULL, AFTER, 9, 9, "-a", "-a x y", "-a -- x y", ACCEPTED},
    {NULL, NULL, AFTER, 9, 9, "-a", "x y", "-- x y", ACCEPTED},
    {NULL, NULL, AFTER, 9, 9, "-a", "-a", "-a", ACCEPTED},
    {NULL, NULL, AFTER, 9, 9, "-a", "-a - x", "-a -- - x", ACCEPTED},
    {NULL, NULL, AFTER, 9, 9, "-a", "-a -- x", "-a -- x", ACCEPTED},
    {NULL, NULL, AFTER, 9, 9, "-a", "-a x -- y", "-a x -- y", ACCEPTED},
    {NULL, NULL, AFTER, 9, 9, "-a", "x -a", NULL,
     PJ_E_ArgFlagAfterPositional, 1},
    {NULL, NULL, AFTER, 9, 9, "-a", "x -a --", "x -a --", ACCEPTED},
};

static const struct args_case subcommand_cases[] = {
    {NULL, "log", NEVER, 9, 0, "-a", "log -a", "log -a", ACCEPTED},
    {NULL, "log", NEVER, 9, 0, "-a", "-a log", "-a log", ACCEPTED},
    {NULL, "log", NEVER, 9, 1, "-a", "log log", "log log", ACCEPTED},
    {NULL, "log", NEVER, 9, 1, "-a", "log x y", NULL,
     PJ_E_ArgTooManyPositionals, 2},
    {NULL, "log", NEVER, 9, 9, "", "", NULL, PJ_E_ArgSubcommandMismatch,
     -1},
    {NULL, "log", NEVER, 9, 9, "", "push", NULL,
     PJ_E_ArgSubcommandMismatch, 0},
    {NULL, "log", NEVER, 9, 9, "", "lo", NULL, PJ_E_ArgSubcommandMismatch,
     0},
    {NULL, "log", NEVER, 9, 9, "-a", "-a x log", NULL,
     PJ_E_ArgSubcommandMismatch, 1},
    {NULL, "log", NEVER, 9, 9, "", "-- log", NULL,
     PJ_E_ArgSubcommandMismatch, 1},
    {NULL, "log", AFTER, 9, 9, "-a", "-a log -a x", "-a log -a -- x",
     ACCEPTED},
    {NULL, "log", AFTER, 9, 9, "-a", "log", "log", ACCEPTED},
    {NULL, "log", AFTER, 9, 9, "-a", "log x -a", NULL,
     PJ_E_ArgFlagAfterPositional, 2},
};

static const struct args_case known_cases[] = {
    /* A value stays with its option, and is no positional.  */
    {"grep", NULL, AFTER, 9, 2, "-m -n", "-n -m 5 p f", "-n -m 5 -- p f",
     ACCEPTED},
    {"grep", NULL, AFTER, 9, 0, "-e", "-e p", "-e p", ACCEPTED},
    {"grep", NULL, AFTER, 9, 1, "-nm", "-nm 5 p", "-nm 5 -- p", ACCEPTED},
    {"grep", NULL, AFTER, 9, 1, "-m5", "-m5 p", "-m5 -- p", ACCEPTED},
    {"grep", NULL, AFTER, 9, 1, "--max-count", "--max-count 5 p",
     "--max-count 5 -- p", ACCEPTED},
    {"grep", NULL, AFTER, 9, 1, "--max", "--max 5 p", "--max 5 -- p",
     ACCEPTED},
    {"grep", NULL, AFTER, 9, 1, "--max-count=5", "--max-count=5 p",
     "--max-count=5 -- p", ACCEPTED},
    {"grep", NULL, AFTER, 9, 2, "--color", "--color always p",
     "--color -- always p", ACCEPTED},
    {"grep", NULL, NEVER, 9, 9, "-m", "-m", NULL, PJ_E_ArgValueInvalid, 0},
    {"grep", NULL, NEVER, 9, 9, "-m -n", "-m -n p", NULL,
     PJ_E_ArgValueInvalid, 1},
    {"grep", NULL, NEVER, 9, 9, "-m", "-m -- p", NULL,
     PJ_E_ArgValueInvalid, 1},
    {"grep", NULL, NEVER, 9, 9, "-f", "-f - p", "-f - p", ACCEPTED},
    {"jq", NULL, AFTER, 9, 1, "--arg", "--arg n v .x", "--arg n v -- .x",
     ACCEPTED},
    {"jq", NULL, AFTER, 9, 1, "--arg", "--arg n", NULL,
     PJ_E_ArgValueInvalid, 1},
    /* Before the subcommand git's own table counts, then the other's.  */
    {"git", "log", AFTER, 9, 1, "-C -n", "-C dir log -n 5 x",
     "-C dir log -n 5 -- x", ACCEPTED},
    /* Behind its first operand git itself reads no option any more: what
       follows -C here is for `log`, where it takes no value.  */
    {"git", NULL, NEVER, 9, 1, "-C", "log -C x", NULL,
     PJ_E_ArgTooManyPositionals, 2},
    {"find", NULL, NEVER, 9, 1, "-name -maxdepth", ". -maxdepth 2 -name x",
     ". -maxdepth 2 -name x", ACCEPTED},
    {"find", NULL, NEVER, 9, 1, "-exec", ". -exec rm -f {} ;",
     ". -exec rm -f {} ;", ACCEPTED},
    {"find", NULL, NEVER, 9, 1, "-name", ". -exec rm ;", NULL,
     PJ_E_ArgFlagNotAllowed, 1},
    /* find goes on reading its words behind `--`.  */
    {"find", NULL, NEVER, 9, 9, "-name", "-- . -delete", NULL,
     PJ_E_ArgFlagNotAllowed, 2},
    {"find", NULL, NEVER, 9, 9, "-name", "-- . ( -name x )", NULL,
     PJ_E_ArgFlagNotAllowed, 2},
};

static pj_rules *
rules_of(const struct args_case *one)
{
    pj_str flags[16];
    char text[256];
    size_t count;

    snprintf(text, sizeof text, "%s", one->flags);
    count = split(text, flags, 16);
    return need_rules((pj_rules_options){
        .subcommand = S(one->subcommand),
        .flags = flags, .flag_count = count,
        .max_flags = one->max_flags,
        .max_positionals = one->max_positionals,
        .double_dash = one->inject ? PJ_DOUBLE_DASH_AFTER_FLAGS
                                   : PJ_DOUBLE_DASH_NEVER,
    });
}

static void
join(const pj_strv *vector, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < vector->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0 ? "" : " ", vector->items[i].ptr);
}

static void
try_case(const struct args_case *one)
{
    pj_rules *rules = rules_of(one);
    const pj_program *program = one->program == NULL
        ? NULL : pj_program_find(pj_str_of(one->program));
    pj_strv out = {NULL, 0, 0};
    pj_str argv[32];
    char text[256], got[256] = "";
    pj_error err = {.code = PJ_OK, .index = -1};
    size_t argc;
    int result, right;

    CHECK((program == NULL) == (one->program == NULL));
    snprintf(text, sizeof text, "%s", one->argv);
    argc = split(text, argv, 32);
    result = pj_args_apply(pj_rules_get(rules), program, argv, argc, &out,
                           &err);
    join(&out, got, sizeof got);
    right = one->code == PJ_OK
        ? result == 0 && strcmp(got, one->out) == 0
        : result < 0 && err.code == one->code && err.index == one->index
              && out.count == 0
              && strstr(err.message, pj_code_phrase(err.code)) != NULL;
    if (!right)
        fprintf(stderr, "[%s] -> [%s] %s %ld\n", one->argv,
                got, pj_code_name(err.code), err.index);
    CHECK(right);
    pj_strv_clear(&out);
    pj_rules_unref(rules);
}

static void
try_cases(const struct args_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        try_case(&cases[i]);
}

/* A NUL is refused wherever it stands: exec would cut the token there.  */
static void
test_nul(const char *program_name, const char *flag, long index)
{
    struct args_case one = {.flags = flag, .max_flags = 9,
                            .max_positionals = 9};
    pj_rules *rules = rules_of(&one);
    pj_str argv[4] = {pj_str_of(flag), PJ_STR("1"), PJ_STR("2"),
                      PJ_STR("3")};
    pj_strv out = {NULL, 0, 0};
    pj_error err = {.code = PJ_OK};

    argv[index] = PJ_STR("5\0x");
    CHECK(pj_args_apply(pj_rules_get(rules),
                        pj_program_find(pj_str_of(program_name)), argv, 4,
                        &out, &err) < 0);
    CHECK(err.code == PJ_E_NulByte && err.index == index);
    CHECK(strcmp(err.value, "5\\x00x") == 0);
    pj_strv_clear(&out);
    pj_rules_unref(rules);
}

/* Numbers and names that a report carries.  */
static void
test_report(void)
{
    pj_str flags[3] = {PJ_STR("-a"), PJ_STR("-b"), PJ_STR("-a")};
    pj_str words[2] = {PJ_STR("x"), PJ_STR("-z")};
    pj_rules_options rules = {.flags = flags, .flag_count = 2,
                              .max_flags = 1, .max_positionals = 1};
    pj_strv out = {NULL, 0, 0};
    pj_error err;

    CHECK(pj_args_apply(&rules, NULL, flags, 3, &out, &err) < 0);
    CHECK(err.max == 1 && err.got == 3 && strcmp(err.value, "-b") == 0);
    CHECK(pj_args_apply(&rules, NULL, words, 2, &out, &err) < 0);
    CHECK(strcmp(err.value, "-z") == 0);
    CHECK(strcmp(err.expected, "-a -b") == 0);
    rules.flag_count = 0;
    CHECK(pj_args_apply(&rules, NULL, words, 2, &out, &err) < 0);
    CHECK(strcmp(err.expected, "none") == 0);
}

static void
test_check_rules(void)
{
    pj_rules_options rules = {.double_dash = PJ_DOUBLE_DASH_AFTER_FLAGS};
    pj_rules_options log = {.double_dash = PJ_DOUBLE_DASH_AFTER_FLAGS,
                            .subcommand = PJ_STR("log")};
    const pj_program *find = pj_program_find(PJ_STR("find"));
    const pj_program *git = pj_program_find(PJ_STR("git"));
    pj_error err;

    CHECK(pj_args_check_rules(&rules, NULL, &err) == 0);
    CHECK(pj_args_check_rules(&rules, pj_program_find(PJ_STR("grep")), &err)
          == 0);
    CHECK(pj_args_check_rules(&rules, find, &err) < 0);
    CHECK(err.code == PJ_E_ArgRulesInvalid);
    CHECK(pj_args_check_rules(&rules, git, &err) < 0);
    CHECK(pj_args_check_rules(&log, git, &err) == 0);
    rules.double_dash = PJ_DOUBLE_DASH_NEVER;
    CHECK(pj_args_check_rules(&rules, find, &err) == 0);
}

static int
refuses_subcommand(pj_str word, pj_code code)
{
    pj_error err;

    return refuses_rules((pj_rules_options){.subcommand = word}, code, &err);
}

static void
test_refusals(void)
{
    static const char *const no_flags[] = {"-", "--", "", "x", "x-"};
    pj_str flags[2] = {PJ_STR("-a"), PJ_STR("--b")};
    pj_rules_options rules = {.flags = flags, .flag_count = 2};
    pj_error err;

    for (size_t i = 0; i < COUNT(no_flags); i++) {
        flags[1] = S(no_flags[i]);
        CHECK(refuses_rules(rules, PJ_E_ArgRulesInvalid, &err));
        CHECK(strcmp(err.value, no_flags[i]) == 0);
    }
    flags[1] = PJ_STR("-b\0");
    CHECK(refuses_rules(rules, PJ_E_NulByte, &err) && err.index == 1);
    CHECK(refuses_subcommand(PJ_STR("-x"), PJ_E_ArgRulesInvalid));
    CHECK(refuses_subcommand(PJ_STR(""), PJ_E_ArgRulesInvalid));
    CHECK(refuses_subcommand(PJ_STR("a\0"), PJ_E_NulByte));
    for (int mode = -1; mode <= 2; mode += 3) {
        rules = (pj_rules_options){.double_dash = (pj_double_dash)mode};
        CHECK(refuses_rules(rules, PJ_E_ArgRulesInvalid, &err));
    }
}

/* What was asked for is given back, from memory of its own.  */
static void
test_get(void)
{
    char text[] = "--b";
    pj_str flags[2] = {PJ_STR("-a"), S(text)};
    pj_pair env[2] = {{PJ_STR("A"), PJ_STR("1")}, {PJ_STR("A"), ABSENT}};
    pj_rules *rules = need_rules((pj_rules_options){
        .subcommand = PJ_STR("log"), .flags = flags, .flag_count = 2,
        .forced_env = env, .forced_env_count = 2, .run_nothing = 1,
    });
    const pj_rules_options *is = pj_rules_get(rules);

    memset(text, 'x', sizeof text);
    memset(flags, 0, sizeof flags);
    memset(env, 0, sizeof env);
    CHECK(is->flag_count == 2 && pj_str_equal(is->flags[1], S("--b")));
    CHECK(pj_str_equal(is->subcommand, S("log")));
    CHECK(is->double_dash == PJ_DOUBLE_DASH_NEVER && is->run_nothing);
    CHECK(is->max_flags == 0 && is->max_positionals == 0);
    CHECK(is->forced_env_count == 2);
    for (size_t i = 0; i < 2; i++)
        CHECK(pj_str_equal(is->forced_env[i].name, S("A")));
    CHECK(pj_rules_ref(rules) == rules);
    pj_rules_unref(rules);
    CHECK(pj_str_equal(pj_rules_get(rules)->flags[0], S("-a")));
    pj_rules_unref(rules);
    pj_rules_unref(NULL);
}

/* Nothing is allowed by rules that say nothing.  */
static void
test_defaults(void)
{
    pj_rules *rules = need_rules((pj_rules_options){0});
    const pj_rules_options *is = pj_rules_get(rules);
    pj_str flag = PJ_STR("-a"), word = PJ_STR("a");
    pj_strv out = {NULL, 0, 0};
    pj_error err;

    CHECK(is->subcommand.ptr == NULL && is->flag_count == 0);
    CHECK(is->declared_count == 0 && !is->run_nothing);
    CHECK(pj_args_apply(is, NULL, NULL, 0, &out, &err) == 0);
    CHECK(pj_args_apply(is, NULL, &flag, 1, &out, &err) < 0);
    CHECK(says(&err, PJ_E_ArgTooManyFlags));
    CHECK(pj_args_apply(is, NULL, &word, 1, &out, &err) < 0);
    CHECK(says(&err, PJ_E_ArgTooManyPositionals));
    pj_rules_unref(rules);
}

int
main(void)
{
    try_cases(plain_cases, sizeof plain_cases / sizeof plain_cases[0]);
    try_cases(subcommand_cases,
              sizeof subcommand_cases / sizeof subcommand_cases[0]);
    try_cases(known_cases, sizeof known_cases / sizeof known_cases[0]);
    test_nul("none", "-a", 2);
    test_nul("grep", "-n", 1);
    test_nul("grep", "-m", 1); /* as the value of an option */
    test_nul("jq", "--arg", 2);
    test_nul("find", "-exec", 3);
    test_report();
    test_check_rules();
    test_refusals();
    test_get();
    test_defaults();
    return CHECK_REPORT();
}
