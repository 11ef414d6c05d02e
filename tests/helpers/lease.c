/* lease FILE: takes a write lease on FILE, prints "ready", and keeps the
   lease until stdin ends.  Whoever opens FILE, exec included, waits.  */
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    char byte;

    signal(SIGIO, SIG_IGN);
    if (fd < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
        return 1;
    if (write(1, "ready\n", 6) != 6)
        return 1;
    while (read(0, &byte, 1) > 0)
        continue;
    return 0;
}
