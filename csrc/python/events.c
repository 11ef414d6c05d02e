/* events.c: notifying the host of its commands: audit events before they
   are checked and started, and a call to the package when they end.

   Arguments of audit events are created by converters, which run only if
   there is a hook.  They never include environments.  */
#include "events.h"
#include "command.h"
#include "convert.h"
#include "output.h"
#include "request.h"
#include "state.h"

static PyObject *
asked_bin(void *request)
{
    return pj_py_str(pj_py_view(((RequestObject *)request)->bin));
}

static PyObject *
asked_argv(void *request)
{
    PyObject *argv = ((RequestObject *)request)->argv;
    pj_str *views = pj_py_views(argv);
    PyObject *list = views == NULL ? NULL : pj_py_str_list(
        views, (size_t)PyTuple_Size(argv));

    PyMem_Free(views);
    return list;
}

int
pj_py_audit_prepare(PyObject *request)
{
    return state_of(request)->audit("proc_jail.prepare", "O&O&", asked_bin,
                                    request, asked_argv, request);
}

static PyObject *
bin_of(void *command)
{
    pj_command_info info;

    pj_command_get(command, &info);
    return pj_py_str(info.bin);
}

static PyObject *
argv_of(void *command)
{
    pj_command_info info;

    pj_command_get(command, &info);
    return pj_py_str_list(info.argv, info.argc);
}

static PyObject *
cwd_of(void *command)
{
    pj_command_info info;

    pj_command_get(command, &info);
    return pj_py_str(info.cwd);
}

static PyObject *
launch_of(void *command)
{
    pj_command_info info;

    pj_command_get(command, &info);
    return pj_py_str(info.launch);
}

int
pj_py_audit_spawn(pj_state *state, pj_command *command)
{
    if (state->audit("proc_jail.spawn", "O&O&O&", bin_of, command, argv_of,
                     command, cwd_of, command) < 0)
        return -1;
    /* As in the standard library, but without the environment.  */
    return state->audit("subprocess.Popen", "O&O&O&O", launch_of, command,
                        pj_py_launched, command, cwd_of, command, Py_None);
}

/* A module that was already imported, or NULL without an exception.  */
static PyObject *
imported(const char *name)
{
    PyObject *text = PyUnicode_FromString(name);
    PyObject *module = text == NULL ? NULL : PyImport_GetModule(text);

    Py_XDECREF(text);
    PyErr_Clear();
    return module;
}

/* The package's half, or NULL if the host neither imported it nor logging,
   since there is no listener then.  NULL with an exception if the import
   failed.  */
static PyObject *
listener(void)
{
    PyObject *module = imported("proc_jail._events"), *logging;

    if (module != NULL)
        return module;
    logging = imported("logging");
    if (logging == NULL)
        return NULL;
    Py_DECREF(logging);
    return PyImport_ImportModule("proc_jail._events");
}

/* Finishes a call to the listener, stealing its result.  Exceptions are
   reported and ignored, unless they concern the whole program, like
   KeyboardInterrupt: then returns -1 with the exception set.  */
static int
settle(PyObject *answer, PyObject *module)
{
    Py_XDECREF(answer);
    if (answer != NULL || !PyErr_Occurred())
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    PyErr_WriteUnraisable(module);
    return 0;
}

void
pj_py_tell_denied(PyObject *request)
{
    PyObject *error = pj_py_take_exception();
    PyObject *module = listener(), *answer = NULL;

    if (module != NULL)
        answer = PyObject_CallMethod(module, "denied", "OO", request, error);
    if (settle(answer, module) == 0)
        pj_py_put_exception(error);
    else
        Py_DECREF(error);
    Py_XDECREF(module);
}

PyObject *
pj_py_tell_ended(pj_state *state, pj_command *command, pid_t pid,
                 PyObject *output)
{
    PyObject *error = output == NULL ? pj_py_take_exception() : NULL;
    PyObject *module = listener(), *ran = NULL, *answer = NULL;

    if (module != NULL)
        ran = pj_py_command(state, pj_command_ref(command));
    if (ran != NULL)
        answer = PyObject_CallMethod(module, "ended", "OOi", ran,
                                     output == NULL ? error : output,
                                     (int)pid);
    Py_XDECREF(ran);
    if (settle(answer, module) == 0) {
        if (error != NULL)
            pj_py_put_exception(error);
    } else {
        Py_XDECREF(error);
        Py_CLEAR(output);
    }
    Py_XDECREF(module);
    return output;
}
