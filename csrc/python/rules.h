/* rules.h: shared by the two files of ArgRules.  */
#ifndef PJ_PY_RULES_H
#define PJ_PY_RULES_H

#include "state.h"

typedef struct {
    PyObject_HEAD
    pj_rules *rules;
} RulesObject;

extern PyType_Spec pj_rules_spec;

/* The options of rules, for making a changed copy.  */
static inline const pj_rules_options *
rules_options(PyObject *self)
{
    return pj_rules_get(((RulesObject *)self)->rules);
}

/* Rules with a copy of these options; raises if they are invalid.  */
PyObject *rules_make(PyTypeObject *type, const pj_rules_options *options);

/* A copy with one more declaration.  */
PyObject *rules_declare(PyObject *self, const pj_declared *declared);

/* rules_typed.c.  Each entry is a method and its docstring.  */
#define PJ_PY_TYPED_METHODS(METHOD) \
    METHOD(flag) METHOD(option) METHOD(positional) METHOD(require) \
    METHOD(exclusive) METHOD(force) METHOD(force_env) \
    METHOD(run_nothing) METHOD(may_read) METHOD(may_write)

#define METHOD(name) \
    PyObject *pj_py_rules_##name(PyObject *self, PyObject *args, \
                                 PyObject *kwargs); \
    extern const char pj_py_rules_##name##_doc[];
PJ_PY_TYPED_METHODS(METHOD)
#undef METHOD

#endif
