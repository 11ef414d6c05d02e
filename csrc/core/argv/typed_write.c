/* typed_write.c: write what is executed for an accepted argv.  */
#include <stdlib.h>
#include <string.h>

#include "argv/typed_plan.h"
#include "base/error.h"

/* KEY=VALUE is an operand to the program, whatever its meaning.  */
static int
is_operand(const pj_arg *arg)
{
    return arg->kind == PJ_ITEM_OPERAND
        || (arg->row != NULL && arg->row->form == PJ_FORM_OPERAND);
}

/* The first operand, before which `--` is inserted; or `last`, also if the
   request has its own.  */
static size_t
dashes_at(const pj_match *m)
{
    size_t at = m->last;

    if (m->typed->rules->double_dash == PJ_DOUBLE_DASH_NEVER)
        return m->last;
    for (size_t i = m->last; i-- > m->first;) {
        if (m->reading.args[i].kind == PJ_ITEM_DASHES)
            return m->last;
        if (is_operand(&m->reading.args[i]))
            at = i;
    }
    return at;
}

static int
check_order(const pj_match *m, size_t dashes, pj_error *err)
{
    for (size_t i = dashes; i < m->last; i++) {
        const pj_arg *arg = &m->reading.args[i];

        if (arg->kind != PJ_ITEM_OPTION || is_operand(arg))
            continue;
        pj_error_begin(err, PJ_E_ArgFlagAfterPositional,
                       m->reading.argv[arg->index]);
        err->index = (long)arg->index;
        pj_option_name(arg->row, err->option);
        return pj_error_say(err, "flag %s (argv[%zu]) comes after a "
                            "positional, where the injected `--` would make "
                            "it one; put flags first", err->value,
                            arg->index);
    }
    return 0;
}

/* A token unchanged, but an abbreviated name in full, because another version
   of the program may have more options.  */
static int
write_token(const pj_match *m, size_t token, const pj_arg *arg)
{
    pj_str text = m->reading.argv[token];
    const char *equals;
    char *full;
    size_t name, tail = 0;
    int result;

    if (arg == NULL || !arg->cut)
        return pj_strv_push(m->out, text);
    equals = memchr(text.ptr, '=', text.len);
    if (equals != NULL)
        tail = (size_t)(text.ptr + text.len - equals);
    name = strlen(arg->row->name) + 2;
    full = malloc(name + tail);
    if (full == NULL)
        return -1;
    memcpy(full, "--", 2);
    memcpy(full + 2, arg->row->name, name - 2);
    if (tail > 0)
        memcpy(full + name, equals, tail);
    result = pj_strv_push(m->out, (pj_str){full, name + tail});
    free(full);
    return result;
}

/* The values of an old-style first word come before forced arguments.  */
static size_t
forced_at(const pj_match *m)
{
    const pj_reading *r = &m->reading;
    size_t at = m->start + 1;

    if (!(m->typed->grammar.traits & PJ_TRAIT_OLD_STYLE) || m->start != 0
        || r->argc == 0 || (r->argv[0].len > 0 && r->argv[0].ptr[0] == '-'))
        return m->start;
    for (size_t i = m->first; i < m->last && r->args[i].index == 0; i++)
        at = r->args[i].value_index + 1 > at ? r->args[i].value_index + 1
                                             : at;
    return at;
}

int
pj_match_write(const pj_match *m, size_t end, pj_error *err)
{
    const pj_rules_options *rules = m->typed->rules;
    size_t at = m->first, dashes = dashes_at(m), here = forced_at(m);

    if (check_order(m, dashes, err) < 0)
        return -1;
    for (size_t token = m->start; token <= end; token++) {
        const pj_arg *arg = NULL;

        if (token == here
            && pj_strv_extend(m->out, rules->forced, rules->forced_count) < 0)
            return pj_error_memory(err);
        if (token == end)
            break;
        while (at < m->last && m->reading.args[at].index < token)
            at++;
        if (at < m->last && m->reading.args[at].index == token)
            arg = &m->reading.args[at];
        if (arg != NULL && at == dashes
            && pj_strv_push(m->out, PJ_STR("--")) < 0)
            return pj_error_memory(err);
        if (write_token(m, token, arg) < 0)
            return pj_error_memory(err);
    }
    return 0;
}
