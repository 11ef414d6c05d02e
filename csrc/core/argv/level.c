/* level.c: argv as a program reads it, option by option.

   If the tables leave any doubt about how a program would read a token, the
   token is refused: whatever is accepted is read here exactly as the program
   reads it.  */
#include "argv/reading.h"

#include <string.h>

#include "argv/traits.h"
#include "argv/words.h"
#include "base/error.h"
#include "base/strings.h"

static int
read_long(pj_reading *r, const pj_grammar *g, pj_error *err)
{
    size_t index = r->at;
    pj_str token = r->argv[index], name = {token.ptr + 2, token.len - 2};
    const char *equals = memchr(name.ptr, '=', name.len);
    const pj_option *option;
    pj_arg *arg;
    int exact;

    if (equals != NULL)
        name.len = (size_t)(equals - name.ptr);
    option = pj_program_long(g->program, name);
    exact = option != NULL && strlen(option->name) == name.len;
    if (option == NULL || (!exact && (g->traits & (PJ_TRAIT_EXACT
                                                   | PJ_TRAIT_DECLARED))))
        return pj_reading_refuse(r, index, token, "no option has that name, "
                                 "or several begin with it", err);
    arg = pj_reading_add(r, PJ_ITEM_OPTION, index, err);
    if (arg == NULL)
        return -1;
    arg->row = option;
    arg->cut = !exact;
    r->at++;
    if (equals == NULL)
        return pj_words_take(r, g, arg, err);
    if (option->arity == PJ_ARITY_NO_VALUE)
        return pj_words_refuse(r, g, arg, index, "is one too many", err);
    if ((g->traits & PJ_TRAIT_NEXT_WORD)
        || (option->arity != PJ_ARITY_REQUIRED
            && option->arity != PJ_ARITY_OPTIONAL))
        return pj_words_refuse(r, g, arg, index, "must be the next word",
                               err);
    arg->value = (pj_str){equals + 1,
                          (size_t)(token.ptr + token.len - equals) - 1};
    return 0;
}

/* One letter of a bundle.  Returns 1 if it consumed the rest of the token. */
static int
read_letter(pj_reading *r, const pj_grammar *g, size_t index, size_t at,
            pj_error *err)
{
    pj_str token = r->argv[index];
    pj_str rest = {token.ptr + at + 1, token.len - at - 1};
    const char spelled[2] = {'-', token.ptr[at]};
    const pj_option *option = pj_program_letter(g->program, token.ptr[at]);
    pj_arg *arg;

    if (option == NULL)
        return pj_reading_refuse(r, index, (pj_str){spelled, 2}, "the program "
                                 "has no such option", err);
    arg = pj_reading_add(r, PJ_ITEM_OPTION, index, err);
    if (arg == NULL)
        return -1;
    arg->row = option;
    if (option->arity == PJ_ARITY_NO_VALUE) {
        if (rest.len > 0 && (g->traits & (PJ_TRAIT_NO_BUNDLE
                                          | PJ_TRAIT_DECLARED)))
            return pj_reading_refuse(r, index, token, "write its letters "
                                     "separately", err);
        return 0;
    }
    if (rest.len == 0)
        return pj_words_take(r, g, arg, err) < 0 ? -1 : 1;
    /* Without a table, -execute might be a single word.  */
    if (option->arity != PJ_ARITY_OPTIONAL
        && (option->arity != PJ_ARITY_REQUIRED
            || (g->traits & PJ_TRAIT_DECLARED)))
        return pj_words_refuse(r, g, arg, index, "must be the next word",
                               err);
    arg->value = rest;
    return pj_traits_check_value(r, g, index, rest, err) < 0 ? -1 : 1;
}

static int
read_letters(pj_reading *r, const pj_grammar *g, pj_error *err)
{
    size_t index = r->at;
    pj_str token = r->argv[index];
    int took = 0;

    if (pj_traits_check_number(r, g, err) < 0)
        return -1;
    r->at++;
    for (size_t i = 1; i < token.len && took == 0; i++)
        took = read_letter(r, g, index, i, err);
    return took < 0 ? -1 : 0;
}

/* "tf archive": letters; the words that follow are their values in turn. */
static int
read_old_style(pj_reading *r, const pj_grammar *g, pj_error *err)
{
    size_t index = r->at++;
    pj_str token = r->argv[index];

    for (size_t i = 0; i < token.len; i++) {
        const char spelled[2] = {'-', token.ptr[i]};
        const pj_option *option = pj_program_letter(g->program,
                                                    token.ptr[i]);
        pj_arg *arg;

        if (option == NULL)
            return pj_reading_refuse(r, index, (pj_str){spelled, 2}, "the "
                                     "first word is read as a bundle of "
                                     "options",
                                     err);
        arg = pj_reading_add(r, PJ_ITEM_OPTION, index, err);
        if (arg == NULL)
            return -1;
        arg->row = option;
        if (pj_words_take(r, g, arg, err) < 0)
            return -1;
    }
    return 0;
}

static int
read_word(pj_reading *r, const pj_grammar *g, const pj_option *option,
          pj_error *err)
{
    pj_arg *arg = pj_reading_add(r, PJ_ITEM_OPTION, r->at, err);

    if (arg == NULL)
        return -1;
    arg->row = option;
    r->at++;
    return pj_words_take(r, g, arg, err);
}

/* find: leading options, starting points, then words to the end.  */
static int
read_expression(pj_reading *r, const pj_grammar *g, pj_error *err)
{
    int begun = 0, leading = 1;

    while (r->at < r->argc) {
        pj_str token = r->argv[r->at];
        const pj_option *option = pj_program_word(g->program, token);
        int alone = token.len == 1 && strchr("(!", token.ptr[0]) != NULL;

        if (pj_str_equal(token, PJ_STR("--")))
            return pj_reading_refuse(r, r->at, token, "the program reads "
                                     "options after it too", err);
        if (!begun && !alone && !pj_str_is_flag(token)) {
            if (option != NULL)
                return pj_reading_refuse(r, r->at, token, "it does not come "
                                         "first", err);
            leading = 0;
            if (pj_reading_operand(r, err) < 0)
                return -1;
            continue;
        }
        if (option == NULL)
            return pj_reading_refuse(r, r->at, token,
                                     begun && !pj_str_is_flag(token)
                                     ? "starting points must come before the "
                                       "expression"
                                     : "the program has no such word",
                                     err);
        /* -H, -L and -P before the paths neither begin the expression nor
           belong to it.  */
        if (pj_program_is_leader(option)) {
            if (!leading)
                return pj_reading_refuse(r, r->at, token, "it must come "
                                         "first", err);
        } else {
            leading = 0;
            begun = 1;
        }
        if (read_word(r, g, option, err) < 0)
            return -1;
    }
    return 0;
}

/* KEY=VALUE.  */
static int
read_pair(pj_reading *r, const pj_option *option, size_t key, pj_error *err)
{
    pj_arg *arg = pj_reading_add(r, PJ_ITEM_OPTION, r->at, err);
    pj_str token = r->argv[r->at++];

    if (arg == NULL)
        return -1;
    arg->row = option;
    arg->value = (pj_str){token.ptr + key + 1, token.len - key - 1};
    return 0;
}

static const pj_option *
find_pair(const pj_grammar *g, pj_str token, size_t *key)
{
    const char *equals = memchr(token.ptr, '=', token.len);

    if (equals == NULL)
        return NULL;
    *key = (size_t)(equals - token.ptr);
    return pj_program_operand(g->program, (pj_str){token.ptr, *key});
}

static int
late_option(const pj_reading *r, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgFlagAfterPositional, r->argv[r->at]);
    err->index = (long)r->at;
    pj_escape(err->option, r->argv[r->at]);
    return pj_error_say(err, "flag %s (argv[%zu]) comes after a positional, "
                        "where it is not known how it would be read; put "
                        "options first", err->value, r->at);
}

static int
read_dashes(pj_reading *r, const pj_grammar *g, size_t operands,
            pj_error *err)
{
    pj_str token = r->argv[r->at];

    if (g->program->dashdash == PJ_DASHDASH_IGNORED)
        return pj_reading_refuse(r, r->at, token, "the program reads options "
                                 "after it too", err);
    if (g->nested)
        return pj_reading_refuse(r, r->at, token, "a subcommand must come "
                                 "first", err);
    if ((g->traits & (PJ_TRAIT_DECLARED | PJ_TRAIT_OPTIONS_FIRST))
        && operands > 0)
        return late_option(r, err);
    if ((g->traits & PJ_TRAIT_LATE_DASHES) && operands == 0)
        return pj_reading_refuse(r, r->at, token, "an operand must come "
                                 "first",
                                 err);
    if (pj_reading_add(r, PJ_ITEM_DASHES, r->at, err) == NULL)
        return -1;
    r->at++;
    return 0;
}

/* A token that begins with `-`, while options are still read.  */
static int
read_option(pj_reading *r, const pj_grammar *g, pj_error *err)
{
    pj_str token = r->argv[r->at];
    const pj_option *word = pj_program_word(g->program, token);

    if (word != NULL)
        return read_word(r, g, word, err);
    return token.ptr[1] == '-' ? read_long(r, g, err)
                               : read_letters(r, g, err);
}

/* A program that accepts no abbreviated names has its own parser, which
   ignores $POSIXLY_CORRECT.  */
static int
is_ordered(const pj_grammar *g)
{
    return g->program->order == PJ_ORDER_ORDERED
        || (g->posix && !(g->traits & (PJ_TRAIT_EXACT | PJ_TRAIT_IN_ORDER)));
}

int
pj_reading_level(pj_reading *r, const pj_grammar *g, pj_error *err)
{
    int first = (g->traits & (PJ_TRAIT_DECLARED | PJ_TRAIT_OPTIONS_FIRST))
        != 0;
    int ended = 0, dashes = 0, ordered = is_ordered(g);
    size_t key, operands = 0;

    if (pj_traits_check_files(r, g, err) < 0)
        return -1;
    if (g->program->order == PJ_ORDER_EXPRESSION)
        return read_expression(r, g, err);
    if ((g->traits & PJ_TRAIT_OLD_STYLE) && r->at == 0 && r->argc > 0
        && (r->argv[0].len == 0 || r->argv[0].ptr[0] != '-')
        && read_old_style(r, g, err) < 0)
        return -1;
    while (r->at < r->argc) {
        pj_str token = r->argv[r->at];
        const pj_option *pair, *word;
        int result;

        if (!ended && pj_str_equal(token, PJ_STR("--"))) {
            result = read_dashes(r, g, operands, err);
            ended = dashes = 1;
        } else if (!ended && pj_str_is_flag(token)) {
            if (operands > 0 && first)
                return late_option(r, err);
            result = read_option(r, g, err);
        } else if (g->nested) {
            return 0;
        } else if (!ended
                   && (word = pj_program_word(g->program, token)) != NULL) {
            result = read_word(r, g, word, err);
        } else {
            if (pj_traits_check_operand(r, g, operands++, dashes, err) < 0)
                return -1;
            ended |= ordered && !first;
            pair = find_pair(g, token, &key);
            result = pair == NULL ? pj_reading_operand(r, err)
                                  : read_pair(r, pair, key, err);
        }
        if (result < 0)
            return -1;
    }
    return 0;
}
