/* test_policy.c: options, and the policies that are made from them.  */
#include <pthread.h>

#include "fixture.h"
#include "policy/policy.h"
#include "base/strings.h"

/* Options with a value of its own in every field, and what they point to.  */
struct full {
    pj_str bin, dirs[2], names[2], root;
    pj_pair pairs[2];
    pj_program_rules rules;
    pj_sandbox sandbox;
    pj_policy_options options;
};

static void
begin_full(struct full *f)
{
    pj_str flags[2] = {S("-n"), S("-E")};
    pj_rules *rules = need_rules((pj_rules_options){
        .flags = flags, .flag_count = 2, .max_flags = 16});

    *f = (struct full){
        .bin = S("/bin/cat"), .dirs = {S("/tmp"), S("/")}, .root = S("/"),
        .names = {S("C"), S("D")},
        .pairs = {{S("A"), S("1")}, {S("B"), S("")}},
        .rules = {S("/bin/cat"), rules},
    };
    f->sandbox = (pj_sandbox){
        .roots = {&f->root}, .root_count = {1}, .has_umask = 1,
        .umask = 022, .best_effort = lenient.best_effort};
    f->options = (pj_policy_options){
        .bins = &f->bin, .bin_count = 1, .rules = &f->rules, .rule_count = 1,
        .risky = PJ_RISKY_WARN, .env_kind = PJ_ENV_FIXED,
        .env_pairs = f->pairs, .env_pair_count = 2, .env_names = f->names,
        .env_name_count = 2, .cwd_kind = PJ_CWD_ALLOWLIST,
        .cwd_dirs = f->dirs, .cwd_dir_count = 2, .cwd_fallback = f->dirs[0],
        .timeout_ns = 5, .stop_grace_ns = 4, .max_stdout = 6,
        .max_stderr = 7, .overflow = PJ_OVERFLOW_KEEP_HEAD, .max_stdin = 8,
        .sandbox = &f->sandbox};
}

/* Takes all of it away from whoever kept a pointer.  */
static void
spoil(struct full *f)
{
    pj_rules_unref(f->rules.rules);
    memset(f, 0x55, sizeof *f);
}

static void
check_full(const pj_policy_options *o)
{
    const pj_rules_options *rules = pj_rules_get(o->rules[0].rules);

    CHECK(o->bin_count == 1 && pj_str_equal(o->bins[0], S("/bin/cat")));
    CHECK(o->rule_count == 1
          && pj_str_equal(o->rules[0].path, S("/bin/cat")));
    CHECK(rules->flag_count == 2 && rules->max_flags == 16);
    CHECK(o->risky == PJ_RISKY_WARN && o->env_kind == PJ_ENV_FIXED);
    CHECK(o->env_pair_count == 2
          && pj_str_equal(o->env_pairs[1].name, S("B")));
    CHECK(o->env_name_count == 2 && pj_str_equal(o->env_names[1], S("D")));
    CHECK(o->cwd_kind == PJ_CWD_ALLOWLIST && o->cwd_dir_count == 2);
    CHECK(pj_str_equal(o->cwd_dirs[1], S("/")));
    CHECK(pj_str_equal(o->cwd_fallback, S("/tmp")));
    CHECK(o->timeout_ns == 5 && o->stop_grace_ns == 4);
    CHECK(o->max_stdout == 6 && o->max_stderr == 7 && o->max_stdin == 8);
    CHECK(o->overflow == PJ_OVERFLOW_KEEP_HEAD);
    CHECK(o->sandbox->umask == 022);
    CHECK(pj_str_equal(o->sandbox->roots[PJ_ACCESS_READ][0], S("/")));
}

static void
check_defaults(const pj_policy_options *o)
{
    CHECK(o->bin_count == 0 && o->rule_count == 0);
    CHECK(o->risky == PJ_RISKY_DENY && o->env_kind == PJ_ENV_EMPTY);
    CHECK(o->cwd_kind == PJ_CWD_FIXED && o->cwd_dir_count == 1);
    CHECK(pj_str_equal(o->cwd_dirs[0], S("/tmp")));
    CHECK(o->cwd_fallback.ptr == NULL);
    CHECK(o->timeout_ns == INT64_C(30000000000) && o->stop_grace_ns == 0);
    CHECK(o->max_stdout == 10 << 20 && o->max_stderr == 1 << 20);
    CHECK(o->max_stdin == 0 && o->overflow == PJ_OVERFLOW_STOP);
    CHECK(o->sandbox == NULL);
}

/* What is zero has its default in a copy and in a policy.  */
static void
test_defaults(void)
{
    const pj_policy_options zero = {0};
    pj_policy_options *copy = pj_policy_options_dup(&zero);
    pj_policy *policy = need_policy(&zero);

    CHECK(pj_policy_check(&zero, NULL) == 0);
    check_defaults(copy);
    check_defaults(pj_policy_get(policy));
    pj_policy_unref(policy);
    /* And keeps it in a copy of the copy.  */
    policy = need_policy(copy);
    check_defaults(pj_policy_get(policy));
    pj_policy_unref(policy);
    pj_policy_options_free(copy);
    pj_policy_options_free(NULL);
    pj_policy_unref(NULL);
    pj_command_unref(NULL);
    pj_process_free(NULL);
}

/* Of the kinds of directories only the fixed one has a default.  */
static void
test_default_directory(void)
{
    pj_policy_options *copy = pj_policy_options_dup(&(pj_policy_options){
        .cwd_kind = PJ_CWD_ALLOWLIST});

    CHECK(copy->cwd_kind == PJ_CWD_ALLOWLIST && copy->cwd_dir_count == 0);
    pj_policy_options_free(copy);
}

/* None is none, not the default, up to the command and its output.  */
static void
test_no_output(void)
{
    pj_policy_options *options = shell_options();
    pj_command *command;
    pj_command_info info;
    pj_output output;
    pj_error err;

    options->max_stdout = options->max_stderr = PJ_OUTPUT_NONE;
    options->overflow = PJ_OVERFLOW_KEEP_HEAD;
    command = shell_command(options, "echo out; echo err >&2; exit 3");
    pj_command_get(command, &info);
    CHECK(info.max_stdout == 0 && info.max_stderr == 0);
    CHECK(pj_command_run(command, NULL, &output, &err) == 0);
    CHECK(output.exit_code == 3 && output.out.len == 0);
    CHECK(output.err.len == 0);
    CHECK(output.out_total == 4 && output.err_total == 4);
    pj_output_clear(&output);
    pj_command_unref(command);
    pj_policy_options_free(options);
}

/* A copy shares nothing; a policy outlives what it was made from.  */
static void
test_dup(void)
{
    struct full full;
    pj_policy_options *copy, *again;
    pj_policy *policy;

    begin_full(&full);
    CHECK(pj_policy_check(&full.options, NULL) == 0);
    copy = pj_policy_options_dup(&full.options);
    spoil(&full);
    check_full(copy);
    again = pj_policy_options_dup(copy);
    policy = need_policy(copy);
    pj_policy_options_free(copy);
    check_full(again);
    pj_policy_options_free(again);
    check_full(pj_policy_get(policy));
    pj_policy_unref(policy);
}

static void
test_many(void)
{
    static char paths[100][16];
    pj_str bins[100];
    pj_program_rules rules[100];
    pj_rules *none = need_rules((pj_rules_options){0});
    pj_policy_options *copy;

    for (int i = 0; i < 100; i++) {
        snprintf(paths[i], sizeof paths[i], "/none/%d", i);
        bins[i] = S(paths[i]);
        rules[i] = (pj_program_rules){bins[i], none};
    }
    copy = pj_policy_options_dup(&(pj_policy_options){
        .bins = bins, .bin_count = 100, .rules = rules, .rule_count = 100});
    memset(paths, 'x', sizeof paths);
    pj_rules_unref(none);
    CHECK(copy->bin_count == 100 && copy->rule_count == 100);
    CHECK(pj_str_equal(copy->bins[7], S("/none/7")));
    CHECK(pj_str_equal(copy->rules[99].path, S("/none/99")));
    CHECK(pj_rules_get(copy->rules[99].rules)->max_flags == 0);
    CHECK(pj_policy_check(copy, NULL) == 0);
    pj_policy_options_free(copy);
}

/* The same program by two names, and rules by a third.  */
static void
test_spellings(void)
{
    pj_rules *none = need_rules((pj_rules_options){0});
    pj_str bins[2] = {S("/bin/cat"), S("/bin/../bin/cat")};
    pj_program_rules rules = {S("/bin//cat"), none};
    pj_policy *policy = need_policy(&(pj_policy_options){
        .bins = bins, .bin_count = 2, .rules = &rules, .rule_count = 1});

    CHECK(policy->allowed_count == 1);
    pj_policy_unref(policy);
    pj_rules_unref(none);
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
    pj_str read = S("/usr"), write = S("/tmp"), twice[2] = {read, read};
    pj_rules *none = need_rules((pj_rules_options){0});
    pj_rules *own = need_rules((pj_rules_options){
        .roots = {twice, &write}, .root_count = {2, 1}});
    pj_str bins[4] = {S("/bin/ls"), S("/bin/cat"), S("/bin/cat"),
                      S("/bin//cat")};
    pj_program_rules rules[2] = {{S("/bin/ls"), none},
                                 {S("/bin/./cat"), own}};
    pj_policy *policy = need_policy(&(pj_policy_options){
        .bins = bins, .bin_count = 4, .rules = rules, .rule_count = 2,
        .sandbox = sandbox_for_paths()});
    int held = has_landlock();
    pj_request request = {.bin = S("/bin/./cat")};
    pj_command *command = NULL;
    pj_program_view view;
    pj_error err;

    pj_rules_unref(own);
    pj_rules_unref(none);
    CHECK(pj_policy_program_count(policy) == 2);
    pj_policy_program(policy, 0, &view);
    CHECK(view.path_count == 1 && !view.is_limited[PJ_ACCESS_READ]);
    CHECK(view.roots[PJ_ACCESS_READ] == NULL && !view.runs_nothing);
    pj_policy_program(policy, 1, &view);
    CHECK(view.path_count == 2
          && pj_str_equal(view.paths[0], S("/bin/cat"))
          && pj_str_equal(view.paths[1], S("/bin//cat")));
    CHECK(pj_str_equal(pj_str_basename(view.canonical), S("cat")));
    CHECK(pj_rules_get(view.rules)->root_count[PJ_ACCESS_READ] == 2);
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
    pj_str execute = S("/usr/bin"), cat = S("/bin/cat");
    const pj_sandbox sandbox = {
        .roots = {[PJ_ACCESS_EXECUTE] = &execute},
        .root_count = {[PJ_ACCESS_EXECUTE] = 1},
        .best_effort = UINT32_C(1) << PJ_CONTROL_HOST_SIGNALS};
    pj_policy *policies[2];
    pj_program_view view;

    if (!has_landlock())
        return;
    for (int i = 0; i < 2; i++) {
        pj_rules *rules = need_rules((pj_rules_options){.run_nothing = i});
        pj_program_rules of_cat = {cat, rules};

        policies[i] = need_policy(&(pj_policy_options){
            .bins = &cat, .bin_count = 1, .rules = &of_cat, .rule_count = 1,
            .sandbox = &sandbox});
        pj_rules_unref(rules);
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

/* Rules that cannot do what they say are refused by the policy.  */
static void
test_impossible_rules(void)
{
    pj_str bin = S("/usr/bin/find");
    pj_program_rules rules = {
        bin, need_rules((pj_rules_options){
            .double_dash = PJ_DOUBLE_DASH_AFTER_FLAGS}),
    };
    pj_policy_options options = {.bins = &bin, .bin_count = 1,
                                 .rules = &rules, .rule_count = 1};
    pj_error err;

    CHECK(pj_policy_check(&options, &err) == 0);
    CHECK(refuses_policy(&options, PJ_E_ArgRulesInvalid, &err));
    pj_rules_unref(rules.rules);
}

/* Every descriptor of a policy goes with its last reference.  */
static void
test_references(void)
{
    int before = open_descriptors();
    pj_policy_options *options = options_for("/bin/cat", NULL, 0);
    pj_request request = {.bin = S("/bin/cat")};
    pj_policy *policy;
    pj_command *command = NULL, *other;
    pj_error err;

    policy = need_policy(options);
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
    pj_policy_options_free(options);
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
    pj_policy_options *options = options_for("/bin/cat", NULL, 0);
    pj_policy *policy;
    pthread_t threads[4];

    policy = need_policy(options);
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
    pj_policy_options_free(options);
    CHECK(open_descriptors() == before);
}

int
main(void)
{
    test_defaults();
    test_default_directory();
    test_no_output();
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
