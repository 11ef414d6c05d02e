/* awake.so: a preload under which select and poll call everything readable,
   as a kernel may: both manuals warn that a read can block after all.  */
#include <dlfcn.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>

int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
    (void)timeout;
    for (nfds_t i = 0; i < count; i++)
        fds[i].revents = fds[i].fd < 0 ? 0 : fds[i].events;
    return (int)count;
}

int
select(int count, fd_set *in, fd_set *out, fd_set *bad,
       struct timeval *timeout)
{
    static int (*real)(int, fd_set *, fd_set *, fd_set *, struct timeval *);
    struct timeval none = {0, 1000};

    (void)timeout;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "select");
    real(0, NULL, NULL, NULL, &none);
    if (out != NULL)
        memset(out, 0, sizeof *out);
    if (bad != NULL)
        memset(bad, 0, sizeof *bad);
    return in == NULL ? 0 : count;
}
