/* int80: a call through the gate of 32-bit programs.  */
#include "attack.h"

#ifdef __x86_64__
int
main(void)
{
    int result;

    /* getpid is 20 there.  */
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(20) : "memory");
    errno = -result;
    return result == getpid() ? escaped() : stopped("int 0x80");
}
#else
int
main(void)
{
    errno = ENOSYS;
    return stopped("int 0x80");
}
#endif
