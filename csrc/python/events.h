/* events.h: what is announced, and to whom.  */
#ifndef PJ_PY_EVENTS_H
#define PJ_PY_EVENTS_H

#include "state.h"

/* Audit events, whose hooks can forbid what they announce: -1
   with an exception.  */
int pj_py_audit_prepare(PyObject *request);
int pj_py_audit_spawn(pj_command *command);

/* Tells loggers and traces of a denial, whose exception is set
   before and after; and of the end of a command.  `output` is taken over
   and returned; for NULL the exception that is set is what it ended in.  */
void pj_py_tell_denied(PyObject *request);
PyObject *pj_py_tell_ended(pj_state *state, pj_command *command, pid_t pid,
                           PyObject *output);

#endif
