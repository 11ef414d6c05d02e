/* leave setsid|setpgid: a child that outlives the leader's group.  */
#include "attack.h"

static void
child(int session, int tell)
{
    int result = session ? (int)setsid() : setpgid(0, 0);
    int number = result < 0 ? errno : 0;

    close(1);
    close(2);
    if (write(tell, &number, sizeof number) != sizeof number || result < 0)
        _exit(1);
    close(tell);
    for (;;)
        pause();
}

int
main(int argc, char **argv)
{
    int ends[2], number = 0;

    if (argc != 2 || pipe(ends) != 0)
        return 2;
    if (fork() == 0)
        child(strcmp(argv[1], "setsid") == 0, ends[1]);
    if (read(ends[0], &number, sizeof number) != sizeof number)
        return 2;
    errno = number;
    return number != 0 ? stopped(argv[1]) : escaped();
}
