/* emit N M [CHUNK]: N bytes to stdout and M to stderr, in turns of CHUNK.
   Byte number i of a stream has the value i % 251.  */
#include <stdlib.h>
#include <unistd.h>

static void
put(int fd, long from, long count)
{
    static unsigned char bytes[65536];

    for (long i = 0; i < count; i++)
        bytes[i] = (unsigned char)((from + i) % 251);
    for (long done = 0; done < count;) {
        ssize_t wrote = write(fd, bytes + done, (size_t)(count - done));

        if (wrote < 0)
            _exit(1);
        done += wrote;
    }
}

int
main(int argc, char **argv)
{
    long want[3] = {0, atol(argv[1]), atol(argv[2])}, sent[3] = {0};
    long chunk = argc > 3 ? atol(argv[3]) : 65536;

    while (sent[1] < want[1] || sent[2] < want[2])
        for (int fd = 1; fd <= 2; fd++) {
            long left = want[fd] - sent[fd];
            long now = left < chunk ? left : chunk;

            put(fd, sent[fd], now);
            sent[fd] += now;
        }
    return 0;
}
