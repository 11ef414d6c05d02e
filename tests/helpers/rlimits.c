/* Prints "core soft hard" and the soft limit of open files.  */
#include <stdio.h>
#include <sys/resource.h>

int
main(void)
{
    struct rlimit core, files;

    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_NOFILE, &files);
    printf("%lld %lld %lld\n", (long long)core.rlim_cur,
           (long long)core.rlim_max, (long long)files.rlim_cur);
    return 0;
}
