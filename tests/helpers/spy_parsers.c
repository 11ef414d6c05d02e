/* spy_parsers: stands in for getopt and argp_parse, and drives the real ones
   to their end.  spy.c tells what for.  */
#include "spy.h"

#include <argp.h>
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- getopt ---- */

typedef struct getopt_call {
    int argc;
    char *const *argv;
    const char *letters;
    const struct option *names;
    const char *function;
} getopt_call;

typedef int plain_getopt(int, char *const *, const char *);
typedef int long_getopt(int, char *const *, const char *,
                        const struct option *, int *);

static int
next_option(const getopt_call *call, int *index)
{
    void *function = dlsym(RTLD_NEXT, call->function);

    *index = -1;
    if (call->names == NULL)
        return ((plain_getopt *)function)(call->argc, call->argv,
                                          call->letters);
    return ((long_getopt *)function)(call->argc, call->argv, call->letters,
                                     call->names, index);
}

static void
say_id(const struct option *option, int value)
{
    char text[256];

    if (option != NULL && option->flag != NULL) {
        snprintf(text, sizeof text, "&%s", option->name);
        say('o', text);
    } else
        say_number('o', value);
}

/* An option may be called '?' too, so that only the message, which nobody
   gets, tells whether there is an error.  */
static int
complained(const getopt_call *call)
{
    const char *first = call->letters + strspn(call->letters, "+-");

    return *first == ':' || __fpending(stderr) > 0;
}

static void
read_getopt(const getopt_call *call)
{
    int in_order = call->letters[0] == '-', value, index;

    opterr = 1;
    if (setvbuf(stderr, NULL, _IOFBF, BUFSIZ) != 0)
        fail("setvbuf");
    while ((value = next_option(call, &index)) != -1) {
        if (value == ':' || (value == '?' && complained(call)))
            finish('?');
        if (value == 1 && in_order && index < 0) {
            say('i', optarg);
            if (stops)
                break;
            continue;
        }
        say_id(index < 0 ? NULL : &call->names[index], value);
        if (optarg != NULL)
            say('v', optarg);
    }
    for (int i = optind; i < call->argc; i++)
        say('a', call->argv[i]);
    finish('.');
}

static void
say_getopt_table(const getopt_call *call)
{
    const char *at = call->letters;
    const struct option *row = call->names;
    char order[2] = {*at == '+' || *at == '-' ? *at : '\0', '\0'};

    say('s', order);
    for (at += order[0] != '\0'; *at != '\0'; at++) {
        char letter[2] = {*at, '\0'};

        if (*at == ':')
            continue;
        say_row("-", letter, (at[1] == ':') + (at[1] == ':' && at[2] == ':'));
        say_number('o', *at);
    }
    for (; row != NULL && row->name != NULL; row++) {
        say_row("--", row->name, row->has_arg);
        say_id(row, row->val);
    }
    finish('.');
}

static void
take_getopt(const getopt_call *call)
{
    if (table_wanted)
        say_getopt_table(call);
    say_prepared(call->argc, call->argv);
    read_getopt(call);
}

int
getopt(int argc, char *const *argv, const char *letters)
{
    take_getopt(&(getopt_call){argc, argv, letters, NULL, "getopt"});
    return -1;
}

int
getopt_long(int argc, char *const *argv, const char *letters,
            const struct option *names, int *index)
{
    (void)index;
    take_getopt(&(getopt_call){argc, argv, letters, names, "getopt_long"});
    return -1;
}

int
getopt_long_only(int argc, char *const *argv, const char *letters,
                 const struct option *names, int *index)
{
    (void)index;
    take_getopt(
        &(getopt_call){argc, argv, letters, names, "getopt_long_only"});
    return -1;
}

/* ---- argp ---- */

typedef error_t argp_function(const struct argp *, int, char **, unsigned,
                              int *, void *);

/* What argp_parse adds to every program's options.  */
static const struct argp_option usual_options[] = {
    {"help", '?', NULL, 0, NULL, 0},
    {"usage", -3, NULL, 0, NULL, 0},
    {"program-name", -2, "NAME", OPTION_HIDDEN, NULL, 0},
    {"HANG", -4, "SECS", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 0},
    {NULL, 0, NULL, 0, NULL, 0},
};
static const struct argp_option version_options[] = {
    {"version", 'V', NULL, 0, NULL, 0},
    {NULL, 0, NULL, 0, NULL, 0},
};

/* The program's tree once more, with `hear` in the place of its parsers.
   Two of them may have the same key for an option; so the number of the
   copy is part of what tells which option it is.  */
static struct argp copies[64];
static size_t copied;

static void
say_key(const struct argp *copy, int key)
{
    char text[32];

    snprintf(text, sizeof text, "%d:%d", (int)(copy - copies), key);
    say('o', text);
}

static error_t
hear(int key, char *value, struct argp_state *state)
{
    const struct argp *copy = state->input;

    if (key == ARGP_KEY_INIT) {
        const struct argp_child *child = copy->children;

        for (int i = 0; child != NULL && child[i].argp != NULL; i++)
            state->child_inputs[i] = (void *)(uintptr_t)child[i].argp;
    }
    if (key >= ARGP_KEY_END && key <= ARGP_KEY_FINI)
        return ARGP_ERR_UNKNOWN;
    if (key == ARGP_KEY_ARG) {
        say('a', value);
        return 0;
    }
    say_key(copy, key);
    if (value != NULL)
        say('v', value);
    return 0;
}

static const struct argp usual_argp = {.options = usual_options,
                                       .parser = hear};
static const struct argp version_argp = {.options = version_options,
                                         .parser = hear};

static struct argp *
copy_tree(const struct argp *tree)
{
    struct argp *copy = &copies[copied++];
    struct argp_child *children = NULL;
    size_t count = 0;

    while (tree->children != NULL && tree->children[count].argp != NULL)
        count++;
    if (tree->children != NULL)
        children = calloc(count + 1, sizeof *children);
    if (copied == sizeof copies / sizeof copies[0]
        || (tree->children != NULL && children == NULL))
        abort();
    *copy = *tree;
    copy->parser = hear;
    for (size_t i = 0; i < count; i++) {
        children[i] = tree->children[i];
        children[i].argp = copy_tree(tree->children[i].argp);
    }
    copy->children = children;
    return copy;
}

static int
ends_options(const struct argp_option *row)
{
    return row->name == NULL && row->key == 0 && row->doc == NULL
        && row->group == 0;
}

static void
say_options(const struct argp *copy)
{
    const struct argp_option *row = copy->options, *real = row;

    for (; row != NULL && !ends_options(row); row++) {
        int arity;

        if (!(row->flags & OPTION_ALIAS))
            real = row;
        arity = real->arg == NULL ? 0
            : 1 + ((real->flags & OPTION_ARG_OPTIONAL) != 0);
        if (real->flags & OPTION_DOC)
            continue;
        if (row->key > 0 && row->key <= 255 && isprint(row->key)) {
            say_row("-", (char[]){(char)row->key, '\0'}, arity);
            say_key(copy, row->key);
        }
        if (row->name != NULL) {
            say_row("--", row->name, arity);
            say_key(copy, row->key != 0 ? row->key : real->key);
        }
    }
}

static void
say_tree(const struct argp *copy)
{
    const struct argp_child *child = copy->children;

    say_options(copy);
    for (; child != NULL && child->argp != NULL; child++)
        say_tree(child->argp);
}

static void
take_argp(argp_function *parse, const struct argp *tree, int argc,
          char **argv, unsigned flags)
{
    struct argp_child all[4] = {{.argp = tree}};
    struct argp *copy;
    int count = 1;

    if (!(flags & ARGP_NO_HELP)) {
        all[count++].argp = &usual_argp;
        if (argp_program_version != NULL || argp_program_version_hook != NULL)
            all[count].argp = &version_argp;
    }
    copy = copy_tree(&(struct argp){.children = all});
    if (table_wanted) {
        say('s', flags & ARGP_IN_ORDER ? "-" : "");
        say_tree(copy);
        finish('.');
    }
    say_prepared(argc, argv);
    flags |= ARGP_NO_HELP | ARGP_NO_ERRS | ARGP_NO_EXIT;
    finish(parse(copy, argc, argv, flags, NULL, copy) == 0 ? '.' : '?');
}

error_t
argp_parse(const struct argp *tree, int argc, char **argv, unsigned flags,
           int *index, void *input)
{
    (void)index;
    (void)input;
    take_argp((argp_function *)dlsym(RTLD_NEXT, "argp_parse"), tree, argc,
              argv, flags);
    return EINVAL;
}

/* ---- an argp_parse that the program brings itself ----
   It calls that one directly, so no other can stand in for it: its first
   instructions are overwritten with a jump to here, and put back before it
   is called.  */

#if defined __x86_64__
/* movabs $there, %rax; jmp *%rax  */
static const unsigned char jump[] = {0x48, 0xb8, 0, 0, 0,    0,
                                     0,    0,    0, 0, 0xff, 0xe0};
enum { JUMP_ADDRESS = 2 };
#elif defined __aarch64__
/* ldr x16, .+8; br x16; there  */
static const unsigned char jump[] = {0x50, 0, 0, 0x58, 0, 0x02, 0x1f, 0xd6,
                                     0,    0, 0, 0,    0, 0,    0,    0};
enum { JUMP_ADDRESS = 8 };
#else
static const unsigned char jump[16];
enum { JUMP_ADDRESS = 0 }; /* not known here */
#endif

static unsigned char *own_argp;
static unsigned char overwritten[sizeof jump];

static void
write_code(const void *code)
{
    memcpy(own_argp, code, sizeof jump);
    __builtin___clear_cache((char *)own_argp,
                            (char *)own_argp + sizeof jump);
}

static error_t
take_own_argp(const struct argp *tree, int argc, char **argv, unsigned flags,
              int *index, void *input)
{
    (void)index;
    (void)input;
    write_code(overwritten);
    take_argp((argp_function *)(uintptr_t)own_argp, tree, argc, argv, flags);
    return EINVAL;
}

void
divert_own_argp(void)
{
    unsigned char code[sizeof jump];
    uintptr_t there = (uintptr_t)take_own_argp;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start;
    Dl_info here, found;
    void *symbol = dlsym(RTLD_DEFAULT, "argp_parse");

    if (JUMP_ADDRESS == 0 || dladdr(&own_argp, &here) == 0
        || dladdr(symbol, &found) == 0 || here.dli_fbase == found.dli_fbase)
        return;
    own_argp = symbol;
    start = (uintptr_t)symbol & ~(page - 1);
    if (mprotect((void *)start,
                 (uintptr_t)symbol + sizeof jump - start,
                 PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
        fail("mprotect");
    memcpy(code, jump, sizeof jump);
    memcpy(code + JUMP_ADDRESS, &there, sizeof there);
    memcpy(overwritten, own_argp, sizeof jump);
    write_code(code);
}
