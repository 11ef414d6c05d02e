/* typed_match.c: check one argv against typed rules.  */
#include <stdio.h>
#include <string.h>

#include "argv/typed_plan.h"
#include "base/error.h"

/* Everything that would have been accepted, truncated if too long.  */
static void
list_accepted(const pj_typed *typed, pj_declared_kind kind, char *out)
{
    pj_text text = {.used = 0};

    for (size_t i = 0; i < typed->rules->declared_count; i++) {
        const pj_declared *d = &typed->rules->declared[i];

        if (kind == PJ_DECLARED_SUBCOMMAND ? d->kind == kind
            : d->kind == PJ_DECLARED_FLAG || d->kind == PJ_DECLARED_OPTION)
            pj_text_words(&text, d->names, 1);
    }
    pj_escape(out, text.used == 0 ? PJ_STR("none") : pj_text_view(&text));
}

/* Completes the refusal of an option with what is accepted.  */
static int
refuse_option(const pj_typed *typed, pj_str token, size_t index,
              const char *option, const char *why, pj_error *err)
{
    char name[PJ_VALUE_SIZE];

    snprintf(name, sizeof name, "%s", option);
    pj_error_begin(err, PJ_E_ArgFlagNotAllowed, token);
    err->index = (long)index;
    memcpy(err->option, name, sizeof name);
    pj_escape(err->reason, pj_str_of(why));
    list_accepted(typed, PJ_DECLARED_FLAG, err->expected);
    return pj_error_say(err, "flag not allowed: %s (argv[%zu])%s%s%s%s; "
                        "allowed are: %s", err->value, index,
                        strcmp(err->value, name) == 0 ? "" : " is ",
                        strcmp(err->value, name) == 0 ? "" : name,
                        why[0] == '\0' ? "" : ": ", why, err->expected);
}

/* The name of what a value belongs to: an option, or the positional of a
   declaration.  */
static void
name_of(const pj_arg *arg, const pj_declared *d, char *out)
{
    if (arg->kind == PJ_ITEM_OPTION)
        pj_option_name(arg->row, out);
    else
        pj_escape(out, d->names[0]);
}

static int
bad_value(const pj_arg *arg, const pj_declared *d, const char *wanted,
          pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgValueInvalid, arg->value);
    err->index = (long)arg->value_index;
    name_of(arg, d, err->option);
    pj_escape(err->expected, pj_str_of(wanted));
    return pj_error_say(err, "value of %s (argv[%zu]) is not accepted: '%s'; "
                        "it must be %s", err->option, arg->value_index,
                        err->value, err->expected);
}

static int
refuse_value(const pj_arg *arg, const pj_declared *d, pj_error *err)
{
    char wanted[PJ_VALUE_SIZE];

    pj_value_wanted(d->value, wanted);
    return bad_value(arg, d, wanted, err);
}

/* Checks a value against its type; paths are checked later.  */
static int
check_value(pj_match *m, const pj_arg *arg, size_t number, pj_error *err)
{
    const pj_declared *d = &m->typed->rules->declared[number];
    int accepted = pj_value_accepts(d->value, arg->value);
    pj_path_claim *claim;

    if (accepted == 0)
        return refuse_value(arg, d, err);
    if (accepted > 0 && !pj_value_is_path(d->value))
        return 0;
    claim = accepted < 0 ? NULL : pj_path_claims_add(m->claims);
    if (claim == NULL)
        return pj_error_memory(err);
    claim->text = arg->value;
    claim->writes = d->value->is.type == PJ_VALUE_WRITE_PATH;
    claim->roots = &m->typed->roots[number];
    claim->index = (long)arg->value_index;
    name_of(arg, d, claim->option);
    return 0;
}

static int
too_often(const pj_match *m, const pj_arg *arg, size_t max, size_t got,
          pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgConflict, m->reading.argv[arg->index]);
    err->index = (long)arg->index;
    err->max = max;
    err->got = got;
    pj_option_name(arg->row, err->option);
    return pj_error_say(err, "conflict: %s (argv[%zu]) is given too often; "
                        "give it at most %zu times", err->option, arg->index,
                        max);
}

static int
check_option(pj_match *m, const pj_arg *arg, uint32_t *counts,
             pj_error *err)
{
    size_t number = pj_typed_find(m->typed, arg->row);
    const pj_declared *d;
    char name[PJ_VALUE_SIZE];

    if (number-- == 0) {
        pj_option_name(arg->row, name);
        return refuse_option(m->typed, m->reading.argv[arg->index],
                             arg->index, name, "", err);
    }
    d = &m->typed->rules->declared[number];
    if (++counts[number] > d->max)
        return too_often(m, arg, d->max, counts[number], err);
    if (d->kind == PJ_DECLARED_FLAG)
        return arg->value.ptr == NULL ? 0 : bad_value(arg, d, "left out",
                                                      err);
    if (arg->value.ptr != NULL)
        return check_value(m, arg, number, err);
    return d->optional ? 0 : bad_value(arg, d, "given, attached to it", err);
}

/* How many of the options named in a declaration are given.  */
static size_t
count_given(const pj_match *m, size_t number, size_t names,
            const uint32_t *counts)
{
    const uint16_t *group = m->typed->groups[number];
    size_t given = 0;

    for (size_t i = 0; i < names; i++)
        given += group[i] > 0 && counts[group[i] - 1] > 0;
    return given;
}

static int
check_group(const pj_match *m, size_t number, const uint32_t *counts,
            pj_error *err)
{
    const pj_declared *d = &m->typed->rules->declared[number];
    size_t given = count_given(m, number, d->name_count, counts);
    int required = d->kind == PJ_DECLARED_REQUIRE;
    pj_text names = {.used = 0};

    if (required ? given > 0 : given <= 1)
        return 0;
    pj_text_words(&names, d->names, d->name_count);
    pj_error_begin(err, required ? PJ_E_ArgMissing : PJ_E_ArgConflict,
                   pj_text_view(&names));
    pj_escape(err->expected, pj_text_view(&names));
    if (required)
        return pj_error_say(err, "missing option: give one of %s",
                            err->expected);
    return pj_error_say(err, "conflict: of %s at most one may be given",
                        err->expected);
}

static int
check_groups(const pj_match *m, const uint32_t *counts, pj_error *err)
{
    for (size_t i = 0; i < m->typed->rules->declared_count; i++) {
        pj_declared_kind kind = m->typed->rules->declared[i].kind;

        if ((kind == PJ_DECLARED_REQUIRE || kind == PJ_DECLARED_EXCLUSIVE)
            && check_group(m, i, counts, err) < 0)
            return -1;
    }
    return 0;
}

/* The declaration of a list of positionals, if it applies with the given
   options; or NULL.  */
static const pj_declared *
list_at(const pj_match *m, size_t number, const uint32_t *counts)
{
    const pj_declared *d = &m->typed->rules->declared[number];

    if (d->kind != PJ_DECLARED_POSITIONAL
        || (d->unless_count > 0
            && count_given(m, number, d->unless_count, counts) > 0))
        return NULL;
    return d;
}

static int
missing(const pj_declared *d, size_t got, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgMissing, d->names[0]);
    pj_escape(err->option, d->names[0]);
    pj_value_wanted(d->value, err->expected);
    err->max = d->min;
    err->got = got;
    return pj_error_say(err, "missing positional: %s; give at least %zu of "
                        "it, got %zu; it must be %s", err->value, d->min,
                        got, err->expected);
}

static const pj_arg *
next_operand(const pj_match *m, size_t *at)
{
    while (*at < m->last && m->reading.args[*at].kind != PJ_ITEM_OPERAND)
        ++*at;
    return *at < m->last ? &m->reading.args[(*at)++] : NULL;
}

static int
too_many(const pj_arg *arg, size_t got, size_t max, pj_error *err)
{
    pj_error_begin(err, PJ_E_ArgTooManyPositionals, arg->value);
    err->index = (long)arg->index;
    err->max = max;
    err->got = got;
    return pj_error_say(err, "too many positional arguments: max %zu, got "
                        "%zu; leave out '%s' (argv[%zu])", max, got,
                        err->value, arg->index);
}

/* Adds up the minimum operands of the lists.  The first list that would not
   get its minimum is reported as missing.  */
static int
check_least(const pj_match *m, const uint32_t *counts, size_t total,
            size_t *owed, pj_error *err)
{
    *owed = 0;
    for (size_t i = 0; i < m->typed->rules->declared_count; i++) {
        const pj_declared *d = list_at(m, i, counts);

        if (d == NULL)
            continue;
        if (total - *owed < d->min)
            return missing(d, total - *owed, err);
        *owed += d->min;
    }
    return 0;
}

/* Assigns the operands to the lists in turn, reserving the minimum of later
   ones.  */
static int
check_operands(pj_match *m, const uint32_t *counts, pj_error *err)
{
    size_t total = 0, owed, left, at = m->first, room = 0;
    const pj_arg *arg;

    while (next_operand(m, &at) != NULL)
        total++;
    if (check_least(m, counts, total, &owed, err) < 0)
        return -1;
    at = m->first;
    left = total;
    for (size_t i = 0; i < m->typed->rules->declared_count; i++) {
        const pj_declared *d = list_at(m, i, counts);
        size_t share;

        if (d == NULL)
            continue;
        owed -= d->min;
        share = left - owed > d->max ? d->max : left - owed;
        room = d->max > SIZE_MAX - room ? SIZE_MAX : room + d->max;
        left -= share;
        while (share-- > 0 && (arg = next_operand(m, &at)) != NULL)
            if (check_value(m, arg, i, err) < 0)
                return -1;
    }
    arg = next_operand(m, &at);
    return arg == NULL ? 0 : too_many(arg, total, room, err);
}

static int
no_subcommand(const pj_match *m, pj_error *err)
{
    const pj_reading *r = &m->reading;
    int none = r->at >= r->argc;

    pj_error_begin(err, PJ_E_ArgSubcommandMismatch,
                   none ? (pj_str){NULL, 0} : r->argv[r->at]);
    err->index = none ? -1 : (long)r->at;
    list_accepted(m->typed, PJ_DECLARED_SUBCOMMAND, err->expected);
    if (none)
        return pj_error_say(err, "subcommand missing; allowed are: %s",
                            err->expected);
    return pj_error_say(err, "subcommand not allowed: %s (argv[%zu]); "
                        "allowed are: %s", err->value, r->at,
                        err->expected);
}

/* The rules of the subcommand at r->at; NULL if it is not allowed.  */
static const pj_typed *
find_inner(const pj_match *m)
{
    const pj_rules_options *rules = m->typed->rules;

    for (size_t i = 0; i < rules->declared_count
         && m->reading.at < m->reading.argc; i++)
        if (rules->declared[i].kind == PJ_DECLARED_SUBCOMMAND
            && pj_str_equal(rules->declared[i].names[0],
                            m->reading.argv[m->reading.at]))
            return m->typed->inner[i];
    return NULL;
}

/* A value refused while reading: is its option allowed at all?  */
static int
retell_value(const pj_match *m, const pj_arg *arg, pj_error *err)
{
    const pj_error told = *err;
    size_t number = pj_typed_find(m->typed, arg->row);
    const pj_declared *d;

    if (number == 0)
        return refuse_option(m->typed, m->reading.argv[arg->index],
                             arg->index, told.option, "", err);
    d = &m->typed->rules->declared[number - 1];
    if (d->value == NULL)
        pj_escape(err->expected, PJ_STR("left out"));
    else
        pj_value_wanted(d->value, err->expected);
    return pj_error_say(err, "value of %s (argv[%ld]) %s: '%s'; it must be "
                        "%s", told.option, told.index, told.reason,
                        told.value, err->expected);
}

/* Reports what reading refused along with what these rules accept.  */
static int
retell(const pj_match *m, pj_error *err)
{
    const pj_reading *r = &m->reading;
    const pj_error told = *err;

    if (told.code == PJ_E_ArgValueInvalid && r->count > m->first)
        return retell_value(m, &r->args[r->count - 1], err);
    if (told.code != PJ_E_ArgFlagNotAllowed || told.index < 0)
        return -1;
    return refuse_option(m->typed, r->argv[told.index], (size_t)told.index,
                         told.option, told.reason, err);
}

static int
match_level(pj_match *m, pj_error *err)
{
    pj_reading *r = &m->reading;
    /* There are at most 1000 declarations (rules_check.c).  */
    uint32_t counts[1024];

    memset(counts, 0,
           (m->typed->rules->declared_count + 1) * sizeof counts[0]);
    m->start = r->at;
    m->first = r->count;
    if (pj_reading_level(r, &m->typed->grammar, err) < 0)
        return retell(m, err);
    m->last = r->count;
    for (size_t i = m->first; i < m->last; i++)
        if (r->args[i].kind == PJ_ITEM_OPTION
            && check_option(m, &r->args[i], counts, err) < 0)
            return -1;
    if (check_groups(m, counts, err) < 0
        || check_operands(m, counts, err) < 0)
        return -1;
    return pj_match_write(m, r->at, err);
}

static int
match_all(pj_match *m, pj_error *err)
{
    while (match_level(m, err) == 0) {
        const pj_typed *inner;

        if (!m->typed->grammar.nested)
            return 0;
        inner = find_inner(m);
        if (inner == NULL)
            return no_subcommand(m, err);
        if (pj_strv_push(m->out, m->reading.argv[m->reading.at++]) < 0)
            return pj_error_memory(err);
        m->typed = inner;
    }
    return -1;
}

int
pj_typed_apply(const pj_typed *typed, const pj_str *argv, size_t argc,
               pj_strv *out, pj_path_claims *claims, pj_error *err)
{
    pj_match m;
    int result;

    for (size_t i = 0; i < argc; i++)
        if (pj_str_has(argv[i], '\0'))
            return pj_error_nul(err, "argument", argv[i], (long)i);
    m.typed = typed;
    m.out = out;
    m.claims = claims;
    pj_reading_init(&m.reading, argv, argc);
    result = match_all(&m, err);
    pj_reading_clear(&m.reading);
    return result;
}
