/* sandbox.h: the type Sandbox.  */
#ifndef PJ_PY_SANDBOX_H
#define PJ_PY_SANDBOX_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    pj_sandbox *sandbox;
} SandboxObject;

extern PyType_Spec pj_sandbox_spec;

/* An object with a copy of a sandbox.  */
PyObject *pj_py_sandbox(pj_state *state, const pj_sandbox *sandbox);

#endif
