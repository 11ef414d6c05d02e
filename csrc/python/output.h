/* output.h: the type Output.  */
#ifndef PJ_PY_OUTPUT_H
#define PJ_PY_OUTPUT_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    PyObject *args;   /* list of str, as launched */
    PyObject *out;    /* bytes */
    PyObject *err;    /* bytes */
    int returncode;   /* the signal as a negative number */
    double duration;  /* seconds */
    PyObject *sandbox; /* SandboxReport */
    unsigned long long out_total; /* bytes that were written */
    unsigned long long err_total;
} OutputObject;

extern PyType_Spec pj_output_spec;

/* The launched program and arguments of a pj_command.  */
PyObject *pj_py_launched(void *command);

/* Makes an output, stealing `out` and `err`.  */
PyObject *pj_py_output(pj_state *state, pj_command *command, PyObject *out,
                       PyObject *err, const pj_output *output);
PyObject *pj_py_restore_output(PyObject *module, PyObject *args);

#endif
