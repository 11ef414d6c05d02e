/* bomb GENERATIONS: doubles that often, each in a session if it can be. */
#include "attack.h"

int
main(int argc, char **argv)
{
    int failed = 0, number = 0;
    pid_t leader = getpid();

    if (argc != 2)
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
    if (getpid() != leader)
        for (;;)
            pause();
    errno = number;
    return failed ? stopped("fork") : escaped();
}
