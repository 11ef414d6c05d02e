/* inet TYPE PROTOCOL PORT: a message to a listener at 127.0.0.1.  */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int
main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd;

    if (argc != 4)
        return 2;
    to.sin_port = htons((uint16_t)number(argv[3]));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, (int)number(argv[1]), (int)number(argv[2]));
    if (fd < 0)
        return stopped("socket");
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        return stopped("connect");
    return verdict("write", write(fd, "out", 3));
}
