/* descriptors: whether any but the standard ones came along.  */
#include "attack.h"

int
main(void)
{
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return escaped();
    return stopped("F_GETFD");
}
