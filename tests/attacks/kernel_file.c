/* kernel_file HOW PATH [TEXT]: writes to a file that commands the kernel.

   Opens it (HOW is write, or both for reading too) and writes TEXT where
   there is one.  */
#include "attack.h"

int
main(int argc, char **argv)
{
    int fd;

    if (argc < 3)
        return 2;
    fd = open(argv[2], strcmp(argv[1], "both") == 0 ? O_RDWR : O_WRONLY);
    if (fd < 0 || argc == 3)
        return verdict("open", fd);
    return verdict("write", write(fd, argv[3], strlen(argv[3])));
}
