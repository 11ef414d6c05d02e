/* display.h: how objects are displayed.  */
#ifndef PJ_PY_DISPLAY_H
#define PJ_PY_DISPLAY_H

#include "state.h"

/* The methods _repr_html_() and _repr_mimebundle_(), and both given to a class
   that Python made.  */
PyObject *pj_py_html(PyObject *self, PyObject *ignored);
PyObject *pj_py_bundle(PyObject *self, PyObject *args, PyObject *kwargs);
int pj_py_add_display(PyObject *type);

#endif
