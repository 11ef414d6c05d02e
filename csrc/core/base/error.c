/* error.c: the table of error codes, and text that is safe to log.  */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/locales.h"

struct code_row {
    const char *name;
    pj_class cls;
    const char *phrase;
    const char *doc;
};

static const struct code_row code_table[PJ_CODE_COUNT] = {
    [PJ_OK] = {"Ok", PJ_CLASS_NONE, "", ""},
#define PJ_CODE(name, cls, phrase, doc) \
    [PJ_E_##name] = {#name, PJ_CLASS_##cls, phrase, doc},
#include "procjail_codes.def"
#undef PJ_CODE
};

static const struct code_row unknown_row = {"Unknown", PJ_CLASS_NONE, "", ""};

static const struct code_row *
row_of(pj_code code)
{
    if ((int)code < 0 || code >= PJ_CODE_COUNT)
        return &unknown_row;
    return &code_table[code];
}

const char *
pj_code_name(pj_code code)
{
    return row_of(code)->name;
}

pj_class
pj_code_class(pj_code code)
{
    return row_of(code)->cls;
}

const char *
pj_code_phrase(pj_code code)
{
    return row_of(code)->phrase;
}

const char *
pj_code_doc(pj_code code)
{
    return row_of(code)->doc;
}

const char *
pj_version(void)
{
    return PJ_VERSION;
}

/* The length of the UTF-8 sequence at `s`, and its code point; 0 if it is
   malformed (which includes overlong forms and surrogates).  */
static size_t
utf8_decode(const unsigned char *s, size_t len, uint32_t *point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2
                : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;

    if (need == 0 || need > len)
        return 0;
    *point = need == 1 ? s[0] : s[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *point = *point << 6 | (s[i] & 0x3f);
    }
    if (*point < least[need] || *point > 0x10ffff
        || (*point >= 0xd800 && *point < 0xe000))
        return 0;
    return need;
}

/* Hidden: control characters, and those that reorder a line or are
   invisible (Unicode's Default_Ignorable, except variation selectors).
   Keep in sync with the package's _escape.py.  */
static int
is_shown(uint32_t point)
{
    static const uint32_t hidden[][2] = {
        {0, 0x1f}, {0x7f, 0x9f}, {0xad, 0xad}, {0x34f, 0x34f},
        {0x61c, 0x61c}, {0x115f, 0x1160}, {0x17b4, 0x17b5},
        {0x180b, 0x180f}, {0x200b, 0x200f}, {0x2028, 0x202e},
        {0x2060, 0x206f}, {0x3164, 0x3164}, {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x13430, 0x1343f},
        {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };

    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (point >= hidden[i][0] && point <= hidden[i][1])
            return 0;
    return 1;
}

void
pj_escape(char *out, pj_str text)
{
    enum { SHOWN = 128 };
    size_t used = 0;

    for (size_t at = 0; at < text.len;) {
        const unsigned char *s = (const unsigned char *)text.ptr + at;
        uint32_t point = 0;
        size_t len = utf8_decode(s, text.len - at, &point);
        int plain = len > 0 && is_shown(point);
        size_t wide = plain ? len : 4;

        if (used + wide > SHOWN) {
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        if (plain)
            memcpy(out + used, s, len);
        else
            snprintf(out + used, 5, "\\x%02x", s[0]);
        used += wide;
        at += plain ? len : 1;
    }
    out[used] = '\0';
}

/* vsnprintf with "." as the decimal point in any locale.  */
static int
write_plain(char *out, size_t size, const char *format, va_list args)
{
    locale_t plain = pj_locale_plain(), before = uselocale(plain);
    int wrote = vsnprintf(out, size, format, args);

    uselocale(before);
    if (plain != (locale_t)0)
        freelocale(plain);
    return wrote;
}

void
pj_text_add(pj_text *text, const char *format, ...)
{
    size_t room = sizeof text->text - text->used;
    va_list args;
    int wrote;

    va_start(args, format);
    wrote = write_plain(text->text + text->used, room, format, args);
    va_end(args);
    text->used += (size_t)wrote < room ? (size_t)wrote : room - 1;
}

void
pj_text_words(pj_text *text, const pj_str *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pj_text_add(text, "%s%.*s", text->used == 0 ? "" : " ",
                    (int)words[i].len, words[i].ptr);
}

pj_str
pj_text_view(const pj_text *text)
{
    return (pj_str){text->text, text->used};
}

void
pj_error_begin(pj_error *err, pj_code code, pj_str value)
{
    char shown[PJ_VALUE_SIZE];

    /* The value may point into `err` itself.  */
    pj_escape(shown, value);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->index = -1;
    err->risk = PJ_RISK_NONE;
    memcpy(err->value, shown, sizeof shown);
}

int
pj_error_say(pj_error *err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_plain(err->message, sizeof err->message, format, args);
    va_end(args);
    return -1;
}

int
pj_error_memory(pj_error *err)
{
    pj_error_begin(err, PJ_E_OutOfMemory, (pj_str){NULL, 0});
    err->sys_errno = ENOMEM;
    return pj_error_say(err, "out of memory");
}

int
pj_error_nul(pj_error *err, const char *what, pj_str value, long index)
{
    pj_error_begin(err, PJ_E_NulByte, value);
    err->index = index;
    return pj_error_say(err, "NUL byte in the %s %s; remove it (no "
                        "program can be given one)", what, err->value);
}

void
pj_errno_text(char *out, size_t size, int number)
{
    locale_t plain = pj_locale_plain(), before = uselocale(plain);

    /* strerror_r has two incompatible forms; strerror is thread-safe on
       glibc, musl and Darwin for the numbers the kernel returns.  */
    snprintf(out, size, "%s", strerror(number));
    uselocale(before);
    if (plain != (locale_t)0)
        freelocale(plain);
}

int
pj_error_system(pj_error *err, const char *step, int number)
{
    char text[96];
    int full = number == EMFILE || number == ENFILE;

    if (number == ENOMEM)
        return pj_error_memory(err);
    pj_errno_text(text, sizeof text, number);
    pj_error_begin(err, full ? PJ_E_OutOfDescriptors : PJ_E_SpawnFailed,
                   (pj_str){NULL, 0});
    err->sys_errno = number;
    err->step = step;
    if (full)
        return pj_error_say(err, "no file descriptor left (%s: %s); close "
                            "some, or raise the limit of the host",
                            step, text);
    return pj_error_say(err, "failed to spawn process: %s: %s", step, text);
}
