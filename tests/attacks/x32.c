/* x32: a call by the numbers of the x32 ABI.  */
#include "attack.h"

int
main(void)
{
    return verdict("x32", syscall(0x40000000 | 39));
}
