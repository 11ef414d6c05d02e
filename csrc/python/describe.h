/* describe.h: building the list of method calls that makes an object.  */
#ifndef PJ_PY_DESCRIBE_H
#define PJ_PY_DESCRIBE_H

#include "state.h"

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

/* What an object was built by, as a list of method calls.  */
PyObject *pj_py_rules_calls(pj_state *state, const pj_rules *rules);
PyObject *pj_py_sandbox_calls(pj_state *state, const pj_sandbox *sandbox);
PyObject *pj_py_builder_calls(pj_state *state,
                              const pj_policy_options *options);
PyObject *pj_py_control_names(uint32_t mask);
PyObject *pj_py_calls_repr(const char *head, PyObject *calls);

/* The arguments of a call as they would be written; `keywords`
   may be NULL.  Of a mapping the names only, since its values may be an
   environment's.  */
PyObject *pj_py_arguments_repr(PyObject *args, PyObject *keywords);

/* describe.c: == and != of two objects of one type, by what `describe`
   gives for each.  */
PyObject *pj_py_compare(PyObject *self, PyObject *other, int op,
                        PyObject *(*describe)(PyObject *));
PyObject *pj_py_replay(PyObject *module, PyObject *args);

#endif
