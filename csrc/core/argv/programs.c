/* programs.c: the tables of csrc/programs, compiled and searched.  */
#include "argv/programs.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/strings.h"

#define PJ_PROGRAM(id, maker, dashdash, order, traits)             \
    static const pj_option rows_##id[] = {                         \
        {PJ_FORM_NONE, 0, 0, 0, 0, NULL},
#define PJ_OPT(letter, name, arity, kind, effect)                  \
        {PJ_FORM_OPTION, PJ_ARITY_##arity, PJ_KIND_##kind,         \
         PJ_EFFECT_##effect, letter, name},
#define PJ_WORD(name, arity, kind, effect)                         \
        {PJ_FORM_WORD, PJ_ARITY_##arity, PJ_KIND_##kind,           \
         PJ_EFFECT_##effect, 0, name},
#define PJ_OPERAND(name, kind, effect)                             \
        {PJ_FORM_OPERAND, PJ_ARITY_REQUIRED, PJ_KIND_##kind,       \
         PJ_EFFECT_##effect, 0, name},
#define PJ_PROGRAM_END                                             \
    };
#include "programs/programs.def"

/* The names used in the tables.  */
enum {
    GETOPT = 0,
    EXACT = PJ_TRAIT_EXACT,
    NEXT_WORD = PJ_TRAIT_NEXT_WORD,
    NO_BUNDLE = PJ_TRAIT_NO_BUNDLE,
    FIRST_NUMBER = PJ_TRAIT_FIRST_NUMBER,
    OLD_STYLE = PJ_TRAIT_OLD_STYLE,
    LATE_DASHES = PJ_TRAIT_LATE_DASHES,
    OPTIONS_FIRST = PJ_TRAIT_OPTIONS_FIRST,
    IN_ORDER = PJ_TRAIT_IN_ORDER,
    AT_FILES = PJ_TRAIT_AT_FILES,
    PLUS_OPTION = PJ_TRAIT_PLUS_OPTION,
    OFFSET = PJ_TRAIT_OFFSET,
    TWO_OPERANDS = PJ_TRAIT_TWO_OPERANDS,
    SCRIPT = PJ_TRAIT_SCRIPT,
    EQUALS = PJ_TRAIT_EQUALS,
    BARE_LETTERS = PJ_TRAIT_BARE_LETTERS
};

#define PJ_PROGRAM(id, maker, dashdash, order, traits)               \
    {#id, PJ_MAKER_##maker, PJ_DASHDASH_##dashdash,                  \
     PJ_ORDER_##order, traits,                                       \
     rows_##id, sizeof rows_##id / sizeof rows_##id[0]},
static const pj_program programs[] = {
#include "programs/programs.def"
};

#define PJ_ALIAS(id, name) {name, #id},
static const struct {
    const char *name;
    const char *id;
} aliases[] = {
#include "programs/programs.def"
    {NULL, NULL},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const pj_program *
pj_program_number(size_t number)
{
    return number < COUNT(programs) ? &programs[number] : NULL;
}

#define PJ_MAKER(id, name) [PJ_MAKER_##id] = name,
static const char *const maker_names[PJ_MAKER_COUNT] = {
#include "programs/makers.def"
};

const char *
pj_maker_name(pj_maker maker)
{
    return maker_names[maker];
}

const char *
pj_program_called(const pj_program *program)
{
    static const char *const owners[] = {"busybox_", "uutils_"};

    for (size_t i = 0; i < COUNT(owners); i++)
        if (strncmp(program->id, owners[i], strlen(owners[i])) == 0)
            return program->id + strlen(owners[i]);
    return program->id;
}

const pj_program *
pj_program_find_id(pj_str id)
{
    for (size_t i = 0; i < COUNT(programs); i++)
        if (pj_str_equal(pj_str_of(programs[i].id), id))
            return &programs[i];
    return NULL;
}

const pj_program *
pj_program_find(pj_str name)
{
    for (size_t i = 0; aliases[i].name != NULL; i++)
        if (pj_str_equal(pj_str_of(aliases[i].name), name))
            return pj_program_find_id(pj_str_of(aliases[i].id));
    /* The id of a subcommand is not a program name.  */
    return pj_str_has(name, '_') ? NULL : pj_program_find_id(name);
}

const pj_program *
pj_program_next(pj_str name, const pj_program *before)
{
    size_t i = before == NULL ? 0 : (size_t)(before - programs) + 1;

    for (; i < COUNT(programs); i++) {
        const char *id = programs[i].id;

        for (size_t k = 0; aliases[k].name != NULL; k++)
            if (strcmp(aliases[k].id, id) == 0
                && pj_str_equal(pj_str_of(aliases[k].name), name))
                return &programs[i];
        if (!pj_str_has(name, '_')
            && pj_str_equal(pj_str_of(pj_program_called(&programs[i])),
                            name))
            return &programs[i];
    }
    return NULL;
}

const pj_program *
pj_program_find_made(pj_str name, pj_maker maker)
{
    const pj_program *table = NULL;

    while ((table = pj_program_next(name, table)) != NULL)
        if (table->maker == PJ_MAKER_ANY || table->maker == maker)
            return table;
    return NULL;
}

int
pj_program_has_makers(pj_str name)
{
    const pj_program *table = pj_program_next(name, NULL);

    return table != NULL && table->maker != PJ_MAKER_ANY;
}

const pj_program *
pj_program_find_sub(const pj_program *program, pj_str subcommand)
{
    char id[64];
    size_t len = strlen(program->id);

    if (len > sizeof id / 2 || subcommand.len >= sizeof id / 2 - 1)
        return NULL;
    memcpy(id, program->id, len);
    id[len] = '_';
    for (size_t i = 0; i < subcommand.len; i++)
        id[len + 1 + i] = subcommand.ptr[i] == '-' ? '_' : subcommand.ptr[i];
    return pj_program_find_id((pj_str){id, len + 1 + subcommand.len});
}

const pj_option *
pj_program_letter(const pj_program *program, char letter)
{
    for (size_t i = 0; i < program->count; i++)
        if (program->options[i].letter == letter)
            return &program->options[i];
    return NULL;
}

/* An exact name, or the only option that an abbreviation can mean.  */
const pj_option *
pj_program_long(const pj_program *program, pj_str name)
{
    const pj_option *found = NULL;
    int matches = 0;

    for (size_t i = 0; i < program->count; i++) {
        const pj_option *option = &program->options[i];
        pj_str full = pj_str_of(option->name);

        if (option->form != PJ_FORM_OPTION || full.ptr == NULL
            || !pj_str_starts(full, name))
            continue;
        if (full.len == name.len)
            return option;
        found = option;
        matches++;
    }
    return matches == 1 ? found : NULL;
}

const pj_option *
pj_program_word(const pj_program *program, pj_str word)
{
    for (size_t i = 0; i < program->count; i++)
        if (program->options[i].form == PJ_FORM_WORD
            && pj_str_equal(pj_str_of(program->options[i].name), word))
            return &program->options[i];
    return NULL;
}

const pj_option *
pj_program_operand(const pj_program *program, pj_str key)
{
    for (size_t i = 0; i < program->count; i++)
        if (program->options[i].form == PJ_FORM_OPERAND
            && pj_str_equal(pj_str_of(program->options[i].name), key))
            return &program->options[i];
    return NULL;
}

int
pj_program_is_leader(const pj_option *word)
{
    return word->name[0] == '-' && word->name[1] != '\0'
        && (strcmp(word->name, "-D") == 0
            || strncmp(word->name, "-O", 2) == 0
            || (strchr("HLP", word->name[1]) != NULL
                && word->name[2] == '\0'));
}

void
pj_option_name(const pj_option *option, char *out)
{
    char text[PJ_VALUE_SIZE];

    if (option->form == PJ_FORM_WORD)
        snprintf(text, sizeof text, "%s", option->name);
    else if (option->form == PJ_FORM_OPERAND)
        snprintf(text, sizeof text, "%s=", option->name);
    else if (option->name != NULL)
        snprintf(text, sizeof text, "--%s", option->name);
    else
        snprintf(text, sizeof text, "-%c", option->letter);
    pj_escape(out, pj_str_of(text));
}
