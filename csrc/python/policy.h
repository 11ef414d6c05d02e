/* policy.h: the type ProcPolicy.  */
#ifndef PJ_PY_POLICY_H
#define PJ_PY_POLICY_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    pj_policy *policy;
} PolicyObject;

extern PyType_Spec pj_policy_spec;

/* Wraps a policy, stealing the reference.  */
PyObject *pj_py_policy(pj_state *state, pj_policy *policy);

/* missing.c: warns once about what a policy without a sandbox lacks.  */
int pj_py_warn_missing(pj_state *state, const pj_policy *policy);

#endif
