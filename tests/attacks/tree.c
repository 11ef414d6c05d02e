/* tree HOW A B: changes a directory.  */
#include "attack.h"
#include <sys/stat.h>

static long
change(const char *how, const char *a, const char *b)
{
    if (strcmp(how, "rename") == 0)
        return rename(a, b);
    if (strcmp(how, "exchange") == 0)
        return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
    if (strcmp(how, "whiteout") == 0) /* leaves a device at a */
        return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_WHITEOUT);
    if (strcmp(how, "link") == 0)
        return link(a, b);
    if (strcmp(how, "symlink") == 0)
        return symlink(a, b);
    if (strcmp(how, "truncate") == 0)
        return truncate(b, 0);
    if (strcmp(how, "unlink") == 0)
        return unlink(b);
    if (strcmp(how, "mkdir") == 0)
        return mkdir(b, 0700);
    return mkfifo(b, 0600);
}

/* A link that leads to a file for writing: link A to B, then write B.  */
int
main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    if (strcmp(argv[1], "link-write") != 0)
        return verdict(argv[1], change(argv[1], argv[2], argv[3]));
    if (link(argv[2], argv[3]) != 0)
        return stopped("link");
    return verdict("open", open(argv[3], O_WRONLY));
}
