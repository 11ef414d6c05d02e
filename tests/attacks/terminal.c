/* terminal REQUEST [PATH]: what is asked of a terminal.

   Of that PATH, or of one of its own.  What counts is that it was asked:
   the kernel may have no use for it.  */
#include "attack.h"
#include <sys/ioctl.h>
#include <termios.h>

#define IS(name) (strcmp(request, #name) == 0)

static int
own_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);

    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        return -1;
    return open(ptsname(master), O_RDWR | O_NOCTTY);
}

static int
ask(const char *request, int fd)
{
    struct winsize size = {7, 77, 0, 0};
    char subcode = 6; /* TIOCL_GETSHIFTSTATE */
    int discipline = 0;

    if (IS(TIOCSWINSZ))
        return ioctl(fd, TIOCSWINSZ, &size);
    if (IS(TIOCSETD))
        return ioctl(fd, TIOCSETD, &discipline);
    if (IS(TCXONC))
        return ioctl(fd, TCXONC, TCOON);
    if (ioctl(fd, TIOCLINUX, &subcode) == 0 || errno != EPERM)
        return 0;
    return -1;
}

int
main(int argc, char **argv)
{
    int fd;

    if (argc != 2 && argc != 3)
        return 2;
    fd = argc == 2 ? own_terminal() : open(argv[2], O_RDONLY | O_NOCTTY);
    if (fd < 0)
        return stopped("terminal");
    return verdict(argv[1], ask(argv[1], fd));
}
