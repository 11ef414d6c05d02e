/* use WHAT [PATH]: more than a limit allows.  */
#include "attack.h"
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

static void __attribute__((noreturn))
spin(void)
{
    static volatile unsigned long turns;

    for (;;)
        turns++;
}

static int
fill(const char *path)
{
    static char block[1 << 16];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    for (int i = 0; i < 32; i++)
        if (write(fd, block, sizeof block) < 0)
            return stopped("write");
    return escaped();
}

/* Memory that no limit of a process counts.  */
static int
hide(const char *what)
{
    int id = strcmp(what, "segment") == 0
        ? shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600)
        : memfd_create("file", MFD_CLOEXEC);

    if (id >= 0 && strcmp(what, "segment") == 0)
        shmctl(id, IPC_RMID, NULL);
    return verdict(what, id);
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    /* volatile, or a compiler leaves out what nobody reads.  */
    char *volatile memory;

    if (strcmp(what, "segment") == 0 || strcmp(what, "memfd") == 0)
        return hide(what);
    if (strcmp(what, "reserve") == 0) {
        memory = mmap(NULL, (size_t)512 << 20, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return memory == MAP_FAILED ? stopped("mmap") : escaped();
    }

    if (strcmp(what, "memory") == 0) {
        memory = malloc((size_t)512 << 20);
        return memory == NULL ? stopped("malloc") : escaped();
    }
    if (strcmp(what, "files") == 0) {
        for (int i = 0; i < 64; i++)
            if (open("/dev/null", O_RDONLY) < 0)
                return stopped("open");
        return escaped();
    }
    if (strcmp(what, "cpu") == 0)
        spin();
    return argc == 3 ? fill(argv[2]) : 2;
}
