/* pdeathsig prctl|ids: forgets to die with the host.  */
#include "attack.h"
#include <sys/prctl.h>

int
main(int argc, char **argv)
{
    int sig = -1;

    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "prctl") == 0)
        return verdict("prctl", prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0));
    /* The kernel clears it with every change of ids.  */
    if (setresuid(-1, 65533, -1) != 0 || setresuid(-1, getuid(), -1) != 0)
        return stopped("setresuid");
    if (prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0) != 0 || sig != 0)
        return stopped("PR_GET_PDEATHSIG");
    return escaped();
}
