/* test_programs.c: that every table of csrc/programs is well-formed, and
   how it is asked.  */
#include "argv/programs.h"
#include "argv/reading.h"

#include "check.h"
#include "base/strings.h"

struct alias {
    const char *id, *name;
};

/* The names, from the same files that the library is compiled from.  */
#define PJ_PROGRAM(id, maker, dashdash, order, traits) #id,
static const char *const ids[] = {
#include "programs/programs.def"
};
#define PJ_ALIAS(id, name) {#id, name},
static const struct alias aliases[] = {
#include "programs/programs.def"
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The table of an id; git_ls_files is asked for as git and ls-files.  */
static const pj_program *
table_of(const char *id)
{
    const char *sub = strchr(id, '_');
    char word[64];

    if (sub == NULL)
        return pj_program_find(pj_str_of(id));
    if (strncmp(id, "git_", 4) != 0)
        return pj_program_find_id(pj_str_of(id));
    snprintf(word, sizeof word, "%s", sub + 1);
    for (char *at = word; *at != '\0'; at++)
        if (*at == '_')
            *at = '-';
    return pj_program_find_sub(
        pj_program_find((pj_str){id, (size_t)(sub - id)}),
        pj_str_of(word));
}

static int
same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void
check_row(const pj_program *program, size_t i)
{
    const pj_option *row = &program->options[i];
    int ok = row->form == PJ_FORM_OPTION
        ? row->letter != 0 || row->name != NULL
        : row->letter == 0 && row->name != NULL && row->name[0] != '\0';

    ok = ok && row->letter != '-' && row->letter != '=';
    if (row->form == PJ_FORM_OPTION && row->name != NULL)
        ok = ok && row->name[0] != '\0' && strchr(row->name, '=') == NULL
            && strchr(row->name, ' ') == NULL;
    /* What takes a value has a kind of value, and nothing else has one.  */
    ok = ok && (row->arity == PJ_ARITY_NO_VALUE)
        == (row->kind == PJ_KIND_NO_KIND || row->kind == PJ_KIND_MODE);
    /* Letters that take two words are not read in clusters.  */
    ok = ok && (row->letter == 0 || row->arity <= PJ_ARITY_OPTIONAL);
    for (size_t k = 1; k < i; k++) {
        const pj_option *other = &program->options[k];

        ok = ok && (row->letter == 0 || row->letter != other->letter);
        ok = ok && !(row->form == other->form
                     && same_text(row->name, other->name));
    }
    if (!ok)
        fprintf(stderr, "%s: row %zu (%c, %s)\n", program->id, i,
                row->letter == 0 ? ' ' : row->letter,
                row->name == NULL ? "" : row->name);
    CHECK(ok);
}

static void
test_tables(void)
{
    for (size_t i = 0; i < COUNT(ids); i++) {
        const pj_program *program = table_of(ids[i]);

        CHECK(program != NULL && strcmp(program->id, ids[i]) == 0);
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(ids[i], ids[k]) != 0);
        if (program == NULL)
            continue;
        CHECK(program->count > 0);
        CHECK(program->options[0].form == PJ_FORM_NONE);
        for (size_t row = 1; row < program->count; row++)
            check_row(program, row);
    }
}

/* Of two tables with one name, each is of another maker.  */
static void
test_aliases(void)
{
    for (size_t i = 0; i < COUNT(aliases); i++) {
        const pj_program *program
            = pj_program_find_id(pj_str_of(aliases[i].id));

        CHECK(program != NULL
              && pj_program_find_made(pj_str_of(aliases[i].name),
                                      program->maker) == program);
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        const pj_program *program = pj_program_find_id(pj_str_of(ids[i]));
        pj_str called = pj_str_of(pj_program_called(program));

        CHECK(pj_str_has(called, '_')
              || pj_program_find_made(called, program->maker) == program);
    }
}

static void
test_makers(void)
{
    const pj_program *grep = pj_program_find(PJ_STR("grep"));
    const pj_program *box = pj_program_find_made(PJ_STR("grep"),
                                                 PJ_MAKER_BUSYBOX);

    CHECK(pj_program_find_made(PJ_STR("grep"), PJ_MAKER_GNU) == grep);
    CHECK(pj_program_find_made(PJ_STR("egrep"), PJ_MAKER_GNU) == grep);
    CHECK(box != NULL && strcmp(box->id, "busybox_grep") == 0);
    CHECK(strcmp(pj_program_called(box), "grep") == 0);
    CHECK(pj_program_find_made(PJ_STR("egrep"), PJ_MAKER_BUSYBOX) == box);
    CHECK(pj_program_find_made(PJ_STR("grep"), PJ_MAKER_BSD) == NULL);
    CHECK(pj_program_find_made(PJ_STR("grep"), PJ_MAKER_NONE) == NULL);
    CHECK(pj_program_find_made(PJ_STR("b2sum"), PJ_MAKER_BUSYBOX) == NULL);
    /* Of git there is one, whatever its file has.  */
    CHECK(pj_program_find_made(PJ_STR("git"), PJ_MAKER_NONE) != NULL);
    CHECK(pj_program_find_made(PJ_STR("git"), PJ_MAKER_GNU) != NULL);
    CHECK(pj_program_find_made(PJ_STR("git_log"), PJ_MAKER_NONE) == NULL);
    CHECK(pj_program_find_made(PJ_STR("busybox_grep"), PJ_MAKER_BUSYBOX)
          == NULL);
    CHECK(pj_program_has_makers(PJ_STR("grep")));
    CHECK(pj_program_has_makers(PJ_STR("unxz")));
    CHECK(!pj_program_has_makers(PJ_STR("git")));
    CHECK(!pj_program_has_makers(PJ_STR("no-such-program")));
    CHECK(strcmp(pj_maker_name(PJ_MAKER_GNU), "GNU") == 0);
    CHECK(pj_maker_name(PJ_MAKER_NONE) == NULL);
}

static void
test_find(void)
{
    const pj_program *git = pj_program_find(PJ_STR("git"));
    char name[100];

    CHECK(git != NULL && git->dashdash == PJ_DASHDASH_SUBCOMMAND);
    CHECK(pj_program_find(PJ_STR("no-such-program")) == NULL);
    CHECK(pj_program_find(PJ_STR("")) == NULL);
    /* The id of a subcommand is no program.  */
    CHECK(pj_program_find(PJ_STR("git_log")) == NULL);
    CHECK(pj_program_find(PJ_STR("GREP")) == NULL);
    CHECK(pj_program_find_sub(git, PJ_STR("log")) != NULL);
    CHECK(pj_program_find_sub(git, PJ_STR("ls-files")) != NULL);
    CHECK(pj_program_find_sub(git, PJ_STR("push")) == NULL);
    CHECK(pj_program_find_sub(git, PJ_STR("")) == NULL);
    CHECK(pj_program_find_sub(pj_program_find(PJ_STR("grep")),
                              PJ_STR("log")) == NULL);
    memset(name, 'x', sizeof name);
    CHECK(pj_program_find_sub(git, (pj_str){name, sizeof name}) == NULL);
}

struct arity_case {
    const char *program, *token;
    enum pj_arity arity;
};

static const struct arity_case arity_cases[] = {
    {"grep", "-m", PJ_ARITY_REQUIRED},
    {"grep", "-m5", PJ_ARITY_NO_VALUE},
    {"grep", "-n", PJ_ARITY_NO_VALUE},
    {"grep", "-inm", PJ_ARITY_REQUIRED},
    {"grep", "-inm5", PJ_ARITY_NO_VALUE},
    /* m takes "n" as its value here.  */
    {"grep", "-mn", PJ_ARITY_NO_VALUE},
    /* An unknown letter: nothing is known of what follows.  */
    {"grep", "-%m", PJ_ARITY_NO_VALUE},
    {"grep", "--max-count", PJ_ARITY_REQUIRED},
    {"grep", "--max-count=5", PJ_ARITY_NO_VALUE},
    {"grep", "--max", PJ_ARITY_REQUIRED},
    /* Exact, though others begin so; ambiguous; unknown.  */
    {"grep", "--exclude", PJ_ARITY_REQUIRED},
    {"grep", "--excl", PJ_ARITY_NO_VALUE},
    {"grep", "--nothing", PJ_ARITY_NO_VALUE},
    {"grep", "--color", PJ_ARITY_NO_VALUE},
    {"sed", "-i", PJ_ARITY_NO_VALUE},
    {"sed", "-ni", PJ_ARITY_NO_VALUE},
    {"sed", "-ie", PJ_ARITY_NO_VALUE},
    {"jq", "--arg", PJ_ARITY_NAME_VALUE},
    {"find", "-name", PJ_ARITY_REQUIRED},
    {"find", "-exec", PJ_ARITY_UNTIL_SEMICOLON},
    {"find", "-fprintf", PJ_ARITY_VALUE_TEXT},
    {"find", "-print", PJ_ARITY_NO_VALUE},
    /* Words do not bundle, and are not cut short.  */
    {"find", "-nam", PJ_ARITY_NO_VALUE},
    {"find", "-namex", PJ_ARITY_NO_VALUE},
    {"tail", "-5", PJ_ARITY_NO_VALUE},
    {"git", "-C", PJ_ARITY_REQUIRED},
    {"expand", "-4,8", PJ_ARITY_NO_VALUE},
    {"ps", "-o", PJ_ARITY_REQUIRED},
    {"ps", "axo", PJ_ARITY_REQUIRED},
    {"ps", "aux", PJ_ARITY_NO_VALUE},
    {"xxd", "-len", PJ_ARITY_REQUIRED},
    {"unzip", "-d", PJ_ARITY_REQUIRED},
    {"bzcat", "-k", PJ_ARITY_NO_VALUE},
    {"x86_64-linux-gnu-strings", "-n", PJ_ARITY_REQUIRED},
};

/* How many of the words behind a token belong to it.  */
static size_t
words_behind(const pj_program *program, const char *token)
{
    const pj_str argv[] = {pj_str_of(token), PJ_STR("a"), PJ_STR("b"),
                           PJ_STR(";"), PJ_STR("last")};
    pj_reading reading;
    pj_error err;
    size_t words = COUNT(argv);

    pj_reading_init(&reading, argv, COUNT(argv));
    if (pj_reading_tokens(&reading, program, &err) == 0)
        words = reading.args[1].index - 1;
    pj_reading_clear(&reading);
    return words;
}

static size_t
words_of(enum pj_arity arity)
{
    static const size_t words[] = {
        [PJ_ARITY_REQUIRED] = 1, [PJ_ARITY_NAME_VALUE] = 2,
        [PJ_ARITY_VALUE_TEXT] = 2, [PJ_ARITY_UNTIL_SEMICOLON] = 3,
    };

    return words[arity];
}

static void
test_arity(void)
{
    for (size_t i = 0; i < COUNT(arity_cases); i++) {
        const pj_program *program
            = pj_program_find(pj_str_of(arity_cases[i].program));
        const char *token = arity_cases[i].token;
        const pj_option *word = program == NULL
            ? NULL : pj_program_word(program, pj_str_of(token));
        int ok = program != NULL
            && (word != NULL ? word->arity == arity_cases[i].arity
                             : words_behind(program, token)
                                   == words_of(arity_cases[i].arity));

        if (!ok)
            fprintf(stderr, "%s %s\n", arity_cases[i].program, token);
        CHECK(ok);
    }
}

static void
test_words(void)
{
    const pj_program *find = pj_program_find(PJ_STR("find"));

    CHECK(pj_program_word(find, PJ_STR("(")) != NULL);
    CHECK(pj_program_word(find, PJ_STR("-delete")) != NULL);
    CHECK(pj_program_word(find, PJ_STR("delete")) == NULL);
    CHECK(pj_program_word(pj_program_find(PJ_STR("ps")), PJ_STR("aux")) != NULL);
    CHECK(pj_program_word(find, PJ_STR("")) == NULL);
    CHECK(pj_program_word(pj_program_find(PJ_STR("grep")), PJ_STR("-n"))
          == NULL);
    /* The key of an operand is no word.  */
    CHECK(pj_program_word(pj_program_find(PJ_STR("dd")), PJ_STR("of")) == NULL);
}

/* Options that run or write: losing one of these rows would be missed.  */
static void
test_effects(void)
{
    static const struct {
        const char *program, *name;
        enum pj_effect effect;
    } cases[] = {
        {"find", "-exec", PJ_EFFECT_EXEC},
        {"find", "-delete", PJ_EFFECT_WRITE},
        {"sort", "compress-program", PJ_EFFECT_EXEC},
        {"sort", "output", PJ_EFFECT_WRITE},
        {"tar", "to-command", PJ_EFFECT_EXEC},
        {"tar", "checkpoint-action", PJ_EFFECT_EXEC},
        {"curl", "output", PJ_EFFECT_WRITE},
        {"sed", "in-place", PJ_EFFECT_WRITE},
        {"split", "filter", PJ_EFFECT_EXEC},
        {"sdiff", "diff-program", PJ_EFFECT_EXEC},
        {"nm", "plugin", PJ_EFFECT_EXEC},
        {"shuf", "output", PJ_EFFECT_WRITE},
        {"iconv", "output", PJ_EFFECT_WRITE},
        {"ss", "kill", PJ_EFFECT_WRITE},
        {"unzip", "-d", PJ_EFFECT_WRITE},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const pj_program *program
            = pj_program_find(pj_str_of(cases[i].program));
        int found = 0;

        for (size_t k = 0; k < program->count; k++)
            found |= same_text(program->options[k].name, cases[i].name)
                && program->options[k].effect == cases[i].effect;
        if (!found)
            fprintf(stderr, "%s %s\n", cases[i].program, cases[i].name);
        CHECK(found);
    }
}

int
main(void)
{
    test_tables();
    test_aliases();
    test_makers();
    test_find();
    test_arity();
    test_words();
    test_effects();
    return CHECK_REPORT();
}
