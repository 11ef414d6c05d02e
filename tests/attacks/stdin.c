/* stdin WHAT: uses standard input, a file in memory, as a place to write
   to, to grow, or to execute.  */
#include "attack.h"

#include <sys/stat.h>

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    char *none[] = {NULL}, *self[] = {(char *)"stdin", (char *)"ran", NULL};

    if (strcmp(what, "ran") == 0)
        return escaped();
    if (strcmp(what, "write") == 0)
        return verdict("pwrite", pwrite(0, "x", 1, 0));
    if (strcmp(what, "grow") == 0)
        return verdict("ftruncate", ftruncate(0, 1 << 20));
    if (strcmp(what, "reopen") == 0)
        return verdict("pwrite",
                       pwrite(open("/proc/self/fd/0", O_RDWR), "x", 1, 0));
    if (strcmp(what, "chmod") == 0)
        fchmod(0, 0755);
    syscall(SYS_execveat, 0, "", self, none, AT_EMPTY_PATH);
    return stopped("execveat");
}
