/* request.c: the type ProcRequest.  */
#include "request.h"
#include "convert.h"
#include "describe.h"
#include "state.h"

/* Steals the parts; a NULL for one of the first three means that an
   exception is set.  */
static PyObject *
wrap(PyTypeObject *type, PyObject *bin, PyObject *argv, PyObject *env,
     PyObject *cwd, PyObject *input)
{
    RequestObject *self = NULL;

    if (bin != NULL && argv != NULL && env != NULL)
        self = PyObject_GC_New(RequestObject, type);
    if (self == NULL) {
        Py_XDECREF(bin);
        Py_XDECREF(argv);
        Py_XDECREF(env);
        Py_XDECREF(cwd);
        Py_XDECREF(input);
        return NULL;
    }
    self->bin = bin;
    self->argv = argv;
    self->env = env;
    self->cwd = cwd;
    self->input = input;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

PyObject *
pj_py_request(pj_state *state, PyObject *bin, PyObject *argv, PyObject *env,
              PyObject *cwd)
{
    PyObject *parts[4] = {NULL, NULL, NULL, NULL};

    parts[0] = pj_py_bytes(bin, "bin");
    if (parts[0] != NULL)
        parts[1] = pj_py_bytes_tuple(argv, "argv");
    if (parts[1] != NULL)
        parts[2] = env == Py_None ? PyDict_New()
                                  : pj_py_bytes_dict(env, "env");
    if (parts[2] != NULL && cwd != Py_None) {
        parts[3] = pj_py_bytes(cwd, "cwd");
        if (parts[3] == NULL)
            Py_CLEAR(parts[2]);
    }
    return wrap(state->request_type, parts[0], parts[1], parts[2], parts[3],
                NULL);
}

/* _request(bin, argv, env, cwd, stdin): for pickle.  */
PyObject *
pj_py_restore_request(PyObject *module, PyObject *args)
{
    PyObject *bin, *argv, *env, *cwd, *input, *request;

    if (!PyArg_ParseTuple(args, "OOOOO:_request", &bin, &argv, &env, &cwd,
                          &input))
        return NULL;
    request = pj_py_request((pj_state *)PyModule_GetState(module), bin, argv,
                            env, cwd);
    if (request == NULL || input == Py_None)
        return request;
    if (PyBytes_CheckExact(input)) {
        ((RequestObject *)request)->input = Py_NewRef(input);
        return request;
    }
    PyErr_SetString(PyExc_TypeError, "stdin must be bytes");
    Py_DECREF(request);
    return NULL;
}

static PyObject *
request_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"bin", "argv", "env", "cwd", NULL};
    PyObject *bin, *argv, *env = Py_None, *cwd = Py_None;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OO:ProcRequest",
                                     names, &bin, &argv, &env, &cwd))
        return NULL;
    return pj_py_request((pj_state *)PyType_GetModuleState(type), bin, argv,
                         env, cwd);
}

static void
request_dealloc(PyObject *object)
{
    RequestObject *self = (RequestObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    PyObject_GC_UnTrack(object);
    Py_XDECREF(self->bin);
    Py_XDECREF(self->argv);
    Py_XDECREF(self->env);
    Py_XDECREF(self->cwd);
    Py_XDECREF(self->input);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* A copy with another environment or directory, stealing both.  */
static PyObject *
changed(PyObject *object, PyObject *env, PyObject *cwd)
{
    RequestObject *self = (RequestObject *)object;

    return wrap(Py_TYPE(object), Py_NewRef(self->bin), Py_NewRef(self->argv),
                env, cwd, Py_XNewRef(self->input));
}

PyDoc_STRVAR(with_cwd_doc,
"with_cwd($self, /, cwd)\n--\n\n"
"Return a copy that asks for the working directory `cwd` (str or PathLike).\n"
"\nThe policy decides whether it is granted.\n\n"
">>> ProcRequest('/usr/bin/ls', []).with_cwd('/srv').cwd\n"
"'/srv'");

static PyObject *
request_with_cwd(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"cwd", NULL};
    PyObject *value, *cwd;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:with_cwd", names,
                                     &value))
        return NULL;
    cwd = pj_py_bytes(value, "cwd");
    if (cwd == NULL)
        return NULL;
    return changed(self, Py_NewRef(((RequestObject *)self)->env), cwd);
}

PyDoc_STRVAR(with_env_doc,
"with_env($self, /, env)\n--\n\n"
"Return a copy that offers the variables `env` (a mapping), and no others.\n\n"
"The policy decides which of them are passed.\n\n"
">>> ProcRequest('/usr/bin/date', []).with_env({'TZ': 'UTC'}).env\n"
"{'TZ': 'UTC'}");

static PyObject *
request_with_env(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"env", NULL};
    PyObject *value, *env;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:with_env", names,
                                     &value))
        return NULL;
    env = pj_py_bytes_dict(value, "env");
    if (env == NULL)
        return NULL;
    return changed(self, env, Py_XNewRef(((RequestObject *)self)->cwd));
}

PyDoc_STRVAR(with_env_var_doc,
"with_env_var($self, /, key, value)\n--\n\n"
"Return a copy that offers one more variable.\n\n"
">>> ProcRequest('/usr/bin/date', []).with_env_var('TZ', 'UTC').env\n"
"{'TZ': 'UTC'}");

static PyObject *
request_with_env_var(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"key", "value", NULL};
    PyObject *key, *value, *name, *text = NULL, *env = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:with_env_var", names,
                                     &key, &value))
        return NULL;
    name = pj_py_bytes(key, "key");
    if (name != NULL)
        text = pj_py_bytes(value, "value");
    if (text != NULL)
        env = PyDict_Copy(((RequestObject *)self)->env);
    if (env != NULL && PyDict_SetItem(env, name, text) < 0)
        Py_CLEAR(env);
    Py_XDECREF(name);
    Py_XDECREF(text);
    if (env == NULL)
        return NULL;
    return changed(self, env, Py_XNewRef(((RequestObject *)self)->cwd));
}

PyDoc_STRVAR(with_stdin_doc,
"with_stdin($self, /, source)\n--\n\n"
"Return a copy with standard input: bytes, a path, or a binary file.\n\n"
"A str or PathLike is the path of a file of the application.  Files are\n"
"read now, a file object from its current position to its end.  The policy\n"
"limits the size with max_stdin().  Raises OSError or TypeError.\n\n"
">>> ProcRequest('/usr/bin/wc', ['-c']).with_stdin(b'abc').stdin\n"
"b'abc'");

static PyObject *
request_with_stdin(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"source", NULL};
    RequestObject *self = (RequestObject *)object;
    PyObject *source, *input;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:with_stdin", names,
                                     &source))
        return NULL;
    input = pj_py_input(source);
    if (input == NULL)
        return NULL;
    return wrap(Py_TYPE(object), Py_NewRef(self->bin), Py_NewRef(self->argv),
                Py_NewRef(self->env), Py_XNewRef(self->cwd), input);
}

static PyObject *
request_stdin(PyObject *object, void *Py_UNUSED(closure))
{
    PyObject *input = ((RequestObject *)object)->input;

    return Py_NewRef(input == NULL ? Py_None : input);
}

static PyObject *
request_bin(PyObject *self, void *Py_UNUSED(closure))
{
    return pj_py_str(pj_py_view(((RequestObject *)self)->bin));
}

static PyObject *
request_argv(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *argv = ((RequestObject *)self)->argv;
    pj_str *views = pj_py_views(argv);
    PyObject *list;

    if (views == NULL)
        return NULL;
    list = pj_py_str_list(views, (size_t)PyTuple_Size(argv));
    PyMem_Free(views);
    return list;
}

static PyObject *
request_env(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *env = ((RequestObject *)self)->env;
    pj_pair *views = pj_py_pair_views(env);
    PyObject *dict;

    if (views == NULL)
        return NULL;
    dict = pj_py_str_dict(views, (size_t)PyDict_Size(env));
    PyMem_Free(views);
    return dict;
}

static PyObject *
request_cwd(PyObject *self, void *Py_UNUSED(closure))
{
    return pj_py_str(pj_py_view(((RequestObject *)self)->cwd));
}

static PyObject *
request_repr(PyObject *self)
{
    PyObject *bin = request_bin(self, NULL);
    PyObject *argv = bin == NULL ? NULL : request_argv(self, NULL);
    PyObject *env = argv == NULL ? NULL : request_env(self, NULL);
    PyObject *names = env == NULL ? NULL : PyDict_Keys(env);
    PyObject *cwd = names == NULL ? NULL : request_cwd(self, NULL);
    PyObject *shown = cwd == NULL ? NULL
        : PyUnicode_FromFormat("ProcRequest(%R, %R", bin, argv);

    /* Only names: values of the environment are never shown.  */
    if (shown != NULL && PyList_Size(names) > 0)
        pj_py_replace(&shown, PyUnicode_FromFormat("%U, env=<%R>", shown,
                                                   names));
    if (shown != NULL && cwd != Py_None)
        pj_py_replace(&shown, PyUnicode_FromFormat("%U, cwd=%R", shown, cwd));
    if (shown != NULL && ((RequestObject *)self)->input != NULL)
        pj_py_replace(&shown, PyUnicode_FromFormat(
                      "%U, stdin=<%zd bytes>", shown,
                      PyBytes_Size(((RequestObject *)self)->input)));
    if (shown != NULL)
        pj_py_replace(&shown, PyUnicode_FromFormat("%U)", shown));
    Py_XDECREF(bin);
    Py_XDECREF(argv);
    Py_XDECREF(env);
    Py_XDECREF(names);
    Py_XDECREF(cwd);
    return shown;
}

/* All parts, as bytes, for pickling and comparison.  */
static PyObject *
parts_of(PyObject *object)
{
    RequestObject *self = (RequestObject *)object;
    PyObject *env = PyDict_Copy(self->env);

    if (env == NULL)
        return NULL;
    return Py_BuildValue("(OONOO)", self->bin, self->argv, env,
                         self->cwd == NULL ? Py_None : self->cwd,
                         self->input == NULL ? Py_None : self->input);
}

static PyObject *
request_compare(PyObject *self, PyObject *other, int op)
{
    return pj_py_compare(self, other, op, parts_of);
}

static Py_hash_t
request_hash(PyObject *object)
{
    RequestObject *self = (RequestObject *)object;
    PyObject *names = PyDict_Keys(self->env);
    PyObject *set = names == NULL ? NULL : PyFrozenSet_New(names);
    PyObject *parts = set == NULL ? NULL
        : PyTuple_Pack(4, self->bin, self->argv, set,
                       self->cwd == NULL ? Py_None : self->cwd);
    Py_hash_t hash = parts == NULL ? -1 : PyObject_Hash(parts);

    Py_XDECREF(names);
    Py_XDECREF(set);
    Py_XDECREF(parts);
    return hash;
}

static PyObject *
request_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *parts = parts_of(self);

    if (parts == NULL)
        return NULL;
    return Py_BuildValue("(ON)", state_of(self)->restore_request, parts);
}

static PyMethodDef request_methods[] = {
    {"with_cwd", (PyCFunction)(void (*)(void))request_with_cwd,
     METH_VARARGS | METH_KEYWORDS, with_cwd_doc},
    {"with_env", (PyCFunction)(void (*)(void))request_with_env,
     METH_VARARGS | METH_KEYWORDS, with_env_doc},
    {"with_stdin", (PyCFunction)(void (*)(void))request_with_stdin,
     METH_VARARGS | METH_KEYWORDS, with_stdin_doc},
    {"with_env_var", (PyCFunction)(void (*)(void))request_with_env_var,
     METH_VARARGS | METH_KEYWORDS, with_env_var_doc},
    {"__reduce__", request_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef request_getset[] = {
    {"bin", request_bin, NULL, "The path of the program, as given (str).",
     NULL},
    {"argv", request_argv, NULL, "The arguments, without the program.", NULL},
    {"env", request_env, NULL, "The variables that are offered (a copy).",
     NULL},
    {"stdin", request_stdin, NULL, "The standard input (bytes), or None.",
     NULL},
    {"cwd", request_cwd, NULL, "The directory that is asked for, or None.",
     NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(request_doc,
"ProcRequest(bin, argv, env=None, cwd=None)\n--\n\n"
"What the untrusted side asks for: a program and its arguments.\n\n"
"`bin` is an absolute path; `argv` does not include it.  Strings are str,\n"
"bytes or os.PathLike, encoded as by os.fsencode().\n\n"
">>> request = ProcRequest('/usr/bin/grep', ['-n', 'pattern', 'file.txt'])");

static PyType_Slot request_slots[] = {
    {Py_tp_doc, (void *)request_doc},
    {Py_tp_new, request_new},
    {Py_tp_dealloc, request_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, request_methods},
    {Py_tp_getset, request_getset},
    {Py_tp_repr, request_repr},
    {Py_tp_richcompare, request_compare},
    {Py_tp_hash, request_hash},
    {0, NULL},
};

PyType_Spec pj_request_spec = {
    .name = "proc_jail.ProcRequest",
    .basicsize = sizeof(RequestObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = request_slots,
};
