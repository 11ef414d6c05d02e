/* nap FILE: writes its process id and a newline to FILE, and waits for a
   signal to end it.  */
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    FILE *file = fopen(argc > 1 ? argv[1] : "/dev/null", "w");

    if (file == NULL)
        return 1;
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    for (;;)
        pause();
}
