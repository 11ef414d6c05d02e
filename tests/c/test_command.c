/* test_command.c: the prepared command, and the copies made from it.  */
#include "policy/command.h"

#include "fixture.h"

static pj_command *
cat_command(void)
{
    pj_str flag = S("-n"), argv[2] = {S("-n"), S("/dev/null")};
    pj_policy_options *policy = options_for("/bin/cat", &flag, 1);
    pj_error err;
    pj_command *command = prepare(policy, "/bin/cat", argv, 2, &err);

    CHECK(command != NULL);
    pj_policy_options_free(policy);
    return command;
}

static void
test_info(void)
{
    pj_command *command = cat_command();
    pj_command_info info;

    pj_command_get(command, &info);
    CHECK(info.bin.len > 0 && strcmp(info.bin.ptr + info.bin.len - 4,
                                     "/cat") == 0);
    CHECK(info.argc == 2 && pj_str_equal(info.argv[1], S("/dev/null")));
    CHECK(pj_str_equal(info.launch, info.bin));
    CHECK(info.launch_argc == 2
          && pj_str_equal(info.launch_args[0], S("-n")));
    CHECK(pj_str_equal(info.cwd, S("/")));
    CHECK(info.env_count == 0 && info.stripped_count == 0);
    CHECK(info.risk == PJ_RISK_NONE);
    CHECK(info.timeout_ns == INT64_C(30000000000));
    CHECK(command->exec_argv[3] == NULL && command->exec_envp[0] == NULL);
    pj_command_unref(command);
}

static void
check_wrapped(pj_command *wrapped, const char *first)
{
    pj_command_info info;

    pj_command_get(wrapped, &info);
    CHECK(strcmp(info.launch.ptr + info.launch.len - 4, "/env") == 0);
    CHECK(info.launch_argc == 4 + (first != NULL));
    CHECK(first == NULL || pj_str_equal(info.launch_args[0], S(first)));
    CHECK(pj_str_equal(info.launch_args[info.launch_argc - 3], info.bin));
    CHECK(pj_str_equal(info.launch_args[info.launch_argc - 1],
                       S("/dev/null")));
    CHECK(info.argc == 2 && pj_str_equal(info.argv[0], S("-n")));
    CHECK(strcmp(wrapped->exec_argv[0], info.launch.ptr) == 0);
    CHECK(wrapped->exec_argv[info.launch_argc + 1] == NULL);
}

static void
test_wrap(void)
{
    pj_command *command = cat_command(), *wrapped = NULL, *again = NULL;
    pj_str args[2] = {S("-i"), S("A=1")};
    pj_command_info info;
    pj_error err;

    CHECK(pj_command_wrap(command, S("/usr/bin/env"), args, 2, &wrapped,
                          &err) == 0);
    check_wrapped(wrapped, "-i");
    /* One wrapper replaces another, and the original is as it was.  */
    CHECK(pj_command_wrap(wrapped, S("/usr/bin/env"), args + 1, 1, &again,
                          &err) == 0);
    check_wrapped(again, NULL);
    pj_command_unref(again);
    pj_command_get(command, &info);
    CHECK(info.launch_argc == 2 && pj_str_equal(info.launch, info.bin));
    pj_command_unref(command);
    check_wrapped(wrapped, "-i");
    pj_command_unref(wrapped);
}

static void
test_wrap_errors(void)
{
    pj_command *command = cat_command(), *out = NULL;
    pj_str arg = {"a\0b", 3};
    int before = open_descriptors();
    pj_error err;

    CHECK(pj_command_wrap(command, S("env"), NULL, 0, &out, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    CHECK(pj_command_wrap(command, ABSENT, NULL, 0, &out, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotAbsolute));
    CHECK(pj_command_wrap(command, S("/none"), NULL, 0, &out, &err) < 0);
    CHECK(says(&err, PJ_E_BinNotFound));
    CHECK(pj_command_wrap(command, S("/tmp"), NULL, 0, &out, &err) < 0);
    CHECK(says(&err, PJ_E_BinIsDirectory));
    CHECK(pj_command_wrap(command, S("/usr/bin/env"), &arg, 1, &out, &err)
          < 0);
    CHECK(says(&err, PJ_E_NulByte) && err.index == 0);
    CHECK(pj_command_wrap(command, S("/none"), NULL, 0, &out, NULL) < 0);
    CHECK(out == NULL && open_descriptors() == before);
    pj_command_unref(command);
}

static void
test_set_env(void)
{
    pj_command *command = cat_command(), *one = NULL, *two = NULL;
    pj_command_info info;
    pj_error err;

    CHECK(pj_command_set_env(command, S("Z"), S("1"), &one, &err) == 0);
    CHECK(pj_command_set_env(one, S("LD_X"), S(""), &two, &err) == 0);
    pj_command_unref(one);
    CHECK(pj_command_set_env(two, S("Z"), S("2=3"), &one, &err) == 0);
    pj_command_get(command, &info);
    CHECK(info.env_count == 0);
    pj_command_get(one, &info);
    CHECK(info.env_count == 2 && pj_str_equal(info.env[0].name, S("LD_X")));
    CHECK(strcmp(one->exec_envp[0], "LD_X=") == 0);
    CHECK(strcmp(one->exec_envp[1], "Z=2=3") == 0);
    CHECK(one->exec_envp[2] == NULL);
    CHECK(strcmp(two->exec_envp[1], "Z=1") == 0);
    pj_command_unref(one);
    pj_command_unref(two);
    two = NULL;
    CHECK(pj_command_set_env(command, S("A=B"), S("1"), &two, &err) < 0);
    CHECK(says(&err, PJ_E_EnvForbidden));
    CHECK(pj_command_set_env(command, S("A"), (pj_str){"\0", 1}, &two, &err)
          < 0);
    CHECK(says(&err, PJ_E_NulByte));
    CHECK(pj_command_set_env(command, S(""), S("1"), &two, NULL) < 0);
    CHECK(two == NULL);
    pj_command_unref(command);
}

/* What the wrapper and the variables do when it runs.  */
static void
test_run(void)
{
    pj_policy_options *policy = shell_options();
    pj_command *plain = shell_command(policy, "echo $A-$B"), *env = NULL,
               *wrapped = NULL;
    pj_str arg = S("B=wrap");
    pj_output output;
    pj_error err;

    CHECK(pj_command_set_env(plain, S("A"), S("set"), &env, &err) == 0);
    CHECK(pj_command_wrap(env, S("/usr/bin/env"), &arg, 1, &wrapped, &err)
          == 0);
    CHECK(pj_command_run(wrapped, NULL, &output, &err) == 0);
    CHECK(bytes_are(output.out, "set-wrap\n"));
    pj_output_clear(&output);
    /* A command can be started any number of times.  */
    for (int i = 0; i < 3; i++) {
        CHECK(pj_command_run(env, NULL, &output, &err) == 0);
        CHECK(bytes_are(output.out, "set-\n"));
        pj_output_clear(&output);
    }
    pj_command_unref(plain);
    pj_command_unref(env);
    pj_command_unref(wrapped);
    pj_policy_options_free(policy);
}

int
main(void)
{
    int before = open_descriptors();

    test_info();
    test_wrap();
    test_wrap_errors();
    test_set_env();
    test_run();
    CHECK(open_descriptors() == before && no_children());
    return CHECK_REPORT();
}
