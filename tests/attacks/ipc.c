/* ipc HOW NAME: objects of the host that are in no directory.

   shm ID: reads "secret" from a segment of System V; mq NAME: opens a POSIX
   message queue; make: makes a segment that stays.  */
#include "attack.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/shm.h>

int
main(int argc, char **argv)
{
    const char *text;
    int id;

    if (argc != 3)
        return 2;
    if (strcmp(argv[1], "mq") == 0)
        return verdict("mq_open", mq_open(argv[2], O_RDONLY));
    if (strcmp(argv[1], "make") == 0) {
        id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
        if (id >= 0)
            shmctl(id, IPC_RMID, NULL);
        return verdict("shmget", id);
    }
    text = shmat((int)number(argv[2]), NULL, SHM_RDONLY);
    if (text == (const char *)-1)
        return stopped("shmat");
    return strcmp(text, "secret") == 0 ? escaped() : 3;
}
