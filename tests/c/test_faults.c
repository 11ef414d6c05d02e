/*
 * test_faults.c: every call of the library to the system fails once.
 *
 * A scenario goes all the way: declare rules, build a policy, prepare,
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
    pj_str words[2] = {PJ_STR("a"), PJ_STR("b")}, root = PJ_STR(dir);
    pj_str scheme = PJ_STR("https"), host = PJ_STR("*.example.com");

    root.len = strlen(dir);
    return pj_value_int(1, 9, &v->number, err) == 0
        && pj_value_pattern(PJ_STR("[a-z]+"), 99, &v->pattern, err) == 0
        && pj_value_url(&scheme, 1, &host, 1, &v->url, err) == 0
        && pj_value_choice(words, 2, &v->word, err) == 0
        && pj_value_read_path(&root, 1, &v->path, err) == 0 ? 0 : -1;
}

/* One declaration of each kind, more than the first allocation holds.  */
static int
declare_all(pj_rules *rules, const struct values *v, pj_error *err)
{
    pj_str number[2] = {PJ_STR("-n"), PJ_STR("--number")};
    pj_str flags[2] = {PJ_STR("-x"), PJ_STR("-y")};
    pj_str pattern = PJ_STR("--pattern"), url = PJ_STR("url=");

    return pj_rules_add_flag(rules, &flags[0], 1, err) == 0
        && pj_rules_add_flag(rules, &flags[1], 1, err) == 0
        && pj_rules_add_option(rules, number, 2, v->number, 0, 2, err) == 0
        && pj_rules_add_option(rules, &pattern, 1, v->pattern, 1, 1, err)
            == 0
        && pj_rules_add_option(rules, &url, 1, v->url, 0, 1, err) == 0
        && pj_rules_add_positional(rules, PJ_STR("word"), v->word, 1, 1,
                                   &flags[1], 1, err) == 0
        && pj_rules_add_positional(rules, PJ_STR("paths"), v->path, 1,
                                   SIZE_MAX, NULL, 0, err) == 0
        && pj_rules_add_require(rules, number, 2, err) == 0
        && pj_rules_add_exclusive(rules, flags, 2, err) == 0
        && pj_rules_add_forced(rules, flags, 1, err) == 0
        && pj_rules_set_double_dash(rules, PJ_DOUBLE_DASH_AFTER_FLAGS, err)
            == 0 ? 0 : -1;
}

static int
make_typed(pj_rules *rules, pj_error *err)
{
    struct values v = {NULL, NULL, NULL, NULL, NULL};
    pj_rules *inner = pj_rules_new();
    pj_pair env = {PJ_STR("D"), PJ_STR("4")};
    pj_str root = PJ_STR("/tmp");
    int result = -1;

    if (inner != NULL && make_values(&v, err) == 0
        && declare_all(inner, &v, err) == 0
        && pj_rules_add_subcommand(rules, PJ_STR("say"), inner, err) == 0
        && pj_rules_set_forced_env(rules, &env, 1, err) == 0
        && pj_rules_add_roots(rules, PJ_ACCESS_READ, &root, 1, err) == 0)
        result = 0;
    clear_values(&v);
    pj_rules_free(inner);
    return result;
}

static int
make_plain(pj_rules *rules, pj_error *err)
{
    pj_str flag = PJ_STR("-x");

    return pj_rules_set_allowed_flags(rules, &flag, 1, err) == 0
        && pj_rules_set_subcommand(rules, PJ_STR("say"), err) == 0 ? 0 : -1;
}

static int
make_builder(const struct scenario *what, pj_builder **out, pj_error *err)
{
    pj_builder *builder = pj_builder_new();
    pj_rules *rules = pj_rules_new();
    pj_str name = PJ_STR("A");
    int result = -1;

    err->code = PJ_E_OutOfMemory;
    if (builder != NULL && rules != NULL
        && (what->typed ? make_typed : make_plain)(rules, err) == 0
        && pj_builder_allow_bin(builder, pj_str_of(what->bin), err) == 0
        && pj_builder_arg_rules(builder, pj_str_of(what->bin), rules, err)
            == 0
        && pj_builder_env_allowlist(builder, &name, 1, err) == 0
        && pj_builder_cwd_jailed(builder, PJ_STR("/tmp"), PJ_STR("/tmp"),
                                 err) == 0)
        result = 0;
    pj_rules_free(rules);
    if (result < 0)
        pj_builder_free(builder);
    else
        *out = builder;
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
    pj_builder *builder = NULL;
    pj_policy *policy = NULL;
    pj_command *plain = NULL, *set = NULL;
    int result = -1;

    if (make_builder(what, &builder, err) == 0
        && pj_builder_build(builder, &policy, err) == 0
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
    pj_builder_free(builder);
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
    CHECK(failures > 100);
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
    /* The portable child tries every number up to the limit.  */
    setrlimit(RLIMIT_NOFILE, &few);
    make_files();
    play_all(&plain, 0);
    play_all(&wrapped, 1);
    play_all(&low, 0);
    play_all(&typed, 0);
    play_all(&typed, 1);
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
