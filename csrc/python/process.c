/* process.c: the type _Process, which the front ends drive.  */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "process.h"
#include "errors.h"
#include "events.h"
#include "output.h"
#include "state.h"

/* A process belongs to one caller at a time.  The GIL is released while it is
   started, awaited and finished, so a flag marks it as in use; in a build
   without the GIL the flag is the only protection.  A kill can come at any
   time from any thread: whoever uses the process does it on leaving.  */
enum use { UNUSED, USED, KILLING };

typedef struct {
    PyObject_HEAD
    pj_process *process; /* NULL once finished */
    pj_command *command;
    atomic_int use;
    atomic_int killed; /* and nobody has done so yet */
    pid_t pid;
} ProcessObject;

static int
claim(ProcessObject *self, int use)
{
    int unused = UNUSED;

    return atomic_compare_exchange_strong(&self->use, &unused, use);
}

/* A kill that another thread asked for after the first look, and before it
   could claim the process, is seen by the second.  */
static void
leave(ProcessObject *self)
{
    do {
        if (atomic_exchange(&self->killed, 0) && self->process != NULL)
            pj_process_kill(self->process);
        atomic_store(&self->use, UNUSED);
    } while (atomic_load(&self->killed) && claim(self, KILLING));
}

/* Another thread that kills is done in a moment, and no reason to fail.  */
static int
enter(ProcessObject *self)
{
    while (!claim(self, USED)) {
        if (atomic_load(&self->use) == USED) {
            PyErr_SetString(PyExc_RuntimeError,
                            "the command is in use by another thread");
            return -1;
        }
        sched_yield();
    }
    if (self->process != NULL)
        return 0;
    leave(self);
    PyErr_SetString(PyExc_RuntimeError, "the command has been finished");
    return -1;
}

PyObject *
pj_py_start(pj_state *state, pj_command *command)
{
    ProcessObject *self;
    pj_process *process = NULL;
    pj_error err;
    int failed;

    if (pj_py_audit_spawn(state, command) < 0)
        return NULL;
    self = PyObject_GC_New(ProcessObject, state->process_type);
    if (self == NULL)
        return NULL;
    self->process = NULL;
    self->command = pj_command_ref(command);
    atomic_init(&self->use, UNUSED);
    atomic_init(&self->killed, 0);
    Py_BEGIN_ALLOW_THREADS
    failed = pj_process_start(command, NULL, &process, &err);
    /* It may not be driven at all, or its loop may be busy.  */
    if (!failed)
        pj_process_keep_time(process);
    Py_END_ALLOW_THREADS
    if (failed) {
        PyObject *empty = PyBytes_FromStringAndSize(NULL, 0);

        Py_DECREF(self);
        if (empty != NULL)
            pj_py_raise_exec(state, &err, command, empty, empty, 0);
        Py_XDECREF(empty);
        return pj_py_tell_ended(state, command, 0, NULL);
    }
    self->process = process;
    self->pid = pj_process_pid(process);
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

static void
process_dealloc(PyObject *object)
{
    ProcessObject *self = (ProcessObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    /* Kills and reaps what was not finished.  */
    Py_BEGIN_ALLOW_THREADS
    pj_process_free(self->process);
    Py_END_ALLOW_THREADS
    pj_command_unref(self->command);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyDoc_STRVAR(step_doc,
"step($self, /)\n--\n\n"
"Read what is available; return whether it is time to finish.");

static PyObject *
process_step(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;
    int done;

    if (enter(self) < 0)
        return NULL;
    done = pj_process_step(self->process, PJ_READY_UNKNOWN);
    leave(self);
    return PyBool_FromLong(done);
}

PyDoc_STRVAR(wait_doc,
"wait($self, /)\n--\n\n"
"Sleep at most 50 ms for something to read, then step().\n\n"
"Runs signal handlers, and raises what they raise.");

static PyObject *
process_wait(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;
    pj_watch watch;
    unsigned ready;
    int done;

    if (enter(self) < 0)
        return NULL;
    pj_process_watch(self->process, &watch);
    Py_BEGIN_ALLOW_THREADS
    ready = pj_process_await(self->process,
                             watch.exit < 0 ? 5000000 : 50000000);
    if (atomic_exchange(&self->killed, 0))
        pj_process_kill(self->process);
    done = pj_process_step(self->process,
                           watch.exit < 0 ? PJ_READY_UNKNOWN : ready);
    Py_END_ALLOW_THREADS
    leave(self);
    if (PyErr_CheckSignals() < 0)
        return NULL;
    return PyBool_FromLong(done);
}

PyDoc_STRVAR(watch_doc,
"watch($self, /)\n--\n\n"
"Return the descriptors to watch (stdout, stderr, exit), -1 for none.");

static PyObject *
process_watch(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;
    pj_watch watch;

    if (enter(self) < 0)
        return NULL;
    pj_process_watch(self->process, &watch);
    leave(self);
    return Py_BuildValue("(iii)", watch.out, watch.err, watch.exit);
}

PyDoc_STRVAR(remaining_doc,
"remaining($self, /)\n--\n\n"
"Return the seconds until the clock has to be checked.");

static PyObject *
process_remaining(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;
    int64_t left;

    if (enter(self) < 0)
        return NULL;
    left = pj_process_remaining_ns(self->process);
    leave(self);
    return PyFloat_FromDouble((double)left / 1e9);
}

PyDoc_STRVAR(take_doc,
"take($self, /)\n--\n\n"
"Return the bytes of stdout that were read and not yet taken.");

static PyObject *
process_take(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;
    pj_bytes bytes;
    PyObject *result;

    if (enter(self) < 0)
        return NULL;
    pj_process_take(self->process, 1, &bytes);
    leave(self);
    result = PyBytes_FromStringAndSize(bytes.data, (Py_ssize_t)bytes.len);
    free(bytes.data);
    return result;
}

PyDoc_STRVAR(kill_doc,
"kill($self, /)\n--\n\n"
"Kill the whole tree; finish() will raise Cancelled.\n\n"
"Another thread that is in wait() does so itself, within 50 ms.");

static PyObject *
process_kill(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;

    atomic_store(&self->killed, 1);
    if (claim(self, KILLING))
        leave(self);
    Py_RETURN_NONE;
}

/* The bytes of a stream, freed.  */
static PyObject *
as_bytes(const pj_bytes *bytes)
{
    return PyBytes_FromStringAndSize(bytes->data, (Py_ssize_t)bytes->len);
}

PyDoc_STRVAR(finish_doc,
"finish($self, /)\n--\n\n"
"Kill what is left, reap it, and return the Output or raise.");

static PyObject *
process_finish(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    ProcessObject *self = (ProcessObject *)object;
    pj_state *state = state_of(object);
    PyObject *out, *errs, *result = NULL;
    pj_output output = {0};
    pj_error err;
    pid_t pid;
    int failed;

    if (enter(self) < 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = pj_process_finish(self->process, &output, &err);
    pj_process_free(self->process);
    self->process = NULL;
    Py_END_ALLOW_THREADS
    leave(self);
    out = as_bytes(&output.out);
    errs = out == NULL ? NULL : as_bytes(&output.err);
    if (errs == NULL)
        Py_XDECREF(out);
    else if (!failed)
        result = pj_py_output(state, self->command, out, errs, &output);
    else {
        pj_py_raise_exec(state, &err, self->command, out, errs,
                         output.elapsed_ns);
        Py_DECREF(out);
        Py_DECREF(errs);
    }
    pid = output.pid;
    pj_output_clear(&output);
    /* In a fork of the host there is no process, and nothing to report.  */
    return pid == 0 ? result : pj_py_tell_ended(state, self->command, pid,
                                                result);
}

static PyObject *
process_pid(PyObject *object, void *Py_UNUSED(closure))
{
    return PyLong_FromLong((long)((ProcessObject *)object)->pid);
}

static PyMethodDef process_methods[] = {
    {"step", process_step, METH_NOARGS, step_doc},
    {"wait", process_wait, METH_NOARGS, wait_doc},
    {"watch", process_watch, METH_NOARGS, watch_doc},
    {"remaining", process_remaining, METH_NOARGS, remaining_doc},
    {"take", process_take, METH_NOARGS, take_doc},
    {"kill", process_kill, METH_NOARGS, kill_doc},
    {"finish", process_finish, METH_NOARGS, finish_doc},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef process_getset[] = {
    {"pid", process_pid, NULL, "The process id of the leader.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(process_doc,
"A started command, for the front ends in proc_jail.");

static PyType_Slot process_slots[] = {
    {Py_tp_doc, (void *)process_doc},
    {Py_tp_dealloc, process_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, process_methods},
    {Py_tp_getset, process_getset},
    {0, NULL},
};

PyType_Spec pj_process_spec = {
    .name = "proc_jail._core._Process",
    .basicsize = sizeof(ProcessObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE
        | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = process_slots,
};
