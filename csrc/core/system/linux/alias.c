/*
 * alias.c: executing a program by the name the policy allows.
 *
 * Multi-call programs derive their task from a name.  Most use argv[0];
 * some (the Rust coreutils, uutils/coreutils 0.8) use AT_EXECFN, the path
 * passed to the kernel, which an exec by descriptor does not have.  So these
 * are executed by the link's directory and name, which takes one lookup that
 * may lead to a file other than the checked one.
 *
 * To rule that out, the child holds a pipe that is closed by the exec and
 * whose release sends it SIGSTOP.  So the new program stops before its first
 * instruction; the parent checks that it is the file that was checked, and
 * only then resumes it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "system/alias.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Whether /proc shows this process what a process executes.  A program that
   is not readable is shown to root only.  */
static int
can_be_confirmed(const pj_child_plan *plan)
{
    struct stat st;

    return stat("/proc/self/exe", &st) == 0
        && access(plan->exec_fd_path, R_OK) == 0;
}

void
pj_alias_open(pj_child_plan *plan, const char *path)
{
    const char *name = strrchr(path, '/');
    char folder[4096];
    size_t len;

    if (name == NULL || strlen(name + 1) >= sizeof plan->name
        || (size_t)(name - path) >= sizeof folder - 1
        || !can_be_confirmed(plan))
        return;
    len = (size_t)(name - path) + (name == path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    if (pj_platform_open_place(folder, &plan->dir_fd) == 0)
        memcpy(plan->name, name + 1, strlen(name));
}

void
pj_alias_close(pj_child_plan *plan)
{
    if (plan->dir_fd >= 0)
        close(plan->dir_fd);
    plan->dir_fd = -1;
}

enum state { RUNS, STOPPED, GONE };

/* Falls back to the state letter in /proc/PID/stat.  */
static enum state
read_state(pid_t pid)
{
    char path[40], text[512];
    const char *rest;
    ssize_t got;
    int fd;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? GONE : RUNS;
    got = read(fd, text, sizeof text - 1);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    rest = strrchr(text, ')');
    if (rest == NULL || rest[1] == '\0')
        return GONE;
    return rest[2] == 'T' ? STOPPED : strchr("ZX", rest[2]) != NULL ? GONE
                                                                    : RUNS;
}

/* Asks the kernel first, which needs no descriptor; there may be none left.
   Other code in this process may have consumed the stop notification, or
   reaped the child, so without an answer /proc is read.  */
static enum state
state_of(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};

    if (waitid(P_PID, (id_t)pid, &info,
               WSTOPPED | WEXITED | WNOHANG | WNOWAIT) == 0
        && info.si_pid == pid)
        return info.si_code == CLD_STOPPED ? STOPPED : GONE;
    return read_state(pid);
}

static int
is_the_file(const pj_child_plan *plan, pid_t pid)
{
    struct stat checked, executed;
    char path[40];

    snprintf(path, sizeof path, "/proc/%ld/exe", (long)pid);
    return fstat(plan->exec_fd, &checked) == 0 && stat(path, &executed) == 0
        && checked.st_dev == executed.st_dev
        && checked.st_ino == executed.st_ino;
}

int
pj_alias_confirm(const pj_child_plan *plan, const pj_child *child,
                 int64_t end)
{
    struct timespec pause = {0, 20000};
    enum state state = state_of(child->pid);

    while (state == RUNS) {
        if (pj_platform_now() >= end)
            return 0; /* timed out: killed before it ran */
        nanosleep(&pause, NULL);
        state = state_of(child->pid);
    }
    if (state == GONE)
        return 0; /* ended before it ran */
    if (is_the_file(plan, child->pid)) {
        kill(child->pid, SIGCONT);
        return 0;
    }
    pj_platform_kill(child);
    errno = ESTALE;
    return -1;
}
