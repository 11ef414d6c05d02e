/* reading.c: what was read of an argv, and what was refused.  */
#include "argv/reading.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

void
pj_grammar_of(const pj_program *program, pj_grammar *out)
{
    memset(out, 0, sizeof *out);
    out->program = program;
    out->traits = program->traits;
}

void
pj_reading_init(pj_reading *r, const pj_str *argv, size_t argc)
{
    /* Not all of it: `inside` is large, and written before it is read.  */
    r->argv = argv;
    r->argc = argc;
    r->at = 0;
    r->args = r->inside;
    r->count = 0;
    r->room = sizeof r->inside / sizeof r->inside[0];
}

void
pj_reading_clear(pj_reading *r)
{
    if (r->args != r->inside)
        free(r->args);
    r->args = r->inside;
    r->count = 0;
}

pj_arg *
pj_reading_add(pj_reading *r, pj_item_kind kind, size_t index,
               pj_error *err)
{
    pj_arg *arg;

    if (r->count == r->room) {
        size_t room = r->room * 2;
        pj_arg *bigger = r->args == r->inside
            ? malloc(room * sizeof *bigger)
            : realloc(r->args, room * sizeof *bigger);

        if (bigger == NULL) {
            pj_error_memory(err);
            return NULL;
        }
        if (r->args == r->inside)
            memcpy(bigger, r->inside, sizeof r->inside);
        r->args = bigger;
        r->room = room;
    }
    arg = &r->args[r->count++];
    memset(arg, 0, sizeof *arg);
    arg->kind = kind;
    arg->index = arg->value_index = index;
    return arg;
}

int
pj_reading_operand(pj_reading *r, pj_error *err)
{
    pj_arg *arg = pj_reading_add(r, PJ_ITEM_OPERAND, r->at, err);

    if (arg == NULL)
        return -1;
    arg->value = r->argv[r->at++];
    return 0;
}

int
pj_reading_refuse(const pj_reading *r, size_t at, pj_str option,
                  const char *why, pj_error *err)
{
    char shown[PJ_VALUE_SIZE];

    pj_escape(shown, option);
    pj_error_begin(err, PJ_E_ArgFlagNotAllowed, r->argv[at]);
    memcpy(err->option, shown, sizeof shown);
    err->index = (long)at;
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "flag not allowed: %s (argv[%zu]): %s",
                        err->value, at, why);
}
