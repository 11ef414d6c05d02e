/* fastopen PORT: TCP data without connect(2).  */
#include "attack.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int
main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd;

    if (argc != 2)
        return 2;
    to.sin_port = htons((uint16_t)number(argv[1]));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0)
        return stopped("socket");
    return verdict("sendto", sendto(fd, "out", 3, MSG_FASTOPEN,
                                    (struct sockaddr *)&to, sizeof to));
}
