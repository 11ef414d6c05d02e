/* strings.c: owned strings and string vectors.  */
#include "base/strings.h"

#include <stdlib.h>
#include <string.h>

pj_str
pj_str_of(const char *text)
{
    return (pj_str){text, text == NULL ? 0 : strlen(text)};
}

int
pj_str_equal(pj_str a, pj_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ASCII only: strncasecmp depends on the locale, and in a Turkish one I and
   i are different letters.  */
static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

int
pj_str_equal_nocase(pj_str a, pj_str b)
{
    if (a.len != b.len)
        return 0;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return 0;
    return 1;
}

int
pj_str_starts(pj_str text, pj_str prefix)
{
    return text.len >= prefix.len
        && (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

int
pj_str_has(pj_str text, char byte)
{
    return text.len > 0 && memchr(text.ptr, byte, text.len) != NULL;
}

int
pj_str_is_flag(pj_str token)
{
    return token.len > 1 && token.ptr[0] == '-';
}

pj_str
pj_str_basename(pj_str path)
{
    size_t at = path.len;

    while (at > 0 && path.ptr[at - 1] != '/')
        at--;
    return (pj_str){path.ptr + at, path.len - at};
}

int
pj_path_is_below(pj_str path, pj_str root)
{
    if (!pj_str_starts(path, root))
        return 0;
    return path.len == root.len || root.len == 1
        || path.ptr[root.len] == '/';
}

int
pj_str_dup(pj_str text, pj_str *out)
{
    char *copy;

    *out = (pj_str){NULL, 0};
    if (text.ptr == NULL)
        return 0;
    copy = malloc(text.len + 1);
    if (copy == NULL)
        return -1;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    *out = (pj_str){copy, text.len};
    return 0;
}

void
pj_str_clear(pj_str *text)
{
    free((char *)text->ptr);
    *text = (pj_str){NULL, 0};
}

/* Makes room for one more item of `size` bytes.  */
static int
grow(void **items, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 8 : *room * 2;
    void *bigger;

    if (count < *room)
        return 0;
    bigger = realloc(*items, wanted * size);
    if (bigger == NULL)
        return -1;
    *items = bigger;
    *room = wanted;
    return 0;
}

int
pj_strv_push(pj_strv *vector, pj_str text)
{
    void *items = vector->items;
    pj_str copy;

    if (grow(&items, vector->count, &vector->room, sizeof copy) < 0)
        return -1;
    vector->items = items;
    if (pj_str_dup(text.ptr == NULL ? PJ_STR("") : text, &copy) < 0)
        return -1;
    vector->items[vector->count++] = copy;
    return 0;
}

int
pj_strv_extend(pj_strv *vector, const pj_str *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pj_strv_push(vector, items[i]) < 0)
            return -1;
    return 0;
}

void
pj_strv_clear(pj_strv *vector)
{
    for (size_t i = 0; i < vector->count; i++)
        pj_str_clear(&vector->items[i]);
    free(vector->items);
    *vector = (pj_strv){NULL, 0, 0};
}

int
pj_strs_find(const pj_str *items, size_t count, pj_str text)
{
    for (size_t i = 0; i < count; i++)
        if (pj_str_equal(items[i], text))
            return 1;
    return 0;
}

static int
pairv_push(pj_pairv *vector, pj_str name, pj_str value)
{
    void *items = vector->items;
    pj_pair copy;

    if (grow(&items, vector->count, &vector->room, sizeof copy) < 0)
        return -1;
    vector->items = items;
    if (pj_str_dup(name.ptr == NULL ? PJ_STR("") : name, &copy.name) < 0)
        return -1;
    if (pj_str_dup(value.ptr == NULL ? PJ_STR("") : value, &copy.value) < 0) {
        pj_str_clear(&copy.name);
        return -1;
    }
    vector->items[vector->count++] = copy;
    return 0;
}

int
pj_pairv_set(pj_pairv *vector, pj_str name, pj_str value)
{
    for (size_t i = 0; i < vector->count; i++) {
        pj_str copy;

        if (!pj_str_equal(vector->items[i].name, name))
            continue;
        if (pj_str_dup(value.ptr == NULL ? PJ_STR("") : value, &copy) < 0)
            return -1;
        pj_str_clear(&vector->items[i].value);
        vector->items[i].value = copy;
        return 0;
    }
    return pairv_push(vector, name, value);
}

int
pj_pairv_extend(pj_pairv *vector, const pj_pair *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pj_pairv_set(vector, items[i].name, items[i].value) < 0)
            return -1;
    return 0;
}

void
pj_pairv_clear(pj_pairv *vector)
{
    for (size_t i = 0; i < vector->count; i++) {
        pj_str_clear(&vector->items[i].name);
        pj_str_clear(&vector->items[i].value);
    }
    free(vector->items);
    *vector = (pj_pairv){NULL, 0, 0};
}

int
pj_strs_dup(const pj_str *items, size_t count, const pj_str **out)
{
    pj_strv copy = {NULL, 0, 0};

    if (pj_strv_extend(&copy, items, count) < 0) {
        pj_strv_clear(&copy);
        return -1;
    }
    *out = copy.items;
    return 0;
}

void
pj_strs_free(const pj_str *items, size_t count)
{
    pj_strv vector = {(pj_str *)(uintptr_t)items, count, count};

    pj_strv_clear(&vector);
}

/* Item by item: the caller counts them, duplicates of a name included.  */
int
pj_pairs_dup(const pj_pair *items, size_t count, const pj_pair **out)
{
    pj_pairv copy = {NULL, 0, 0};

    for (size_t i = 0; i < count; i++)
        if (pairv_push(&copy, items[i].name, items[i].value) < 0) {
            pj_pairv_clear(&copy);
            return -1;
        }
    *out = copy.items;
    return 0;
}

void
pj_pairs_free(const pj_pair *items, size_t count)
{
    pj_pairv vector = {(pj_pair *)(uintptr_t)items, count, count};

    pj_pairv_clear(&vector);
}
