/*
 * floor.c: what spawning and capturing cost when nothing else is done.
 *
 *     floor spawn COUNT PROGRAM   the time of each spawn, and quantiles
 *     floor read COUNT BYTES      MB/s of each capture, and quantiles
 *     floor write BYTES           write zeros, 64 KiB at a time
 *
 * One number a line, in the order of measurement; the quantiles go to
 * standard error.  No limit, no check, no cleaning up: a floor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a program writes at once, and what a pipe holds at most.  */
enum { BLOCK = 64 * 1024, PIPE = 256 * 1024 };

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* vfork and exec with both streams on pipes.  */
static pid_t
start(char *const argv[], int null_fd, int *out, int *err)
{
    char *const no_env[] = {NULL};
    int outs[2], errs[2];
    pid_t pid;

    if (pipe2(outs, O_CLOEXEC) != 0 || pipe2(errs, O_CLOEXEC) != 0)
        die("pipe2");
    pid = vfork();
    if (pid == 0) {
        dup2(null_fd, 0);
        dup2(outs[1], 1);
        dup2(errs[1], 2);
        execve(argv[0], argv, no_env);
        _exit(127);
    }
    if (pid < 0)
        die("vfork");
    close(outs[1]);
    close(errs[1]);
    *out = outs[0];
    *err = errs[0];
    return pid;
}

/* Reads to the end, into memory that moves on as the bytes come.  */
static size_t
read_all(int fd, char *memory, size_t room)
{
    size_t used = 0;
    ssize_t got;

    while ((got = read(fd, memory + used,
                       room - used < PIPE ? room - used : PIPE)) > 0)
        used += (size_t)got;
    if (got < 0)
        die("read");
    return used;
}

/* One command from its start to its end; returns the bytes it wrote.  */
static size_t
run(char *const argv[], int null_fd, char *memory, size_t room)
{
    char errors[BLOCK];
    int out, err, status;
    pid_t pid = start(argv, null_fd, &out, &err);
    size_t used;

    if (room > PIPE)
        fcntl(out, F_SETPIPE_SZ, PIPE); /* fewer turns of the two */
    used = read_all(out, memory, room);
    read_all(err, errors, sizeof errors);
    close(out);
    close(err);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "floor: %s failed\n", argv[0]);
        exit(1);
    }
    return used;
}

static int
ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void
print(double *values, size_t count, const char *unit)
{
    for (size_t i = 0; i < count; i++)
        printf("%.0f\n", values[i]);
    qsort(values, count, sizeof *values, ascending);
    fprintf(stderr, "p10 %.0f p50 %.0f p90 %.0f %s\n", values[count / 10],
            values[count / 2], values[count * 9 / 10], unit);
}

/* What the worker does too: makes sure that memory is quick to get.  */
static void
touch(size_t size)
{
    volatile char *memory = malloc(size + 1);

    if (memory == NULL)
        die("malloc");
    for (size_t i = 0; i < size; i += 4096)
        memory[i] = 1;
    free((void *)memory);
}

/* Times `count` runs; with `bytes`, as the rate in MB/s.  */
static void
measure(char *const argv[], size_t count, size_t bytes)
{
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    double *values = calloc(count, sizeof *values);

    if (null_fd < 0 || values == NULL)
        die("setup");
    for (size_t i = 0; i < count; i++) {
        char *memory = malloc(bytes + 1);
        double begun;

        touch(3 * bytes);
        begun = now_ns();
        if (memory == NULL || run(argv, null_fd, memory, bytes + 1) != bytes)
            die("short output");
        values[i] = now_ns() - begun;
        if (bytes > 0)
            values[i] = (double)bytes * 1e3 / values[i];
        free(memory);
    }
    print(values, count, bytes > 0 ? "MB/s" : "ns");
    free(values);
    close(null_fd);
}

static int
write_zeros(size_t left)
{
    static const char block[BLOCK];

    while (left > 0) {
        ssize_t put = write(1, block, left < BLOCK ? left : BLOCK);

        if (put < 0)
            return 1;
        left -= (size_t)put;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0)
        return write_zeros(strtoul(argv[2], NULL, 10));
    if (argc == 4 && strcmp(argv[1], "spawn") == 0) {
        char *const spawned[] = {argv[3], NULL};

        measure(spawned, strtoul(argv[2], NULL, 10), 0);
        return 0;
    }
    if (argc == 4 && strcmp(argv[1], "read") == 0) {
        char write[] = "write";
        char *const spawned[] = {argv[0], write, argv[3], NULL};

        measure(spawned, strtoul(argv[2], NULL, 10),
                strtoul(argv[3], NULL, 10));
        return 0;
    }
    fputs("usage: floor spawn COUNT PROGRAM | read COUNT BYTES |"
          " write BYTES\n", stderr);
    return 2;
}
