/* hold: a process in a session of its own traces the leader and never takes
   its status, so whoever waits for the leader does not see its end.  Then
   runs the program that is named, in both of them.  */
#include "attack.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>

int
main(int argc, char **argv)
{
    pid_t leader = getpid(), pid;
    int held[2];
    char byte = 0;

    if (argc < 2 || pipe(held) != 0)
        return 2;
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    pid = fork();
    if (pid == 0) {
        setsid();
        byte = ptrace(PTRACE_SEIZE, leader, 0, 0) == 0;
        if (write(held[1], &byte, 1) != 1)
            _exit(2);
        sleep(100);
        _exit(0);
    }
    if (read(held[0], &byte, 1) != 1 || !byte)
        return 2;
    execvp(argv[1], argv + 1);
    return 2;
}
