/* execute HOW [LOADER] [PATH]: runs code that is in no root.

   path FILE: by execve; loader LOADER FILE: by the dynamic loader;
   memory: a copy of this in a memory file; sealed LOADER: the same, in one
   that is sealed against execution, by the loader; copy FILE: a copy that
   is written to FILE first.  The code that runs is this, told "again". */
#include "attack.h"
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8U
#endif

extern char **environ;

static int
copy_to(int out)
{
    static char data[1 << 20];
    int in = open("/proc/self/exe", O_RDONLY);
    ssize_t got = in < 0 ? -1 : read(in, data, sizeof data);

    return got <= 0 || write(out, data, (size_t)got) != got ? -1 : 0;
}

static int
in_memory(unsigned flags)
{
    int fd = memfd_create("program", flags);

    return fd < 0 || copy_to(fd) != 0 ? -1 : fd;
}

static void
run_fd(int fd)
{
    char *args[] = {"program", "again", NULL};

    syscall(SYS_execveat, fd, "", args, environ, AT_EMPTY_PATH);
}

int
main(int argc, char **argv)
{
    char link[40];
    int fd;

    if (argc > 1 && strcmp(argv[1], "again") == 0)
        return escaped();
    if (argc == 3 && strcmp(argv[1], "path") == 0)
        execl(argv[2], argv[2], "again", NULL);
    if (argc == 4 && strcmp(argv[1], "loader") == 0)
        execl(argv[2], argv[2], argv[3], "again", NULL);
    if (argc == 2 && strcmp(argv[1], "memory") == 0) {
        fd = in_memory(0);
        if (fd < 0)
            return stopped("memfd_create");
        run_fd(fd);
    }
    if (argc == 3 && strcmp(argv[1], "sealed") == 0) {
        fd = in_memory(MFD_NOEXEC_SEAL);
        if (fd < 0)
            return stopped("memfd_create");
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        execl(argv[2], argv[2], link, "again", NULL);
    }
    if (argc == 3 && strcmp(argv[1], "copy") == 0) {
        fd = open(argv[2], O_WRONLY | O_CREAT, 0755);
        if (fd < 0 || copy_to(fd) != 0)
            return stopped("write");
        close(fd);
        execl(argv[2], argv[2], "again", NULL);
    }
    return stopped(argc > 1 ? argv[1] : "usage");
}
