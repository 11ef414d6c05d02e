/* test_messages.c: every refusal that a caller can provoke: its code, the
   phrase in its message, and the fields that go with it.  Each call is also
   made without an error to fill.  */
#include "fixture.h"

static char dir[] = "/tmp/test_messages_XXXXXX";

static pj_str
in_dir(const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return S(path);
}

/* A path of a program, and one that rules are for.  */
static int
refuses_path(pj_str path, pj_code code)
{
    pj_rules *none = need_rules((pj_rules_options){0});
    pj_program_rules rules = {path, none};
    pj_str bins[2] = {S("/bin/cat"), path};
    pj_error err;
    int result = refuses_options((pj_policy_options){.bins = bins,
                                                     .bin_count = 2},
                                 code, &err);

    CHECK(path.ptr == NULL || code == PJ_E_NulByte
          || strcmp(err.value, path.ptr) == 0);
    result &= refuses_options((pj_policy_options){.rules = &rules,
                                                  .rule_count = 1},
                              code, &err);
    pj_rules_unref(none);
    return result;
}

static void
test_paths(void)
{
    pj_program_rules rules = {S("/bin/cat"), NULL};
    pj_error err;

    CHECK(refuses_path(S("ls"), PJ_E_BinNotAbsolute));
    CHECK(refuses_path(S(""), PJ_E_BinNotAbsolute));
    CHECK(refuses_path(ABSENT, PJ_E_BinNotAbsolute));
    CHECK(refuses_path((pj_str){"/bin/\0ls", 8}, PJ_E_NulByte));
    CHECK(refuses_options((pj_policy_options){.rules = &rules,
                                              .rule_count = 1},
                          PJ_E_ArgRulesRequired, &err));
}

static int
refuses_limit(pj_policy_options options, const char *what)
{
    pj_error err;

    return refuses_options(options, PJ_E_LimitInvalid, &err)
        && strcmp(err.value, what) == 0;
}

/* Below the range, and above it.  */
static void
test_limits(void)
{
    const int64_t times[] = {-1, INT64_MIN, PJ_TIMEOUT_MAX + 1, INT64_MAX};
    const uint64_t sizes[] = {PJ_OUTPUT_MAX + 1, UINT64_MAX - 1};

    for (size_t i = 0; i < COUNT(times); i++) {
        CHECK(refuses_limit((pj_policy_options){.timeout_ns = times[i]},
                            "timeout"));
        CHECK(refuses_limit((pj_policy_options){.stop_grace_ns = times[i]},
                            "stop_grace"));
    }
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CHECK(refuses_limit((pj_policy_options){.max_stdout = sizes[i]},
                            "max_stdout"));
        CHECK(refuses_limit((pj_policy_options){.max_stderr = sizes[i]},
                            "max_stderr"));
        CHECK(refuses_limit((pj_policy_options){.max_stdin = sizes[i]},
                            "max_stdin"));
    }
    /* Of what is 0 unless it is said, there is no none.  */
    CHECK(refuses_limit((pj_policy_options){.max_stdin = PJ_OUTPUT_NONE},
                        "max_stdin"));
}

static void
test_limits_that_are_in_range(void)
{
    const pj_policy_options options[] = {
        {0},
        {.timeout_ns = 1},
        {.timeout_ns = PJ_TIMEOUT_MAX, .stop_grace_ns = PJ_TIMEOUT_MAX - 1},
        {.max_stdout = PJ_OUTPUT_NONE, .max_stderr = PJ_OUTPUT_NONE},
        {.max_stdout = PJ_OUTPUT_MAX, .max_stderr = PJ_OUTPUT_MAX,
         .max_stdin = PJ_OUTPUT_MAX},
        {.max_stdout = 1, .max_stderr = 1, .max_stdin = 1},
    };

    for (size_t i = 0; i < COUNT(options); i++)
        CHECK(pj_policy_check(&options[i], NULL) == 0);
}

/* A grace is a part of the timeout, also of the one nobody asked for.  */
static void
test_grace(void)
{
    const int64_t second = 1000000000;
    const pj_policy_options long_ones[] = {
        {.timeout_ns = 5, .stop_grace_ns = 5},
        {.timeout_ns = 5, .stop_grace_ns = 6},
        {.stop_grace_ns = 30 * second},
    };
    pj_error err;

    for (size_t i = 0; i < COUNT(long_ones); i++) {
        CHECK(refuses_policy(&long_ones[i], PJ_E_LimitInvalid, &err));
        CHECK(strcmp(err.value, "stop_grace") == 0);
    }
    pj_policy_unref(need_policy(&(pj_policy_options){
        .stop_grace_ns = 30 * second - 1}));
}

/* C lets an enum be any number.  */
static void
test_numbers_outside_of_their_enum(void)
{
    const int none[] = {-1, 4, 1000, INT32_MIN};

    for (size_t i = 0; i < COUNT(none); i++) {
        CHECK(refuses_limit((pj_policy_options){
            .risky = (pj_risky_policy)none[i]}, "risky_bin_policy"));
        CHECK(refuses_limit((pj_policy_options){
            .overflow = (pj_overflow)none[i]}, "on_overflow"));
        CHECK(refuses_limit((pj_policy_options){
            .env_kind = (pj_env_kind)none[i]}, "env_kind"));
        CHECK(refuses_limit((pj_policy_options){
            .cwd_kind = (pj_cwd_kind)none[i],
            .cwd_dirs = &(pj_str){"/", 1}, .cwd_dir_count = 1}, "cwd_kind"));
    }
    CHECK(refuses_limit((pj_policy_options){.risky = (pj_risky_policy)3},
                        "risky_bin_policy"));
    CHECK(refuses_limit((pj_policy_options){.overflow = (pj_overflow)3},
                        "on_overflow"));
    CHECK(refuses_limit((pj_policy_options){.cwd_kind = (pj_cwd_kind)3},
                        "cwd_kind"));
}

/* Makes a policy for one path; the code it fails with.  */
static pj_code
build_code(const char *bin, pj_error *err)
{
    pj_policy_options *options = options_for(bin, NULL, 0);
    pj_policy *policy = NULL;
    int result = pj_policy_new(options, &policy, err);

    CHECK(pj_policy_check(options, NULL) == 0);
    CHECK(result == 0 || policy == NULL);
    CHECK(result == 0 || pj_policy_new(options, &policy, NULL) < 0);
    pj_policy_unref(policy);
    pj_policy_options_free(options);
    return result == 0 ? PJ_OK : err->code;
}

static void
test_files(void)
{
    pj_error err;

    CHECK(build_code("/bin/cat", &err) == PJ_OK);
    CHECK(build_code("/none/cat", &err) == PJ_E_BinNotFound);
    CHECK(says(&err, PJ_E_BinNotFound) && !strcmp(err.value, "/none/cat"));
    CHECK(err.sys_errno == ENOENT);
    build_code("/bin/cat/x", &err);
    CHECK(says(&err, PJ_E_BinCanonicalizeFailed));
    CHECK(symlink("loop", in_dir("loop").ptr) == 0);
    build_code(in_dir("loop").ptr, &err);
    CHECK(says(&err, PJ_E_BinCanonicalizeFailed) && err.sys_errno == ELOOP);
    build_code("/tmp", &err);
    CHECK(says(&err, PJ_E_BinIsDirectory));
    build_code("/dev/null", &err);
    CHECK(says(&err, PJ_E_BinNotRegularFile));
    put_file(in_dir("plain").ptr, "x", 0644);
    build_code(in_dir("plain").ptr, &err);
    CHECK(says(&err, PJ_E_BinNotExecutable));
    CHECK(unlink(in_dir("plain").ptr) == 0);
    CHECK(unlink(in_dir("loop").ptr) == 0);
}

/* Which programs have rules, and which have them once.  */
static void
test_rules(void)
{
    pj_rules *none = need_rules((pj_rules_options){0});
    pj_str bins[2] = {S("/bin/cat"), S("/bin/ls")};
    pj_program_rules rules[3] = {
        {S("/bin/cat"), none}, {S("/bin/ls"), none},
        {S("/bin/../bin/ls"), none},
    };
    pj_policy_options options = {.bins = bins, .bin_count = 2,
                                 .rules = rules, .rule_count = 1};
    pj_error err;

    CHECK(refuses_policy(&options, PJ_E_ArgRulesRequired, &err));
    options.rule_count = 2;
    pj_policy_unref(need_policy(&options));
    options.rule_count = 3;
    CHECK(refuses_policy(&options, PJ_E_ArgRulesDuplicate, &err));
    options.bin_count = 1;
    options.rule_count = 2;
    CHECK(refuses_policy(&options, PJ_E_ArgRulesUnused, &err));
    rules[1].path = S("/none");
    CHECK(refuses_policy(&options, PJ_E_ArgRulesUnused, &err));
    pj_rules_unref(none);
}

/* One request to a policy that allows cat; the code it fails with.  */
static pj_code
prepare_code(pj_policy *policy, const pj_request *request, pj_error *err)
{
    pj_command *command = NULL;

    if (pj_policy_prepare(policy, request, &command, err) == 0) {
        pj_command_unref(command);
        return PJ_OK;
    }
    CHECK(command == NULL);
    CHECK(pj_policy_prepare(policy, request, &command, NULL) < 0);
    return err->code;
}

static void
test_prepare(void)
{
    pj_policy_options *options = options_for("/bin/cat", NULL, 0);
    pj_pair pair = {S("A=B"), S("1")};
    pj_str root = S("/tmp");
    pj_policy_options jailed = *options;
    pj_policy *policy;
    pj_request request = {.bin = S("/bin/cat")};
    pj_error err;

    jailed.cwd_kind = PJ_CWD_JAILED;
    jailed.cwd_dirs = &root;
    policy = need_policy(&jailed);
    CHECK(prepare_code(policy, &request, &err) == PJ_OK);
    request.bin = S("/bin/../bin/cat");
    CHECK(prepare_code(policy, &request, &err) == PJ_OK);
    request.bin = S("/bin/ls");
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_BinNotAllowed) && !strcmp(err.value, "/bin/ls"));
    request.bin = S("cat");
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    request.bin = ABSENT;
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    request.bin = (pj_str){"/bin/cat\0", 9};
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_NulByte));
    request.bin = S("/tmp");
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_BinIsDirectory));
    request = (pj_request){.bin = S("/bin/cat"), .env = &pair,
                           .env_count = 1};
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_EnvForbidden));
    request = (pj_request){.bin = S("/bin/cat"), .cwd = S("/")};
    prepare_code(policy, &request, &err);
    CHECK(says(&err, PJ_E_CwdForbidden) && !strcmp(err.expected, "/tmp"));
    pj_policy_unref(policy);
    pj_policy_options_free(options);
}

static void
test_risky(void)
{
    pj_policy_options *options = shell_options();
    pj_request request = {.bin = S("/bin/sh")};
    pj_policy *policy;
    pj_command *command = NULL;
    pj_command_info info;
    pj_error err;

    options->risky = PJ_RISKY_DENY;
    policy = need_policy(options);
    CHECK(prepare_code(policy, &request, &err) == PJ_E_BinRiskyDenied);
    CHECK(says(&err, PJ_E_BinRiskyDenied) && err.risk == PJ_RISK_SHELL);
    pj_policy_unref(policy);
    for (int kind = PJ_RISKY_WARN; kind <= PJ_RISKY_DISABLED; kind++) {
        options->risky = (pj_risky_policy)kind;
        policy = need_policy(options);
        CHECK(pj_policy_prepare(policy, &request, &command, &err) == 0);
        pj_command_get(command, &info);
        CHECK(info.risk == (kind == PJ_RISKY_WARN ? PJ_RISK_SHELL
                                                  : PJ_RISK_NONE));
        pj_command_unref(command);
        pj_policy_unref(policy);
    }
    pj_policy_options_free(options);
}

/* A file that is replaced after it was checked is not started.  */
static void
test_changed(void)
{
    pj_error err;
    pj_command *command;
    pj_output output;
    char path[128];

    snprintf(path, sizeof path, "%s/speaker", dir);
    put_file(path, "#!/bin/sh\necho one\n", 0755);
    pj_policy_options *options = options_for(path, NULL, 0);
    command = prepare(options, path, NULL, 0, &err);
    if (command == NULL)
        fprintf(stderr, "%s\n", err.message);
    CHECK(command != NULL);
    CHECK(pj_command_run(command, NULL, &output, &err) == 0);
    CHECK(bytes_are(output.out, "one\n"));
    pj_output_clear(&output);
    put_file(path, "#!/bin/sh\necho two!\n", 0755);
    CHECK(pj_command_run(command, NULL, &output, &err) < 0);
    CHECK(says(&err, PJ_E_BinChanged));
    CHECK(output.out.len == 0 && output.end == PJ_END_UNKNOWN);
    CHECK(pj_command_run(command, NULL, &output, NULL) < 0);
    pj_command_unref(command);
    CHECK(unlink(path) == 0);
    pj_policy_options_free(options);
}

int
main(void)
{
    CHECK(mkdtemp(dir) != NULL);
    test_paths();
    test_limits();
    test_limits_that_are_in_range();
    test_grace();
    test_numbers_outside_of_their_enum();
    test_files();
    test_rules();
    test_prepare();
    test_risky();
    test_changed();
    CHECK(rmdir(dir) == 0);
    CHECK(no_children());
    return CHECK_REPORT();
}
