/* fixture.h: policies and commands that several tests start from, and what
   a test can see of its own process.  */
#ifndef PJ_TEST_FIXTURE_H
#define PJ_TEST_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "confine/features.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ABSENT ((pj_str){NULL, 0})

#ifdef __linux__
#define DESCRIPTORS "/proc/self/fd"
#else
#define DESCRIPTORS "/dev/fd"
#endif

/* How many descriptors this process has open.  */
static inline int
open_descriptors(void)
{
    DIR *dir = opendir(DESCRIPTORS);
    int count = 0;

    if (dir == NULL)
        return -1;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    /* Without ".", ".." and the directory's own.  */
    return count - 3;
}

/* Whether no child is left, not even a zombie.  */
static inline int
no_children(void)
{
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

/* Objects without which nothing could be tested: where they cannot be made,
   the test ends.  */
static inline pj_value *
need_value(pj_value_options options)
{
    pj_value *value = NULL;

    if (pj_value_new(&options, &value, NULL) < 0)
        exit(EXIT_FAILURE);
    return value;
}

static inline pj_rules *
need_rules(pj_rules_options options)
{
    pj_rules *rules = NULL;

    if (pj_rules_new(&options, &rules, NULL) < 0)
        exit(EXIT_FAILURE);
    return rules;
}

/* The default, all of which may be missing.  */
static const pj_sandbox lenient __attribute__((unused)) = {
    .best_effort = UINT32_MAX >> (32 - PJ_CONTROL_COUNT)};

/* Asks the kernel itself: what the library remembers is left as it is.  */
static inline int
has_landlock(void)
{
    pj_features features;

    pj_features_ask(&features);
    return features.landlock_abi > 0;
}

/* For policies whose rules name paths, which a Linux without Landlock would
   refuse; everywhere else none is named, and what is held is required.  */
static inline const pj_sandbox *
sandbox_for_paths(void)
{
    return pj_sandbox_has_kernel() && !has_landlock() ? &lenient : NULL;
}

static inline pj_policy *
need_policy(const pj_policy_options *options)
{
    pj_policy *policy = NULL;
    pj_error err;

    if (pj_policy_new(options, &policy, &err) == 0)
        return policy;
    fprintf(stderr, "no policy: %s\n", err.message);
    exit(EXIT_FAILURE);
}

/* Options that allow one program, with these flags and room for 16
   positionals.  What they hold by value may be changed.  */
static inline pj_policy_options *
options_for(const char *bin, const pj_str *flags, size_t count)
{
    pj_str path = S(bin), root = S("/");
    pj_program_rules rules = {
        path, need_rules((pj_rules_options){
            .flags = flags, .flag_count = count, .max_flags = 16,
            .max_positionals = 16,
        }),
    };
    pj_policy_options options = {
        .bins = &path, .bin_count = 1, .rules = &rules, .rule_count = 1,
        .cwd_dirs = &root, .cwd_dir_count = 1,
    };
    pj_policy_options *copy = pj_policy_options_dup(&options);

    pj_rules_unref(rules.rules);
    if (copy == NULL)
        exit(EXIT_FAILURE);
    return copy;
}

/* Options that allow sh -c, the handiest way to provoke things.  */
static inline pj_policy_options *
shell_options(void)
{
    pj_str flag = S("-c");
    pj_policy_options *options = options_for("/bin/sh", &flag, 1);

    options->risky = PJ_RISKY_DISABLED;
    return options;
}

/* Makes the policy, prepares `bin argv...`; NULL and `err` where that
   fails.  */
static inline pj_command *
prepare(const pj_policy_options *options, const char *bin,
        const pj_str *argv, size_t argc, pj_error *err)
{
    pj_request request = {.bin = S(bin), .argv = argv, .argc = argc};
    pj_policy *policy = NULL;
    pj_command *command = NULL;

    if (pj_policy_new(options, &policy, err) < 0)
        return NULL;
    if (pj_policy_prepare(policy, &request, &command, err) < 0)
        command = NULL;
    pj_policy_unref(policy);
    return command;
}

static inline pj_command *
shell_command(const pj_policy_options *options, const char *script)
{
    pj_str argv[2] = {S("-c"), S(script)};
    pj_error err;
    pj_command *command = prepare(options, "/bin/sh", argv, 2, &err);

    if (command == NULL) {
        fprintf(stderr, "no shell command: %s\n", err.message);
        exit(EXIT_FAILURE);
    }
    return command;
}

static inline int
bytes_are(pj_bytes bytes, const char *text)
{
    return bytes.len == strlen(text)
        && (bytes.len == 0 || memcmp(bytes.data, text, bytes.len) == 0);
}

static inline int
says(const pj_error *err, pj_code code)
{
    if (err->code == code
        && strstr(err->message, pj_code_phrase(code)) != NULL)
        return 1;
    fprintf(stderr, "expected %s, got %s: %s\n", pj_code_name(code),
            pj_code_name(err->code), err->message);
    return 0;
}

/* Whether options are refused with a code, with and without an error to
   fill, and leave what was there.  `err` gets the report.  */
static inline int
refuses_value(pj_value_options options, pj_code code, pj_error *err)
{
    pj_value *value = NULL;

    return pj_value_new(&options, &value, err) < 0 && says(err, code)
        && pj_value_new(&options, &value, NULL) < 0 && value == NULL;
}

static inline int
refuses_rules(pj_rules_options options, pj_code code, pj_error *err)
{
    pj_rules *rules = NULL;

    return pj_rules_new(&options, &rules, err) < 0 && says(err, code)
        && pj_rules_new(&options, &rules, NULL) < 0 && rules == NULL;
}

static inline int
refuses_declared(pj_declared declared, pj_code code, pj_error *err)
{
    return refuses_rules((pj_rules_options){.declared = &declared,
                                            .declared_count = 1},
                         code, err);
}

/* By pj_policy_new, whether or not pj_policy_check can tell.  */
static inline int
refuses_policy(const pj_policy_options *options, pj_code code,
               pj_error *err)
{
    pj_policy *policy = NULL;

    return pj_policy_new(options, &policy, err) < 0 && says(err, code)
        && pj_policy_new(options, &policy, NULL) < 0 && policy == NULL;
}

/* By both.  */
static inline int
refuses_options(pj_policy_options options, pj_code code, pj_error *err)
{
    return pj_policy_check(&options, NULL) < 0
        && pj_policy_check(&options, err) < 0 && says(err, code)
        && refuses_policy(&options, code, err);
}

/* A file with this text and mode in a folder.  */
static inline void
put_file(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0
        || chmod(path, mode) != 0)
        exit(EXIT_FAILURE);
}

#endif
