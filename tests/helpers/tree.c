/* tree DEPTH WIDTH: every process forks WIDTH more, DEPTH levels deep.
   When all are up the root prints how many there are and ends; the others
   stay, and hold its pipes.  */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int ready[2];

static void
grow(int depth, int width)
{
    for (int i = 0; depth > 0 && i < width; i++) {
        pid_t pid = fork();

        if (pid < 0)
            exit(3);
        if (pid == 0) {
            grow(depth - 1, width);
            if (write(ready[1], "x", 1) != 1)
                _exit(3);
            for (;;)
                pause();
        }
    }
}

int
main(int argc, char **argv)
{
    int depth = atoi(argv[1]), width = atoi(argv[2]);
    int level = 1, total = 0;
    char byte;

    (void)argc;
    for (int i = 0; i < depth; i++) {
        level *= width;
        total += level;
    }
    if (pipe(ready) != 0)
        return 3;
    grow(depth, width);
    for (int i = 0; i < total; i++)
        if (read(ready[0], &byte, 1) != 1)
            return 3;
    printf("%d\n", total);
    return 0;
}
