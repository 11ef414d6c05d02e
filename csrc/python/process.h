/* process.h: the type _Process.  */
#ifndef PJ_PY_PROCESS_H
#define PJ_PY_PROCESS_H

#include "state.h"

extern PyType_Spec pj_process_spec;

/* Starts a command, as a _Process.  */
PyObject *pj_py_start(pj_state *state, pj_command *command);

#endif
