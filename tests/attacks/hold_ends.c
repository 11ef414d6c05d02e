/* hold_ends HOST PROGRAM ARGS...: opens once more whatever pipes another
   process has, so that they are not released with it, and executes.  */
#include "attack.h"

#include <dirent.h>
#include <sys/stat.h>

int
main(int argc, char **argv)
{
    char path[300];
    struct dirent *entry;
    DIR *dir;

    if (argc < 3)
        return 2;
    snprintf(path, sizeof path, "/proc/%s/fd", argv[1]);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        struct stat st;

        snprintf(path, sizeof path, "/proc/%s/fd/%s", argv[1],
                 entry->d_name);
        if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
            open(path, O_RDWR);
    }
    execvp(argv[2], argv + 2);
    return stopped("execvp");
}
