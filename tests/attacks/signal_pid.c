/* signal_pid HOW PID SIGNAL: a signal to a process outside.  */
#include "attack.h"
#include <sys/ioctl.h>
#include <sys/socket.h>

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

/* The same, of other owners and other news: a thread; a change in a
   directory; a socket, by ioctl; a lease that somebody breaks.  Nothing is
   left where the signal takes this along.  */
static int
by_owner(const char *how, int fd, pid_t pid, int sig)
{
    struct f_owner_ex owner = {F_OWNER_TID, pid};
    int set = strcmp(how, "thread") == 0 ? fcntl(fd, F_SETOWN_EX, &owner)
        : strcmp(how, "ioctl") == 0      ? ioctl(fd, FIOSETOWN, &pid)
                                         : fcntl(fd, F_SETOWN, pid);

    return set != 0 ? -1 : fcntl(fd, F_SETSIG, sig);
}

static int
by_news(const char *how, pid_t pid, int sig)
{
    char file[] = "/tmp/signal_pid-XXXXXX", link[40];
    int ends[2] = {mkstemp(file), -1};

    if (strcmp(how, "notify") == 0) {
        ends[1] = open("/tmp", O_RDONLY | O_DIRECTORY);
        if (by_owner(how, ends[1], pid, sig) != 0
            || fcntl(ends[1], F_NOTIFY, DN_DELETE) != 0)
            return unlink(file) | -1;
        return unlink(file);
    }
    unlink(file);
    if (strcmp(how, "lease") == 0) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", ends[0]);
        if (fcntl(ends[0], F_SETLEASE, F_WRLCK) != 0
            || by_owner(how, ends[0], pid, sig) != 0)
            return -1;
        open(link, O_RDONLY | O_NONBLOCK);
        return 0;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0
        || by_owner(how, ends[0], pid, sig) != 0
        || fcntl(ends[0], F_SETFL, O_ASYNC) != 0)
        return -1;
    return write(ends[1], "", 1) == 1 ? 0 : -1;
}

static long
dispatch(const char *how, pid_t pid, int sig)
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
    if (strcmp(how, "sigio") == 0)
        return by_sigio(pid, sig);
    return by_news(how, pid, sig);
}

int
main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    return verdict(argv[1], dispatch(argv[1], (pid_t)number(argv[2]),
                                     (int)number(argv[3])));
}
