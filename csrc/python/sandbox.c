/* sandbox.c: the type Sandbox.  */
#include "sandbox.h"
#include "convert.h"
#include "describe.h"
#include "errors.h"
#include "state.h"

/* An object with a copy of `sandbox`; raises if it is invalid.  */
static PyObject *
make(PyTypeObject *type, const pj_sandbox *sandbox)
{
    SandboxObject *self;
    pj_error err;

    if (pj_sandbox_check(sandbox, &err) < 0)
        return pj_py_raise(PyType_GetModuleState(type), &err);
    self = PyObject_GC_New(SandboxObject, type);
    if (self == NULL)
        return NULL;
    self->sandbox = pj_sandbox_dup(sandbox);
    PyObject_GC_Track(self);
    if (self->sandbox == NULL) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

PyObject *
pj_py_sandbox(pj_state *state, const pj_sandbox *sandbox)
{
    return make(state->sandbox_type, sandbox);
}

static PyObject *
of_preset(PyTypeObject *type, pj_preset preset)
{
    const pj_sandbox sandbox = {.preset = preset};

    return make(type, &sandbox);
}

static PyObject *
sandbox_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {NULL};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, ":Sandbox", names))
        return NULL;
    return of_preset(type, PJ_PRESET_DEFAULT);
}

static void
sandbox_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    pj_sandbox_free(((SandboxObject *)self)->sandbox);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

static const pj_sandbox *
options_of(PyObject *self)
{
    return ((SandboxObject *)self)->sandbox;
}

/* Ends every method: returns a changed copy.  */
static PyObject *
with(PyObject *self, const pj_sandbox *sandbox)
{
    return make(Py_TYPE(self), sandbox);
}

PyDoc_STRVAR(compat_doc,
"compat($type, /)\n--\n\n"
"Return a Sandbox of process hygiene only, which every command gets.\n\n"
"A session of its own, no new privileges, no core dump, no descriptors, and\n"
"the end of its process group with the host.\n\n"
">>> builder = ProcPolicyBuilder().sandbox(Sandbox.compat())");

static PyObject *
sandbox_compat(PyObject *type, PyObject *Py_UNUSED(ignored))
{
    return of_preset((PyTypeObject *)type, PJ_PRESET_COMPAT);
}

PyDoc_STRVAR(strict_doc,
"strict($type, /)\n--\n\n"
"Return a Sandbox that takes away everything that is not declared.\n\n"
"No network; nothing readable but the roots and what the program needs to\n"
"start; nothing writable or executable but the roots; no capabilities.\n\n"
">>> sandbox = Sandbox.strict().read('/srv/docs')");

static PyObject *
sandbox_strict(PyObject *type, PyObject *Py_UNUSED(ignored))
{
    return of_preset((PyTypeObject *)type, PJ_PRESET_STRICT);
}

/* A copy with more roots of one kind.  */
static PyObject *
with_roots(PyObject *self, PyObject *args, pj_access access)
{
    PyObject *words = pj_py_bytes_tuple(args, "root"), *result = NULL;
    pj_str *more = words == NULL ? NULL : pj_py_views(words), *all = NULL;
    pj_sandbox next = *options_of(self);
    size_t count = words == NULL ? 0 : (size_t)PyTuple_Size(words);

    if (more != NULL)
        all = pj_py_joined(next.roots[access], next.root_count[access], more,
                           count);
    if (all != NULL) {
        next.roots[access] = all;
        next.root_count[access] += count;
        result = with(self, &next);
    }
    PyMem_Free(all);
    PyMem_Free(more);
    Py_XDECREF(words);
    return result;
}

#define ROOT_METHOD(name, access)                                        \
    static PyObject *                                                    \
    sandbox_##name(PyObject *self, PyObject *args)                       \
    {                                                                    \
        return with_roots(self, args, access);                           \
    }

PyDoc_STRVAR(read_doc,
"read($self, /, *roots)\n--\n\n"
"Return a copy that limits reading to these roots.\n\n"
"What the program needs to start remains readable.  Each root (str, bytes or\n"
"PathLike, absolute) is a file, or a directory with everything below it.\n"
"Calls add up.  Raises SandboxInvalid; build() raises it for a root that\n"
"does not exist.\n\n"
">>> sandbox = Sandbox().read('/srv/docs', '/etc/hosts')");
ROOT_METHOD(read, PJ_ACCESS_READ)

PyDoc_STRVAR(write_doc,
"write($self, /, *roots)\n--\n\n"
"Return a copy that limits writing and creating files to these roots.\n\n"
"Modes, owners, times and attributes of files cannot be changed anywhere:\n"
"the kernel cannot limit that by place.  A root for writing does not grant\n"
"reading.  Calls add up.  Raises SandboxInvalid.\n\n"
">>> sandbox = Sandbox().write('/srv/out')");
ROOT_METHOD(write, PJ_ACCESS_WRITE)

PyDoc_STRVAR(execute_doc,
"execute($self, /, *roots)\n--\n\n"
"Return a copy that limits execution to the program and these roots.\n\n"
"Reading is limited to roots too, since the dynamic loader runs what it can\n"
"read.  Calls add up.  Raises SandboxInvalid.\n\n"
">>> sandbox = Sandbox().execute('/usr/bin')");
ROOT_METHOD(execute, PJ_ACCESS_EXECUTE)

/* A setter that takes one number; -1 with an exception.  */
static int
one_number(PyObject *args, PyObject *kwargs, const char *format, char *name,
           PyObject **value)
{
    char *names[] = {name, NULL};

    return PyArg_ParseTupleAndKeywords(args, kwargs, format, names, value)
        ? 0 : -1;
}

PyDoc_STRVAR(network_doc,
"network($self, /, network)\n--\n\n"
"Return a copy with Network.Deny or Network.Inherit (the default).\n\n"
"Deny leaves no sockets but connected pairs of streams.\n\n"
">>> sandbox = Sandbox().network(Network.Deny)");

static PyObject *
sandbox_network(PyObject *self, PyObject *args, PyObject *kwargs)
{
    pj_sandbox next = *options_of(self);
    PyObject *value;
    int number;

    if (one_number(args, kwargs, "O:network", "network", &value) < 0
        || pj_py_choice(value, "network", &number) < 0)
        return NULL;
    next.has_network = 1;
    next.network = (pj_network)number;
    return with(self, &next);
}

PyDoc_STRVAR(tree_doc,
"tree($self, /, tree)\n--\n\n"
"Return a copy with Tree.Group (the default) or Tree.PidNamespace.\n\n"
"In a namespace the tree has an init of its own, so programs may start\n"
"sessions and daemons (gpg, tmux, start_new_session), which end with the\n"
"command.  build() raises SandboxUnavailable where the system forbids it.\n\n"
">>> sandbox = Sandbox().tree(Tree.PidNamespace)");

static PyObject *
sandbox_tree(PyObject *self, PyObject *args, PyObject *kwargs)
{
    pj_sandbox next = *options_of(self);
    PyObject *value;
    int number;

    if (one_number(args, kwargs, "O:tree", "tree", &value) < 0
        || pj_py_choice(value, "tree", &number) < 0)
        return NULL;
    next.tree = (pj_tree)number;
    return with(self, &next);
}

static PyObject *
set_limit(PyObject *self, PyObject *args, PyObject *kwargs,
          const char *format, pj_limit limit)
{
    pj_sandbox next = *options_of(self);
    PyObject *value;

    if (one_number(args, kwargs, format, "max", &value) < 0
        || pj_py_size(value, &next.limits[limit]) < 0)
        return NULL;
    next.limits_set |= UINT32_C(1) << limit;
    return with(self, &next);
}

#define LIMIT_METHOD(name, kind)                                         \
    static PyObject *                                                    \
    sandbox_##name(PyObject *self, PyObject *args, PyObject *kwargs)     \
    {                                                                    \
        return set_limit(self, args, kwargs, "O:" #name, kind);          \
    }

PyDoc_STRVAR(max_memory_doc,
"max_memory($self, /, max)\n--\n\n"
"Return a copy that limits memory to `max` bytes (int, positive).\n\n"
"Where a cgroup is delegated the limit is that of the whole tree\n"
"(Output.sandbox then has 'tree_totals').  Elsewhere it is the address space\n"
"of each process, without memory files and System V segments; programs that\n"
"reserve more than they use (node, Java, Go, WebAssembly, sanitizers) need\n"
"max_data() instead.  Raises SandboxInvalid.\n\n"
">>> sandbox = Sandbox().max_memory(256 * 2**20)");
LIMIT_METHOD(max_memory, PJ_LIMIT_MEMORY)

PyDoc_STRVAR(max_data_doc,
"max_data($self, /, max)\n--\n\n"
"Return a copy that limits each process to `max` bytes of data of its own.\n\n"
"Counts the memory that a process may write to, and not what it reserves\n"
"or maps from files.  Raises SandboxInvalid.\n\n"
">>> sandbox = Sandbox().max_data(256 * 2**20)");
LIMIT_METHOD(max_data, PJ_LIMIT_DATA)

PyDoc_STRVAR(max_processes_doc,
"max_processes($self, /, max)\n--\n\n"
"Return a copy that limits the number of processes to `max` (int, positive).\n"
"\nWhere a cgroup is delegated the limit is that of the whole tree\n"
"(Output.sandbox then has 'tree_totals'); elsewhere it counts all processes\n"
"of the user id, and root is exempt.\n\n"
">>> sandbox = Sandbox().max_processes(64)");
LIMIT_METHOD(max_processes, PJ_LIMIT_PROCESSES)

PyDoc_STRVAR(max_file_size_doc,
"max_file_size($self, /, max)\n--\n\n"
"Return a copy that limits each file written to `max` bytes.\n\n"
">>> sandbox = Sandbox().max_file_size(2**20)");
LIMIT_METHOD(max_file_size, PJ_LIMIT_FILE_SIZE)

PyDoc_STRVAR(max_open_files_doc,
"max_open_files($self, /, max)\n--\n\n"
"Return a copy that limits each process to `max` descriptors (at least 3).\n\n"
">>> sandbox = Sandbox().max_open_files(64)");
LIMIT_METHOD(max_open_files, PJ_LIMIT_OPEN_FILES)

PyDoc_STRVAR(max_cpu_seconds_doc,
"max_cpu_seconds($self, /, max)\n--\n\n"
"Return a copy that limits each process to `max` seconds of processor time.\n"
"\nA forked process starts again from zero.\n\n"
">>> sandbox = Sandbox().max_cpu_seconds(10)");
LIMIT_METHOD(max_cpu_seconds, PJ_LIMIT_CPU_SECONDS)

PyDoc_STRVAR(umask_doc,
"umask($self, /, mask)\n--\n\n"
"Return a copy that gives the command this umask (int, 0 to 0o777).\n\n"
">>> sandbox = Sandbox().umask(0o077)");

static PyObject *
sandbox_umask(PyObject *self, PyObject *args, PyObject *kwargs)
{
    pj_sandbox next = *options_of(self);
    PyObject *value;
    int mask;

    if (one_number(args, kwargs, "O:umask", "mask", &value) < 0
        || pj_py_choice(value, "mask", &mask) < 0)
        return NULL;
    next.has_umask = 1;
    next.umask = (unsigned)mask;
    return with(self, &next);
}

PyDoc_STRVAR(user_doc,
"user($self, /, uid, gid)\n--\n\n"
"Return a copy that runs as these ids, without supplementary groups.\n\n"
"build() raises SandboxUnavailable for a host that may not change ids.\n\n"
">>> sandbox = Sandbox().user(65534, 65534)");

static PyObject *
sandbox_user(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"uid", "gid", NULL};
    pj_sandbox next = *options_of(self);
    PyObject *uid, *gid;
    uint32_t numbers[2];

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:user", names, &uid,
                                     &gid)
        || pj_py_id(uid, "uid", &numbers[0]) < 0
        || pj_py_id(gid, "gid", &numbers[1]) < 0)
        return NULL;
    next.has_user = 1;
    next.uid = (uid_t)numbers[0];
    next.gid = (gid_t)numbers[1];
    return with(self, &next);
}

/* Finds the bit of a name.  */
static int
control_bit(pj_str name, uint32_t *bits, pj_error *err)
{
    pj_control control;

    if (pj_control_find(name, &control, err) < 0)
        return -1;
    *bits |= UINT32_C(1) << control;
    return 0;
}

static int
allow_bit(pj_str name, uint32_t *bits, pj_error *err)
{
    pj_allow allow;

    if (pj_allow_find(name, &allow, err) < 0)
        return -1;
    *bits |= UINT32_C(1) << allow;
    return 0;
}

/* Adds the bits of names; -1 with an exception.  */
static int
add_bits(PyObject *self, PyObject *args, const char *what, uint32_t *bits,
         int (*add)(pj_str, uint32_t *, pj_error *))
{
    PyObject *names = pj_py_bytes_tuple(args, what);
    pj_error err;
    int failed = names == NULL;

    for (Py_ssize_t i = 0; !failed && i < PyTuple_Size(names); i++) {
        failed = add(pj_py_view(PyTuple_GetItem(names, i)), bits, &err) < 0;
        if (failed)
            pj_py_raise(state_of(self), &err);
    }
    Py_XDECREF(names);
    return failed ? -1 : 0;
}

PyDoc_STRVAR(best_effort_doc,
"best_effort($self, /, *controls)\n--\n\n"
"Return a copy that accepts that the system lacks these controls.\n\n"
"Names are those of Output.sandbox, which lists what was missing.  The part\n"
"of a control that the system has is enforced.  Raises SandboxInvalid for\n"
"an unknown name.\n\n"
">>> sandbox = Sandbox().best_effort('host_signals')");

static PyObject *
sandbox_best_effort(PyObject *self, PyObject *args)
{
    pj_sandbox next = *options_of(self);

    if (add_bits(self, args, "control", &next.best_effort, control_bit) < 0)
        return NULL;
    return with(self, &next);
}

PyDoc_STRVAR(allow_doc,
"allow($self, /, *names)\n--\n\n"
"Return a copy that allows something that is refused by default.\n\n"
"The only name is 'TIOCSWINSZ': setting the size of a terminal, which\n"
"pseudo-terminals need, and which signals the processes at the terminal.\n"
"Raises SandboxInvalid for another name.\n\n"
">>> sandbox = Sandbox().allow('TIOCSWINSZ')");

static PyObject *
sandbox_allow(PyObject *self, PyObject *args)
{
    pj_sandbox next = *options_of(self);

    if (add_bits(self, args, "name", &next.allow, allow_bit) < 0)
        return NULL;
    return with(self, &next);
}

static PyObject *
calls_of(PyObject *self)
{
    return pj_py_sandbox_calls(state_of(self), options_of(self));
}

static const char *
head_of(PyObject *self)
{
    pj_preset preset = options_of(self)->preset;

    return preset == PJ_PRESET_COMPAT ? "Sandbox.compat"
        : preset == PJ_PRESET_STRICT ? "Sandbox.strict" : "Sandbox";
}

static PyObject *
sandbox_repr(PyObject *self)
{
    char head[32];
    PyObject *calls = calls_of(self), *shown;

    if (calls == NULL)
        return NULL;
    PyOS_snprintf(head, sizeof head, "%s()", head_of(self));
    shown = pj_py_calls_repr(head, calls);
    Py_DECREF(calls);
    return shown;
}

/* Two sandboxes are equal if their reprs are.  */
static PyObject *
sandbox_compare(PyObject *self, PyObject *other, int op)
{
    return pj_py_compare(self, other, op, sandbox_repr);
}

static Py_hash_t
sandbox_hash(PyObject *self)
{
    PyObject *shown = sandbox_repr(self);
    Py_hash_t hash = shown == NULL ? -1 : PyObject_Hash(shown);

    Py_XDECREF(shown);
    return hash;
}

static PyObject *
sandbox_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *calls = calls_of(self);

    if (calls == NULL)
        return NULL;
    return Py_BuildValue("O(sN)", state_of(self)->replay, head_of(self),
                         calls);
}

#define KEYWORDS METH_VARARGS | METH_KEYWORDS
#define FUNCTION(name) (PyCFunction)(void (*)(void))sandbox_##name

static PyMethodDef sandbox_methods[] = {
    {"compat", sandbox_compat, METH_NOARGS | METH_CLASS, compat_doc},
    {"strict", sandbox_strict, METH_NOARGS | METH_CLASS, strict_doc},
    {"read", sandbox_read, METH_VARARGS, read_doc},
    {"write", sandbox_write, METH_VARARGS, write_doc},
    {"execute", sandbox_execute, METH_VARARGS, execute_doc},
    {"network", FUNCTION(network), KEYWORDS, network_doc},
    {"tree", FUNCTION(tree), KEYWORDS, tree_doc},
    {"max_memory", FUNCTION(max_memory), KEYWORDS, max_memory_doc},
    {"max_data", FUNCTION(max_data), KEYWORDS, max_data_doc},
    {"max_processes", FUNCTION(max_processes), KEYWORDS, max_processes_doc},
    {"max_file_size", FUNCTION(max_file_size), KEYWORDS, max_file_size_doc},
    {"max_open_files", FUNCTION(max_open_files), KEYWORDS,
     max_open_files_doc},
    {"max_cpu_seconds", FUNCTION(max_cpu_seconds), KEYWORDS,
     max_cpu_seconds_doc},
    {"umask", FUNCTION(umask), KEYWORDS, umask_doc},
    {"user", FUNCTION(user), KEYWORDS, user_doc},
    {"allow", sandbox_allow, METH_VARARGS, allow_doc},
    {"best_effort", sandbox_best_effort, METH_VARARGS, best_effort_doc},
    {"__reduce__", sandbox_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

PyDoc_STRVAR(sandbox_doc,
"Sandbox()\n--\n\n"
"What the kernel enforces on a command while it runs.\n\n"
"With Sandbox() the command cannot leave its session; signal, trace, read or\n"
"command other processes; write to files of the kernel; or use system calls\n"
"that no tool needs.  A policy that names no sandbox gets as much of this as\n"
"the system has; a sandbox that is named is required.  Every method returns\n"
"a changed copy.\n\n"
">>> Sandbox().network(Network.Deny)\n"
"Sandbox().network(Network.Deny)");

static PyType_Slot sandbox_slots[] = {
    {Py_tp_doc, (void *)sandbox_doc},
    {Py_tp_new, sandbox_new},
    {Py_tp_dealloc, sandbox_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, sandbox_methods},
    {Py_tp_repr, sandbox_repr},
    {Py_tp_richcompare, sandbox_compare},
    {Py_tp_hash, sandbox_hash},
    {0, NULL},
};

PyType_Spec pj_sandbox_spec = {
    .name = "proc_jail.Sandbox",
    .basicsize = sizeof(SandboxObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = sandbox_slots,
};
