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
    pj_rules *rules = pj_rules_new();
    pj_builder *builder = pj_builder_new();
    int result = -1;

    if (rules == NULL || builder == NULL)
        goto done;
    pj_rules_set_max_flags(rules, 2, NULL);
    pj_rules_set_max_positionals(rules, 2, NULL);
    if (pj_rules_set_allowed_flags(rules, flags, 2, err) == 0
        && pj_rules_set_double_dash(rules, PJ_DOUBLE_DASH_AFTER_FLAGS,
                                    err) == 0
        && pj_builder_allow_bin(builder, grep, err) == 0
        && pj_builder_arg_rules(builder, grep, rules, err) == 0)
        result = pj_builder_build(builder, policy, err);
done:
    pj_builder_free(builder);
    pj_rules_free(rules);
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
