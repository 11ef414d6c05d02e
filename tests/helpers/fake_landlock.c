/* fake_landlock.c: answers for the kernel which Landlock it has.

   A shared object to preload.  FAKE_LANDLOCK is a version, or a negative
   errno: then there is none, for that reason.  What is asked of the kernel
   afterwards the real one does.  */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define CREATE_RULESET 444
#define VERSION 1

long
syscall(long number, ...)
{
    long (*real)(long, ...);
    void *found = dlsym(RTLD_NEXT, "syscall");
    const char *fake = getenv("FAKE_LANDLOCK");
    long arg[6], answer = fake == NULL ? 0 : atol(fake);
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arg[i] = va_arg(list, long);
    va_end(list);
    if (number == CREATE_RULESET && answer < 0) {
        errno = (int)-answer;
        return -1;
    }
    if (number == CREATE_RULESET && answer > 0 && (arg[2] & VERSION))
        return answer;
    memcpy(&real, &found, sizeof real);
    return real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
}
