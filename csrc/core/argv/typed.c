/* typed.c: compile typed rules: resolve names to rows of a table.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "argv/typed_plan.h"
#include "base/error.h"

static int
invalid(const pj_typed *typed, pj_str name, const char *what,
        const char *remedy, pj_error *err)
{
    const char *program = pj_program_called(typed->grammar.program);

    pj_error_begin(err, PJ_E_ArgRulesInvalid, name);
    pj_escape(err->option, name);
    return pj_error_say(err, "argument rules invalid: %s of %s %s; %s",
                        err->value, program, what, remedy);
}

/* The row of a declared name; exact names only.  */
static const pj_option *
row_of(const pj_program *program, pj_str name)
{
    const pj_option *row = pj_program_word(program, name);

    if (row != NULL)
        return row;
    if (name.ptr[name.len - 1] == '=')
        return pj_program_operand(program, (pj_str){name.ptr, name.len - 1});
    if (name.len == 2 && name.ptr[0] == '-')
        return pj_program_letter(program, name.ptr[1]);
    if (name.len < 3 || name.ptr[1] != '-')
        return NULL;
    row = pj_program_long(program, (pj_str){name.ptr + 2, name.len - 2});
    return row != NULL && strlen(row->name) == name.len - 2 ? row : NULL;
}

static int
check_arity(const pj_typed *typed, const pj_declared *d, pj_str name,
            const pj_option *row, pj_error *err)
{
    int none = row->arity == PJ_ARITY_NO_VALUE;
    int maybe = row->arity == PJ_ARITY_OPTIONAL;

    if (row->arity == PJ_ARITY_UNTIL_SEMICOLON)
        return invalid(typed, name, "takes a command to run",
                       "it cannot be allowed", err);
    if (d->kind == PJ_DECLARED_FLAG && !none && !maybe)
        return invalid(typed, name, "takes a value", "declare it by option",
                       err);
    if (d->kind == PJ_DECLARED_OPTION && none)
        return invalid(typed, name, "takes no value", "declare it by flag",
                       err);
    if (d->kind == PJ_DECLARED_OPTION && d->optional && !maybe)
        return invalid(typed, name, "always takes a value",
                       "leave out optional", err);
    return 0;
}

static int
bind_names(pj_typed *typed, size_t number, pj_error *err)
{
    const pj_declared *d = &typed->rules->declared[number];
    const pj_program *program = typed->grammar.program;

    for (size_t i = 0; i < d->name_count; i++) {
        const pj_option *row = row_of(program, d->names[i]);
        uint16_t *slot;

        if (row == NULL)
            return invalid(typed, d->names[i], "matches no option",
                           "see its manual, or csrc/programs", err);
        slot = &typed->declared_of[row - program->options];
        if (*slot != 0 && *slot != number + 1)
            return invalid(typed, d->names[i], "is declared twice",
                           "name every option once", err);
        if (check_arity(typed, d, d->names[i], row, err) < 0)
            return -1;
        *slot = (uint16_t)(number + 1);
    }
    return 0;
}

/* Finds the options of a group, which are declared by other calls.  */
static int
bind_group(pj_typed *typed, size_t number, const pj_str *names,
           size_t count, pj_error *err)
{
    uint16_t *group = calloc(count + 1, sizeof *group);

    if (group == NULL)
        return pj_error_memory(err);
    typed->groups[number] = group;
    for (size_t i = 0; i < count; i++) {
        const pj_option *row = row_of(typed->grammar.program, names[i]);
        uint16_t option = row == NULL ? 0 : pj_typed_find(typed, row);

        if (option == 0)
            return invalid(typed, names[i], "is not declared",
                           "declare it by flag or option too", err);
        for (size_t k = 0; k < i; k++)
            if (group[k] == option)
                option = 0;
        group[i] = option;
    }
    return 0;
}

static int
is_option(const pj_declared *d)
{
    return d->kind == PJ_DECLARED_FLAG || d->kind == PJ_DECLARED_OPTION;
}

/* How many rows and bytes of names a generated table needs.  */
static void
measure(const pj_rules_options *rules, size_t *rows, size_t *bytes)
{
    *rows = 1;
    *bytes = 1;
    for (size_t i = 0; i < rules->declared_count; i++) {
        const pj_declared *d = &rules->declared[i];

        for (size_t k = 0; is_option(d) && k < d->name_count; k++) {
            ++*rows;
            *bytes += d->names[k].len + 1;
        }
    }
}

/* Fills one row of a generated table; returns where the next name goes.  */
static char *
fill_row(pj_option *row, const pj_declared *d, pj_str name, char *names)
{
    row->arity = d->kind == PJ_DECLARED_FLAG ? PJ_ARITY_NO_VALUE
        : d->optional ? PJ_ARITY_OPTIONAL : PJ_ARITY_REQUIRED;
    row->form = PJ_FORM_OPTION;
    if (name.len == 2 && name.ptr[0] == '-') {
        row->letter = name.ptr[1];
        return names;
    }
    if (name.ptr[name.len - 1] == '=') {
        row->form = PJ_FORM_OPERAND;
        name.len--;
    } else if (pj_str_starts(name, PJ_STR("--"))) {
        name = (pj_str){name.ptr + 2, name.len - 2};
    } else {
        row->form = PJ_FORM_WORD;
    }
    memcpy(names, name.ptr, name.len);
    names[name.len] = '\0';
    row->name = names;
    return names + name.len + 1;
}

/* Words without a dash are options only if the table says so.  */
static int
check_own(const pj_typed *typed, pj_error *err)
{
    const pj_rules_options *rules = typed->rules;

    for (size_t i = 0; i < rules->declared_count; i++) {
        const pj_declared *d = &rules->declared[i];

        for (size_t k = 0; is_option(d) && k < d->name_count; k++)
            if (d->names[k].ptr[0] != '-'
                && d->names[k].ptr[d->names[k].len - 1] != '=')
                return invalid(typed, d->names[k], "is not an option",
                               "begin it with '-'", err);
    }
    return 0;
}

/* The table generated for a program that has none.  */
static int
make_own(pj_typed *typed, const char *name)
{
    size_t rows, bytes, at = 1;
    char *names;

    measure(typed->rules, &rows, &bytes);
    typed->own_rows = calloc(rows, sizeof *typed->own_rows);
    typed->own_names = malloc(bytes);
    if (typed->own_rows == NULL || typed->own_names == NULL)
        return -1;
    typed->own_rows[0].form = PJ_FORM_NONE;
    names = typed->own_names;
    for (size_t i = 0; i < typed->rules->declared_count; i++) {
        const pj_declared *d = &typed->rules->declared[i];

        for (size_t k = 0; is_option(d) && k < d->name_count; k++)
            names = fill_row(&typed->own_rows[at++], d, d->names[k], names);
    }
    typed->own = (pj_program){name, PJ_MAKER_ANY,
                              PJ_DASHDASH_ENDS_OPTIONS,
                              PJ_ORDER_PERMUTES, PJ_TRAIT_DECLARED,
                              typed->own_rows, rows};
    typed->grammar.program = &typed->own;
    typed->grammar.traits = typed->own.traits;
    return 0;
}

static int
compile_inner(pj_typed *typed, size_t number, const pj_program *program,
              pj_error *err)
{
    const pj_declared *d = &typed->rules->declared[number];
    const pj_program *sub = program == NULL
        ? NULL : pj_program_find_sub(program, d->names[0]);

    for (size_t i = 0; i < number; i++)
        if (typed->rules->declared[i].kind == PJ_DECLARED_SUBCOMMAND
            && pj_str_equal(typed->rules->declared[i].names[0],
                            d->names[0]))
            return invalid(typed, d->names[0], "is declared twice",
                           "name every subcommand once", err);
    if (program != NULL && program->dashdash != PJ_DASHDASH_SUBCOMMAND)
        return invalid(typed, d->names[0], "is no subcommand",
                       "the program has none", err);
    typed->grammar.nested = 1;
    return pj_typed_compile(pj_rules_get(d->inner), sub,
                            &typed->inner[number], err);
}

static int
compile_one(pj_typed *typed, size_t number, const pj_program *program,
            pj_error *err)
{
    const pj_declared *d = &typed->rules->declared[number];

    if (is_option(d) && bind_names(typed, number, err) < 0)
        return -1;
    if (d->kind == PJ_DECLARED_SUBCOMMAND)
        return compile_inner(typed, number, program, err);
    if (d->value != NULL && pj_value_is_path(d->value))
        return pj_path_roots(d->value, &typed->roots[number], err);
    return 0;
}

/* Checks that need all declarations.  */
static int
check_whole(pj_typed *typed, pj_error *err)
{
    const pj_program *program = typed->grammar.program;

    for (size_t i = 0; i < typed->rules->declared_count; i++) {
        const pj_declared *d = &typed->rules->declared[i];
        int group = d->kind == PJ_DECLARED_REQUIRE
            || d->kind == PJ_DECLARED_EXCLUSIVE;

        if (group && bind_group(typed, i, d->names, d->name_count, err) < 0)
            return -1;
        if (d->unless_count > 0
            && bind_group(typed, i, d->unless, d->unless_count, err) < 0)
            return -1;
        if (d->kind == PJ_DECLARED_POSITIONAL && typed->grammar.nested)
            return invalid(typed, d->names[0],
                           "is declared beside subcommands",
                           "declare it inside them", err);
        /* What follows the subcommand would be taken as operands.  */
        if (d->kind == PJ_DECLARED_POSITIONAL
            && program->dashdash == PJ_DASHDASH_SUBCOMMAND)
            return invalid(typed, d->names[0],
                           "is where the program reads a subcommand",
                           "declare the subcommand, and this inside it",
                           err);
    }
    if (typed->rules->double_dash == PJ_DOUBLE_DASH_NEVER)
        return 0;
    if (program->dashdash == PJ_DASHDASH_IGNORED)
        return invalid(typed, PJ_STR("--"), "does not end its options",
                       "leave out inject_double_dash", err);
    if (typed->grammar.traits & PJ_TRAIT_LATE_DASHES)
        return invalid(typed, PJ_STR("--"), "is an error before a positional",
                       "leave out inject_double_dash", err);
    if (typed->grammar.nested)
        return invalid(typed, PJ_STR("--"), "would hide the subcommand",
                       "use inject_double_dash inside of it", err);
    return 0;
}

/* Why an argument, as read, must not be forced; or NULL.  */
static const char *
wrong_to_force(const pj_typed *typed, const pj_arg *arg)
{
    if (arg->kind != PJ_ITEM_OPTION || arg->row->form == PJ_FORM_OPERAND)
        return "force options only";
    /* Starting points come before it.  */
    if (typed->grammar.program->order == PJ_ORDER_EXPRESSION
        && !pj_program_is_leader(arg->row))
        return "it would begin the expression";
    return NULL;
}

/* Reports an unreadable forced argument as an error in the rules.  */
static int
unreadable(const pj_typed *typed, const pj_error *told, pj_error *err)
{
    char why[PJ_VALUE_SIZE + 16];
    int value = told->code == PJ_E_ArgValueInvalid;

    if (told->code == PJ_E_OutOfMemory)
        return pj_error_memory(err);
    snprintf(why, sizeof why, "%s%s", value ? "its value " : "",
             told->reason);
    return invalid(typed, pj_str_of(told->value), "cannot be forced", why,
                   err);
}

static int
read_forced(const pj_typed *typed, pj_reading *r, pj_error *err)
{
    const char *why = NULL;
    pj_error told;

    if (pj_reading_level(r, &typed->grammar, &told) < 0)
        return unreadable(typed, &told, err);
    for (size_t i = 0; i < r->count; i++)
        if ((why = wrong_to_force(typed, &r->args[i])) != NULL)
            return invalid(typed, r->argv[r->args[i].index],
                           "cannot be forced", why, err);
    if (r->at < r->argc)
        return invalid(typed, r->argv[r->at], "cannot be forced",
                       "force options only", err);
    return 0;
}

/* Forced arguments are complete options, which do not affect how the
   request's own are read.  For a program without a table, only the first word
   and `--` can be checked.  */
static int
check_forced(const pj_typed *typed, pj_error *err)
{
    const pj_str *forced = typed->rules->forced;
    size_t count = typed->rules->forced_count;
    unsigned traits = typed->grammar.traits;
    pj_reading r;
    int result;

    if (count == 0)
        return 0;
    if (pj_strs_find(forced, count, PJ_STR("--")))
        return invalid(typed, PJ_STR("--"), "cannot be forced",
                       "use inject_double_dash", err);
    if (traits & PJ_TRAIT_DECLARED)
        return pj_str_is_flag(forced[0]) ? 0
            : invalid(typed, forced[0], "cannot be forced",
                      "force options only", err);
    if (traits & PJ_TRAIT_FIRST_NUMBER)
        return invalid(typed, forced[0], "cannot be forced: it reads "
                       "a number as the first argument", "leave it out",
                       err);
    if ((traits & PJ_TRAIT_OLD_STYLE) && !pj_str_is_flag(forced[0]))
        return invalid(typed, forced[0], "cannot be forced",
                       "write its options with dashes", err);
    pj_reading_init(&r, forced, count);
    result = read_forced(typed, &r, err);
    pj_reading_clear(&r);
    return result;
}

static int
fill(pj_typed *typed, const pj_program *program, pj_error *err)
{
    size_t count = typed->rules->declared_count;

    if (program == NULL) {
        if (make_own(typed, "this program") < 0)
            return pj_error_memory(err);
        if (check_own(typed, err) < 0)
            return -1;
    } else {
        pj_grammar_of(program, &typed->grammar);
    }
    typed->declared_of = calloc(typed->grammar.program->count,
                                sizeof *typed->declared_of);
    typed->groups = calloc(count + 1, sizeof *typed->groups);
    typed->roots = calloc(count + 1, sizeof *typed->roots);
    typed->inner = calloc(count + 1, sizeof *typed->inner);
    if (typed->declared_of == NULL || typed->groups == NULL
        || typed->roots == NULL || typed->inner == NULL)
        return pj_error_memory(err);
    for (size_t i = 0; i < typed->rules->forced_env_count; i++)
        if (pj_str_equal(typed->rules->forced_env[i].name,
                         PJ_STR("POSIXLY_CORRECT")))
            typed->grammar.posix = 1;
    for (size_t i = 0; i < count; i++)
        if (compile_one(typed, i, program, err) < 0)
            return -1;
    return check_whole(typed, err) < 0 ? -1 : check_forced(typed, err);
}

int
pj_typed_compile(const pj_rules_options *rules, const pj_program *program,
                 pj_typed **out, pj_error *err)
{
    pj_typed *typed = calloc(1, sizeof *typed);

    if (typed == NULL)
        return pj_error_memory(err);
    typed->rules = rules;
    if (fill(typed, program, err) < 0) {
        pj_typed_free(typed);
        return -1;
    }
    *out = typed;
    return 0;
}

void
pj_typed_free(pj_typed *typed)
{
    if (typed == NULL)
        return;
    for (size_t i = 0; i < typed->rules->declared_count; i++) {
        if (typed->inner != NULL)
            pj_typed_free(typed->inner[i]);
        if (typed->groups != NULL)
            free(typed->groups[i]);
        if (typed->roots != NULL)
            pj_strv_clear(&typed->roots[i]);
    }
    free(typed->groups);
    free(typed->inner);
    free(typed->roots);
    free(typed->declared_of);
    free(typed->own_rows);
    free(typed->own_names);
    free(typed);
}

int
pj_typed_reach(const pj_typed *typed, pj_reach *reach, pj_error *err)
{
    const pj_rules_options *rules = typed->rules;

    for (size_t i = 0; i < rules->declared_count; i++) {
        const pj_value *value = rules->declared[i].value;

        if (typed->inner[i] != NULL
            && pj_typed_reach(typed->inner[i], reach, err) < 0)
            return -1;
        if (value == NULL || !pj_value_is_path(value))
            continue;
        reach->limits_files = 1;
        if (pj_strv_extend(&reach->roots[value->is.type
                                         == PJ_VALUE_WRITE_PATH],
                           typed->roots[i].items, typed->roots[i].count) < 0)
            return pj_error_memory(err);
    }
    for (int access = 0; access < 2; access++) {
        reach->limits_files |= rules->root_count[access] > 0;
        if (pj_strv_extend(&reach->roots[access], rules->roots[access],
                           rules->root_count[access]) < 0)
            return pj_error_memory(err);
    }
    reach->runs_nothing |= rules->run_nothing;
    return 0;
}
