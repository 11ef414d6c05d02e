/* flood out|err: writes to one stream as fast as it can, without end.  */
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    static char bytes[65536];
    int fd = argc > 1 && strcmp(argv[1], "err") == 0 ? 2 : 1;

    memset(bytes, 'x', sizeof bytes);
    while (write(fd, bytes, sizeof bytes) > 0)
        continue;
    return 1;
}
