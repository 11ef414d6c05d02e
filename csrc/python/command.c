/* command.c: the type PreparedCommand, and running one.  */
#include "command.h"
#include "abi.h"
#include "convert.h"
#include "errors.h"
#include "events.h"
#include "output.h"
#include "package.h"
#include "report.h"
#include "state.h"

PyObject *
pj_py_command(pj_state *state, pj_command *command)
{
    CommandObject *self = PyObject_GC_New(CommandObject, state->command_type);

    if (self == NULL) {
        pj_command_unref(command);
        return NULL;
    }
    self->command = command;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static void
command_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    pj_command_unref(((CommandObject *)self)->command);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* One run, without the GIL.  The core calls back to check for signals, and
   for memory when an output gets large: such outputs are read directly into
   the bytes object that Python will see, and never copied.  */
struct run {
    PyThreadState *thread;
    PyObject *large[2]; /* bytes objects for stdout and stderr, or NULL */
};

static int
see_signals(void *context)
{
    struct run *run = context;
    int raised;

    PyEval_RestoreThread(run->thread);
    raised = PyErr_CheckSignals() < 0;
    /* The exception stays set in this thread until the run is over.  */
    run->thread = PyEval_SaveThread();
    return raised;
}

static void *
resize_large(void *context, int stream, void *Py_UNUSED(old), size_t used,
             size_t capacity)
{
    struct run *run = context;
    PyObject **bytes = &run->large[stream - 1];
    PyObject *waiting;

    PyEval_RestoreThread(run->thread);
    /* A signal's exception may be pending; it must be preserved.  */
    waiting = pj_py_take_exception();
    if (*bytes == NULL)
        *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)capacity);
    else
        pj_py_resize_bytes(bytes, used, capacity);
    /* A failed resize set MemoryError, which the core reports.  */
    PyErr_Clear();
    pj_py_put_exception(waiting);
    run->thread = PyEval_SaveThread();
    return *bytes == NULL ? NULL : PyBytes_AsString(*bytes);
}

/* The bytes of one stream; steals the large object.  */
static PyObject *
take_bytes(PyObject **large, const pj_bytes *bytes)
{
    PyObject *result;

    if (!bytes->external)
        return PyBytes_FromStringAndSize(bytes->data, (Py_ssize_t)bytes->len);
    if (*large == NULL)
        return PyErr_NoMemory();
    pj_py_resize_bytes(large, bytes->len, bytes->len);
    result = *large;
    *large = NULL;
    return result;
}

/* Turns the core's result into an Output, or raises its error.  */
static PyObject *
conclude(pj_state *state, pj_command *command, struct run *run, int failed,
         const pj_output *output, const pj_error *err)
{
    PyObject *out, *errs, *result;

    /* KeyboardInterrupt, or whatever a signal handler raised.  */
    if (PyErr_Occurred())
        return NULL;
    out = take_bytes(&run->large[0], &output->out);
    errs = out == NULL ? NULL : take_bytes(&run->large[1], &output->err);
    if (errs == NULL) {
        Py_XDECREF(out);
        return NULL;
    }
    if (!failed)
        return pj_py_output(state, command, out, errs, output);
    result = pj_py_raise_exec(state, err, command, out, errs,
                              output->elapsed_ns);
    Py_DECREF(out);
    Py_DECREF(errs);
    return result;
}

PyObject *
pj_py_spawn(pj_state *state, pj_command *command)
{
    struct run run = {NULL, {NULL, NULL}};
    pj_storage storage = {resize_large, &run};
    pj_run_options options = {see_signals, &run, &storage};
    pj_output output = {0};
    PyObject *result;
    pj_error err;
    pid_t pid;
    int failed;

    if (pj_py_audit_spawn(state, command) < 0)
        return NULL;
    run.thread = PyEval_SaveThread();
    failed = pj_command_run(command, &options, &output, &err);
    PyEval_RestoreThread(run.thread);
    pid = output.pid;
    result = conclude(state, command, &run, failed, &output, &err);
    pj_output_clear(&output);
    Py_XDECREF(run.large[0]);
    Py_XDECREF(run.large[1]);
    return pj_py_tell_ended(state, command, pid, result);
}

PyDoc_STRVAR(spawn_sync_doc,
"spawn_sync($self, /)\n--\n\n"
"Run the command, wait for its end, and return the Output.\n\n"
"Processes that it leaves behind are killed.  Raises StoppedError (Timeout,\n"
"StdoutLimitExceeded, StderrLimitExceeded), which has the output so far;\n"
"SpawnFailed when the command cannot be started; and BinChanged when the\n"
"file is not the one that was checked.  An exit status other than 0 is not\n"
"an error.  Ctrl-C kills the command before KeyboardInterrupt is raised.\n\n"
">>> output = command.spawn_sync()");

static PyObject *
command_spawn_sync(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pj_py_spawn(state_of(self), ((CommandObject *)self)->command);
}

/* Calls the package's front ends, which drive a _Process.  */
static const char fronts[] = "proc_jail._live.running";

PyDoc_STRVAR(start_doc,
"start($self, /)\n--\n\n"
"Start the command and return it as a RunningCommand.\n\n"
"It is a context manager for `with` and `async with`: on exit the command is\n"
"killed, if it still runs, and reaped.  Iterating yields stdout in chunks.\n"
"The deadline applies even when nothing waits for the command.  Raises\n"
"SpawnFailed or BinChanged.\n\n"
">>> with command.start() as running:\n"
"...     output = running.wait()");

static PyObject *
command_start(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pj_py_package_method(fronts, "start", self, NULL, NULL);
}

PyDoc_STRVAR(spawn_doc,
"spawn($self, /)\n--\n\n"
"Return a coroutine that does what spawn_sync() does, on an event loop.\n\n"
"Runs on asyncio, and on trio when anyio is installed.  Cancelling it kills\n"
"and reaps the tree first.\n\n"
">>> output = await command.spawn()");

static PyObject *
command_spawn(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pj_py_package_method(fronts, "spawn", self, NULL, NULL);
}

PyDoc_STRVAR(wrap_with_doc,
"wrap_with($self, /, program, args_before)\n--\n\n"
"Return a copy that runs as `program args_before... path argv...`.\n\n"
"For the application, not for the request: `args_before` is not checked.\n"
"`path` is the name that was allowed.  `program` is absolute, and is pinned\n"
"and verified like any program.  A second wrapper replaces the first.\n"
"Raises the Bin violations.\n\n"
">>> nice = command.wrap_with('/usr/bin/nice', ['-n', '10'])");

static PyObject *
command_wrap_with(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"program", "args_before", NULL};
    PyObject *value, *list, *program, *tuple = NULL;
    pj_command *wrapped = NULL;
    pj_str *views = NULL;
    pj_error err;
    int failed = -1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:wrap_with", names,
                                     &value, &list))
        return NULL;
    program = pj_py_bytes(value, "program");
    if (program != NULL)
        tuple = pj_py_bytes_tuple(list, "args_before");
    if (tuple != NULL)
        views = pj_py_views(tuple);
    if (views != NULL) {
        failed = pj_command_wrap(((CommandObject *)self)->command,
                                 pj_py_view(program), views,
                                 (size_t)PyTuple_Size(tuple), &wrapped,
                                 &err);
        if (failed)
            pj_py_raise(state_of(self), &err);
    }
    PyMem_Free(views);
    Py_XDECREF(program);
    Py_XDECREF(tuple);
    return failed ? NULL : pj_py_command(state_of(self), wrapped);
}

PyDoc_STRVAR(with_launch_env_doc,
"with_launch_env($self, /, key, value)\n--\n\n"
"Return a copy with one more variable, set after the environment policy.\n\n"
"For the application, not for the request: the strip table does not apply.\n"
"Raises EnvForbidden for a name that is empty or contains '='.\n\n"
">>> utc = command.with_launch_env('TZ', 'UTC')");

static PyObject *
command_with_launch_env(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"key", "value", NULL};
    PyObject *key, *value, *name, *text = NULL;
    pj_command *changed = NULL;
    pj_error err;
    int failed = -1;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:with_launch_env",
                                     names, &key, &value))
        return NULL;
    name = pj_py_bytes(key, "key");
    if (name != NULL)
        text = pj_py_bytes(value, "value");
    if (text != NULL) {
        failed = pj_command_set_env(((CommandObject *)self)->command,
                                    pj_py_view(name), pj_py_view(text),
                                    &changed, &err);
        if (failed)
            pj_py_raise(state_of(self), &err);
    }
    Py_XDECREF(name);
    Py_XDECREF(text);
    return failed ? NULL : pj_py_command(state_of(self), changed);
}

/* It holds descriptors, so the policy and the request are pickled.  */
static PyObject *
command_reduce(PyObject *Py_UNUSED(self), PyObject *Py_UNUSED(ignored))
{
    PyErr_SetString(PyExc_TypeError, "a PreparedCommand cannot be pickled; "
                    "pickle its policy and its request");
    return NULL;
}

/* The view of a command that the getters read.  */
static pj_command_info
info_of(PyObject *self)
{
    pj_command_info info;

    pj_command_get(((CommandObject *)self)->command, &info);
    return info;
}

static PyObject *
command_bin(PyObject *self, void *Py_UNUSED(closure))
{
    return pj_py_str(info_of(self).bin);
}

static PyObject *
command_argv(PyObject *self, void *Py_UNUSED(closure))
{
    pj_command_info info = info_of(self);

    return pj_py_str_list(info.argv, info.argc);
}

static PyObject *
command_cwd(PyObject *self, void *Py_UNUSED(closure))
{
    return pj_py_str(info_of(self).cwd);
}

static PyObject *
command_env(PyObject *self, void *Py_UNUSED(closure))
{
    pj_command_info info = info_of(self);

    return pj_py_str_dict(info.env, info.env_count);
}

static PyObject *
command_stripped_env(PyObject *self, void *Py_UNUSED(closure))
{
    pj_command_info info = info_of(self);

    return pj_py_str_list(info.stripped, info.stripped_count);
}

static PyObject *
command_launch_program(PyObject *self, void *Py_UNUSED(closure))
{
    return pj_py_str(info_of(self).launch);
}

static PyObject *
command_launch_args(PyObject *self, void *Py_UNUSED(closure))
{
    pj_command_info info = info_of(self);

    return pj_py_str_list(info.launch_args, info.launch_argc);
}

static PyObject *
command_sandbox(PyObject *self, void *Py_UNUSED(closure))
{
    pj_command_info info = info_of(self);

    return pj_py_report(state_of(self), &info.sandbox);
}

static PyObject *
command_program(PyObject *self, void *Py_UNUSED(closure))
{
    pj_program_view view;

    pj_command_program(((CommandObject *)self)->command, &view);
    return pj_py_allowed(state_of(self), &view);
}

static PyObject *
command_repr(PyObject *self)
{
    PyObject *program = command_launch_program(self, NULL);
    PyObject *args = program == NULL ? NULL : command_launch_args(self, NULL);
    PyObject *cwd = args == NULL ? NULL : command_cwd(self, NULL);
    PyObject *shown = cwd == NULL ? NULL
        : PyUnicode_FromFormat("PreparedCommand(%R, %R, cwd=%R)", program,
                               args, cwd);

    Py_XDECREF(program);
    Py_XDECREF(args);
    Py_XDECREF(cwd);
    return shown;
}

static PyMethodDef command_methods[] = {
    {"start", command_start, METH_NOARGS, start_doc},
    {"spawn", command_spawn, METH_NOARGS, spawn_doc},
    {"spawn_sync", command_spawn_sync, METH_NOARGS, spawn_sync_doc},
    {"wrap_with", (PyCFunction)(void (*)(void))command_wrap_with,
     METH_VARARGS | METH_KEYWORDS, wrap_with_doc},
    {"with_launch_env", (PyCFunction)(void (*)(void))command_with_launch_env,
     METH_VARARGS | METH_KEYWORDS, with_launch_env_doc},
    {"__reduce__", command_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef command_getset[] = {
    {"bin", command_bin, NULL, "The canonical path of the program.", NULL},
    {"argv", command_argv, NULL,
     "The arguments, with `--` where it is injected.", NULL},
    {"cwd", command_cwd, NULL, "The working directory.", NULL},
    {"env", command_env, NULL, "The whole environment (a copy).", NULL},
    {"stripped_env", command_stripped_env, NULL,
     "The names of variables that were offered and are not passed.", NULL},
    {"launch_program", command_launch_program, NULL,
     "What is executed: the program, or its wrapper.", NULL},
    {"launch_args", command_launch_args, NULL,
     "The arguments passed to launch_program.", NULL},
    {"program", command_program, NULL,
     "Which program of the policy it is (AllowedProgram).", NULL},
    {"sandbox", command_sandbox, NULL,
     "What the kernel will enforce, and what is missing (SandboxReport).",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(command_doc,
"A checked command, returned by ProcPolicy.prepare().\n\n"
"Immutable; it may be spawned any number of times and from any thread.  It\n"
"holds the program and the directory open, so that what was checked is\n"
"what runs.");

static PyType_Slot command_slots[] = {
    {Py_tp_doc, (void *)command_doc},
    {Py_tp_dealloc, command_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, command_methods},
    {Py_tp_getset, command_getset},
    {Py_tp_repr, command_repr},
    {0, NULL},
};

PyType_Spec pj_command_spec = {
    .name = "proc_jail.PreparedCommand",
    .basicsize = sizeof(CommandObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE
        | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = command_slots,
};
