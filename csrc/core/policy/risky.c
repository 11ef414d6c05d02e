/* risky.c: recognise dangerous programs by the table in risky.def.  */
#include "policy/risky.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/strings.h"

struct risky_row {
    pj_str name;
    pj_risk risk;
};

static const struct risky_row exact_rows[] = {
#define PJ_RISKY(name, category) {PJ_STR(name), PJ_RISK_##category},
#define PJ_RISKY_PREFIX(name, category)
#include "policy/risky.def"
#undef PJ_RISKY
#undef PJ_RISKY_PREFIX
};

static const struct risky_row prefix_rows[] = {
#define PJ_RISKY(name, category)
#define PJ_RISKY_PREFIX(name, category) {PJ_STR(name), PJ_RISK_##category},
#include "policy/risky.def"
#undef PJ_RISKY
#undef PJ_RISKY_PREFIX
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const risk_names[PJ_RISK_COUNT] = {
    "shell", "interpreter", "spawner", "privilege", "loader", "editor",
    "debugger", "compiler", "container", "remote", "package",
};

const char *
pj_risk_name(pj_risk risk)
{
    if ((int)risk < 0 || risk >= PJ_RISK_COUNT)
        return "none";
    return risk_names[risk];
}

static pj_risk
look_up(pj_str name)
{
    for (size_t i = 0; i < COUNT(exact_rows); i++)
        if (pj_str_equal_nocase(exact_rows[i].name, name))
            return exact_rows[i].risk;
    return PJ_RISK_NONE;
}

static pj_risk
look_up_prefix(pj_str name)
{
    for (size_t i = 0; i < COUNT(prefix_rows); i++) {
        pj_str prefix = prefix_rows[i].name;

        if (name.len >= prefix.len
            && pj_str_equal_nocase((pj_str){name.ptr, prefix.len}, prefix))
            return prefix_rows[i].risk;
    }
    return PJ_RISK_NONE;
}

/* Removes `suffix` from the end of a name.  */
static int
cut_suffix(pj_str *name, pj_str suffix)
{
    size_t kept = name->len - suffix.len;

    if (name->len <= suffix.len
        || !pj_str_equal_nocase((pj_str){name->ptr + kept, suffix.len},
                                suffix))
        return 0;
    name->len -= suffix.len;
    return 1;
}

/* python3.11-dbg, perl5.36.0, gcc-12, python3.13t: the name before the
   version.  A letter after the digits is an ABI tag.  */
static pj_str
without_version(pj_str name)
{
    pj_str kept = name;

    cut_suffix(&kept, PJ_STR("-dbg"));
    cut_suffix(&kept, PJ_STR("-debug"));
    if (kept.len > 2 && strchr("dmtu", kept.ptr[kept.len - 1]) != NULL
        && pj_is_digit(kept.ptr[kept.len - 2]))
        kept.len--;
    while (kept.len > 1) {
        char last = kept.ptr[kept.len - 1];

        if (!pj_is_digit(last) && strchr(".-_", last) == NULL)
            break;
        kept.len--;
    }
    return kept;
}

/* x86_64-linux-gnu-gcc: the name after a target triplet.  */
static pj_str
without_triplet(pj_str name)
{
    static const char *const machines[] = {
        "x86_64", "i386", "i486", "i586", "i686", "aarch64", "arm",
        "riscv", "powerpc", "ppc", "s390", "mips", "sparc", "loongarch",
        "alpha", "hppa", "m68k", "avr", "wasm", "ia64", "sh4",
    };
    /* How a triplet can end; the program name follows.  */
    static const char *const ends[] = {
        "-gnu-", "-gnueabihf-", "-gnueabi-", "-gnux32-", "-gnuabi64-",
        "-musl-", "-musleabihf-", "-uclibc-", "-elf-", "-eabi-",
        "-mingw32-", "-darwin-", "-linux-", "-freebsd-", "-netbsd-",
        "-openbsd-", "-android-",
    };
    int known = 0;

    for (size_t i = 0; i < COUNT(machines); i++)
        known |= pj_str_starts(name, pj_str_of(machines[i]));
    for (size_t i = 0; known && i < COUNT(ends); i++) {
        pj_str end = pj_str_of(ends[i]);

        for (size_t at = 0; at + end.len < name.len; at++)
            if (memcmp(name.ptr + at, end.ptr, end.len) == 0)
                return (pj_str){name.ptr + at + end.len,
                                name.len - at - end.len};
    }
    return name;
}

pj_risk
pj_risk_of_name(pj_str name)
{
    pj_str tries[4];
    pj_risk risk;

    cut_suffix(&name, PJ_STR(".exe"));
    tries[0] = name;
    tries[1] = without_version(name);
    tries[2] = without_triplet(name);
    tries[3] = without_version(tries[2]);
    for (size_t i = 0; i < COUNT(tries); i++) {
        risk = look_up(tries[i]);
        if (risk != PJ_RISK_NONE)
            return risk;
    }
    return look_up_prefix(name);
}

int
pj_is_multicall(pj_str canonical)
{
    static const char *const names[] = {
        "busybox", "toybox", "coreutils", "uutils", "uu-coreutils", "box",
        "gnu-coreutils", "xz", "kmod", "lvm", "systemctl", "zstd",
    };
    pj_str name = pj_str_basename(canonical);

    for (size_t i = 0; i < COUNT(names); i++)
        if (pj_str_starts(name, pj_str_of(names[i]))
            && (name.len == strlen(names[i])
                || strchr(".-", name.ptr[strlen(names[i])]) != NULL))
            return 1;
    return 0;
}

/* 0 if they differ.  A failed read is inconclusive and does not count as a
   difference.  */
static int
same_bytes(int a, int b)
{
    char left[8192], right[8192];
    ssize_t got;

    while ((got = read(a, left, sizeof left)) > 0) {
        ssize_t done = 0;

        while (done < got) {
            ssize_t more = read(b, right + done, (size_t)(got - done));

            if (more <= 0)
                return more < 0;
            done += more;
        }
        if (memcmp(left, right, (size_t)got) != 0)
            return 0;
    }
    return 1;
}

/* Whether two files of equal size have the same content.  A file that cannot
   be read counts as the same: what cannot be ruled out is denied.  */
static int
is_copy(const char *known, const char *path)
{
    int a = open(known, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int b = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int same = a < 0 || b < 0 || same_bytes(a, b);

    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    return same;
}

/* Whether the pinned file is the program at `known`, under another name or
   as a copy.  */
static int
is_disguise_of(const pj_pin *pin, const char *known)
{
    struct stat st;
    char *resolved;
    int multicall;

    if (stat(known, &st) != 0 || st.st_size != pin->identity.size)
        return 0;
    /* If the shell itself is an applet, all applets share its file.  */
    resolved = realpath(known, NULL);
    multicall = resolved != NULL && pj_is_multicall(pj_str_of(resolved));
    free(resolved);
    if (multicall && pj_is_multicall(pin->path))
        return 0;
    if (st.st_dev == pin->identity.device
        && st.st_ino == pin->identity.inode)
        return 1;
    return S_ISREG(st.st_mode) && st.st_size > 0
        && is_copy(known, pin->path.ptr);
}

static pj_risk
risk_of_disguise(const pj_pin *pin)
{
    static const char *const dirs[] = {"/usr/bin", "/usr/local/bin", "/bin"};
    char known[128];

    for (size_t i = 0; i < COUNT(exact_rows); i++) {
        const struct risky_row *row = &exact_rows[i];

        /* A multi-call file is judged by its name.  */
        if ((row->risk != PJ_RISK_SHELL && row->risk != PJ_RISK_INTERPRETER)
            || pj_is_multicall(row->name))
            continue;
        for (size_t d = 0; d < COUNT(dirs); d++) {
            size_t len = strlen(dirs[d]);

            if (len + row->name.len + 2 > sizeof known)
                continue;
            memcpy(known, dirs[d], len);
            known[len] = '/';
            memcpy(known + len + 1, row->name.ptr, row->name.len + 1);
            if (is_disguise_of(pin, known))
                return row->risk;
        }
    }
    return PJ_RISK_NONE;
}

pj_risk
pj_risk_of_pin(const pj_pin *pin, pj_str name)
{
    pj_risk risk = PJ_RISK_NONE;

    /* The file name of a multi-call program says nothing.  */
    if (!pj_is_multicall(pin->path))
        risk = pj_risk_of_name(pj_str_basename(pin->path));
    /* Any program may select its task by the name: argv[0] keeps it.  */
    if (risk == PJ_RISK_NONE)
        risk = pj_risk_of_name(name);
    return risk != PJ_RISK_NONE ? risk : risk_of_disguise(pin);
}

/* The interpreter named in the first line of a script, or absent.  */
static pj_str
interpreter_of(const char *path, char *line, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, line, size - 1);
    char *start, *end;

    if (fd >= 0)
        close(fd);
    if (got < 3 || line[0] != '#' || line[1] != '!')
        return (pj_str){NULL, 0};
    line[got] = '\0';
    start = line + 2 + strspn(line + 2, " \t");
    end = start + strcspn(start, " \t\r\n");
    *end = '\0';
    return pj_str_of(start);
}

int
pj_risk_of_path(pj_str path, pj_risk *out, pj_error *err)
{
    pj_error scratch;
    pj_pin *pin = NULL;
    char line[256];

    if (pj_binary_pin_path(path, &pin, err == NULL ? &scratch : err) < 0)
        return -1;
    *out = pj_risk_of_pin(pin, pj_str_basename(path));
    if (*out == PJ_RISK_NONE && !pin->is_native) {
        pj_str found = interpreter_of(pin->path.ptr, line, sizeof line);

        if (found.ptr != NULL)
            *out = pj_risk_of_name(pj_str_basename(found));
    }
    pj_pin_unref(pin);
    return 0;
}
