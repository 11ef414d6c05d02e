/* spy: preloaded into a real program, tells how that program reads many
   argument lists, none of which has an effect.

   Each list is read by a child of its own, which runs the program's main
   up to its first call of getopt or argp_parse.  There the parser itself is
   driven to its end, with the program's own table, and the child ends.  So
   what a program does to its words before that call (head -5, tar cf) is
   part of the reading.

   All is words, each ended by NUL.  On standard input, for each list, the
   number of its words and the words.  On standard output, for each list:
     pCOUNT, and wWORD so often
             the words that the parser got, where those are not the list
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
#include "spy.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_BYTES = 1 << 20, MOST_WORDS = 4096 };

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
int table_wanted, stops;

static char words[MOST_BYTES];
static char *list[MOST_WORDS + 2];
static int list_count;

void
fail(const char *what)
{
    dprintf(pipes.errors, "spy: %s: %s\n", what, strerror(errno));
    _exit(3);
}

/* ---- what a child says ---- */

void
say(char tag, const char *text)
{
    size_t len = strlen(text) + 1;

    if (said->len + len + 1 > sizeof said->bytes)
        abort();
    said->bytes[said->len++] = tag;
    memcpy(said->bytes + said->len, text, len);
    said->len += len;
}

void
say_number(char tag, int number)
{
    char text[16];

    snprintf(text, sizeof text, "%d", number);
    say(tag, text);
}

void
finish(char end)
{
    said->end = end;
    _exit(0);
}

void
say_prepared(int argc, char *const *argv)
{
    int same = argc == list_count;

    for (int i = 1; same && i < argc; i++)
        same = strcmp(argv[i], real_argv[i]) == 0;
    if (same)
        return;
    say_number('p', argc - 1);
    for (int i = 1; i < argc; i++)
        say('w', argv[i]);
}

void
say_row(const char *dashes, const char *name, int arity)
{
    char text[256];

    snprintf(text, sizeof text, "%s%s", dashes, name);
    say('n', text);
    say_number('r', arity);
}

/* ---- nothing has an effect ---- */

/* All that a program needs up to the parser; the rest fails with EPERM.  */
static const unsigned needed[] = {
    SYS_read, SYS_write, SYS_close, SYS_fstat, SYS_brk, SYS_mmap, SYS_munmap,
    SYS_mremap, SYS_mprotect, SYS_rt_sigaction, SYS_rt_sigprocmask,
    SYS_clone, SYS_wait4, SYS_getpid, SYS_fcntl, SYS_prlimit64, SYS_futex,
    SYS_pipe2, SYS_exit, SYS_exit_group,
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
