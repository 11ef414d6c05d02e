/*
 * test_faults.c: every call of the library to the system fails once.
 *
 * A scenario goes all the way: declare rules, make a policy, prepare,
 * wrap, set a variable, run, take both streams.  It is repeated with the
 * first call failing, then the second, and so on, until one passes with no
 * fault left to come.  After each: an error that was told (or, where the
 * library can do without the call, the right result), no memory and no
 * descriptor that is still held, none closed twice, no child.  The whole is done again with
 * every later call failing as well, and with the three standard descriptors
 * closed, so that those of the library get the low numbers first.
 */
#include <signal.h>
#include <sys/resource.h>

#include "faults.h"
#include "fixture.h"
#include "policy/risky.h"
#include "base/strings.h"

static char dir[] = "/tmp/test_faults_XXXXXX";
static char speaker[64], copy_of_sh[64];
static const pj_sandbox *usual; /* of the policies */

/* One way through the library; returns what its last call did.  */
struct scenario {
    const char *name;
    const char *bin;
    const char *wrapper; /* or NULL */
    int close_standard;
    int typed; /* its arguments are declared by type */
};

/* The types of the values below; all of them, or none.  */
struct values {
    pj_value *number, *pattern, *url, *word, *path;
};

static void
clear_values(struct values *v)
{
    pj_value_unref(v->number);
    pj_value_unref(v->pattern);
    pj_value_unref(v->url);
    pj_value_unref(v->word);
    pj_value_unref(v->path);
}

static int
make_values(struct values *v, pj_error *err)
{
    pj_str words[2] = {PJ_STR("a"), PJ_STR("b")}, root = pj_str_of(dir);
    pj_str scheme = PJ_STR("https"), host = PJ_STR("*.example.com");
    const pj_value_options number = {PJ_VALUE_INT, .min = 1, .max = 9};
    const pj_value_options pattern = {PJ_VALUE_PATTERN, .max_length = 99,
                                      .expression = PJ_STR("[a-z]+")};
    const pj_value_options url = {PJ_VALUE_URL, .words = &scheme,
                                  .word_count = 1, .hosts = &host,
                                  .host_count = 1};
    const pj_value_options word = {PJ_VALUE_CHOICE, .words = words,
                                   .word_count = 2};
    const pj_value_options path = {PJ_VALUE_READ_PATH, .words = &root,
                                   .word_count = 1};

    return pj_value_new(&number, &v->number, err) == 0
        && pj_value_new(&pattern, &v->pattern, err) == 0
        && pj_value_new(&url, &v->url, err) == 0
        && pj_value_new(&word, &v->word, err) == 0
        && pj_value_new(&path, &v->path, err) == 0 ? 0 : -1;
}

/* Rules with one declaration of each kind, more than the first allocation
   of a vector holds.  */
static int
declare_all(const struct values *v, pj_rules **out, pj_error *err)
{
    const pj_str number[2] = {PJ_STR("-n"), PJ_STR("--number")};
    const pj_str flags[2] = {PJ_STR("-x"), PJ_STR("-y")};
    const pj_str pattern = PJ_STR("--pattern"), url = PJ_STR("url=");
    const pj_str word = PJ_STR("word"), paths = PJ_STR("paths");
    const pj_declared declared[] = {
        {PJ_DECLARED_FLAG, &flags[0], 1, .max = 0},
        {PJ_DECLARED_FLAG, &flags[1], 1, .max = 0},
        {PJ_DECLARED_OPTION, number, 2, v->number, .max = 2},
        {PJ_DECLARED_OPTION, &pattern, 1, v->pattern, 1, .max = 1},
        {PJ_DECLARED_OPTION, &url, 1, v->url, .max = 1},
        {PJ_DECLARED_POSITIONAL, &word, 1, v->word, .min = 1, .max = 1,
         .unless = &flags[1], .unless_count = 1},
        {PJ_DECLARED_POSITIONAL, &paths, 1, v->path, .min = 1,
         .max = SIZE_MAX},
        {PJ_DECLARED_REQUIRE, number, 2, .max = 0},
        {PJ_DECLARED_EXCLUSIVE, flags, 2, .max = 0},
    };
    const pj_rules_options rules = {
        .declared = declared, .declared_count = COUNT(declared),
        .forced = flags, .forced_count = 1,
        .double_dash = PJ_DOUBLE_DASH_AFTER_FLAGS,
    };

    return pj_rules_new(&rules, out, err);
}

static int
make_typed(pj_rules **out, pj_error *err)
{
    struct values v = {NULL, NULL, NULL, NULL, NULL};
    const pj_pair env = {PJ_STR("D"), PJ_STR("4")};
    const pj_str root = PJ_STR("/tmp"), say = PJ_STR("say");
    pj_declared subcommand = {PJ_DECLARED_SUBCOMMAND, &say, 1, .max = 0};
    const pj_rules_options rules = {
        .declared = &subcommand, .declared_count = 1, .roots = {&root},
        .root_count = {1}, .forced_env = &env, .forced_env_count = 1,
    };
    int result = -1;

    if (make_values(&v, err) == 0
        && declare_all(&v, &subcommand.inner, err) == 0)
        result = pj_rules_new(&rules, out, err);
    clear_values(&v);
    pj_rules_unref(subcommand.inner);
    return result;
}

static int
make_plain(pj_rules **out, pj_error *err)
{
    const pj_str flag = PJ_STR("-x");
    const pj_rules_options rules = {.subcommand = PJ_STR("say"),
                                    .flags = &flag, .flag_count = 1};

    return pj_rules_new(&rules, out, err);
}

static int
make_policy(const struct scenario *what, pj_policy **out, pj_error *err)
{
    const pj_str name = PJ_STR("A"), root = PJ_STR("/tmp"),
                 bin = pj_str_of(what->bin);
    pj_program_rules rules = {bin, NULL};
    const pj_policy_options options = {
        .bins = &bin, .bin_count = 1, .rules = &rules, .rule_count = 1,
        .env_kind = PJ_ENV_ALLOWLIST, .env_names = &name,
        .env_name_count = 1, .cwd_kind = PJ_CWD_JAILED, .cwd_dirs = &root,
        .cwd_dir_count = 1, .cwd_fallback = root, .sandbox = usual,
    };
    int result = -1;

    if ((what->typed ? make_typed : make_plain)(&rules.rules, err) == 0)
        result = pj_policy_new(&options, out, err);
    pj_rules_unref(rules.rules);
    return result;
}

static int
make_command(const struct scenario *what, pj_command **out, pj_error *err)
{
    pj_pair env[2] = {{PJ_STR("A"), PJ_STR("1")},
                      {PJ_STR("B"), PJ_STR("2")}};
    pj_str argv[6] = {PJ_STR("say"), PJ_STR("-n"), PJ_STR("5"),
                      PJ_STR("--pattern=abc"), PJ_STR("b"),
                      pj_str_of(speaker)};
    pj_request request = {pj_str_of(what->bin), argv, what->typed ? 6 : 1,
                          env, 2, ABSENT, ABSENT};
    pj_policy *policy = NULL;
    pj_command *plain = NULL, *set = NULL;
    int result = -1;

    if (make_policy(what, &policy, err) == 0
        && pj_policy_prepare(policy, &request, &plain, err) == 0
        && pj_command_set_env(plain, PJ_STR("C"), PJ_STR("3"), &set, err)
            == 0)
        result = what->wrapper == NULL
            ? (*out = pj_command_ref(set), 0)
            : pj_command_wrap(set, pj_str_of(what->wrapper), NULL, 0, out,
                              err);
    pj_command_unref(set);
    pj_command_unref(plain);
    pj_policy_unref(policy);
    return result;
}

static int
play(const struct scenario *what, pj_error *err, int *right)
{
    pj_command *command = NULL;
    pj_output output = {0};
    int result = make_command(what, &command, err);

    *right = 1;
    if (result == 0) {
        result = pj_command_run(command, NULL, &output, err);
        if (result == 0)
            *right = bytes_are(output.out, "say 13\n")
                && bytes_are(output.err, "err\n")
                && output.end == PJ_END_EXITED && output.exit_code == 0;
    }
    pj_output_clear(&output);
    pj_command_unref(command);
    return result;
}

/* Plays with descriptors 0 to 2 closed; tells how many it left open.  */
static int
play_alone(const struct scenario *what, pj_error *err, int *right,
           int *left_open)
{
    int saved[3] = {-1, -1, -1}, result, before;

    for (int fd = 0; what->close_standard && fd < 3; fd++) {
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
        close(fd);
    }
    before = open_descriptors();
    faults.armed = 1;
    result = play(what, err, right);
    faults.armed = 0;
    *left_open = open_descriptors() - before;
    for (int fd = 0; what->close_standard && fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    return result;
}

/* Whether a code may come of a lack of something.  */
static int
is_expected(pj_code code)
{
    switch (code) {
    case PJ_E_OutOfMemory:
    case PJ_E_OutOfDescriptors:
    case PJ_E_SpawnFailed:
    /* From EIO and EACCES where the file is looked at.  */
    case PJ_E_BinNotExecutable:
    case PJ_E_BinCanonicalizeFailed:
    case PJ_E_BinChanged:
    case PJ_E_CwdForbidden:
    case PJ_E_ArgPathForbidden:
    case PJ_E_SandboxInvalid:
        return 1;
    default:
        return 0;
    }
}

static int
is_clean(const struct scenario *what, int left_open)
{
    int clean = left_open == 0 && faults.blocks == 0
        && faults.bad_closes == 0 && no_children();

    if (!clean)
        fprintf(stderr, "%s, call %ld (%s%s): %d descriptors, %ld blocks "
                "left, %ld bad closes\n", what->name, faults.fail_at,
                faults.failed == NULL ? "none" : faults.failed,
                faults.from_then_on ? ", and on" : "", left_open,
                faults.blocks, faults.bad_closes);
    return clean;
}

/* One repetition.  Returns 0 when there was no fault left to come.  */
static int
repeat(const struct scenario *what, long fail_at, int from_then_on,
       int *failures)
{
    pj_error err = {.code = PJ_OK};
    int right, left_open, result;

    faults.fail_at = fail_at;
    faults.from_then_on = from_then_on;
    faults.calls = faults.blocks = faults.bad_closes = 0;
    faults.failed = NULL;
    result = play_alone(what, &err, &right, &left_open);
    CHECK(is_clean(what, left_open));
    CHECK(right);
    if (result < 0 && !is_expected(err.code))
        fprintf(stderr, "%s, call %ld (%s): %s: %s\n", what->name, fail_at,
                faults.failed == NULL ? "none" : faults.failed,
                pj_code_name(err.code), err.message);
    CHECK(result == 0 || is_expected(err.code));
    *failures += result < 0;
    /* With a memory of its own a child does not tell that it failed.  */
    return faults.failed != NULL || result < 0;
}

static void
play_all(const struct scenario *what, int from_then_on)
{
    int failures = 0;
    long at = 1;

    while (repeat(what, at, from_then_on, &failures) && at < 5000)
        at++;
    /* A child's fault that it could do without is not told either: only
       many calls without a fault in a row are the end.  */
    for (long end = at + 90; at < end; at++)
        if (repeat(what, at, from_then_on, &failures))
            end = at + 90;
    CHECK(failures > 60);
    CHECK(at < 5000);
}

/* Where a file cannot be read, what it is cannot be ruled out: a copy of a
   shell stays one.  */
static void
test_risk_under_faults(const char *only, int from_then_on)
{
    pj_risk risk;
    int result = -1;

    faults.only = only;
    for (long at = 1; at < 500; at++) {
        faults.fail_at = at;
        faults.from_then_on = from_then_on;
        faults.calls = faults.blocks = 0;
        faults.failed = NULL;
        risk = PJ_RISK_SHELL;
        faults.armed = 1;
        result = pj_risk_of_path(pj_str_of(copy_of_sh), &risk, NULL);
        faults.armed = 0;
        if (result == 0 && risk != PJ_RISK_SHELL)
            fprintf(stderr, "call %ld (%s): %s\n", at, faults.failed,
                    pj_risk_name(risk));
        CHECK(result < 0 || risk == PJ_RISK_SHELL);
        CHECK(faults.blocks == 0);
        if (faults.failed == NULL)
            break;
    }
    CHECK(result == 0);
    faults.only = NULL;
}

/* A script is one whatever stood in the way of reading it: taken for a
   native file it could never be started.  */
static void
test_script_under_faults(void)
{
    for (long at = 1; at < 500; at++) {
        pj_pin *pin = NULL;
        pj_error err;
        int result;

        faults.fail_at = at;
        faults.from_then_on = 0;
        faults.calls = 0;
        faults.failed = NULL;
        faults.armed = 1;
        result = pj_binary_pin(pj_str_of(speaker), &pin, &err);
        faults.armed = 0;
        if (result == 0 && pin->is_native)
            fprintf(stderr, "call %ld (%s): a script taken for native\n",
                    at, faults.failed);
        CHECK(result < 0 || !pin->is_native);
        pj_pin_unref(pin);
        if (faults.failed == NULL)
            break;
    }
}

/* Makes and frees; 0, or -1 with the reason.  */
typedef int maker(pj_error *);

static int
make_all_values(pj_error *err)
{
    struct values v = {NULL, NULL, NULL, NULL, NULL};
    int result = make_values(&v, err);

    clear_values(&v);
    return result;
}

static int
make_all_rules(pj_error *err)
{
    pj_rules *typed = NULL, *plain = NULL;
    int result = make_typed(&typed, err) == 0 && make_plain(&plain, err) == 0
        ? 0 : -1;

    pj_rules_unref(typed);
    pj_rules_unref(plain);
    return result;
}

/* A copy of options with something in each of their lists, and of the
   copy.  */
static int
make_copies(pj_error *err)
{
    const pj_str names[2] = {PJ_STR("/a"), PJ_STR("/b")};
    const pj_pair pairs[2] = {{PJ_STR("E"), PJ_STR("5")},
                              {PJ_STR("E"), ABSENT}};
    const pj_sandbox sandbox = {.roots = {names, names, names},
                                .root_count = {2, 2, 2}};
    pj_program_rules rules[2] = {{names[0], NULL}, {names[1], NULL}};
    const pj_policy_options options = {
        .bins = names, .bin_count = 2, .rules = rules, .rule_count = 2,
        .env_pairs = pairs, .env_pair_count = 2, .env_names = names,
        .env_name_count = 2, .cwd_dirs = names, .cwd_dir_count = 2,
        .cwd_fallback = names[1], .sandbox = &sandbox,
    };
    pj_policy_options *copy = NULL, *again = NULL;
    int result;

    if (make_typed(&rules[0].rules, err) == 0
        && make_plain(&rules[1].rules, err) == 0) {
        copy = pj_policy_options_dup(&options);
        again = copy == NULL ? NULL : pj_policy_options_dup(copy);
        err->code = PJ_E_OutOfMemory;
    }
    result = again == NULL ? -1 : 0;
    pj_rules_unref(rules[0].rules);
    pj_rules_unref(rules[1].rules);
    pj_policy_options_free(copy);
    pj_policy_options_free(again);
    return result;
}

/* Nothing is left of what could not be made, and nothing is made that
   lacks a part.  */
static void
test_objects_under_faults(maker *make, int from_then_on)
{
    int failures = 0, result = -1;

    for (long at = 1; at < 5000 && result < 0; at++) {
        pj_error err = {.code = PJ_OK};

        faults.fail_at = at;
        faults.from_then_on = from_then_on;
        faults.calls = faults.blocks = 0;
        faults.failed = NULL;
        faults.armed = 1;
        result = make(&err);
        faults.armed = 0;
        if (result == 0 && faults.failed != NULL)
            result = -1; /* one that it could do without */
        else
            CHECK(result == 0 || err.code == PJ_E_OutOfMemory);
        CHECK(faults.blocks == 0);
        failures++;
    }
    CHECK(result == 0 && failures > 10);
}

static void
make_files(void)
{
    char command[160];

    CHECK(mkdtemp(dir) != NULL);
    snprintf(speaker, sizeof speaker, "%s/speaker", dir);
    snprintf(copy_of_sh, sizeof copy_of_sh, "%s/harmless", dir);
    put_file(speaker, "#!/bin/sh\necho $1 $A$B$C\necho err >&2\n", 0755);
    snprintf(command, sizeof command, "cp /bin/sh %s", copy_of_sh);
    CHECK(system(command) == 0);
}

int
main(void)
{
    struct scenario plain = {"plain", speaker, NULL, 0, 0};
    struct scenario wrapped = {"wrapped", speaker, "/usr/bin/env", 0, 0};
    struct scenario low = {"low", speaker, "/usr/bin/env", 1, 0};
    struct scenario typed = {"typed", speaker, NULL, 0, 1};
    struct rlimit few = {256, 256};

    faults.host = getpid();
    usual = sandbox_for_paths();
    /* The portable child tries every number up to the limit.  */
    setrlimit(RLIMIT_NOFILE, &few);
    make_files();
    play_all(&plain, 0);
    play_all(&wrapped, 1);
    play_all(&low, 0);
    play_all(&typed, 0);
    play_all(&typed, 1);
    for (int rest = 0; rest < 2; rest++) {
        test_objects_under_faults(make_all_values, rest);
        test_objects_under_faults(make_all_rules, rest);
        test_objects_under_faults(make_copies, rest);
    }
    test_risk_under_faults(NULL, 0);
    test_risk_under_faults(NULL, 1);
    test_risk_under_faults("open", 1);
    test_risk_under_faults("read", 1);
    test_script_under_faults();
    unlink(speaker);
    unlink(copy_of_sh);
    CHECK(rmdir(dir) == 0);
    return CHECK_REPORT();
}
