/* proc_mem PID ADDRESS: reads "secret" from another process's memory.  */
#include "attack.h"

int
main(int argc, char **argv)
{
    char path[64], text[7] = "";
    int fd;

    if (argc != 3)
        return 2;
    snprintf(path, sizeof path, "/proc/%s/mem", argv[1]);
    fd = open(path, O_RDONLY);
    if (fd < 0)
        return stopped("open");
    if (pread(fd, text, 6, number(argv[2])) != 6)
        return stopped("pread");
    return strcmp(text, "secret") == 0 ? escaped() : 3;
}
