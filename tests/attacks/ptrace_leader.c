/* ptrace_leader: a child stops the leader by tracing it.  Who waits for the
   leader sees a stop, and does not see its end while the tracer lives.  */
#include "attack.h"
#include <sys/ptrace.h>

static int
child(pid_t leader)
{
    int status;

    if (ptrace(PTRACE_ATTACH, leader, 0, 0) != 0)
        return errno;
    if (waitpid(leader, &status, 0) != leader || !WIFSTOPPED(status))
        return 255;
    ptrace(PTRACE_DETACH, leader, 0, 0);
    return 0;
}

int
main(void)
{
    pid_t leader = getpid(), pid = fork();
    int status = 0;

    if (pid == 0)
        _exit(child(leader));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    errno = WEXITSTATUS(status);
    return errno != 0 ? stopped("PTRACE_ATTACH") : escaped();
}
