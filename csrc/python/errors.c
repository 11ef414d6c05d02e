/* errors.c: making exception classes from the table, and raising them.  */
#include "errors.h"
#include "convert.h"
#include "describe.h"
#include "display.h"
#include "output.h"
#include "state.h"

#include <string.h>


/* The attribute of the exception that holds the offending value.  */
static const char *
value_field(pj_code code)
{
    switch (code) {
    case PJ_E_ArgFlagNotAllowed:
    case PJ_E_ArgTooManyFlags:
    case PJ_E_ArgFlagAfterPositional:
    case PJ_E_ArgConflict:
        return "flag";
    case PJ_E_EnvForbidden:
        return "key";
    case PJ_E_SandboxUnavailable:
        return "control";
    case PJ_E_ArgSubcommandMismatch:
        return "got";
    case PJ_E_ArgTooManyPositionals:
    case PJ_E_ArgValueInvalid:
    case PJ_E_ArgRulesInvalid:
    case PJ_E_NulByte:
    case PJ_E_LimitInvalid:
    case PJ_E_SandboxInvalid:
    case PJ_E_ValueTypeInvalid:
    case PJ_E_ArgMissing:
    case PJ_E_ArgProgramUnknown:
        return "value";
    default:
        return "path";
    }
}

/* Sets an attribute, stealing the value.  A NULL value means that an
   exception is already set.  */
static int
set(PyObject *error, const char *name, PyObject *value)
{
    int result = value == NULL ? -1
                               : PyObject_SetAttrString(error, name, value);

    Py_XDECREF(value);
    return result;
}

static PyObject *
text(const char *value)
{
    return PyUnicode_DecodeUTF8(value, (Py_ssize_t)strlen(value), "replace");
}

static int
set_text(PyObject *error, const char *name, const char *value)
{
    return value[0] == '\0' ? 0 : set(error, name, text(value));
}

/* The fields of violations.  */
static int
set_details(pj_state *state, PyObject *error, const pj_error *err)
{
    int lacks = err->code == PJ_E_SandboxUnavailable;

    if (set_text(error, value_field(err->code), err->value) < 0
        || set_text(error, lacks ? "needs" : "expected", err->expected) < 0
        || set_text(error, lacks ? "found" : "reason", err->reason) < 0)
        return -1;
    if (set_text(error, "option", err->option) < 0
        || (lacks && set(error, "controls",
                         pj_py_control_names(err->controls)) < 0))
        return -1;
    if (err->index >= 0
        && set(error, "index", PyLong_FromLong(err->index)) < 0)
        return -1;
    if (err->code == PJ_E_ArgTooManyFlags
        || err->code == PJ_E_ArgTooManyPositionals
        || err->code == PJ_E_StdinForbidden
        || (err->code == PJ_E_ArgConflict && err->max > 0))
        if (set(error, "max", PyLong_FromUnsignedLongLong(err->max)) < 0
            || set(error, "got", PyLong_FromUnsignedLongLong(err->got)) < 0)
            return -1;
    if (err->risk == PJ_RISK_NONE)
        return 0;
    return set(error, "category", PyObject_CallFunction(
                   state->risk_enum, "i", (int)err->risk));
}

static PyObject *
make(pj_state *state, const pj_error *err)
{
    PyObject *message = text(err->message);
    PyObject *error = message == NULL ? NULL
        : PyObject_CallFunctionObjArgs(state->errors[err->code], message,
                                       NULL);

    Py_XDECREF(message);
    return error;
}

static int
set_system(PyObject *error, const pj_error *err)
{
    if (err->sys_errno != 0
        && set(error, "errno", PyLong_FromLong(err->sys_errno)) < 0)
        return -1;
    return err->step == NULL ? 0 : set_text(error, "step", err->step);
}

/* Raises an exception, stealing the reference.  PyErr_SetObject sets its
   context to the exception being handled.  */
static PyObject *
throw(PyObject *error)
{
    if (error != NULL)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
    return NULL;
}

PyObject *
pj_py_raise(pj_state *state, const pj_error *err)
{
    PyObject *error;

    if (err->code == PJ_E_OutOfMemory)
        return PyErr_NoMemory();
    error = make(state, err);
    if (error != NULL && pj_code_class(err->code) == PJ_CLASS_VIOLATION
        && set_details(state, error, err) < 0)
        Py_CLEAR(error);
    if (error != NULL && pj_code_class(err->code) != PJ_CLASS_VIOLATION
        && set_system(error, err) < 0)
        Py_CLEAR(error);
    return throw(error);
}

static PyObject *
limit_of(const pj_error *err)
{
    if (err->code == PJ_E_Timeout)
        return PyFloat_FromDouble((double)err->max / 1e9);
    if (pj_code_class(err->code) == PJ_CLASS_STOPPED)
        return PyLong_FromUnsignedLongLong(err->max);
    return Py_NewRef(Py_None);
}

PyObject *
pj_py_raise_exec(pj_state *state, const pj_error *err,
                 const pj_command *command, PyObject *out, PyObject *errs,
                 int64_t elapsed_ns)
{
    pj_command_info info;
    PyObject *error;

    if (pj_code_class(err->code) == PJ_CLASS_VIOLATION
        || err->code == PJ_E_OutOfMemory)
        return pj_py_raise(state, err);
    pj_command_get(command, &info);
    error = make(state, err);
    if (error != NULL
        && (set(error, "bin", pj_py_str(info.bin)) < 0
            || set(error, "argv", pj_py_str_list(info.argv, info.argc)) < 0
            || set(error, "stdout", Py_NewRef(out)) < 0
            || set(error, "stderr", Py_NewRef(errs)) < 0
            || set(error, "elapsed",
                   PyFloat_FromDouble((double)elapsed_ns / 1e9)) < 0
            || set(error, "limit", limit_of(err)) < 0
            || set_system(error, err) < 0))
        Py_CLEAR(error);
    return throw(error);
}

/* How an output ended, in words.  */
static PyObject *
exit_message(const OutputObject *output, PyObject *program)
{
    if (output->returncode < 0)
        return PyUnicode_FromFormat("%U exited by signal %d", program,
                                    -output->returncode);
    return PyUnicode_FromFormat("%U exited with status %d", program,
                                output->returncode);
}

PyObject *
pj_py_raise_exit(pj_state *state, const OutputObject *output)
{
    PyObject *program = Py_XNewRef(PyList_GetItem(output->args, 0));
    PyObject *shown = program == NULL ? NULL : PyObject_ASCII(program);
    PyObject *message = shown == NULL ? NULL : exit_message(output, shown);
    PyObject *error = message == NULL ? NULL
        : PyObject_CallFunctionObjArgs(state->errors[PJ_E_NonZeroExit],
                                       message, NULL);

    Py_XDECREF(shown);
    Py_XDECREF(message);
    if (error != NULL
        && (set(error, "bin", Py_NewRef(program)) < 0
            || set(error, "argv",
                   PyList_GetSlice(output->args, 1, PY_SSIZE_T_MAX)) < 0
            || set(error, "stdout", Py_NewRef(output->out)) < 0
            || set(error, "stderr", Py_NewRef(output->err)) < 0
            || set(error, "elapsed",
                   PyFloat_FromDouble(output->duration)) < 0
            || set(error, "returncode",
                   PyLong_FromLong(output->returncode)) < 0))
        Py_CLEAR(error);
    Py_XDECREF(program);
    return throw(error);
}

PyObject *
pj_py_raise_limit(pj_state *state, const char *name)
{
    PyObject *error = PyObject_CallFunction(
        state->errors[PJ_E_LimitInvalid], "N",
        PyUnicode_FromFormat("limit invalid: %s must not be negative, nor "
                             "more than memory can hold", name));

    if (error != NULL && set(error, "value", text(name)) < 0)
        Py_CLEAR(error);
    return throw(error);
}

/* Adds a class under its name; `*slot` keeps its own reference.  */
static int
add_class(PyObject *module, PyObject **slot, const char *name,
          const char *doc, PyObject *bases, PyObject *fields)
{
    char qualified[96];

    if (bases == NULL || fields == NULL)
        return -1;
    PyOS_snprintf(qualified, sizeof qualified, "proc_jail.%s", name);
    *slot = PyErr_NewExceptionWithDoc(qualified, doc, bases, fields);
    return *slot == NULL ? -1 : PyModule_AddObjectRef(module, name, *slot);
}

/* Class attributes, so that every field can be read on every instance.  */
static PyObject *
fields_of(const char *const *names)
{
    PyObject *fields = PyDict_New();

    for (; fields != NULL && *names != NULL; names++)
        if (PyDict_SetItemString(fields, *names, Py_None) < 0)
            Py_CLEAR(fields);
    return fields;
}

/* If there was no output, the streams are empty bytes and not None.  */
static int
add_empty_streams(PyObject *fields)
{
    PyObject *empty = PyBytes_FromStringAndSize(NULL, 0);
    int result = -1;

    if (empty != NULL
        && PyDict_SetItemString(fields, "stdout", empty) == 0
        && PyDict_SetItemString(fields, "stderr", empty) == 0)
        result = 0;
    Py_XDECREF(empty);
    return result;
}

static int
add_bases(PyObject *module, pj_state *state)
{
    static const char *const none[] = {NULL};
    static const char *const violation[] = {
        "path", "flag", "key", "value", "max", "got", "expected", "reason",
        "index", "option", "category", "control", "controls", "needs",
        "found", NULL};
    static const char *const exec[] = {
        "bin", "argv", "elapsed", "limit", "errno", "step", "returncode",
        NULL};
    PyObject *bases = PyTuple_Pack(1, PyExc_Exception);
    PyObject *fields = fields_of(none);
    int result;

    if (fields != NULL && PyDict_SetItemString(fields, "code", Py_None) < 0)
        Py_CLEAR(fields);
    result = add_class(module, &state->base_error, "ProcJailError",
                       "The base class of all errors of proc_jail.\n\n"
                       "`code` is the stable name of the error.",
                       bases, fields);
    Py_XDECREF(bases);
    Py_XDECREF(fields);
    if (result < 0 || pj_py_add_display(state->base_error) < 0)
        return -1;

    bases = PyTuple_Pack(2, state->base_error, PyExc_ValueError);
    fields = fields_of(violation);
    result = add_class(module, &state->violation_error, "Violation",
                       "A policy or a request was refused; nothing was "
                       "started.\n\nThe offending value is in one of the "
                       "fields path, flag, key and value.",
                       bases, fields);
    Py_XDECREF(bases);
    Py_XDECREF(fields);
    if (result < 0)
        return -1;

    bases = PyTuple_Pack(2, state->base_error, PyExc_RuntimeError);
    fields = fields_of(exec);
    if (fields != NULL && add_empty_streams(fields) < 0)
        Py_CLEAR(fields);
    result = add_class(module, &state->exec_error, "ExecError",
                       "A command could not be started, was stopped, or its "
                       "result is not known.\n\nCarries bin, argv, stdout "
                       "and stderr (bytes until then), elapsed (seconds) "
                       "and limit.",
                       bases, fields);
    Py_XDECREF(bases);
    Py_XDECREF(fields);
    if (result < 0)
        return -1;

    bases = PyTuple_Pack(1, state->exec_error);
    fields = fields_of(none);
    result = add_class(module, &state->stopped_error, "StoppedError",
                       "A command was stopped by its timeout or an output "
                       "limit.\n\nIts stdout and stderr hold the bytes until "
                       "then.",
                       bases, fields);
    Py_XDECREF(bases);
    Py_XDECREF(fields);
    return result;
}

static PyObject *
bases_of(pj_state *state, pj_code code)
{
    if (code == PJ_E_Timeout)
        return PyTuple_Pack(2, state->stopped_error, PyExc_TimeoutError);
    switch (pj_code_class(code)) {
    case PJ_CLASS_VIOLATION:
        return PyTuple_Pack(1, state->violation_error);
    case PJ_CLASS_STOPPED:
        return PyTuple_Pack(1, state->stopped_error);
    default:
        return PyTuple_Pack(1, state->exec_error);
    }
}

int
pj_py_add_errors(PyObject *module, pj_state *state)
{
    if (add_bases(module, state) < 0)
        return -1;
    for (int code = 1; code < PJ_CODE_COUNT; code++) {
        const char *name = pj_code_name((pj_code)code);
        PyObject *bases, *fields;
        int result;

        /* Out of memory is Python's own MemoryError.  */
        if (code == PJ_E_OutOfMemory)
            continue;
        bases = bases_of(state, (pj_code)code);
        fields = Py_BuildValue("{s:s}", "code", name);
        result = add_class(module, &state->errors[code], name,
                           pj_code_doc((pj_code)code), bases, fields);
        Py_XDECREF(bases);
        Py_XDECREF(fields);
        if (result < 0)
            return -1;
    }
    return 0;
}
