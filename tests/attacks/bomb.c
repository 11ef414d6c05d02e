/* bomb GENERATIONS: doubles that often, each in a session if it can be.
   The first one ends when all are there, or gone.  */
#include "attack.h"

int
main(int argc, char **argv)
{
    int failed = 0, number = 0, ready[2];
    pid_t leader = getpid();
    char byte;

    if (argc != 2 || pipe(ready) != 0)
        return 2;
    for (long i = 0; i < strtol(argv[1], NULL, 0); i++) {
        pid_t pid = fork();

        if (pid < 0) {
            failed = 1;
            number = errno;
        } else if (pid == 0) {
            close(1);
            close(2);
            setsid();
        }
    }
    close(ready[1]);
    if (getpid() != leader)
        for (;;)
            pause();
    while (read(ready[0], &byte, 1) > 0)
        continue;
    errno = number;
    return failed ? stopped("fork") : escaped();
}
