/* missing.c: warning about the controls that a policy lacks.  */
#include <stdatomic.h>

#include "policy.h"
#include "state.h"

/* Whatever an explicit sandbox lacks was accepted by its author.  If a filter
   turns warnings into errors, every build fails.  */
int
pj_py_warn_missing(pj_state *state, const pj_policy *policy)
{
    pj_error why = {.code = PJ_OK};

    if (pj_policy_get(policy)->sandbox != NULL
        || atomic_load(&state->sandbox_warned))
        return 0;
    pj_policy_missing(policy, &why);
    /* Taken before it is told, which lets other threads run.  */
    if (why.code == PJ_OK || atomic_exchange(&state->sandbox_warned, 1))
        return 0;
    if (PyErr_WarnEx(state->sandbox_warning, why.message, 1) == 0)
        return 0;
    atomic_store(&state->sandbox_warned, 0);
    return -1;
}
