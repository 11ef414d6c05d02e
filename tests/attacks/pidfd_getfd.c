/* pidfd_getfd PID FD: takes a descriptor of another process.  */
#include "attack.h"

int
main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    return verdict("pidfd_getfd",
                   syscall(438, (int)syscall(434, (pid_t)number(argv[1]), 0),
                           (int)number(argv[2]), 0));
}
