/* events.h: audit events, and notifications of results.  */
#ifndef PJ_PY_EVENTS_H
#define PJ_PY_EVENTS_H

#include "state.h"

/* Raise audit events.  A hook can forbid the action: returns -1 with an
   exception.  */
int pj_py_audit_prepare(PyObject *request);
int pj_py_audit_spawn(pj_state *state, pj_command *command);

/* Report a denial to loggers and traces, with its exception set before and
   after; and the end of a command.  `output` is stolen and returned; if it
   is NULL, the exception that is set is the result.  */
void pj_py_tell_denied(PyObject *request);
PyObject *pj_py_tell_ended(pj_state *state, pj_command *command, pid_t pid,
                           PyObject *output);

#endif
