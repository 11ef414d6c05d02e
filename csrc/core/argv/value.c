/* value.c: the types of values.  */
#include "argv/value.h"

#include <stdlib.h>

#include "base/error.h"

/* The maximum length for types that do not specify one.  */
#define HOST_NAME_MAX_LENGTH 253
#define GIT_REF_MAX_LENGTH 1024
#define URL_MAX_LENGTH 8192

static int
invalid(pj_str at, const char *what, pj_error *err)
{
    pj_error_begin(err, PJ_E_ValueTypeInvalid, at);
    pj_escape(err->reason, pj_str_of(what));
    return pj_error_say(err, "value type invalid: %s%s%s%s", what,
                        at.len == 0 ? "" : ": '", err->value,
                        at.len == 0 ? "" : "'");
}

static int
check_root(pj_str root, pj_error *err)
{
    if (pj_str_has(root, '\0'))
        return pj_error_nul(err, "root", root, -1);
    if (root.len > 0 && root.ptr[0] == '/')
        return 0;
    return invalid(root, "a root must be an absolute path", err);
}

/* In lower case, for comparison with a URL.  */
static int
check_scheme(pj_str scheme, pj_error *err)
{
    int fits = scheme.len > 0 && scheme.ptr[0] >= 'a'
        && scheme.ptr[0] <= 'z';

    if (pj_str_has(scheme, '\0'))
        return pj_error_nul(err, "scheme", scheme, -1);
    for (size_t i = 0; i < scheme.len; i++) {
        char c = scheme.ptr[i];

        fits &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+'
            || c == '-' || c == '.';
    }
    return fits ? 0 : invalid(scheme, "a scheme of a Url must be a lower-"
                              "case word, without ://", err);
}

static int
check_host(pj_str host, pj_error *err)
{
    pj_str name = host;

    if (pj_str_has(host, '\0'))
        return pj_error_nul(err, "host", host, -1);
    if (pj_str_starts(name, PJ_STR("*.")))
        name = (pj_str){name.ptr + 2, name.len - 2};
    return pj_is_host_name(name)
        ? 0 : invalid(host, "a host of a Url must be a name or *.name",
                      err);
}

typedef int check(pj_str, pj_error *);

static int
check_word(pj_str word, pj_error *err)
{
    return pj_str_has(word, '\0') ? pj_error_nul(err, "word", word, -1) : 0;
}

static int
check_each(const pj_str *items, size_t count, check *one, pj_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (one(items[i], err) < 0)
            return -1;
    return 0;
}

static int
check_url(const pj_value_options *o, pj_error *err)
{
    if (o->word_count == 0)
        return invalid(PJ_STR(""), "a Url needs a scheme", err);
    if (check_each(o->words, o->word_count, check_scheme, err) < 0)
        return -1;
    return check_each(o->hosts, o->host_count, check_host, err);
}

static int
check_options(const pj_value_options *o, pj_error *err)
{
    switch (o->type) {
    case PJ_VALUE_INT:
        return o->min <= o->max ? 0
            : invalid(PJ_STR(""), "the min of an Int is greater than its "
                      "max", err);
    case PJ_VALUE_CHOICE:
        return o->word_count == 0
            ? invalid(PJ_STR(""), "a Choice needs a word", err)
            : check_each(o->words, o->word_count, check_word, err);
    case PJ_VALUE_TEXT:
        return o->max_length <= PJ_TEXT_MAX ? 0
            : invalid(PJ_STR(""), "max_length of a Text must be 0 to 131072",
                      err);
    case PJ_VALUE_PATTERN:
        return o->max_length <= PJ_PATTERN_MAX ? 0
            : invalid(PJ_STR(""), "max_length of a Pattern must be 0 to 4096",
                      err);
    case PJ_VALUE_READ_PATH:
    case PJ_VALUE_WRITE_PATH:
        return check_each(o->words, o->word_count, check_root, err);
    case PJ_VALUE_URL:
        return check_url(o, err);
    case PJ_VALUE_HOST_NAME:
    case PJ_VALUE_GIT_REF:
        return 0;
    }
    return invalid(PJ_STR(""), "unknown type", err);
}

static size_t
max_length_of(const pj_value_options *o)
{
    switch (o->type) {
    case PJ_VALUE_TEXT:
    case PJ_VALUE_PATTERN:
        return o->max_length;
    case PJ_VALUE_HOST_NAME:
        return HOST_NAME_MAX_LENGTH;
    case PJ_VALUE_GIT_REF:
        return GIT_REF_MAX_LENGTH;
    case PJ_VALUE_URL:
        return URL_MAX_LENGTH;
    case PJ_VALUE_INT:
    case PJ_VALUE_CHOICE:
    case PJ_VALUE_READ_PATH:
    case PJ_VALUE_WRITE_PATH:
        break;
    }
    return PJ_TEXT_MAX;
}

/* Copies into a value that is empty except for its type.  */
static int
fill(pj_value *value, const pj_value_options *o, pj_error *err)
{
    pj_value_options *is = &value->is;

    is->min = o->min;
    is->max = o->max;
    is->max_length = max_length_of(o);
    if (pj_strs_dup(o->words, o->word_count, &is->words) < 0)
        return pj_error_memory(err);
    is->word_count = o->word_count;
    if (pj_strs_dup(o->hosts, o->host_count, &is->hosts) < 0)
        return pj_error_memory(err);
    is->host_count = o->host_count;
    if (o->type != PJ_VALUE_PATTERN)
        return 0;
    if (pj_str_dup(o->expression, &is->expression) < 0)
        return pj_error_memory(err);
    return pj_pattern_new(o->expression, &value->pattern, err);
}

int
pj_value_new(const pj_value_options *options, pj_value **out, pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    if (check_options(options, err) < 0)
        return -1;
    value = calloc(1, sizeof *value);
    if (value == NULL)
        return pj_error_memory(err);
    atomic_init(&value->refs, 1);
    value->is.type = options->type;
    if (fill(value, options, err) < 0) {
        pj_value_unref(value);
        return -1;
    }
    *out = value;
    return 0;
}

pj_value *
pj_value_ref(pj_value *value)
{
    atomic_fetch_add_explicit(&value->refs, 1, memory_order_relaxed);
    return value;
}

void
pj_value_unref(pj_value *value)
{
    if (value == NULL
        || atomic_fetch_sub_explicit(&value->refs, 1,
                                     memory_order_acq_rel) > 1)
        return;
    pj_pattern_free(value->pattern);
    pj_str_clear(&value->is.expression);
    pj_strs_free(value->is.words, value->is.word_count);
    pj_strs_free(value->is.hosts, value->is.host_count);
    free(value);
}

const pj_value_options *
pj_value_get(const pj_value *value)
{
    return &value->is;
}

int
pj_value_is_path(const pj_value *value)
{
    return value->is.type == PJ_VALUE_READ_PATH
        || value->is.type == PJ_VALUE_WRITE_PATH;
}
