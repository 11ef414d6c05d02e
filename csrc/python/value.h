/* value.h: the types of values: Int, Choice, Text and the others.  */
#ifndef PJ_PY_VALUE_H
#define PJ_PY_VALUE_H

#include "state.h"

/* Adds the types of values; makes an object for a value; returns the value of
   an object, borrowed, or raises TypeError.  */
int pj_py_add_values(PyObject *module, pj_state *state);
PyObject *pj_py_value(pj_state *state, pj_value *value);
int pj_py_value_of(pj_state *state, PyObject *object, pj_value **out);

#endif
