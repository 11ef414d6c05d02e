/* priority HOW PID: takes the processor away from another process.  */
#include "attack.h"
#include <sched.h>
#include <sys/resource.h>

static long
lower(const char *how, pid_t pid)
{
    struct sched_param param = {0};
    cpu_set_t set;

    if (strcmp(how, "nice") == 0)
        return setpriority(PRIO_PROCESS, (id_t)pid, 19);
    if (strcmp(how, "group") == 0)
        return setpriority(PRIO_PGRP, (id_t)getpgid(pid), 19);
    if (strcmp(how, "user") == 0)
        return setpriority(PRIO_USER, (id_t)getuid(), 19);
    if (strcmp(how, "idle") == 0)
        return sched_setscheduler(pid, SCHED_IDLE, &param);
    if (strcmp(how, "param") == 0)
        return sched_setparam(pid, &param);
    if (strcmp(how, "io") == 0) /* IOPRIO_WHO_PROCESS, class idle */
        return syscall(SYS_ioprio_set, 1, pid, 3 << 13);
    if (sched_getaffinity(pid, sizeof set, &set) != 0)
        return -1;
    return sched_setaffinity(pid, sizeof set, &set);
}

int
main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    return verdict(argv[1], lower(argv[1], (pid_t)number(argv[2])));
}
