/* value.c: making and describing the types of values.  */
#include "argv/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static pj_value *
new_value(pj_value_type type)
{
    pj_value *value = calloc(1, sizeof *value);

    if (value == NULL)
        return NULL;
    atomic_init(&value->refs, 1);
    value->type = type;
    value->max_length = PJ_TEXT_MAX;
    return value;
}

static int
invalid(pj_str at, const char *what, pj_error *err)
{
    pj_error_begin(err, PJ_E_ValueTypeInvalid, at);
    pj_escape(err->reason, pj_str_of(what));
    return pj_error_say(err, "value type invalid: %s%s%s%s", what,
                        at.len == 0 ? "" : ": '", err->value,
                        at.len == 0 ? "" : "'");
}

/* Hands out a value that was filled, or gives it back.  */
static int
hand_out(pj_value *value, int failed, pj_value **out)
{
    if (failed)
        pj_value_unref(value);
    else
        *out = value;
    return failed ? -1 : 0;
}

int
pj_value_int(int64_t min, int64_t max, pj_value **out, pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    if (min > max)
        return invalid(PJ_STR(""), "the least number of an Int is larger "
                       "than the greatest", err);
    value = new_value(PJ_VALUE_INT);
    if (value == NULL)
        return pj_error_memory(err);
    value->min = min;
    value->max = max;
    *out = value;
    return 0;
}

static int
copy_words(pj_strv *to, const pj_str *words, size_t count, const char *what,
           pj_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (pj_str_has(words[i], '\0'))
            return pj_error_nul(err, what, words[i], (long)i);
    return pj_strv_extend(to, words, count) < 0 ? pj_error_memory(err) : 0;
}

int
pj_value_choice(const pj_str *words, size_t count, pj_value **out,
                pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    if (count == 0)
        return invalid(PJ_STR(""), "a Choice needs a word", err);
    value = new_value(PJ_VALUE_CHOICE);
    if (value == NULL)
        return pj_error_memory(err);
    return hand_out(value, copy_words(&value->words, words, count, "word",
                                      err) < 0, out);
}

int
pj_value_text(size_t max, pj_value **out, pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    if (max > PJ_TEXT_MAX)
        return invalid(PJ_STR(""), "max_length of a Text is 0 to 131072", err);
    value = new_value(PJ_VALUE_TEXT);
    if (value == NULL)
        return pj_error_memory(err);
    value->max_length = max;
    *out = value;
    return 0;
}

int
pj_value_pattern(pj_str expression, size_t max, pj_value **out,
                 pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    if (max > PJ_PATTERN_MAX)
        return invalid(PJ_STR(""), "max_length of a Pattern is 0 to 4096",
                       err);
    value = new_value(PJ_VALUE_PATTERN);
    if (value == NULL || pj_str_dup(expression, &value->expression) < 0) {
        pj_value_unref(value);
        return pj_error_memory(err);
    }
    value->max_length = max;
    return hand_out(value, pj_pattern_new(expression, &value->pattern, err)
                    < 0, out);
}

static int
check_root(pj_str root, pj_error *err)
{
    if (pj_str_has(root, '\0'))
        return pj_error_nul(err, "root", root, -1);
    if (root.len > 0 && root.ptr[0] == '/')
        return 0;
    return invalid(root, "a root is an absolute path", err);
}

static int
path_type(pj_value_type type, const pj_str *roots, size_t count,
          pj_value **out, pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    for (size_t i = 0; i < count; i++)
        if (check_root(roots[i], err) < 0)
            return -1;
    value = new_value(type);
    if (value == NULL)
        return pj_error_memory(err);
    return hand_out(value, copy_words(&value->words, roots, count, "root",
                                      err) < 0, out);
}

int
pj_value_read_path(const pj_str *roots, size_t count, pj_value **out,
                   pj_error *err)
{
    return path_type(PJ_VALUE_READ_PATH, roots, count, out, err);
}

int
pj_value_write_path(const pj_str *roots, size_t count, pj_value **out,
                    pj_error *err)
{
    return path_type(PJ_VALUE_WRITE_PATH, roots, count, out, err);
}

/* A type without arguments.  */
static int
simple_type(pj_value_type type, size_t max, pj_value **out, pj_error *err)
{
    pj_error scratch;
    pj_value *value = new_value(type);

    if (value == NULL)
        return pj_error_memory(err == NULL ? &scratch : err);
    value->max_length = max;
    *out = value;
    return 0;
}

int
pj_value_host_name(pj_value **out, pj_error *err)
{
    return simple_type(PJ_VALUE_HOST_NAME, 253, out, err);
}

int
pj_value_git_ref(pj_value **out, pj_error *err)
{
    return simple_type(PJ_VALUE_GIT_REF, 1024, out, err);
}

/* In lower case: that is how a URL is compared with it.  */
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
    return fits ? 0 : invalid(scheme, "a scheme of a Url is a word in lower "
                              "case, without ://", err);
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
        ? 0 : invalid(host, "a host of a Url is a host name, or *. and one",
                      err);
}

int
pj_value_url(const pj_str *schemes, size_t scheme_count,
             const pj_str *hosts, size_t host_count, pj_value **out,
             pj_error *err)
{
    pj_error scratch;
    pj_value *value;

    if (err == NULL)
        err = &scratch;
    if (scheme_count == 0)
        return invalid(PJ_STR(""), "a Url needs a scheme", err);
    for (size_t i = 0; i < scheme_count; i++)
        if (check_scheme(schemes[i], err) < 0)
            return -1;
    for (size_t i = 0; i < host_count; i++)
        if (check_host(hosts[i], err) < 0)
            return -1;
    value = new_value(PJ_VALUE_URL);
    if (value == NULL)
        return pj_error_memory(err);
    value->max_length = 8192;
    return hand_out(value,
                    copy_words(&value->words, schemes, scheme_count,
                               "scheme", err) < 0
                        || copy_words(&value->hosts, hosts, host_count,
                                      "host", err) < 0, out);
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
    pj_str_clear(&value->expression);
    pj_strv_clear(&value->words);
    pj_strv_clear(&value->hosts);
    free(value);
}

void
pj_value_get(const pj_value *value, pj_value_info *out)
{
    memset(out, 0, sizeof *out);
    out->type = value->type;
    out->min = value->min;
    out->max = value->max;
    out->max_length = value->max_length;
    out->expression = value->expression;
    out->words = value->words.items;
    out->word_count = value->words.count;
    out->hosts = value->hosts.items;
    out->host_count = value->hosts.count;
}

int
pj_value_is_path(const pj_value *value)
{
    return value->type == PJ_VALUE_READ_PATH
        || value->type == PJ_VALUE_WRITE_PATH;
}
