/* Prints "pid session group tty", tty being errno of opening /dev/tty.  */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
    int tty = open("/dev/tty", O_RDWR) < 0 ? errno : 0;

    printf("%d %d %d %d\n", (int)getpid(), (int)getsid(0), (int)getpgrp(),
           tty);
    return 0;
}
