/* ptrace_pid PID: traces a process outside.  */
#include "attack.h"
#include <sys/ptrace.h>

int
main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    return verdict("PTRACE_SEIZE", ptrace(PTRACE_SEIZE,
                                          (pid_t)number(argv[1]), 0, 0));
}
