/* calls PROGRAM ARGS...: counts the system calls of a host while it spawns.

   Counting begins and ends when the host calls getresuid.  Prints the calls
   of the host's own threads, but for those that wait; those of its children
   until each executes for the first time; and how many children there
   were.  */
#include <elf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 4096 };

static struct {
    pid_t pid;
    int counted;
} tasks[MOST];
static int task_count, counting;
static long host_calls, child_calls, children;
static pid_t host;

static int
task_of(pid_t pid)
{
    for (int i = 0; i < task_count; i++)
        if (tasks[i].pid == pid)
            return i;
    if (task_count == MOST)
        exit(125);
    tasks[task_count].pid = pid;
    tasks[task_count].counted = 1;
    return task_count++;
}

static int
is_host(pid_t pid)
{
    char path[64], line[128];
    int leader = pid;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "Tgid: %d", &leader) == 1)
            break;
    fclose(file);
    return leader == host;
}

/* What is called again while one waits: as often as the machine is busy.
   getpid asks in each round whether this is still the process that started
   the command.  */
static int
waits(unsigned long number)
{
    static const long repeated[] = {
#ifdef SYS_select
        SYS_select,
#endif
#ifdef SYS_poll
        SYS_poll,
#endif
        SYS_pselect6, SYS_ppoll, SYS_waitid, SYS_wait4, SYS_nanosleep,
        SYS_clock_nanosleep, SYS_sched_yield, SYS_kill, SYS_futex, SYS_getpid,
    };

    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++)
        if ((long)number == repeated[i])
            return 1;
    return 0;
}

static void
see_call(pid_t pid)
{
    struct __ptrace_syscall_info info;
    int task = task_of(pid), of_host = is_host(pid);

    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0
        || info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    if (of_host && info.entry.nr == SYS_getresuid)
        counting = !counting;
    else if (!counting)
        return;
    else if (of_host)
        host_calls += !waits(info.entry.nr);
    else if (tasks[task].counted)
        child_calls++;
}

static void
see_event(pid_t pid, int event)
{
    unsigned long born;

    if (event == PTRACE_EVENT_EXEC && pid != host)
        tasks[task_of(pid)].counted = 0;
    if (event != PTRACE_EVENT_FORK && event != PTRACE_EVENT_VFORK
        && event != PTRACE_EVENT_CLONE)
        return;
    if (ptrace(PTRACE_GETEVENTMSG, pid, 0, &born) == 0 && counting
        && !is_host((pid_t)born))
        children++;
}

int
main(int argc, char **argv)
{
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK
        | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC
        | PTRACE_O_EXITKILL;
    int status, result = 125;
    pid_t pid;

    if (argc < 2)
        return 125;
    host = fork();
    if (host == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execv(argv[1], argv + 1);
        _exit(126);
    }
    waitpid(host, &status, 0);
    ptrace(PTRACE_SETOPTIONS, host, 0, options);
    ptrace(PTRACE_SYSCALL, host, 0, 0);
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        int sent = 0;

        if (!WIFSTOPPED(status)) {
            if (pid == host)
                result = WIFEXITED(status) ? WEXITSTATUS(status) : 125;
            continue;
        }
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            see_call(pid);
        else if (status >> 16 != 0)
            see_event(pid, status >> 16);
        else if (WSTOPSIG(status) != SIGSTOP)
            sent = WSTOPSIG(status);
        ptrace(PTRACE_SYSCALL, pid, 0, sent);
    }
    printf("%ld %ld %ld\n", host_calls, child_calls, children);
    return result;
}
