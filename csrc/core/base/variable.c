/* variable.c: names of environment variables, and the strip table.  */
#include "base/variable.h"

#include <string.h>

#include "base/error.h"

/* What makes a value unsafe.  */
enum pattern {
    FUNCTION,      /* an exported shell function */
    SLASH_PERCENT, /* a path or format where a name is expected */
    TZ_PATH,       /* a time zone file outside the system's own */
    NEWLINE
};

struct name_row {
    pj_str name;
};

struct value_row {
    pj_str name; /* "*" for any, a trailing `*` for a prefix */
    enum pattern pattern;
};

static const struct name_row exact_rows[] = {
#define PJ_ENV_EXACT(name, reason) {PJ_STR(name)},
#define PJ_ENV_PREFIX(name, reason)
#define PJ_ENV_VALUE(name, pattern, reason)
#include "base/env_strip.def"
#undef PJ_ENV_EXACT
#undef PJ_ENV_PREFIX
#undef PJ_ENV_VALUE
};

static const struct name_row prefix_rows[] = {
#define PJ_ENV_EXACT(name, reason)
#define PJ_ENV_PREFIX(name, reason) {PJ_STR(name)},
#define PJ_ENV_VALUE(name, pattern, reason)
#include "base/env_strip.def"
#undef PJ_ENV_EXACT
#undef PJ_ENV_PREFIX
#undef PJ_ENV_VALUE
};

static const struct value_row value_rows[] = {
#define PJ_ENV_EXACT(name, reason)
#define PJ_ENV_PREFIX(name, reason)
#define PJ_ENV_VALUE(name, pattern, reason) {PJ_STR(name), pattern},
#include "base/env_strip.def"
#undef PJ_ENV_EXACT
#undef PJ_ENV_PREFIX
#undef PJ_ENV_VALUE
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int
pj_variable_check_name(pj_str name, pj_error *err)
{
    if (pj_str_has(name, '\0'))
        return pj_error_nul(err, "environment name", name, -1);
    if (name.len > 0 && !pj_str_has(name, '='))
        return 0;
    pj_error_begin(err, PJ_E_EnvForbidden, name);
    return pj_error_say(err, "environment name forbidden: '%s'; a name is "
                        "not empty and contains no '='", err->value);
}

int
pj_variable_check_pair(pj_str name, pj_str value, pj_error *err)
{
    if (pj_variable_check_name(name, err) < 0)
        return -1;
    /* The name is reported, never the value.  */
    if (pj_str_has(value, '\0'))
        return pj_error_nul(err, "environment value of", name, -1);
    return 0;
}

/* Case-insensitive: npm reads its variables that way, proxies exist in both
   spellings, and a name that differs only in case is not worth the risk.  */
static int
starts_with(pj_str name, pj_str prefix)
{
    return name.len >= prefix.len
        && pj_str_equal_nocase((pj_str){name.ptr, prefix.len}, prefix);
}

static int
name_matches(pj_str pattern, pj_str name)
{
    if (pattern.len > 0 && pattern.ptr[pattern.len - 1] == '*')
        return starts_with(name, (pj_str){pattern.ptr, pattern.len - 1});
    return pj_str_equal_nocase(pattern, name);
}

/* A time zone is a name like Europe/Berlin below the system's directory;
   with an absolute path elsewhere, or `..`, libc reads any file.  */
static int
is_foreign_zone(pj_str value)
{
    static const pj_str home = {"/usr/share/zoneinfo/", 20};

    if (value.len > 0 && value.ptr[0] == ':')
        value = (pj_str){value.ptr + 1, value.len - 1};
    for (size_t i = 0; i + 1 < value.len; i++)
        if (value.ptr[i] == '.' && value.ptr[i + 1] == '.')
            return 1;
    return value.len > 0 && value.ptr[0] == '/'
        && !pj_str_starts(value, home);
}

static int
value_matches(enum pattern pattern, pj_str value)
{
    switch (pattern) {
    case FUNCTION:
        return pj_str_starts(value, PJ_STR("() {"))
            || pj_str_starts(value, PJ_STR("(){"));
    case SLASH_PERCENT:
        return pj_str_has(value, '/') || pj_str_has(value, '%');
    case TZ_PATH:
        return is_foreign_zone(value);
    case NEWLINE:
        return pj_str_has(value, '\n');
    }
    return 1;
}

int
pj_variable_is_stripped(pj_str name, pj_str value)
{
    for (size_t i = 0; i < COUNT(exact_rows); i++)
        if (pj_str_equal_nocase(exact_rows[i].name, name))
            return 1;
    for (size_t i = 0; i < COUNT(prefix_rows); i++)
        if (starts_with(name, prefix_rows[i].name))
            return 1;
    for (size_t i = 0; i < COUNT(value_rows); i++)
        if (name_matches(value_rows[i].name, name)
            && value_matches(value_rows[i].pattern, value))
            return 1;
    return 0;
}

int
pj_variable_loads_code(pj_str name)
{
    static const pj_str prefixes[] = {
        PJ_STR("LD_"), PJ_STR("DYLD_"), PJ_STR("_RLD"), PJ_STR("GCONV_"),
        PJ_STR("GLIBC_"), PJ_STR("MALLOC_"), PJ_STR("NLSPATH"),
        PJ_STR("LOCPATH"), PJ_STR("RES_OPTIONS"), PJ_STR("HOSTALIASES"),
    };

    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (starts_with(name, prefixes[i]))
            return 1;
    return 0;
}
