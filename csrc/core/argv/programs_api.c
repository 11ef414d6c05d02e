/* programs_api.c: the tables, for tools and tests.  */
#include <stdlib.h>
#include <string.h>

#include "argv/reading.h"
#include "base/error.h"
#include "base/strings.h"

/* Indexed by the enums of programs.h.  */
static const char *const form_names[] = {"option", "word", "operand"};
static const char *const arity_names[] = {
    "no_value", "required", "optional", "name_value", "value_text",
    "until_semicolon",
};
static const char *const kind_names[] = {
    "no_kind", "number", "text", "pattern", "read_path", "write_path",
    "program", "url", "choice", "count", "word", "mode",
};
static const char *const effect_names[] = {
    "none", "exec", "write", "read", "network", "config", "input", "endless",
};
static const char *const dashdash_names[] = {
    "ends_options", "ignored", "subcommand",
};
static const char *const order_names[] = {
    "permutes", "ordered", "expression",
};
/* Indexed by program number.  */
#define PJ_PROGRAM(id, maker, dashdash, order, traits) #traits,
static const char *const traits_of[] = {
#include "programs/programs.def"
};

const char *
pj_program_name(size_t number)
{
    const pj_program *program = pj_program_number(number);

    return program == NULL ? NULL : program->id;
}

const char *
pj_program_table(pj_str name, size_t number)
{
    const pj_program *program = pj_program_next(name, NULL);

    while (program != NULL && number-- > 0)
        program = pj_program_next(name, program);
    return program == NULL ? NULL : program->id;
}

static const pj_program *
find(pj_str name)
{
    const pj_program *program = pj_program_find(name);

    return program != NULL ? program : pj_program_find_id(name);
}

int
pj_program_get(pj_str name, pj_program_info *out)
{
    const pj_program *program = find(name);

    if (program == NULL)
        return -1;
    out->name = program->id;
    out->called = pj_program_called(program);
    out->maker = pj_maker_name(program->maker);
    out->dashdash = dashdash_names[program->dashdash];
    out->order = order_names[program->order];
    out->traits = traits_of[program - pj_program_number(0)];
    out->row_count = program->count - 1; /* without the placeholder */
    return 0;
}

int
pj_program_row(pj_str name, size_t number, pj_row_info *out)
{
    const pj_program *program = find(name);
    const pj_option *row;

    if (program == NULL || number + 1 >= program->count)
        return -1;
    row = &program->options[number + 1];
    out->form = form_names[row->form];
    out->letter = row->letter;
    out->name = row->name;
    out->arity = arity_names[row->arity];
    out->kind = kind_names[row->kind];
    out->effect = effect_names[row->effect];
    return 0;
}

static void
tell(const pj_arg *arg, pj_item *item)
{
    memset(item, 0, sizeof *item);
    item->kind = arg->kind;
    item->index = arg->index;
    item->value = arg->value;
    item->text = arg->text;
    if (arg->row == NULL)
        return;
    item->name = arg->row->name;
    item->letter = arg->row->letter;
    item->is_word = arg->row->form == PJ_FORM_WORD;
    item->is_pair = arg->row->form == PJ_FORM_OPERAND;
}

/* Level by level: a subcommand is an operand, and its table takes over.  */
static int
read_all(pj_reading *r, const pj_program *program, int posix, pj_error *err)
{
    pj_grammar grammar;

    for (;;) {
        const pj_program *sub;

        pj_grammar_of(program, &grammar);
        grammar.posix = posix;
        grammar.nested = program->dashdash == PJ_DASHDASH_SUBCOMMAND;
        if (pj_reading_level(r, &grammar, err) < 0)
            return -1;
        if (r->at >= r->argc)
            return 0;
        sub = pj_program_find_sub(program, r->argv[r->at]);
        if (sub == NULL) {
            pj_error_begin(err, PJ_E_ArgProgramUnknown, r->argv[r->at]);
            err->index = (long)r->at;
            return pj_error_say(err, "no table for the subcommand %s",
                                err->value);
        }
        if (pj_reading_operand(r, err) < 0)
            return -1;
        program = sub;
    }
}

int
pj_program_read(pj_str program, const pj_str *argv, size_t argc, int posix,
                pj_item **items, size_t *count, pj_error *err)
{
    const pj_program *table = find(program);
    pj_reading r;
    pj_error scratch;
    int result;

    if (err == NULL)
        err = &scratch;
    if (table == NULL) {
        pj_error_begin(err, PJ_E_ArgProgramUnknown, program);
        return pj_error_say(err, "no table for the program %s; see "
                            "csrc/programs", err->value);
    }
    for (size_t i = 0; i < argc; i++)
        if (pj_str_has(argv[i], '\0'))
            return pj_error_nul(err, "argument", argv[i], (long)i);
    pj_reading_init(&r, argv, argc);
    result = read_all(&r, table, posix, err);
    if (result == 0) {
        *items = calloc(r.count + 1, sizeof **items);
        if (*items == NULL)
            result = pj_error_memory(err);
        for (size_t i = 0; i < r.count && result == 0; i++)
            tell(&r.args[i], &(*items)[i]);
        *count = r.count;
    }
    pj_reading_clear(&r);
    return result;
}
