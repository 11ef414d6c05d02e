/* prlimit_pid PID: changes the limits of another process.  */
#include "attack.h"
#include <sys/resource.h>

int
main(int argc, char **argv)
{
    struct rlimit limit;
    pid_t pid;

    if (argc != 2)
        return 2;
    pid = (pid_t)number(argv[1]);
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) != 0)
        return stopped("get");
    return verdict("set", prlimit(pid, RLIMIT_NOFILE, &limit, NULL));
}
