/* test_maker.c: whose program a file is.  */
#include "policy/maker.h"

#include <fcntl.h>
#include <stdio.h>

#include "fixture.h"
#include "base/strings.h"

#define CHUNK 16384 /* of maker.c */

static char folder[] = "/tmp/pj-test-maker-XXXXXX";
static char path[64];

/* A file of `size` bytes, with a text at `at` if there is one.  */
static void
make_file(const char *name, size_t size, const char *text, size_t at)
{
    char *bytes = malloc(size + 1);
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    if (bytes == NULL || file == NULL)
        exit(EXIT_FAILURE);
    memset(bytes, 'u', size);
    if (text != NULL)
        memcpy(bytes + at, text, strlen(text));
    fwrite(bytes, 1, size, file);
    fclose(file);
    chmod(path, 0700);
    free(bytes);
}

static pj_maker
maker_of_file(void)
{
    pj_pin *pin = NULL;
    pj_maker found = PJ_MAKER_COUNT;

    if (pj_binary_pin(pj_str_of(path), &pin, &(pj_error){0}) == 0)
        found = pj_maker_of_pin(pin);
    pj_pin_unref(pin);
    unlink(path);
    return found;
}

/* Wherever it is, the ends of chunks included.  */
static void
test_places(void)
{
    const char *text = "Free Software Foundation";
    size_t size = 3 * CHUNK;

    for (size_t edge = 0; edge <= size; edge += CHUNK)
        for (size_t before = 0; before <= 40; before++)
            if (edge >= before && edge - before + strlen(text) <= size) {
                make_file("grep", size, text, edge - before);
                CHECK(maker_of_file() == PJ_MAKER_GNU);
            }
    make_file("grep", size, text, size - strlen(text));
    CHECK(maker_of_file() == PJ_MAKER_GNU);
    /* All of it, or nothing.  */
    make_file("grep", size, "Free Software Foundatio", size - 24);
    CHECK(maker_of_file() == PJ_MAKER_NONE);
    make_file("grep", size, NULL, 0);
    CHECK(maker_of_file() == PJ_MAKER_NONE);
    make_file("grep", 3, NULL, 0);
    CHECK(maker_of_file() == PJ_MAKER_NONE);
    make_file("grep", 0, NULL, 0);
    CHECK(maker_of_file() == PJ_MAKER_NONE);
}

/* Every mark is found, and tells of its maker.  */
static void
test_marks(void)
{
#define PJ_MARK(id, text)                                             \
    make_file("grep", 100, text, 40);                                 \
    CHECK(maker_of_file() == PJ_MAKER_##id);
#include "programs/makers.def"
}

/* uutils 0.0.17 quotes the other's licence; a BSD may hold GNU code.  */
static void
test_the_first_counts(void)
{
    make_file("ls", 200, "Free Software Foundation uucore", 9);
    CHECK(maker_of_file() == PJ_MAKER_UUTILS);
    make_file("ls", 200, "uucore Free Software Foundation", 9);
    CHECK(maker_of_file() == PJ_MAKER_UUTILS);
    make_file("ls", 200, "@(#)PROGRAM:diff Free Software Foundation", 9);
    CHECK(maker_of_file() == PJ_MAKER_GNU);
}

/* A file is not told by what has taken its place.  */
static void
test_another_file(void)
{
    pj_pin *pin = NULL;
    char kept[80];

    make_file("grep", 100, "Free Software Foundation", 0);
    CHECK(pj_binary_pin(pj_str_of(path), &pin, &(pj_error){0}) == 0);
    snprintf(kept, sizeof kept, "%s.kept", path);
    rename(path, kept);
    make_file("grep", 100, "Free Software Foundation", 0);
    CHECK(pj_maker_of_pin(pin) == PJ_MAKER_NONE);
    unlink(path);
    CHECK(pj_maker_of_pin(pin) == PJ_MAKER_NONE);
    unlink(kept);
    pj_pin_unref(pin);
}

static const char *
table_of(const char *file, const char *text, const char *name)
{
    pj_pin *pin = NULL;
    const pj_program *table;

    make_file(file, 100, text, 0);
    if (pj_binary_pin(pj_str_of(path), &pin, &(pj_error){0}) < 0)
        return "no file";
    table = pj_maker_table(pin, pj_maker_of_pin(pin), pj_str_of(name));
    pj_pin_unref(pin);
    unlink(path);
    return table == NULL ? "none" : table->id;
}

static void
test_tables(void)
{
    static const struct {
        const char *file, *text, *name, *table;
    } cases[] = {
        {"grep", "Free Software Foundation", "grep", "grep"},
        {"grep", "Free Software Foundation", "ls", "grep"},
        {"ggrep", "Free Software Foundation", "grep", "grep"},
        {"ggrep", "nothing", "grep", "none"},
        {"ggrep", "Free Software Foundation", "ggrep", "none"},
        {"grep", "nothing", "grep", "none"},
        {"grep", "@(#)PROGRAM:grep", "grep", "none"},
        {"grep", "BusyBox v1.35.0", "grep", "busybox_grep"},
        /* Called otherwise, it is another applet.  */
        {"grep", "BusyBox v1.35.0", "ls", "busybox_ls"},
        {"grep", "BusyBox v1.35.0", "b2sum", "none"},
        {"busybox", "BusyBox v1.35.0", "ls", "busybox_ls"},
        {"grep", "toybox", "grep", "none"},
        {"coreutils", "uucore", "ls", "uutils_ls"},
        {"coreutils", "Free Software Foundation", "ls", "ls"},
        {"find", "uucore", "find", "uutils_find"},
        {"find", "uucore", "ls", "uutils_find"},
        {"xz", "XZ Utils", "unxz", "xz"},
        {"xz", "XZ Utils", "another", "xz"},
        {"xz", "nothing", "xz", "none"},
        {"w.procps", "procps", "w", "w"},
        {"git", "nothing", "git", "git"},
        {"git", "Free Software Foundation", "git", "git"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *table = table_of(cases[i].file, cases[i].text,
                                     cases[i].name);

        if (strcmp(table, cases[i].table) != 0)
            fprintf(stderr, "%s (%s) as %s: %s\n", cases[i].file,
                    cases[i].text, cases[i].name, table);
        CHECK(strcmp(table, cases[i].table) == 0);
    }
}

static void
test_at(void)
{
    pj_program_place place;
    pj_error err;

    make_file("grep", 100, "Free Software Foundation", 0);
    CHECK(pj_program_at(pj_str_of(path), &place, &err) == 0);
    CHECK(strcmp(place.table, "grep") == 0
          && strcmp(place.maker, "GNU") == 0);
    unlink(path);
    CHECK(pj_program_at(pj_str_of(path), &place, &err) < 0
          && err.code == PJ_E_BinNotFound);
    CHECK(pj_program_at(PJ_STR("grep"), &place, NULL) < 0);
    make_file("other", 100, "Free Software Foundation", 0);
    CHECK(pj_program_at(pj_str_of(path), &place, &err) == 0);
    /* Nothing depends on whose it is.  */
    CHECK(place.table == NULL && place.maker == NULL);
    unlink(path);
}

int
main(void)
{
    if (mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    test_places();
    test_marks();
    test_the_first_counts();
    test_another_file();
    test_tables();
    test_at();
    rmdir(folder);
    return CHECK_REPORT();
}
