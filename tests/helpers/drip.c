/* Writes one byte after the other to stdout, a thousand a second, so that
   the pipe is hardly ever quiet; says hello on stderr first.  */
#include <time.h>
#include <unistd.h>

int
main(void)
{
    struct timespec pause = {0, 1000000};

    if (write(2, "x", 1) != 1)
        return 1;
    while (write(1, "x", 1) == 1)
        nanosleep(&pause, NULL);
    return 1;
}
