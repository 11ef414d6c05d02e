/* vm_readv PID ADDRESS: reads "secret" from another process's memory.  */
#include "attack.h"
#include <sys/uio.h>

int
main(int argc, char **argv)
{
    char text[7] = "";
    struct iovec here = {text, 6}, there = {NULL, 6};

    if (argc != 3)
        return 2;
    there.iov_base = (void *)number(argv[2]);
    if (process_vm_readv((pid_t)number(argv[1]), &here, 1, &there, 1, 0)
        != 6)
        return stopped("process_vm_readv");
    return strcmp(text, "secret") == 0 ? escaped() : 3;
}
