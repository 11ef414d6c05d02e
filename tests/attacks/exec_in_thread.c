/* exec_in_thread PROGRAM ARGS...: executes it from a second thread, which
   makes that thread the leader, with a task's own attributes at their
   defaults.  */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *
run(void *argv)
{
    execv(*(char **)argv, argv);
    perror("execv");
    _exit(126);
}

int
main(int argc, char **argv)
{
    pthread_t thread;

    if (argc < 2 || pthread_create(&thread, NULL, run, argv + 1) != 0)
        return 125;
    pthread_join(thread, NULL);
    return 125;
}
