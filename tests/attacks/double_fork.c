/* double_fork: a grandchild whose parents are gone.  */
#include "attack.h"

int
main(void)
{
    int ends[2];
    char byte;

    if (pipe(ends) != 0)
        return 2;
    if (fork() == 0) {
        if (fork() != 0)
            _exit(0);
        close(1);
        close(2);
        if (write(ends[1], "", 1) != 1)
            _exit(1);
        close(ends[1]);
        for (;;)
            pause();
    }
    close(ends[1]);
    wait(NULL);
    return read(ends[0], &byte, 1) == 1 ? escaped() : stopped("fork");
}
