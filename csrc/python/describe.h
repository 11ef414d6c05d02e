/* describe.h: building the list of method calls that makes an object.  */
#ifndef PJ_PY_DESCRIBE_H
#define PJ_PY_DESCRIBE_H

#include "convert.h"

/* Appends (name, (value,)), or (name, ()) for a NULL value that is no
   error.  The value is taken over.  */
int pj_py_add(PyObject *calls, const char *name, PyObject *value);

/* Appends (name, args).  The tuple is taken over; NULL is an error.  */
int pj_py_add_args(PyObject *calls, const char *name, PyObject *args);

/* Appends (name, args, kwargs), or (name, args) for no kwargs.  Both are
   taken over.  */
int pj_py_add_keywords(PyObject *calls, const char *name,
                            PyObject *args, PyObject *kwargs);

/* A member of an enum.  */
PyObject *pj_py_member(PyObject *type, long value);

/* ArgRules as an object of its own.  */
PyObject *pj_py_rules_object(pj_state *state, pj_rules *rules);

#endif
