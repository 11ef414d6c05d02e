/* execfn: says under which name the kernel was asked to execute it, and what
   argv[0] is, as programs of many names look for their task.  */
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

static const char *
last(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

int
main(int argc, char **argv)
{
    const char *told = (const char *)getauxval(AT_EXECFN);

    printf("%s %s\n", last(told == NULL ? "" : told),
           argc > 0 ? last(argv[0]) : "");
    return 0;
}
