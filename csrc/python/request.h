/* request.h: the type ProcRequest.  */
#ifndef PJ_PY_REQUEST_H
#define PJ_PY_REQUEST_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    PyObject *bin;  /* bytes */
    PyObject *argv; /* tuple of bytes */
    PyObject *env;  /* dict of bytes to bytes */
    PyObject *cwd;  /* bytes, or NULL */
    PyObject *input; /* bytes, or NULL */
} RequestObject;

extern PyType_Spec pj_request_spec;

/* Makes a request from Python values.  */
PyObject *pj_py_request(pj_state *state, PyObject *bin, PyObject *argv,
                        PyObject *env, PyObject *cwd);

PyObject *pj_py_restore_request(PyObject *module, PyObject *args);

#endif
