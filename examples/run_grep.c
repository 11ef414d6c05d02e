/*
 * run_grep.c: the C library in one page.
 *
 *     run_grep PATTERN FILE
 *
 * Greps one file through a policy that allows grep, the flags -n and -i,
 * and two positionals; prints what grep printed, or why it was refused.
 */
#include <stdio.h>

#include "procjail.h"

static int
make_policy(pj_policy **policy, pj_error *err)
{
    const pj_str grep = pj_str_of("/usr/bin/grep");
    const pj_str flags[] = {pj_str_of("-n"), pj_str_of("-i")};
    const pj_rules_options arguments = {
        .flags = flags, .flag_count = 2, .max_flags = 2,
        .max_positionals = 2, .double_dash = PJ_DOUBLE_DASH_AFTER_FLAGS,
    };
    pj_program_rules of_grep = {grep, NULL};
    const pj_policy_options options = {
        .bins = &grep, .bin_count = 1, .rules = &of_grep, .rule_count = 1,
    };
    int result = -1;

    if (pj_rules_new(&arguments, &of_grep.rules, err) == 0)
        result = pj_policy_new(&options, policy, err);
    pj_rules_unref(of_grep.rules);
    return result;
}

int
main(int argc, char **argv)
{
    pj_error err = {0};
    pj_policy *policy = NULL;
    pj_command *command = NULL;
    pj_output output = {0};
    int status = 1;

    if (argc != 3) {
        fprintf(stderr, "usage: %s PATTERN FILE\n", argv[0]);
        return 2;
    }
    const pj_str args[] = {pj_str_of("-n"), pj_str_of(argv[1]),
                           pj_str_of(argv[2])};
    const pj_request request = {.bin = pj_str_of("/usr/bin/grep"),
                                .argv = args, .argc = 3};

    if (make_policy(&policy, &err) < 0
        || pj_policy_prepare(policy, &request, &command, &err) < 0
        || pj_command_run(command, NULL, &output, &err) < 0) {
        fprintf(stderr, "%s: %s\n", pj_code_name(err.code), err.message);
    } else {
        fwrite(output.out.data, 1, output.out.len, stdout);
        fwrite(output.err.data, 1, output.err.len, stderr);
        status = output.exit_code;
    }
    pj_output_clear(&output);
    pj_command_unref(command);
    pj_policy_unref(policy);
    return status;
}
