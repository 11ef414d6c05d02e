/* maker.c: tell whose program a file is, by bytes that it has.

   Programs of the same name have other options: -i of one sed is the -i of
   no other.  A version text would have to be asked for by running the
   program, which a check must not.  */
#include "policy/maker.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strings.h"
#include "policy/risky.h"

enum {
    SHORTEST = 6, /* mark */
    LONGEST = 32,
    CHUNK = 16384
};

#define PJ_MARK(id, text) {PJ_MAKER_##id, sizeof text - 1, text},
static const struct mark {
    pj_maker maker;
    size_t len;
    const char *text;
} marks[] = {
#include "programs/makers.def"
};

#define PJ_MARK(id, text)                                             \
    _Static_assert(sizeof text - 1 >= SHORTEST                        \
                   && sizeof text - 1 <= LONGEST, text);
#include "programs/makers.def"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How far a window of SHORTEST bytes may move, by its last byte, without
   missing the beginning of a mark (Horspool's way, for several texts).  Most
   bytes of a program are in no mark, so it moves by SHORTEST.  */
struct steps {
    unsigned char move[256];
    /* Whether the beginning of a mark has this byte first, or last.  */
    unsigned char first[256], last[256];
};

static void
make_steps(struct steps *out)
{
    memset(out->move, SHORTEST, sizeof out->move);
    memset(out->first, 0, sizeof out->first);
    memset(out->last, 0, sizeof out->last);
    for (size_t i = 0; i < COUNT(marks); i++) {
        const unsigned char *text = (const unsigned char *)marks[i].text;

        for (size_t at = 0; at + 1 < SHORTEST; at++) {
            unsigned char move = (unsigned char)(SHORTEST - 1 - at);

            if (move < out->move[text[at]])
                out->move[text[at]] = move;
        }
        out->first[text[0]] = 1;
        out->last[text[SHORTEST - 1]] = 1;
    }
}

/* The first maker of those with a mark at `text`, and `found`.  */
static pj_maker
first_at(const char *text, size_t len, pj_maker found)
{
    for (size_t i = 0; i < COUNT(marks); i++)
        if ((found == PJ_MAKER_NONE || marks[i].maker < found)
            && marks[i].len <= len
            && memcmp(marks[i].text, text, marks[i].len) == 0)
            found = marks[i].maker;
    return found;
}

static pj_maker
search(const struct steps *steps, const char *bytes, size_t len,
       pj_maker found)
{
    const unsigned char *window = (const unsigned char *)bytes;
    const unsigned char *end = window + len;

    while (end - window >= SHORTEST) {
        unsigned char last = window[SHORTEST - 1];

        if (steps->last[last] && steps->first[window[0]])
            found = first_at((const char *)window, (size_t)(end - window),
                             found);
        window += steps->move[last];
    }
    return found;
}

/* A mark that ends in the next chunk is found there: the bytes that may begin
   it are kept.  */
static pj_maker
search_file(int fd)
{
    char bytes[LONGEST + CHUNK];
    pj_maker found = PJ_MAKER_NONE;
    size_t kept = 0;
    struct steps steps;
    ssize_t got;

    make_steps(&steps);
    while ((got = read(fd, bytes + kept, CHUNK)) > 0) {
        size_t len = kept + (size_t)got;

        found = search(&steps, bytes, len, found);
        /* Nothing comes before it.  */
        if (found == PJ_MAKER_NONE + 1)
            return found;
        kept = len < LONGEST - 1 ? len : LONGEST - 1;
        memmove(bytes, bytes + len - kept, kept);
    }
    return got < 0 ? PJ_MAKER_NONE : found;
}

pj_maker
pj_maker_of_pin(const pj_pin *pin)
{
    int fd = open(pin->path.ptr,
                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    pj_maker found = PJ_MAKER_NONE;
    pj_identity now;
    struct stat st;

    if (fd < 0)
        return PJ_MAKER_NONE;
    if (fstat(fd, &st) == 0 && st.st_size <= PJ_MAKER_FILE_MAX) {
        pj_identity_of(&st, &now);
        if (pj_identity_equal(&now, &pin->identity))
            found = search_file(fd);
    }
    close(fd);
    return found;
}

int
pj_maker_matters(const pj_pin *pin, pj_str name)
{
    return pj_program_has_makers(pj_str_basename(pin->path))
        || pj_program_has_makers(name);
}

int
pj_maker_is_multicall(const pj_pin *pin, pj_maker maker)
{
    return maker == PJ_MAKER_BUSYBOX || maker == PJ_MAKER_TOYBOX
        || pj_is_multicall(pin->path);
}

/* A multi-call file is what it is called; xz is itself under every name that
   it does not know.  Any other file is what it is, but a file that says whose
   it is may have another name (grep -> ggrep, w -> w.procps).  */
const pj_program *
pj_maker_table(const pj_pin *pin, pj_maker maker, pj_str name)
{
    pj_str file = pj_str_basename(pin->path);
    int multicall = pj_maker_is_multicall(pin, maker);
    const pj_program *table = NULL;

    if (!multicall || maker == PJ_MAKER_XZ)
        table = pj_program_find_made(file, maker);
    if (table == NULL && maker != PJ_MAKER_NONE)
        table = pj_program_find_made(name, maker);
    return table;
}

static const char *
id_of(const pj_program *program)
{
    return program == NULL ? NULL : program->id;
}

int
pj_program_at(pj_str path, pj_program_place *out, pj_error *err)
{
    pj_maker maker = PJ_MAKER_NONE;
    pj_pin *pin = NULL;
    pj_error scratch;
    pj_str name;

    if (pj_binary_pin_path(path, &pin, err == NULL ? &scratch : err) < 0)
        return -1;
    name = pj_str_basename(path);
    if (pj_maker_matters(pin, name))
        maker = pj_maker_of_pin(pin);
    out->maker = pj_maker_name(maker);
    out->table = id_of(pj_maker_table(pin, maker, name));
    pj_pin_unref(pin);
    return 0;
}
