/* chain N: a child forks a child and ends, and so on without end: one
   moving target.  The root ends after the N-th generation.  */
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    long generations = atol(argv[1]);
    int ready[2];
    char byte;

    (void)argc;
    if (pipe(ready) != 0)
        return 3;
    if (fork() == 0) {
        close(ready[0]);
        for (;;) {
            /* A broken pipe tells that the root is gone: go on silently. */
            if (ready[1] >= 0 && write(ready[1], "x", 1) != 1)
                ready[1] = -1;
            if (fork() > 0)
                _exit(0);
        }
    }
    close(ready[1]);
    for (long i = 0; i < generations; i++)
        if (read(ready[0], &byte, 1) != 1)
            return 3;
    return 0;
}
