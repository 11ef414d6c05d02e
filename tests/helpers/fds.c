/* Lists every open descriptor with its open flags' access mode.  */
#include <fcntl.h>
#include <stdio.h>

int
main(void)
{
    int open[3], mode[3], stray = 0, first = -1;

    for (int fd = 0; fd < 3; fd++) {
        open[fd] = fcntl(fd, F_GETFD) >= 0;
        mode[fd] = fcntl(fd, F_GETFL) & O_ACCMODE;
    }
    for (int fd = 3; fd < 70000; fd++)
        if (fcntl(fd, F_GETFD) >= 0 && stray++ == 0)
            first = fd;
    for (int fd = 0; fd < 3; fd++)
        printf("%d %d %d\n", fd, open[fd], mode[fd]);
    printf("stray %d first %d\n", stray, first);
    return 0;
}
