/* tokens.c: read argv for plain rules: by whole tokens, known or not.  */
#include "argv/reading.h"
#include "argv/words.h"
#include "base/strings.h"

/* A program that takes options only before its first operand passes what
   follows to its subcommand, if it has subcommands; otherwise it reads no
   more options.  */
static const pj_program *
table_behind(const pj_program *program, pj_str operand)
{
    if (program == NULL || program->order != PJ_ORDER_ORDERED)
        return program;
    return program->dashdash == PJ_DASHDASH_SUBCOMMAND
        ? pj_program_find_sub(program, operand) : NULL;
}

/* -nm 5: the first letter that takes a value consumes the rest of the token,
   or the next token if the letter is last.  */
static const pj_option *
row_of_bundle(const pj_program *table, pj_str token)
{
    for (size_t i = 1; i < token.len; i++) {
        const pj_option *row = pj_program_letter(table, token.ptr[i]);

        if (row == NULL || row->arity == PJ_ARITY_OPTIONAL)
            return NULL;
        if (row->arity == PJ_ARITY_REQUIRED)
            return i + 1 == token.len ? row : NULL;
    }
    return NULL;
}

/* The row that determines what belongs to a token; NULL if nothing does.  */
static const pj_option *
row_of(const pj_program *table, pj_str token)
{
    const pj_option *word = pj_program_word(table, token);

    if (word != NULL)
        return word;
    if (token.len < 3 || token.ptr[1] != '-')
        return row_of_bundle(table, token);
    return pj_str_has(token, '=') ? NULL
        : pj_program_long(table, (pj_str){token.ptr + 2, token.len - 2});
}

static int
read_flag(pj_reading *r, const pj_program *table, pj_error *err)
{
    const pj_grammar grammar = {.program = table, .whole = 1};
    pj_arg *arg = pj_reading_add(r, PJ_ITEM_OPTION, r->at, err);

    if (arg == NULL)
        return -1;
    if (table != NULL)
        arg->row = row_of(table, r->argv[r->at]);
    r->at++;
    return arg->row == NULL ? 0 : pj_words_take(r, &grammar, arg, err);
}

static int
read_dashes(pj_reading *r, pj_error *err)
{
    if (pj_reading_add(r, PJ_ITEM_DASHES, r->at, err) == NULL)
        return -1;
    r->at++;
    return 0;
}

/* find and its like keep reading their words after `--`.  */
static int
is_flag(const pj_program *program, pj_str token, int ended)
{
    if (!ended)
        return pj_str_is_flag(token);
    return program != NULL && program->dashdash == PJ_DASHDASH_IGNORED
        && (pj_str_is_flag(token) || pj_program_word(program, token) != NULL);
}

int
pj_reading_tokens(pj_reading *r, const pj_program *program, pj_error *err)
{
    const pj_program *table = program;
    int ended = 0, operands = 0, result = 0;

    while (r->at < r->argc && result == 0) {
        pj_str token = r->argv[r->at];

        if (!ended && pj_str_equal(token, PJ_STR("--"))) {
            result = read_dashes(r, err);
            ended = 1;
        } else if (is_flag(program, token, ended)) {
            result = read_flag(r, table, err);
        } else {
            result = pj_reading_operand(r, err);
            if (operands++ == 0)
                table = table_behind(program, token);
        }
    }
    return result;
}
