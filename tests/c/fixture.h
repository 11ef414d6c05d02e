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

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ABSENT ((pj_str){NULL, 0})

/* How many descriptors this process has open.  */
static inline int
open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
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

/* A builder that allows one program, with these flags and room for 16
   positionals.  Exits where that fails: nothing could be tested.  */
static inline pj_builder *
builder_for(const char *bin, const pj_str *flags, size_t count)
{
    pj_builder *builder = pj_builder_new();
    pj_rules *rules = pj_rules_new();

    pj_rules_set_max_flags(rules, 16, NULL);
    pj_rules_set_max_positionals(rules, 16, NULL);
    if (pj_rules_set_allowed_flags(rules, flags, count, NULL) < 0
        || pj_builder_allow_bin(builder, S(bin), NULL) < 0
        || pj_builder_arg_rules(builder, S(bin), rules, NULL) < 0
        || pj_builder_cwd_fixed(builder, S("/"), NULL) < 0)
        exit(EXIT_FAILURE);
    pj_rules_free(rules);
    return builder;
}

/* A builder that allows sh -c, the handiest way to provoke things.  */
static inline pj_builder *
shell_builder(void)
{
    pj_str flag = S("-c");
    pj_builder *builder = builder_for("/bin/sh", &flag, 1);

    if (pj_builder_risky(builder, PJ_RISKY_DISABLED, NULL) < 0)
        exit(EXIT_FAILURE);
    return builder;
}

/* Builds, prepares `bin argv...`; NULL and `err` where that fails.  */
static inline pj_command *
prepare(const pj_builder *builder, const char *bin, const pj_str *argv,
        size_t argc, pj_error *err)
{
    pj_request request = {.bin = S(bin), .argv = argv, .argc = argc};
    pj_policy *policy = NULL;
    pj_command *command = NULL;

    if (pj_builder_build(builder, &policy, err) < 0)
        return NULL;
    if (pj_policy_prepare(policy, &request, &command, err) < 0)
        command = NULL;
    pj_policy_unref(policy);
    return command;
}

static inline pj_command *
shell_command(const pj_builder *builder, const char *script)
{
    pj_str argv[2] = {S("-c"), S(script)};
    pj_error err;
    pj_command *command = prepare(builder, "/bin/sh", argv, 2, &err);

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
