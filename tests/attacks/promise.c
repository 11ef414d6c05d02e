/* promise WHAT ARGS...: what a program does by system calls against the
   promises that are kept before, at and after its start.  */
#include "attack.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

enum { EXCHANGE = 2 };

/* Two names change their files at once.  */
static int
swap(char **args)
{
    return verdict("renameat2", syscall(SYS_renameat2, AT_FDCWD, args[0],
                                        AT_FDCWD, args[1], EXCHANGE));
}

/* The content of another file, which is of the same size.  */
static int
copy(int to, int from)
{
    static char bytes[1 << 22];
    ssize_t size = read(from, bytes, sizeof bytes);

    return size > 0 && pwrite(to, bytes, (size_t)size, 0) == size;
}

static int
write_over(char **args)
{
    int to = open(args[0], O_WRONLY), from = open(args[1], O_RDONLY);

    return copy(to, from) ? escaped() : stopped("pwrite");
}

/* And leaves the time of the last change as it was.  */
static int
rewrite(char **args)
{
    int to = open(args[0], O_WRONLY), from = open(args[1], O_RDONLY);
    struct timespec times[2];
    struct stat st;

    if (fstat(to, &st) != 0 || !copy(to, from))
        return stopped("pwrite");
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    return verdict("futimens", futimens(to, times));
}

static int
execute(char **args)
{
    execv(args[0], args);
    return stopped("execv");
}

/* Makes a file, for a program that is run in another's place.  */
static int
make(char **args)
{
    return verdict("open", open(args[0], O_WRONLY | O_CREAT, 0600));
}

static int
read_fd(char **args)
{
    return verdict("pread", pread((int)number(args[0]), &(char){0}, 1, 0));
}

static int
variable(char **args)
{
    errno = ENOENT;
    return getenv(args[0]) != NULL ? escaped() : stopped("getenv");
}

/* Reads "secret" at an address of a process; of its parent, if none is
   named.  */
static int
memory(char **args)
{
    char text[7] = "";
    struct iovec mine = {text, 6}, other = {(void *)number(args[0]), 6};
    pid_t pid = args[1] != NULL ? (pid_t)number(args[1]) : getppid();

    if (process_vm_readv(pid, &mine, 1, &other, 1, 0) == 6
        && strcmp(text, "secret") == 0)
        return escaped();
    return stopped("process_vm_readv");
}

static int
tty(char **args)
{
    (void)args;
    return verdict("write", write(open("/dev/tty", O_RDWR), "x", 1));
}

/* Whether a signal that asks for an end is ignored or blocked.  */
static int
term(char **args)
{
    (void)args;
    kill(getpid(), SIGTERM);
    return escaped();
}

static int
group(char **args)
{
    (void)args;
    return kill(0, SIGKILL);
}

static int
core(char **args)
{
    struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    (void)args;
    setrlimit(RLIMIT_CORE, &all);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    abort();
}

static int
capable(char **args)
{
    struct {
        unsigned version;
        int pid;
    } header = {0x20080522, 0};
    unsigned sets[6] = {0};

    (void)args;
    errno = EPERM;
    if (syscall(SYS_capget, &header, sets) != 0 || sets[0] == 0)
        return stopped("capget");
    return escaped();
}

/* ------------------------------------------- who does not want to end */

static _Noreturn void
pause_for_ever(void)
{
    if (write(1, "on\n", 3) != 3)
        _exit(1);
    for (;;)
        pause();
}

static void *
pause_in_thread(void *unused)
{
    (void)unused;
    pause_for_ever();
}

static int
stay(char **args)
{
    const char *how = args[0];
    pthread_t thread;
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    if (strcmp(how, "leaderless") == 0) {
        pthread_create(&thread, NULL, pause_in_thread, NULL);
        syscall(SYS_exit, 0);
    }
    if (strcmp(how, "vfork") == 0 && vfork() == 0)
        pause_for_ever();
    if (strcmp(how, "stopped") == 0) {
        if (write(1, "on\n", 3) != 3)
            return 1;
        raise(SIGSTOP);
    }
    if (strcmp(how, "daemon") == 0 && (fork() != 0 || fork() != 0))
        for (;;)
            pause();
    pause_for_ever();
}

static void *
end_all(void *code)
{
    exit((int)(long)code);
}

/* Ends with a status, after its first thread has ended with 0.  */
static int
end(char **args)
{
    pthread_t thread;

    pthread_create(&thread, NULL, end_all, (void *)number(args[0]));
    syscall(SYS_exit, 0);
    return 0;
}

/* ------------------------------------------------------- the streams */

static int
flood(char **args)
{
    static char bytes[1 << 20];
    struct iovec parts[8];

    fcntl(1, F_SETPIPE_SZ, 1 << 20);
    for (int i = 0; i < 8; i++)
        parts[i] = (struct iovec){bytes, sizeof bytes};
    for (long size = number(args[0]); size > 0; size -= 8 << 20)
        if (writev(1, parts, 8) < 0)
            return 1;
    return 0;
}

/* Takes each byte back that it has written; waits in between for one on
   standard input, if there is any, and tells of it on standard error.  */
static int
take_back(char **args)
{
    int mine = open("/proc/self/fd/1", O_RDONLY | O_NONBLOCK);
    char byte;

    for (long n = number(args[0]); n > 0; n--) {
        if (write(1, "x", 1) != 1)
            return 1;
        if (read(0, &byte, 1) < 0)
            return 1;
        if (read(mine, &byte, 1) < 0 && errno != EAGAIN)
            return stopped("read");
        if (write(2, "taken\n", 6) != 6)
            return 1;
    }
    return 0;
}

static int
flags(char **args)
{
    (void)args;
    for (int fd = 0; fd < 3; fd++)
        fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND);
    lseek(0, 1, SEEK_SET);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(char **args);
} table[] = {
    {"swap", swap},     {"rewrite", rewrite}, {"make", make},
    {"read", read_fd},  {"getenv", variable}, {"memory", memory},
    {"tty", tty},       {"term", term},       {"group", group},
    {"core", core},     {"capable", capable}, {"stay", stay},
    {"end", end},       {"flood", flood},     {"take", take_back},
    {"flags", flags},   {"write", write_over}, {"execute", execute},
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof table / sizeof table[0]; i++)
        if (strcmp(argv[1], table[i].name) == 0)
            return table[i].run(argv + 2);
    return escaped();
}
