/* socket FAMILY TYPE PROTOCOL: any socket.  */
#include "attack.h"
#include <sys/socket.h>

int
main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    return verdict("socket", socket((int)number(argv[1]),
                                    (int)number(argv[2]),
                                    (int)number(argv[3])));
}
