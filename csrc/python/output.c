/* output.c: the type Output.  */
#include "output.h"
#include "convert.h"
#include "display.h"
#include "errors.h"
#include "report.h"
#include "state.h"

/* Steals the references; a NULL means that an exception is set.  */
static PyObject *
wrap(pj_state *state, PyObject *args, PyObject *out, PyObject *err,
     int returncode, double duration, PyObject *sandbox,
     const unsigned long long totals[2])
{
    OutputObject *self = NULL;

    if (args != NULL && out != NULL && err != NULL && sandbox != NULL)
        self = PyObject_GC_New(OutputObject, state->output_type);
    if (self == NULL) {
        Py_XDECREF(args);
        Py_XDECREF(out);
        Py_XDECREF(err);
        Py_XDECREF(sandbox);
        return NULL;
    }
    self->args = args;
    self->out = out;
    self->err = err;
    self->returncode = returncode;
    self->duration = duration;
    self->sandbox = sandbox;
    self->out_total = totals[0];
    self->err_total = totals[1];
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

PyObject *
pj_py_launched(void *command)
{
    pj_command_info info;
    PyObject *args, *program;

    pj_command_get(command, &info);
    args = pj_py_str_list(info.launch_args, info.launch_argc);
    program = args == NULL ? NULL : pj_py_str(info.launch);
    if (program == NULL || PyList_Insert(args, 0, program) < 0)
        Py_CLEAR(args);
    Py_XDECREF(program);
    return args;
}

PyObject *
pj_py_output(pj_state *state, pj_command *command, PyObject *out,
             PyObject *err, const pj_output *output)
{
    int returncode = output->end == PJ_END_SIGNALED ? -output->signal
                                                    : output->exit_code;
    const unsigned long long totals[2] = {output->out_total,
                                          output->err_total};
    /* In this order: a report calls Python, which must not happen while an
       exception is set, and clang evaluates arguments from the left.  */
    PyObject *args = pj_py_launched(command);
    PyObject *sandbox = args == NULL ? NULL
                                     : pj_py_report(state, &output->sandbox);

    return wrap(state, args, out, err, returncode,
                (double)output->elapsed_ns / 1e9, sandbox, totals);
}

/* _output(args, stdout, stderr, returncode, duration, sandbox, stdout_total,
   stderr_total): for pickle.  */
PyObject *
pj_py_restore_output(PyObject *module, PyObject *values)
{
    PyObject *args, *out, *err, *sandbox;
    unsigned long long totals[2];
    double duration;
    int returncode;

    if (!PyArg_ParseTuple(values, "O!SSidOKK:_output", &PyList_Type, &args,
                          &out, &err, &returncode, &duration, &sandbox,
                          &totals[0], &totals[1]))
        return NULL;
    return wrap((pj_state *)PyModule_GetState(module),
                PyList_GetSlice(args, 0, PY_SSIZE_T_MAX), Py_NewRef(out),
                Py_NewRef(err), returncode, duration, Py_NewRef(sandbox),
                totals);
}

/* Objects from a pickle can be anything, and refer back to this one.  */
static int
output_traverse(PyObject *object, visitproc visit, void *arg)
{
    OutputObject *self = (OutputObject *)object;

    Py_VISIT(self->args);
    Py_VISIT(self->sandbox);
    return pj_py_visit_type(object, visit, arg);
}

static void
output_dealloc(PyObject *object)
{
    OutputObject *self = (OutputObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    Py_DECREF(self->args);
    Py_DECREF(self->out);
    Py_DECREF(self->err);
    Py_DECREF(self->sandbox);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static PyObject *
decode(PyObject *bytes)
{
    return PyUnicode_DecodeUTF8(PyBytes_AsString(bytes),
                                PyBytes_Size(bytes), "replace");
}

PyDoc_STRVAR(stdout_string_doc,
"stdout_string($self, /)\n--\n\n"
"Return stdout as str; bytes that are not UTF-8 become U+FFFD.\n\n"
">>> lines = output.stdout_string().splitlines()");

static PyObject *
output_stdout_string(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return decode(((OutputObject *)self)->out);
}

PyDoc_STRVAR(stderr_string_doc,
"stderr_string($self, /)\n--\n\n"
"Return stderr as str; bytes that are not UTF-8 become U+FFFD.\n\n"
">>> lines = output.stderr_string().splitlines()");

static PyObject *
output_stderr_string(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return decode(((OutputObject *)self)->err);
}

PyDoc_STRVAR(check_doc,
"check($self, /)\n--\n\n"
"Return the output itself if the command succeeded.\n\n"
"Otherwise raises NonZeroExit, which has stdout and stderr.\n\n"
">>> text = policy.run('/usr/bin/wc', ['file.txt']).check().stdout");

static PyObject *
output_check(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    if (((OutputObject *)self)->returncode == 0)
        return Py_NewRef(self);
    return pj_py_raise_exit(state_of(self), (OutputObject *)self);
}

static PyObject *
output_stdout(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((OutputObject *)self)->out);
}

static PyObject *
output_stderr(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((OutputObject *)self)->err);
}

static PyObject *
output_args(PyObject *self, void *Py_UNUSED(closure))
{
    return PyList_GetSlice(((OutputObject *)self)->args, 0, PY_SSIZE_T_MAX);
}

static PyObject *
output_exit_code(PyObject *self, void *Py_UNUSED(closure))
{
    int returncode = ((OutputObject *)self)->returncode;

    if (returncode < 0)
        Py_RETURN_NONE;
    return PyLong_FromLong(returncode);
}

static PyObject *
output_returncode(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(((OutputObject *)self)->returncode);
}

static PyObject *
output_signal(PyObject *self, void *Py_UNUSED(closure))
{
    int returncode = ((OutputObject *)self)->returncode;

    if (returncode >= 0)
        Py_RETURN_NONE;
    return PyLong_FromLong(-returncode);
}

static PyObject *
output_success(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((OutputObject *)self)->returncode == 0);
}

static PyObject *
output_duration(PyObject *self, void *Py_UNUSED(closure))
{
    return PyFloat_FromDouble(((OutputObject *)self)->duration);
}

static PyObject *
output_stdout_total(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLongLong(((OutputObject *)self)->out_total);
}

static PyObject *
output_stderr_total(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLongLong(((OutputObject *)self)->err_total);
}

static PyObject *
output_stdout_truncated(PyObject *object, void *Py_UNUSED(closure))
{
    OutputObject *self = (OutputObject *)object;

    return PyBool_FromLong(
        self->out_total > (unsigned long long)PyBytes_Size(self->out));
}

static PyObject *
output_stderr_truncated(PyObject *object, void *Py_UNUSED(closure))
{
    OutputObject *self = (OutputObject *)object;

    return PyBool_FromLong(
        self->err_total > (unsigned long long)PyBytes_Size(self->err));
}

static PyObject *
output_sandbox(PyObject *self, void *Py_UNUSED(closure))
{
    return Py_NewRef(((OutputObject *)self)->sandbox);
}

static PyObject *
output_repr(PyObject *object)
{
    OutputObject *self = (OutputObject *)object;

    return PyUnicode_FromFormat(
        "Output(args=%R, returncode=%d, stdout=<%zd bytes>, "
        "stderr=<%zd bytes>)", self->args, self->returncode,
        PyBytes_Size(self->out), PyBytes_Size(self->err));
}

static PyObject *
output_reduce(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    OutputObject *self = (OutputObject *)object;

    return Py_BuildValue("O(OOOidOKK)", state_of(object)->restore_output,
                         self->args, self->out, self->err, self->returncode,
                         self->duration, self->sandbox, self->out_total,
                         self->err_total);
}

static PyMethodDef output_methods[] = {
    {"stdout_string", output_stdout_string, METH_NOARGS, stdout_string_doc},
    {"stderr_string", output_stderr_string, METH_NOARGS, stderr_string_doc},
    {"check", output_check, METH_NOARGS, check_doc},
    {"_repr_html_", pj_py_html, METH_NOARGS, NULL},
    {"_repr_mimebundle_", (PyCFunction)(void (*)(void))pj_py_bundle,
     METH_VARARGS | METH_KEYWORDS, NULL},
    {"__reduce__", output_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef output_getset[] = {
    {"stdout", output_stdout, NULL, "What was written to stdout (bytes).",
     NULL},
    {"stderr", output_stderr, NULL, "What was written to stderr (bytes).",
     NULL},
    {"args", output_args, NULL,
     "The program that was launched, and its arguments.", NULL},
    {"exit_code", output_exit_code, NULL,
     "The exit status, or None when a signal ended the command.", NULL},
    {"returncode", output_returncode, NULL,
     "The exit status, or the signal as a negative number.", NULL},
    {"signal", output_signal, NULL,
     "The signal that ended the command, or None.", NULL},
    {"success", output_success, NULL, "Whether the exit status was 0.", NULL},
    {"duration", output_duration, NULL,
     "Seconds (float) from the start of the spawn until all is reaped.",
     NULL},
    {"stdout_total", output_stdout_total, NULL,
     "The number of bytes written to stdout, kept or not.", NULL},
    {"stderr_total", output_stderr_total, NULL,
     "The number of bytes written to stderr, kept or not.", NULL},
    {"stdout_truncated", output_stdout_truncated, NULL,
     "Whether stdout lacks bytes that were written.", NULL},
    {"stderr_truncated", output_stderr_truncated, NULL,
     "Whether stderr lacks bytes that were written.", NULL},
    {"sandbox", output_sandbox, NULL,
     "What the kernel enforced, and what was missing (SandboxReport).", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(output_doc,
"What a command wrote, and how it ended.\n\n"
"Returned by PreparedCommand.spawn_sync() and ProcPolicy.run().");

static PyType_Slot output_slots[] = {
    {Py_tp_doc, (void *)output_doc},
    {Py_tp_dealloc, output_dealloc},
    {Py_tp_traverse, output_traverse},
    {Py_tp_methods, output_methods},
    {Py_tp_getset, output_getset},
    {Py_tp_repr, output_repr},
    {0, NULL},
};

PyType_Spec pj_output_spec = {
    .name = "proc_jail.Output",
    .basicsize = sizeof(OutputObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE
        | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = output_slots,
};
