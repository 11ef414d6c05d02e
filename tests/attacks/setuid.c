/* setuid [PROGRAM]: whether a program with the set-user-ID bit gains by it.
   With an argument it executes that, which is this, with the bit.  */
#include "attack.h"

int
main(int argc, char **argv)
{
    if (argc == 2)
        execl(argv[1], argv[1], NULL);
    errno = EPERM;
    return geteuid() != getuid() ? escaped() : stopped("setuid");
}
