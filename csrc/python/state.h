/* state.h: the state of proc_jail._core.

   Everything lives in the module state, so that each interpreter has its
   own: heap types, exception classes, enums.  There are no mutable
   globals.  */
#ifndef PJ_PY_STATE_H
#define PJ_PY_STATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "procjail.h"

#define PJ_PY_VALUES (PJ_VALUE_GIT_REF + 1)

/* PySys_Audit's type.  */
typedef int pj_audit(const char *event, const char *format, ...);

typedef struct pj_state {
    PyTypeObject *rules_type;
    PyTypeObject *builder_type;
    PyTypeObject *request_type;
    PyTypeObject *policy_type;
    PyTypeObject *command_type;
    PyTypeObject *output_type;
    PyTypeObject *sandbox_type;
    PyTypeObject *process_type;
    PyTypeObject *value_types[PJ_PY_VALUES]; /* by pj_value_type */

    PyObject *base_error;      /* ProcJailError */
    PyObject *violation_error; /* Violation */
    PyObject *exec_error;      /* ExecError */
    PyObject *stopped_error;   /* StoppedError */
    PyObject *errors[PJ_CODE_COUNT];
    PyObject *risky_warning; /* RiskyBinaryWarning */
    PyObject *sandbox_warning; /* SandboxWarning */
    _Atomic int sandbox_warned; /* once per interpreter is enough */

    PyObject *risky_policy_enum; /* RiskyBinPolicy */
    PyObject *double_dash_enum;  /* InjectDoubleDash */
    PyObject *risk_enum;         /* RiskCategory */
    PyObject *network_enum;      /* Network */
    PyObject *tree_enum;         /* Tree */
    PyObject *overflow_enum;     /* Overflow */
    PyObject *report_type;       /* SandboxReport */
    PyObject *program_type;      /* AllowedProgram */
    PyObject *replay;            /* the function named in pickles */
    PyObject *restore_output;
    PyObject *restore_request;
    pj_audit *audit;
} pj_state;

/* The state behind an instance of one of our types, which are final.  */
static inline pj_state *
state_of(PyObject *self)
{
    return (pj_state *)PyType_GetModuleState(Py_TYPE(self));
}

/* `*slot = with`, for what may be seen while it is freed; steals both.  */
static inline void
pj_py_replace(PyObject **slot, PyObject *with)
{
    PyObject *old = *slot;

    *slot = with;
    Py_XDECREF(old);
}

/* Take the current exception, as an instance, or NULL; and restore it, with
   its context unchanged.  CPython 3.12 renamed both.  */
#if PY_VERSION_HEX >= 0x030C0000 && !defined Py_LIMITED_API
#define pj_py_take_exception PyErr_GetRaisedException
#define pj_py_put_exception PyErr_SetRaisedException
#else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static inline PyObject *
pj_py_take_exception(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    if (type == NULL)
        return NULL;
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        PyException_SetTraceback(value, traceback);
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
}

static inline void
pj_py_put_exception(PyObject *error)
{
    if (error != NULL)
        PyErr_Restore(Py_NewRef((PyObject *)Py_TYPE(error)), error,
                      PyException_GetTraceback(error));
}
#pragma GCC diagnostic pop
#endif

/* The tp_traverse of instances whose only reference that can be part of a
   cycle is their type: it references the module, and so the whole package,
   which may store such an instance.  No tp_clear: other objects in such a
   cycle have one.  */
int pj_py_visit_type(PyObject *self, visitproc visit, void *arg);

/* module.c: adds a class to the module that a function of the standard
   library makes, as enum.IntEnum(*args, module="proc_jail") does, with a
   docstring.  The first of `args` is its name; steals them.  */
int pj_py_add_made(PyObject *module, PyObject **slot, const char *library,
                   const char *maker, PyObject *args, const char *doc);

#endif
