/* signal_pid HOW PID SIGNAL: a signal to a process outside.  */
#include "attack.h"

static int
by_sigio(pid_t pid, int sig)
{
    int ends[2];

    if (pipe(ends) != 0 || fcntl(ends[0], F_SETOWN, pid) != 0
        || fcntl(ends[0], F_SETSIG, sig) != 0
        || fcntl(ends[0], F_SETFL, O_ASYNC) != 0)
        return -1;
    if (write(ends[1], "", 1) != 1)
        return -1;
    errno = 0;
    return 0;
}

static long
send(const char *how, pid_t pid, int sig)
{
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_code = SI_QUEUE;
    if (strcmp(how, "kill") == 0)
        return kill(pid, sig);
    if (strcmp(how, "tgkill") == 0)
        return syscall(SYS_tgkill, pid, pid, sig);
    if (strcmp(how, "tkill") == 0)
        return syscall(SYS_tkill, pid, sig);
    if (strcmp(how, "sigqueue") == 0)
        return syscall(SYS_rt_sigqueueinfo, pid, sig, &info);
    if (strcmp(how, "group") == 0)
        return kill(-pid, sig);
    if (strcmp(how, "all") == 0)
        return kill(-1, sig);
    if (strcmp(how, "pidfd") == 0)
        return syscall(424, (int)syscall(434, pid, 0), sig, NULL, 0);
    return by_sigio(pid, sig);
}

int
main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    return verdict(argv[1], send(argv[1], (pid_t)number(argv[2]),
                                 (int)number(argv[3])));
}
