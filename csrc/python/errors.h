/* errors.h: the only place that turns a pj_error into an exception.  */
#ifndef PJ_PY_ERRORS_H
#define PJ_PY_ERRORS_H

#include "output.h"

/* Makes the exception classes; called once per module.  */
int pj_py_add_errors(PyObject *module, pj_state *state);

/* Raises.  Returns NULL.  */
PyObject *pj_py_raise(pj_state *state, const pj_error *err);

/* Raises for a command, started or not, with its argv, the output so far,
   and the limit.  `out` and `err` are borrowed.  */
PyObject *pj_py_raise_exec(pj_state *state, const pj_error *error,
                           const pj_command *command, PyObject *out,
                           PyObject *err, int64_t elapsed_ns);

/* Raises NonZeroExit for an output.  */
PyObject *pj_py_raise_exit(pj_state *state, const OutputObject *output);

/* Raises for a limit that is not a number in range.  */
PyObject *pj_py_raise_limit(pj_state *state, const char *name);

#endif
