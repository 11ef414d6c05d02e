/* execute_path HOW [PATH]: runs another program by a raw call.

   path PATH: by execveat, in the one form that a filter may have to leave;
   memory: a copy of this in a memory file; copy PATH: a copy that is
   written there first.  What runs is told to say that it did.  */
#include "attack.h"
#include <sys/mman.h>

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
run(int dir, const char *path)
{
    char *args[] = {"program", "-c", "echo ESCAPED", NULL};

    return (int)syscall(SYS_execveat, dir, path, args, environ,
                        AT_EMPTY_PATH);
}

int
main(int argc, char **argv)
{
    int fd;

    if (argc > 2 && strcmp(argv[1], "-c") == 0)
        return escaped();
    if (argc == 3 && strcmp(argv[1], "path") == 0)
        return verdict("execveat", run(AT_FDCWD, argv[2]));
    fd = argc == 3 ? open(argv[2], O_WRONLY | O_CREAT, 0755)
                   : memfd_create("program", MFD_CLOEXEC);
    if (fd < 0 || copy_to(fd) != 0)
        return stopped("copy");
    if (argc == 2)
        return verdict("execveat", run(fd, ""));
    close(fd);
    return verdict("execveat", run(AT_FDCWD, argv[2]));
}
