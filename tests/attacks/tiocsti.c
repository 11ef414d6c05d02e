/* tiocsti: types into a terminal.  */
#include "attack.h"
#include <sys/ioctl.h>

int
main(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave;

    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        return stopped("pty");
    /* A session leader gets it as its controlling terminal.  */
    slave = open(ptsname(master), O_RDWR);
    if (slave < 0)
        return stopped("slave");
    return verdict("TIOCSTI", ioctl(slave, TIOCSTI, "x"));
}
