/* peek HOW PATH: what can be learned of a file that cannot be read.

   watch: inotify tells the names in a directory; xattr: user.there.  */
#include "attack.h"
#include <sys/inotify.h>
#include <sys/xattr.h>

int
main(int argc, char **argv)
{
    char text[64];

    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "watch") == 0)
        return verdict("watch", inotify_add_watch(inotify_init(), argv[2],
                                                  IN_CREATE));
    return verdict("xattr", getxattr(argv[2], "user.there", text,
                                     sizeof text));
}
