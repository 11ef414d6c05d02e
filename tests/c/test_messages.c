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

static void
test_allow_bin(void)
{
    pj_builder *builder = pj_builder_new();
    pj_rules *rules = pj_rules_new();
    pj_str nul = {"/bin/\0ls", 8};
    pj_error err;

    CHECK(pj_builder_allow_bin(builder, S("ls"), &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute) && !strcmp(err.value, "ls"));
    CHECK(pj_builder_allow_bin(builder, ABSENT, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    CHECK(pj_builder_allow_bin(builder, nul, &err) < 0);
    CHECK(says(&err, PJ_E_NulByte));
    CHECK(pj_builder_allow_bin(builder, nul, NULL) < 0);
    CHECK(pj_builder_arg_rules(builder, S("ls"), rules, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    CHECK(pj_builder_arg_rules(builder, S(""), rules, NULL) < 0);
    pj_rules_free(rules);
    pj_builder_free(builder);
}

static void
test_limits(void)
{
    pj_builder *builder = pj_builder_new();
    pj_builder_info before, after;
    pj_error err;

    pj_builder_get(builder, &before);
    CHECK(pj_builder_timeout(builder, 0, &err) < 0);
    CHECK(says(&err, PJ_E_LimitInvalid) && !strcmp(err.value, "timeout"));
    CHECK(pj_builder_timeout(builder, -1, NULL) < 0);
    CHECK(pj_builder_timeout(builder, PJ_TIMEOUT_MAX + 1, &err) < 0);
    CHECK(pj_builder_max_stdout(builder, PJ_OUTPUT_MAX + 1, &err) < 0);
    CHECK(says(&err, PJ_E_LimitInvalid));
    CHECK(pj_builder_max_stderr(builder, UINT64_MAX, &err) < 0);
    CHECK(says(&err, PJ_E_LimitInvalid));
    CHECK(pj_builder_max_stdout(builder, UINT64_MAX, NULL) < 0);
    CHECK(pj_builder_max_stderr(builder, UINT64_MAX, NULL) < 0);
    CHECK(pj_builder_risky(builder, (pj_risky_policy)3, &err) < 0);
    CHECK(says(&err, PJ_E_LimitInvalid));
    CHECK(pj_builder_risky(builder, (pj_risky_policy)-1, NULL) < 0);
    pj_builder_get(builder, &after);
    CHECK(memcmp(&before, &after, sizeof before) == 0);
    CHECK(pj_builder_timeout(builder, 1, &err) == 0);
    CHECK(pj_builder_timeout(builder, PJ_TIMEOUT_MAX, &err) == 0);
    CHECK(pj_builder_max_stdout(builder, 0, &err) == 0);
    CHECK(pj_builder_max_stderr(builder, PJ_OUTPUT_MAX, &err) == 0);
    pj_builder_free(builder);
}

/* Builds a policy for one path; the code it fails with.  */
static pj_code
build_code(const char *bin, pj_error *err)
{
    pj_builder *builder = builder_for(bin, NULL, 0);
    pj_policy *policy = NULL;
    int result = pj_builder_build(builder, &policy, err);

    CHECK(result == 0 || policy == NULL);
    CHECK(result == 0 || pj_builder_build(builder, &policy, NULL) < 0);
    pj_policy_unref(policy);
    pj_builder_free(builder);
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

static void
test_rules(void)
{
    pj_builder *builder = builder_for("/bin/cat", NULL, 0);
    pj_rules *rules = pj_rules_new();
    pj_policy *policy = NULL;
    pj_error err;

    CHECK(pj_builder_allow_bin(builder, S("/bin/ls"), &err) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) < 0);
    CHECK(says(&err, PJ_E_ArgRulesRequired));
    CHECK(pj_builder_arg_rules(builder, S("/bin/ls"), rules, &err) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) == 0);
    pj_policy_unref(policy);
    CHECK(pj_builder_arg_rules(builder, S("/bin/../bin/ls"), rules, &err)
          == 0);
    CHECK(pj_builder_build(builder, &policy, &err) < 0);
    CHECK(says(&err, PJ_E_ArgRulesDuplicate));
    pj_builder_free(builder);

    builder = builder_for("/bin/cat", NULL, 0);
    CHECK(pj_builder_arg_rules(builder, S("/bin/ls"), rules, &err) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) < 0);
    CHECK(says(&err, PJ_E_ArgRulesUnused));
    pj_builder_free(builder);
    builder = builder_for("/bin/cat", NULL, 0);
    CHECK(pj_builder_arg_rules(builder, S("/none"), rules, &err) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) < 0);
    CHECK(says(&err, PJ_E_ArgRulesUnused));
    pj_builder_free(builder);
    pj_rules_free(rules);
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
    pj_builder *builder = builder_for("/bin/cat", NULL, 0);
    pj_pair pair = {S("A=B"), S("1")};
    pj_policy *policy = NULL;
    pj_request request = {.bin = S("/bin/cat")};
    pj_error err;

    CHECK(pj_builder_cwd_jailed(builder, S("/tmp"), ABSENT, NULL) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) == 0);
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
    pj_builder_free(builder);
}

static void
test_risky(void)
{
    pj_builder *builder = shell_builder();
    pj_request request = {.bin = S("/bin/sh")};
    pj_policy *policy = NULL;
    pj_command *command = NULL;
    pj_command_info info;
    pj_error err;

    CHECK(pj_builder_risky(builder, PJ_RISKY_DENY, NULL) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) == 0);
    CHECK(prepare_code(policy, &request, &err) == PJ_E_BinRiskyDenied);
    CHECK(says(&err, PJ_E_BinRiskyDenied) && err.risk == PJ_RISK_SHELL);
    pj_policy_unref(policy);
    for (int kind = PJ_RISKY_WARN; kind <= PJ_RISKY_DISABLED; kind++) {
        CHECK(pj_builder_risky(builder, (pj_risky_policy)kind, NULL) == 0);
        CHECK(pj_builder_build(builder, &policy, &err) == 0);
        CHECK(pj_policy_prepare(policy, &request, &command, &err) == 0);
        pj_command_get(command, &info);
        CHECK(info.risk == (kind == PJ_RISKY_WARN ? PJ_RISK_SHELL
                                                  : PJ_RISK_NONE));
        pj_command_unref(command);
        pj_policy_unref(policy);
    }
    pj_builder_free(builder);
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
    pj_builder *builder = builder_for(path, NULL, 0);
    command = prepare(builder, path, NULL, 0, &err);
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
    pj_builder_free(builder);
}

int
main(void)
{
    CHECK(mkdtemp(dir) != NULL);
    test_allow_bin();
    test_limits();
    test_files();
    test_rules();
    test_prepare();
    test_risky();
    test_changed();
    CHECK(rmdir(dir) == 0);
    CHECK(no_children());
    return CHECK_REPORT();
}
