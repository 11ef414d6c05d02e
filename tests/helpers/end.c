/* end exit N: exits with status N; end signal N: dies of signal N.  */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

int
main(int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[1], "signal") == 0)
        raise(atoi(argv[2]));
    return atoi(argv[2]);
}
