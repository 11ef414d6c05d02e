/*
 * fuzz_env.c: environments.  fuzz.h tells how to run it.
 *
 * Input: one byte for the kind of policy, then lines.  A line that begins
 * with `!` is the policy's (a pair, or a name of the list), any other one a
 * pair of the request.  Name and value are separated by a tab, so that both
 * can hold a `=`.
 */
#include <ctype.h>

#include "base/variable.h"
#include "policy/command.h"
#include "policy/env.h"
#include "fuzz.h"
#include "policy/policy.h"

enum { MOST = 32 };

struct input {
    pj_env_kind kind;
    pj_pair policy[MOST];
    size_t policy_count;
    pj_pair request[MOST];
    size_t request_count;
};

static void
parse(pj_str text, struct input *in)
{
    memset(in, 0, sizeof *in);
    in->kind = (pj_env_kind)(text.ptr[0] & 3);
    text = (pj_str){text.ptr + 1, text.len - 1};
    while (text.len > 0) {
        pj_str line = take_piece(&text, '\n');
        int own = line.len > 0 && line.ptr[0] == '!';
        pj_pair pair;

        if (own)
            take_piece(&line, '!');
        pair.name = take_piece(&line, '\t');
        pair.value = line;
        if (own && in->policy_count < MOST)
            in->policy[in->policy_count++] = pair;
        else if (!own && in->request_count < MOST)
            in->request[in->request_count++] = pair;
    }
}

static int
has(pj_str text, char byte)
{
    return text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

/* A pair that no environment can hold.  */
static int
is_malformed(const pj_pair *pair)
{
    return pair->name.len == 0 || has(pair->name, '=')
        || has(pair->name, '\0') || has(pair->value, '\0');
}

static int
any_malformed(const pj_pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_malformed(&pairs[i]))
            return 1;
    return 0;
}

/* Copies the policy's lines into options, which are taken exactly when an
   environment can hold them.  NULL when not.  */
static pj_policy_options *
make_options(const struct input *in)
{
    pj_str names[MOST];
    pj_policy_options options = {.env_kind = in->kind}, *copy;
    int fit;
    pj_error err;

    for (size_t i = 0; i < in->policy_count; i++)
        names[i] = in->policy[i].name;
    if (in->kind == PJ_ENV_FIXED) {
        options.env_pairs = in->policy;
        options.env_pair_count = in->policy_count;
        fit = !any_malformed(in->policy, in->policy_count);
    } else {
        options.env_names = names;
        options.env_name_count = in->policy_count;
        fit = 1;
        for (size_t i = 0; i < in->policy_count; i++)
            fit &= !is_malformed(&(pj_pair){names[i], PJ_STR("")});
    }
    HOLDS((pj_policy_check(&options, &err) == 0) == fit);
    if (!fit) {
        check_error(&err);
        return NULL;
    }
    copy = pj_policy_options_dup(&options);
    HOLDS(copy != NULL);
    HOLDS(copy->env_pair_count == options.env_pair_count);
    return copy;
}

/* The last pair of a name, or NULL.  */
static const pj_pair *
last_of(const pj_pair *pairs, size_t count, pj_str name)
{
    const pj_pair *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (pj_str_equal(pairs[i].name, name)
            && !pj_variable_is_stripped(pairs[i].name, pairs[i].value))
            found = &pairs[i];
    return found;
}

/* A few rows that must never be lost from the table.  */
static int
is_notorious(const pj_pair *pair)
{
    static const char *const prefixes[] = {"LD_", "DYLD_", "BASH_FUNC_"};

    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(prefixes[i]);

        if (pair->name.len >= len
            && strncasecmp(pair->name.ptr, prefixes[i], len) == 0)
            return 1;
    }
    return pair->value.len >= 4 && memcmp(pair->value.ptr, "() {", 4) == 0;
}

/* Where each variable of the child came from.  */
static void
check_origin(const struct input *in, const pj_pair *pair)
{
    const pj_pair *from;

    HOLDS(in->kind != PJ_ENV_EMPTY);
    if (in->kind == PJ_ENV_LOCALE) {
        HOLDS(pj_str_equal(pair->value, PJ_STR("C.UTF-8")));
        return;
    }
    from = in->kind == PJ_ENV_FIXED
        ? last_of(in->policy, in->policy_count, pair->name)
        : last_of(in->request, in->request_count, pair->name);
    HOLDS(from != NULL && pj_str_equal(from->value, pair->value));
}

static void
check_pairs(const struct input *in, const pj_pairv *env)
{
    for (size_t i = 0; i < env->count; i++) {
        const pj_pair *pair = &env->items[i];

        HOLDS(!is_malformed(pair));
        HOLDS(!pj_variable_is_stripped(pair->name, pair->value));
        HOLDS(!is_notorious(pair));
        check_origin(in, pair);
        HOLDS(i == 0
              || strcmp(env->items[i - 1].name.ptr, pair->name.ptr) < 0);
    }
}

/* The block that exec takes says the same as the pairs.  */
static void
check_envp(const pj_command *command)
{
    size_t count = 0;

    for (; command->exec_envp[count] != NULL; count++) {
        const char *text = command->exec_envp[count];
        const pj_pair *pair = &command->env.items[count];

        HOLDS(count < command->env.count);
        HOLDS(strlen(text) == pair->name.len + 1 + pair->value.len);
        HOLDS(memcmp(text, pair->name.ptr, pair->name.len) == 0);
        HOLDS(text[pair->name.len] == '=');
        HOLDS(strchr(text, '=') == text + pair->name.len);
        HOLDS(strcmp(text + pair->name.len + 1, pair->value.ptr) == 0);
    }
    HOLDS(count == command->env.count);
}

/* A name that was offered is passed on or told, never lost.  */
static void
check_told(const pj_pair *pairs, size_t count, const pj_command *command)
{
    for (size_t i = 0; i < count; i++) {
        int told = pj_strs_find(command->stripped.items,
                                command->stripped.count, pairs[i].name);

        for (size_t k = 0; k < command->env.count; k++)
            told |= pj_str_equal(command->env.items[k].name, pairs[i].name);
        HOLDS(told);
    }
}

/* What is stripped does not depend on the case of the name.  */
static void
check_case(const pj_pair *pair)
{
    char name[256];

    if (pair->name.len >= sizeof name)
        return;
    for (size_t i = 0; i < pair->name.len; i++) {
        unsigned char c = (unsigned char)pair->name.ptr[i];

        name[i] = (char)(islower(c) ? toupper(c) : tolower(c));
    }
    HOLDS(pj_variable_is_stripped(pair->name, pair->value)
          == pj_variable_is_stripped((pj_str){name, pair->name.len},
                                pair->value));
}

static void
check_build(const struct input *in, pj_policy_options *options)
{
    pj_policy policy = {.options = options};
    pj_request request = {.env = in->request,
                          .env_count = in->request_count};
    pj_command *command;
    pj_error err;
    int result;

    atomic_init(&policy.refs, 1);
    command = pj_command_new(&policy);
    HOLDS(command != NULL);
    result = pj_env_build(options, &request, &command->env,
                          &command->stripped, &err);
    HOLDS((result == 0) == !any_malformed(in->request, in->request_count));
    if (result < 0) {
        check_error(&err);
    } else {
        HOLDS(pj_command_seal(command) == 0);
        check_pairs(in, &command->env);
        check_envp(command);
        check_told(in->request, in->request_count, command);
        if (in->kind == PJ_ENV_FIXED)
            check_told(in->policy, in->policy_count, command);
    }
    /* Takes its reference to the policy back, which is on the stack.  */
    pj_command_unref(command);
    HOLDS(atomic_load(&policy.refs) == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in;
    pj_policy_options *options;

    if (size == 0)
        return 0;
    parse((pj_str){(const char *)data, size}, &in);
    for (size_t i = 0; i < in.request_count; i++)
        check_case(&in.request[i]);
    options = make_options(&in);
    if (options != NULL)
        check_build(&in, options);
    pj_policy_options_free(options);
    return 0;
}
