/* traits.c: refuse arguments for which a program differs from getopt.  */
#include "argv/traits.h"

#include "base/strings.h"

/* -5, the whole token.  */
static int
is_count(pj_str token)
{
    size_t i = 1;

    while (i < token.len && pj_is_digit(token.ptr[i]))
        i++;
    return i == token.len;
}

/* Digits in programs that handle them before anything else.  */
int
pj_traits_check_number(const pj_reading *r, const pj_grammar *g,
                       pj_error *err)
{
    pj_str token = r->argv[r->at];

    if (!(g->traits & PJ_TRAIT_FIRST_NUMBER)
        || (r->at == 0 && is_count(token)))
        return 0;
    for (size_t i = 1; i < token.len; i++) {
        const pj_option *option = pj_program_letter(g->program,
                                                    token.ptr[i]);

        if (pj_is_digit(token.ptr[i]))
            return pj_reading_refuse(r, r->at, token, "a number must be "
                                     "the first argument, and alone",
                                     err);
        if (option == NULL || option->arity != PJ_ARITY_NO_VALUE)
            break;
    }
    return 0;
}

/* A program would replace @FILE with the words in that file.  */
int
pj_traits_check_files(const pj_reading *r, const pj_grammar *g,
                      pj_error *err)
{
    if (!(g->traits & PJ_TRAIT_AT_FILES))
        return 0;
    for (size_t i = r->at; i < r->argc; i++)
        if (r->argv[i].len > 1 && r->argv[i].ptr[0] == '@')
            return pj_reading_refuse(r, i, r->argv[i], "it names a file of "
                                     "arguments; write ./ before it",
                                     err);
    return 0;
}

/* A value that is attached to a letter.  */
int
pj_traits_check_value(const pj_reading *r, const pj_grammar *g, size_t index,
                      pj_str value, pj_error *err)
{
    if (!(g->traits & PJ_TRAIT_EQUALS) || value.len == 0
        || value.ptr[0] != '=')
        return 0;
    return pj_reading_refuse(r, index, r->argv[index], "the program leaves "
                             "out the '=', and others do not; write the "
                             "value as the next word", err);
}

/* Why an operand would be read as something else, or NULL.  */
static const char *
what_else(const pj_grammar *g, pj_str operand, size_t at, size_t others,
          int dashes)
{
    char first = operand.len == 0 ? '\0' : operand.ptr[0];

    if ((g->traits & PJ_TRAIT_PLUS_OPTION) && !dashes && first == '+')
        return "it is read as an option; write ./ before it";
    if ((g->traits & PJ_TRAIT_OFFSET)
        && (first == '+' || (others > 0 && pj_is_digit(first))))
        return "it can be read as an offset; write ./ before it";
    if ((g->traits & PJ_TRAIT_BARE_LETTERS) && at == 0)
        return "the first word is read as a bundle of options; write a dash "
               "before them";
    if ((g->traits & PJ_TRAIT_TWO_OPERANDS) && others >= 2)
        return "with a third operand one of them is read as a field";
    return NULL;
}

int
pj_traits_check_operand(const pj_reading *r, const pj_grammar *g,
                        size_t others, int dashes, pj_error *err)
{
    const char *why = what_else(g, r->argv[r->at], r->at, others, dashes);

    return why == NULL ? 0 : pj_reading_refuse(r, r->at, r->argv[r->at], why,
                                               err);
}
