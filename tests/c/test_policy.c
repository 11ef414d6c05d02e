/* test_policy.c: builders, and the policies that are built from them.  */
#include <pthread.h>

#include "fixture.h"
#include "policy/policy.h"
#include "base/strings.h"

static pj_builder *
full_builder(void)
{
    pj_str flags[2] = {S("-n"), S("-E")}, dirs[2] = {S("/tmp"), S("/")};
    pj_pair pairs[2] = {{S("A"), S("1")}, {S("B"), S("")}};
    pj_builder *builder = builder_for("/bin/cat", flags, 2);

    CHECK(pj_builder_risky(builder, PJ_RISKY_WARN, NULL) == 0);
    CHECK(pj_builder_env_fixed(builder, pairs, 2, NULL) == 0);
    CHECK(pj_builder_cwd_allowlist(builder, dirs, 2, S("/tmp"), NULL) == 0);
    CHECK(pj_builder_timeout(builder, 5, NULL) == 0);
    CHECK(pj_builder_max_stdout(builder, 6, NULL) == 0);
    CHECK(pj_builder_max_stderr(builder, 7, NULL) == 0);
    return builder;
}

static void
check_full(const pj_builder *builder)
{
    pj_builder_info info;
    pj_rules_info rules;

    pj_builder_get(builder, &info);
    CHECK(info.bin_count == 1 && pj_str_equal(info.bins[0], S("/bin/cat")));
    CHECK(info.rule_count == 1
          && pj_str_equal(info.rule_paths[0], S("/bin/cat")));
    pj_rules_get(info.rules[0], &rules);
    CHECK(rules.flag_count == 2 && rules.max_flags == 16);
    CHECK(info.risky == PJ_RISKY_WARN && info.env_kind == PJ_ENV_FIXED);
    CHECK(info.env_pair_count == 2
          && pj_str_equal(info.env_pairs[1].name, S("B")));
    CHECK(info.cwd_kind == PJ_CWD_ALLOWLIST && info.cwd_dir_count == 2);
    CHECK(pj_str_equal(info.cwd_fallback, S("/tmp")));
    CHECK(info.timeout_ns == 5 && info.max_stdout == 6
          && info.max_stderr == 7);
}

static void
test_defaults(void)
{
    pj_builder *builder = pj_builder_new();
    pj_builder_info info;

    pj_builder_get(builder, &info);
    CHECK(info.bin_count == 0 && info.rule_count == 0);
    CHECK(info.risky == PJ_RISKY_DENY && info.env_kind == PJ_ENV_EMPTY);
    CHECK(info.cwd_kind == PJ_CWD_FIXED && info.cwd_dir_count == 1);
    CHECK(pj_str_equal(info.cwd_dirs[0], S("/tmp")));
    CHECK(info.timeout_ns == INT64_C(30000000000));
    CHECK(info.max_stdout == 10 << 20 && info.max_stderr == 1 << 20);
    pj_builder_free(builder);
    pj_builder_free(NULL);
    pj_policy_unref(NULL);
    pj_command_unref(NULL);
    pj_process_free(NULL);
}

/* A copy shares nothing; a policy outlives what it was built from.  */
static void
test_dup(void)
{
    pj_builder *builder = full_builder(), *copy = pj_builder_dup(builder);
    pj_policy *policy = NULL;
    pj_error err;

    pj_builder_free(builder);
    check_full(copy);
    CHECK(pj_builder_build(copy, &policy, &err) == 0);
    pj_builder_env_empty(copy);
    CHECK(pj_builder_allow_bin(copy, S("/bin/ls"), NULL) == 0);
    CHECK(pj_builder_cwd_fixed(copy, S("/"), NULL) == 0);
    check_full(pj_policy_builder(policy));
    pj_builder_free(copy);
    check_full(pj_policy_builder(policy));
    pj_policy_unref(policy);
}

static void
test_many(void)
{
    pj_builder *builder = pj_builder_new(), *copy;
    pj_rules *rules = pj_rules_new();
    pj_builder_info info;
    char path[32];

    for (int i = 0; i < 100; i++) {
        snprintf(path, sizeof path, "/none/%d", i);
        CHECK(pj_builder_allow_bin(builder, S(path), NULL) == 0);
        CHECK(pj_builder_arg_rules(builder, S(path), rules, NULL) == 0);
    }
    copy = pj_builder_dup(builder);
    pj_builder_free(builder);
    pj_builder_get(copy, &info);
    CHECK(info.bin_count == 100 && info.rule_count == 100);
    CHECK(pj_str_equal(info.rule_paths[99], S("/none/99")));
    pj_builder_free(copy);
    pj_rules_free(rules);
}

/* The same program by two names, and rules by a third.  */
static void
test_spellings(void)
{
    pj_builder *builder = pj_builder_new();
    pj_rules *rules = pj_rules_new();
    pj_policy *policy = NULL;
    pj_error err;

    CHECK(pj_builder_allow_bin(builder, S("/bin/cat"), NULL) == 0);
    CHECK(pj_builder_allow_bin(builder, S("/bin/../bin/cat"), NULL) == 0);
    CHECK(pj_builder_arg_rules(builder, S("/bin//cat"), rules, NULL) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) == 0);
    CHECK(policy != NULL && policy->allowed_count == 1);
    pj_policy_unref(policy);
    pj_rules_free(rules);
    pj_builder_free(builder);
}

static int
is_only(const pj_program_view *view, pj_access access, const char *root)
{
    return view->is_limited[access] && view->root_count[access] == 1
        && pj_str_equal(view->roots[access][0], S(root));
}

/* Its paths as given, and the roots of its own rules, where a kernel holds
   them.  */
static void
test_program(void)
{
    pj_builder *builder = builder_for("/bin/ls", NULL, 0);
    pj_rules *rules = pj_rules_new();
    pj_str read = S("/usr"), write = S("/tmp");
    int held = pj_sandbox_has_kernel();
    pj_request request = {.bin = S("/bin/./cat")};
    pj_policy *policy = NULL;
    pj_command *command = NULL;
    pj_program_view view;
    pj_rules_info info;
    pj_error err;

    CHECK(pj_rules_add_roots(rules, PJ_ACCESS_READ, &read, 1, NULL) == 0);
    CHECK(pj_rules_add_roots(rules, PJ_ACCESS_READ, &read, 1, NULL) == 0);
    CHECK(pj_rules_add_roots(rules, PJ_ACCESS_WRITE, &write, 1, NULL) == 0);
    CHECK(pj_builder_allow_bin(builder, S("/bin/cat"), NULL) == 0);
    CHECK(pj_builder_allow_bin(builder, S("/bin/cat"), NULL) == 0);
    CHECK(pj_builder_allow_bin(builder, S("/bin//cat"), NULL) == 0);
    CHECK(pj_builder_arg_rules(builder, S("/bin/./cat"), rules, NULL) == 0);
    CHECK(pj_builder_build(builder, &policy, &err) == 0);
    pj_rules_free(rules);
    pj_builder_free(builder);
    CHECK(pj_policy_program_count(policy) == 2);
    pj_policy_program(policy, 0, &view);
    CHECK(view.path_count == 1 && !view.is_limited[PJ_ACCESS_READ]);
    CHECK(view.roots[PJ_ACCESS_READ] == NULL && !view.runs_nothing);
    pj_policy_program(policy, 1, &view);
    CHECK(view.path_count == 2
          && pj_str_equal(view.paths[0], S("/bin/cat"))
          && pj_str_equal(view.paths[1], S("/bin//cat")));
    CHECK(pj_str_equal(pj_str_basename(view.canonical), S("cat")));
    pj_rules_get(view.rules, &info);
    CHECK(info.root_count[PJ_ACCESS_READ] == 2);
    CHECK(!view.is_limited[PJ_ACCESS_EXECUTE]);
    CHECK(view.is_limited[PJ_ACCESS_READ] == held);
    CHECK(!held || is_only(&view, PJ_ACCESS_WRITE, "/tmp"));
    CHECK(!held || (view.root_count[PJ_ACCESS_READ] == 2
                    && pj_str_equal(view.roots[PJ_ACCESS_READ][0], read)
                    && pj_str_equal(view.roots[PJ_ACCESS_READ][1], write)));
    CHECK(held == !(view.sandbox.missing & 1u << PJ_CONTROL_READ_ROOTS));
    CHECK(pj_policy_prepare(policy, &request, &command, &err) == 0);
    pj_policy_unref(policy);
    pj_command_program(command, &view);
    CHECK(view.path_count == 2 && view.is_limited[PJ_ACCESS_WRITE] == held);
    pj_command_unref(command);
}

/* What may be executed may be read; where nothing may be, no root lets it. */
static void
test_program_that_runs_nothing(void)
{
    pj_str execute = S("/usr/bin");
    pj_policy *policies[2] = {NULL, NULL};
    pj_program_view view;
    pj_error err;

    if (!pj_sandbox_has_kernel())
        return;
    for (int i = 0; i < 2; i++) {
        pj_builder *builder = pj_builder_new();
        pj_rules *rules = pj_rules_new();
        pj_sandbox *sandbox = pj_sandbox_new(PJ_PRESET_DEFAULT);

        if (i == 1)
            pj_rules_set_run_nothing(rules);
        CHECK(pj_sandbox_add_root(sandbox, PJ_ACCESS_EXECUTE, execute, NULL)
              == 0);
        CHECK(pj_sandbox_best_effort(sandbox, S("host_signals"), NULL) == 0);
        CHECK(pj_builder_sandbox(builder, sandbox, NULL) == 0);
        CHECK(pj_builder_allow_bin(builder, S("/bin/cat"), NULL) == 0);
        CHECK(pj_builder_arg_rules(builder, S("/bin/cat"), rules, NULL)
              == 0);
        CHECK(pj_builder_build(builder, &policies[i], &err) == 0);
        pj_sandbox_free(sandbox);
        pj_rules_free(rules);
        pj_builder_free(builder);
    }
    pj_policy_program(policies[0], 0, &view);
    CHECK(is_only(&view, PJ_ACCESS_EXECUTE, "/usr/bin"));
    CHECK(is_only(&view, PJ_ACCESS_READ, "/usr/bin"));
    CHECK(!view.is_limited[PJ_ACCESS_WRITE] && !view.runs_nothing);
    pj_policy_program(policies[1], 0, &view);
    CHECK(view.runs_nothing && view.is_limited[PJ_ACCESS_EXECUTE]);
    CHECK(view.root_count[PJ_ACCESS_EXECUTE] == 0);
    CHECK(is_only(&view, PJ_ACCESS_READ, "/usr/bin"));
    pj_policy_unref(policies[0]);
    pj_policy_unref(policies[1]);
}

/* Rules that cannot do what they say are refused when building.  */
static void
test_impossible_rules(void)
{
    pj_builder *builder = pj_builder_new();
    pj_rules *rules = pj_rules_new();
    pj_policy *policy = NULL;
    pj_error err;

    CHECK(pj_rules_set_double_dash(rules, PJ_DOUBLE_DASH_AFTER_FLAGS, NULL)
          == 0);
    CHECK(pj_builder_allow_bin(builder, S("/usr/bin/find"), NULL) == 0);
    CHECK(pj_builder_arg_rules(builder, S("/usr/bin/find"), rules, NULL)
          == 0);
    CHECK(pj_builder_build(builder, &policy, &err) < 0);
    CHECK(says(&err, PJ_E_ArgRulesInvalid) && policy == NULL);
    pj_rules_free(rules);
    pj_builder_free(builder);
}

/* Every descriptor of a policy goes with its last reference.  */
static void
test_references(void)
{
    int before = open_descriptors();
    pj_builder *builder = builder_for("/bin/cat", NULL, 0);
    pj_request request = {.bin = S("/bin/cat")};
    pj_policy *policy = NULL;
    pj_command *command = NULL, *other;
    pj_error err;

    CHECK(pj_builder_build(builder, &policy, &err) == 0);
    CHECK(pj_policy_ref(policy) == policy);
    pj_policy_unref(policy);
    CHECK(pj_policy_prepare(policy, &request, &command, &err) == 0);
    other = pj_command_ref(command);
    pj_policy_unref(policy);
    pj_command_unref(command);
    CHECK(atomic_load(&policy->refs) == 1);
    CHECK(open_descriptors() > before);
    pj_command_unref(other);
    CHECK(open_descriptors() == before);
    pj_builder_free(builder);
}

static void *
use_policy(void *shared)
{
    pj_policy *policy = shared;
    pj_request request = {.bin = S("/bin/cat")};
    size_t *failed = calloc(1, sizeof *failed);

    for (int i = 0; i < 300; i++) {
        pj_policy *own = pj_policy_ref(policy);
        pj_command *command = NULL;

        if (pj_policy_prepare(own, &request, &command, NULL) < 0)
            ++*failed;
        pj_policy_unref(own);
        pj_command_unref(pj_command_ref(command));
        pj_command_unref(command);
    }
    return failed;
}

static void
test_threads(void)
{
    int before = open_descriptors();
    pj_builder *builder = builder_for("/bin/cat", NULL, 0);
    pj_policy *policy = NULL;
    pthread_t threads[4];
    pj_error err;

    CHECK(pj_builder_build(builder, &policy, &err) == 0);
    for (size_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, use_policy, policy) == 0);
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;

        CHECK(pthread_join(threads[i], &failed) == 0);
        CHECK(*(size_t *)failed == 0);
        free(failed);
    }
    CHECK(atomic_load(&policy->refs) == 1);
    CHECK(atomic_load(&policy->allowed[0].pin->refs) == 1);
    CHECK(atomic_load(&policy->cwd_pin->refs) == 1);
    pj_policy_unref(policy);
    pj_builder_free(builder);
    CHECK(open_descriptors() == before);
}

int
main(void)
{
    test_defaults();
    test_dup();
    test_many();
    test_spellings();
    test_program();
    test_program_that_runs_nothing();
    test_impossible_rules();
    test_references();
    test_threads();
    return CHECK_REPORT();
}
