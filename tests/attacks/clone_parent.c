/* clone_parent clone|clone3: a child that is the host's child.  */
#include "attack.h"
#include <sched.h>
#include <stdint.h>

int
main(int argc, char **argv)
{
    uint64_t args[8] = {CLONE_PARENT};
    pid_t host = getppid(), pid, parent = 0;
    int ends[2];

    if (argc != 2 || pipe(ends) != 0)
        return 2;
    if (strcmp(argv[1], "clone3") == 0)
        pid = (pid_t)syscall(SYS_clone3, args, sizeof args);
    else
        pid = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        return stopped(argv[1]);
    if (pid == 0) {
        parent = getppid();
        if (write(ends[1], &parent, sizeof parent) != sizeof parent)
            _exit(1);
        for (;;)
            pause();
    }
    if (read(ends[0], &parent, sizeof parent) != sizeof parent)
        return 2;
    errno = ECHILD;
    return parent == host ? escaped() : stopped("parent");
}
