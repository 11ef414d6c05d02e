/* become UID PROGRAM ARGS...: takes the ids of a user, and executes.  */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    uid_t uid = argc > 2 ? (uid_t)atol(argv[1]) : 0;

    if (argc < 3 || setgroups(0, NULL) != 0 || setgid(uid) != 0
        || setuid(uid) != 0) {
        perror("become");
        return 125;
    }
    execvp(argv[2], argv + 2);
    return 126;
}
