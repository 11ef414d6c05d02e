/* missing.c: warning about the controls that a policy lacks.  */
#include "policy.h"
#include "state.h"

/* Whatever an explicit sandbox lacks was accepted by its author.  If a filter
   turns warnings into errors, every build fails.  */
int
pj_py_warn_missing(pj_state *state, const pj_policy *policy)
{
    pj_error why = {.code = PJ_OK};

    if (pj_policy_get(policy)->sandbox != NULL || state->sandbox_warned)
        return 0;
    pj_policy_missing(policy, &why);
    if (why.code == PJ_OK)
        return 0;
    if (PyErr_WarnEx(state->sandbox_warning, why.message, 1) < 0)
        return -1;
    state->sandbox_warned = 1;
    return 0;
}
