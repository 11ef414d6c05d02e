/* unix HOW NAME: a message to a UNIX socket; a name that begins with '@' is
   an abstract one.  stream: by connect; pair: sendto on a datagram pair. */
#include "attack.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

int
main(int argc, char **argv)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    socklen_t size;
    int fd, pair[2];

    if (argc != 3 || strlen(argv[2]) >= sizeof to.sun_path)
        return 2;
    strcpy(to.sun_path, argv[2]);
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path)
                       + strlen(argv[2]));
    if (argv[2][0] == '@')
        to.sun_path[0] = '\0';
    else
        size++;
    if (strcmp(argv[1], "pair") == 0) {
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
            return stopped("socketpair");
        return verdict("sendto", sendto(pair[0], "out", 3, 0,
                                        (struct sockaddr *)&to, size));
    }
    if (strcmp(argv[1], "seqpair") == 0) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0)
            return stopped("socketpair");
        return verdict("connect", connect(pair[0], (struct sockaddr *)&to,
                                          size));
    }
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return stopped("socket");
    if (connect(fd, (struct sockaddr *)&to, size) != 0)
        return stopped("connect");
    return verdict("write", write(fd, "out", 3));
}
