/* words.c: consume the words after an option that belong to it.  */
#include "argv/words.h"

#include <string.h>

#include "base/error.h"
#include "base/strings.h"

int
pj_words_refuse(const pj_reading *r, const pj_grammar *g, const pj_arg *arg,
                size_t at, const char *why, pj_error *err)
{
    char name[PJ_VALUE_SIZE];

    if (g->whole)
        pj_escape(name, r->argv[arg->index]);
    else
        pj_option_name(arg->row, name);
    pj_error_begin(err, PJ_E_ArgValueInvalid, r->argv[at]);
    memcpy(g->whole ? err->expected : err->option, name, sizeof name);
    err->index = (long)at;
    pj_escape(err->reason, pj_str_of(why));
    return pj_error_say(err, "value of %s (argv[%zu]) %s: '%s'%s", name, at,
                        why, err->value, g->whole
                        ? "; attach the value, or give another" : "");
}

/* The program takes whatever comes next; what looks like an option is refused
   because it was probably meant as one.  -7 is a number; under plain rules,
   only where one is expected that cannot be attached (find -mtime -7).  */
static int
may_be_value(const pj_grammar *g, const pj_option *option, pj_str token)
{
    if (!pj_str_is_flag(token))
        return 1;
    return pj_is_digit(token.ptr[1])
        && (!g->whole || (option->form == PJ_FORM_WORD
                          && option->kind == PJ_KIND_NUMBER));
}

static int
next_word(pj_reading *r, const pj_grammar *g, const pj_arg *arg, pj_str *out,
          pj_error *err)
{
    if (r->at >= r->argc)
        return pj_words_refuse(r, g, arg, r->at - 1, "is missing", err);
    if (!may_be_value(g, arg->row, r->argv[r->at]))
        return pj_words_refuse(r, g, arg, r->at, "begins with '-'", err);
    *out = r->argv[r->at++];
    return 0;
}

static int
next_two(pj_reading *r, const pj_grammar *g, const pj_arg *arg,
         pj_str *first, pj_str *second, pj_error *err)
{
    if (next_word(r, g, arg, first, err) < 0)
        return -1;
    return next_word(r, g, arg, second, err);
}

/* Skips to the end of the command that `find -exec` runs, or of argv.  */
static void
skip_command(pj_reading *r)
{
    while (r->at < r->argc) {
        pj_str token = r->argv[r->at++];

        if (pj_str_equal(token, PJ_STR(";"))
            || pj_str_equal(token, PJ_STR("+")))
            return;
    }
}

int
pj_words_take(pj_reading *r, const pj_grammar *g, pj_arg *arg, pj_error *err)
{
    switch ((enum pj_arity)arg->row->arity) {
    case PJ_ARITY_NO_VALUE:
    case PJ_ARITY_OPTIONAL:
        return 0;
    case PJ_ARITY_REQUIRED:
        arg->value_index = r->at;
        return next_word(r, g, arg, &arg->value, err);
    case PJ_ARITY_NAME_VALUE:
        arg->value_index = r->at + 1;
        return next_two(r, g, arg, &arg->text, &arg->value, err);
    case PJ_ARITY_VALUE_TEXT:
        arg->value_index = r->at;
        return next_two(r, g, arg, &arg->value, &arg->text, err);
    case PJ_ARITY_UNTIL_SEMICOLON:
        break;
    }
    if (!g->whole)
        return pj_reading_refuse(r, arg->index, pj_str_of(arg->row->name),
                                 "it takes a command to run", err);
    skip_command(r);
    return 0;
}
