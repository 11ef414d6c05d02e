/* spy: preloaded into a real program, tells how that program reads many
   argument lists, none of which has an effect.

   Each list is read by a child of its own, which runs the program's main
   up to its first call of getopt or argp_parse.  There the parser itself is
   driven to its end, with the program's own table, and the child ends.  So
   what a program does to its words before that call (head -5, tar cf) is
   part of the reading.

   All is words, each ended by NUL.  On standard input, for each list, the
   number of its words and the words.  On standard output, for each list:
     wWORD   a word that the parser got; only where the program had changed
             the list
     oID     an option, by what tells the program which one it is
     vVALUE  the value of that option
     iTEXT   an operand that getopt handed over, in its place
     aTEXT   any other operand
   and one word that ends it: "." read to the end, "?" refused, "!" never
   shown to a parser.

   With SPY=stops a program that has its operands handed over is taken to
   stop at the first one: a few do, by themselves, under POSIXLY_CORRECT.
   With SPY=table the answer to a list is the table instead: s and the first
   letter of a getopt string when that is '+' or '-', then for each spelling
   n-x or n--name, r0, r1 or r2 (no value, required, optional), and oID.  */
#include <argp.h>
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 20, MOST_WORDS = 4096, MOST_ARGPS = 64 };

typedef int main_function(int, char **, char **);

/* What a child says, in memory that its parent shares.  */
static struct {
    size_t len;
    char end;
    char bytes[MOST_BYTES];
} *said;

static struct {
    int in, out, errors;
    size_t at, end;
    char bytes[1 << 16];
} pipes = {.errors = 2};

static main_function *real_main;
static char **real_argv;
static int table_wanted, stops;

static char words[MOST_BYTES];
static char *list[MOST_WORDS + 2];
static int list_count;

static void
fail(const char *what)
{
    dprintf(pipes.errors, "spy: %s: %s\n", what, strerror(errno));
    _exit(3);
}

/* ---- what a child says ---- */

static void
say(char tag, const char *text)
{
    size_t len = strlen(text) + 1;

    if (said->len + len + 1 > sizeof said->bytes)
        abort();
    said->bytes[said->len++] = tag;
    memcpy(said->bytes + said->len, text, len);
    said->len += len;
}

static void
say_number(char tag, int number)
{
    char text[16];

    snprintf(text, sizeof text, "%d", number);
    say(tag, text);
}

static void
finish(char end)
{
    said->end = end;
    _exit(0);
}

static void
say_prepared(int argc, char *const *argv)
{
    int same = argc == list_count;

    for (int i = 1; same && i < argc; i++)
        same = strcmp(argv[i], real_argv[i]) == 0;
    for (int i = 1; !same && i < argc; i++)
        say('w', argv[i]);
}

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
    if (option != NULL && option->flag != NULL)
        say('o', option->name);
    else
        say_number('o', value);
}

static void
read_getopt(const getopt_call *call)
{
    int in_order = call->letters[0] == '-', value, index;

    opterr = 0;
    while ((value = next_option(call, &index)) != -1) {
        if (value == '?' || value == ':')
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
say_row(const char *dashes, const char *name, int arity)
{
    char text[256];

    snprintf(text, sizeof text, "%s%s", dashes, name);
    say('n', text);
    say_number('r', arity);
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

/* Called in the place of every parser of the program.  */
static error_t
hear(int key, char *value, struct argp_state *state)
{
    (void)state;
    if (key >= ARGP_KEY_END && key <= ARGP_KEY_FINI)
        return ARGP_ERR_UNKNOWN;
    if (key == ARGP_KEY_ARG) {
        say('a', value);
        return 0;
    }
    say_number('o', key);
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
    struct argp *copy = malloc(sizeof *copy);
    struct argp_child *children = NULL;
    size_t count = 0;

    while (tree->children != NULL && tree->children[count].argp != NULL)
        count++;
    if (tree->children != NULL)
        children = calloc(count + 1, sizeof *children);
    if (copy == NULL || (tree->children != NULL && children == NULL))
        abort();
    *copy = *tree;
    if (tree->parser != NULL)
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
say_options(const struct argp_option *row)
{
    const struct argp_option *real = row;

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
            say_number('o', row->key);
        }
        if (row->name != NULL) {
            say_row("--", row->name, arity);
            say_number('o', row->key != 0 ? row->key : real->key);
        }
    }
}

static void
say_tree(const struct argp *tree)
{
    const struct argp_child *child = tree->children;

    say_options(tree->options);
    for (; child != NULL && child->argp != NULL; child++)
        say_tree(child->argp);
}

static void
take_argp(argp_function *parse, const struct argp *tree, int argc,
          char **argv, unsigned flags)
{
    struct argp_child all[4] = {{.argp = copy_tree(tree)}};
    struct argp top = {.children = all};
    int count = 1;

    if (!(flags & ARGP_NO_HELP)) {
        all[count++].argp = &usual_argp;
        if (argp_program_version != NULL || argp_program_version_hook != NULL)
            all[count].argp = &version_argp;
    }
    if (table_wanted) {
        say('s', flags & ARGP_IN_ORDER ? "-" : "");
        say_tree(&top);
        finish('.');
    }
    say_prepared(argc, argv);
    flags |= ARGP_NO_HELP | ARGP_NO_ERRS | ARGP_NO_EXIT;
    finish(parse(&top, argc, argv, flags, NULL, NULL) == 0 ? '.' : '?');
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
static const unsigned char jump[1];
enum { JUMP_ADDRESS = -1 };
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

static void
divert_own_argp(void)
{
    unsigned char code[sizeof jump];
    uintptr_t there = (uintptr_t)take_own_argp;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start;
    Dl_info here, found;
    void *symbol = dlsym(RTLD_DEFAULT, "argp_parse");

    if (JUMP_ADDRESS < 0 || dladdr(&said, &here) == 0
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

/* ---- nothing has an effect ---- */

/* All that a program needs up to the parser; the rest fails with EPERM.  */
static const unsigned needed[] = {
    SYS_read, SYS_write, SYS_close, SYS_fstat, SYS_brk, SYS_mmap, SYS_munmap,
    SYS_mremap, SYS_mprotect, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_clone, SYS_wait4, SYS_getpid, SYS_fcntl, SYS_prlimit64, SYS_futex,
    SYS_exit, SYS_exit_group,
};

static void
lock(void)
{
    enum { COUNT = sizeof needed / sizeof needed[0] };
    struct sock_filter filter[COUNT + 3] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    struct sock_fprog program = {COUNT + 3, filter};

    for (unsigned i = 0; i < COUNT; i++)
        filter[i + 1] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, needed[i],
            (unsigned char)(COUNT - i), 0);
    filter[COUNT + 1] = (struct sock_filter)BPF_STMT(
        BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    filter[COUNT + 2] = (struct sock_filter)BPF_STMT(
        BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
        || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        fail("seccomp");
}

/* The program itself gets nothing to read and nowhere to write.  */
static void
take_pipes(void)
{
    int null = open("/dev/null", O_RDWR);

    pipes.in = fcntl(0, F_DUPFD_CLOEXEC, 100);
    pipes.out = fcntl(1, F_DUPFD_CLOEXEC, 100);
    pipes.errors = fcntl(2, F_DUPFD_CLOEXEC, 100);
    if (null < 0 || pipes.in < 0 || pipes.out < 0 || pipes.errors < 0)
        fail("pipes");
    for (int fd = 0; fd < 3; fd++)
        if (dup2(null, fd) < 0)
            fail("dup2");
}

/* ---- the lists ---- */

static int
next_byte(void)
{
    if (pipes.at == pipes.end) {
        ssize_t got = read(pipes.in, pipes.bytes, sizeof pipes.bytes);

        if (got < 0)
            fail("read");
        pipes.at = 0;
        pipes.end = (size_t)got;
        if (got == 0)
            return EOF;
    }
    return (unsigned char)pipes.bytes[pipes.at++];
}

/* The next word, put at `at`; where it ends, or NULL at the end.  */
static char *
next_word(char *at)
{
    int byte;

    do {
        if ((byte = next_byte()) == EOF)
            return NULL;
        if (at == words + sizeof words)
            abort();
        *at++ = (char)byte;
    } while (byte != '\0');
    return at;
}

static int
next_list(void)
{
    char *at = next_word(words);
    int count;

    if (at == NULL)
        return 0;
    count = atoi(words);
    if (count > MOST_WORDS)
        abort();
    list[0] = real_argv[0];
    for (int i = 1; i <= count; i++) {
        list[i] = at;
        if ((at = next_word(at)) == NULL)
            abort();
    }
    list_count = count + 1;
    list[list_count] = NULL;
    return 1;
}

static void
answer(void)
{
    size_t sent = 0;

    said->bytes[said->len++] = said->end;
    said->bytes[said->len++] = '\0';
    while (sent < said->len) {
        ssize_t put = write(pipes.out, said->bytes + sent, said->len - sent);

        if (put < 0)
            fail("write");
        sent += (size_t)put;
    }
}

/* A list that the program does not show to a parser may make it run on.  */
static void
read_list(char **environment)
{
    struct rlimit second = {1, 1};
    char *argv[MOST_WORDS + 2];

    if (setrlimit(RLIMIT_CPU, &second) != 0)
        fail("setrlimit");
    memcpy(argv, list, sizeof argv);
    real_argv = list;
    _exit(real_main(list_count, argv, environment));
}

static void
have_read(char **environment)
{
    pid_t pid;
    int status;

    said->len = 0;
    said->end = '!';
    if ((pid = fork()) < 0)
        fail("fork");
    if (pid == 0)
        read_list(environment);
    if (waitpid(pid, &status, 0) != pid)
        fail("waitpid");
    /* Refused before the parser: tar f, whose value is missing.  */
    if (said->end == '!' && WIFEXITED(status) && WEXITSTATUS(status) != 0)
        said->end = '?';
}

static int
serve(int argc, char **argv, char **environment)
{
    const char *wanted = getenv("SPY");

    (void)argc;
    real_argv = argv;
    table_wanted = strcmp(wanted, "table") == 0;
    stops = strcmp(wanted, "stops") == 0;
    said = mmap(NULL, sizeof *said, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (said == MAP_FAILED)
        fail("mmap");
    divert_own_argp();
    take_pipes();
    lock();
    while (next_list()) {
        have_read(environment);
        answer();
    }
    _exit(0);
}

typedef int start_function(main_function *, int, char **, void (*)(void),
                           void (*)(void), void (*)(void), void *);
start_function __libc_start_main;

/* Where every program begins: its main is called by serve.  */
int
__libc_start_main(main_function *entry, int argc, char **argv,
                  void (*init)(void), void (*fini)(void),
                  void (*rtld_fini)(void), void *stack_end)
{
    start_function *start
        = (start_function *)dlsym(RTLD_NEXT, "__libc_start_main");

    real_main = entry;
    return start(serve, argc, argv, init, fini, rtld_fini, stack_end);
}
