/* places.c: the environment and the directory of ProcPolicyBuilder.  */
#include "builder.h"
#include "convert.h"

/* A copy with another kind of environment and its data.  */
static PyObject *
with_env(PyObject *self, pj_env_kind kind, const pj_pair *pairs,
         size_t pair_count, const pj_str *names, size_t name_count)
{
    pj_policy_options next = *builder_options(self);

    next.env_kind = kind;
    next.env_pairs = pairs;
    next.env_pair_count = pair_count;
    next.env_names = names;
    next.env_name_count = name_count;
    return builder_make(Py_TYPE(self), &next);
}

const char builder_env_empty_doc[] = PyDoc_STR(
"env_empty($self, /)\n--\n\n"
"Return a copy whose commands get an empty environment (the default).\n\n"
">>> builder = ProcPolicyBuilder().env_empty()");

PyObject *
builder_env_empty(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return with_env(self, PJ_ENV_EMPTY, NULL, 0, NULL, 0);
}

const char builder_env_locale_only_doc[] = PyDoc_STR(
"env_locale_only($self, /)\n--\n\n"
"Return a copy whose commands get LANG and LC_ALL, both C.UTF-8.\n\n"
">>> builder = ProcPolicyBuilder().env_locale_only()");

PyObject *
builder_env_locale_only(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return with_env(self, PJ_ENV_LOCALE, NULL, 0, NULL, 0);
}

const char builder_env_fixed_doc[] = PyDoc_STR(
"env_fixed($self, /, env)\n--\n\n"
"Return a copy whose commands get exactly `env` (a mapping of str to str).\n\n"
"Requests cannot change it.  Variables of the strip table are left out; the\n"
"prepared command lists them.  Raises EnvForbidden for a name that is empty\n"
"or contains '='.\n\n"
">>> builder = ProcPolicyBuilder().env_fixed({'LANG': 'C.UTF-8'})");

PyObject *
builder_env_fixed(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:env_fixed", "env");
    PyObject *dict = value == NULL ? NULL : pj_py_bytes_dict(value, "env");
    pj_pair *pairs = dict == NULL ? NULL : pj_py_pair_views(dict);
    PyObject *result = NULL;

    if (pairs != NULL)
        result = with_env(self, PJ_ENV_FIXED, pairs,
                          (size_t)PyDict_Size(dict), NULL, 0);
    PyMem_Free(pairs);
    Py_XDECREF(dict);
    return result;
}

/* A setter that takes a list of strings, and what the call adds to it.  */
struct list_call {
    PyObject *tuple;
    pj_str *views;
    size_t count;
};

static int
list_call_init(struct list_call *call, PyObject *value, const char *what)
{
    call->tuple = pj_py_bytes_tuple(value, what);
    if (call->tuple == NULL)
        return -1;
    call->views = pj_py_views(call->tuple);
    if (call->views == NULL) {
        Py_CLEAR(call->tuple);
        return -1;
    }
    call->count = (size_t)PyTuple_Size(call->tuple);
    return 0;
}

static void
list_call_clear(struct list_call *call)
{
    PyMem_Free(call->views);
    Py_CLEAR(call->tuple);
}

const char builder_env_allowlist_doc[] = PyDoc_STR(
"env_allowlist($self, /, keys)\n--\n\n"
"Return a copy that passes a request's variables named in `keys`.\n\n"
"Values come from the request, never from the host.  Raises EnvForbidden\n"
"for a name that is empty or contains '='.\n\n"
">>> builder = ProcPolicyBuilder().env_allowlist(['TZ'])");

PyObject *
builder_env_allowlist(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:env_allowlist", "keys");
    struct list_call call;
    PyObject *result;

    if (value == NULL || list_call_init(&call, value, "keys") < 0)
        return NULL;
    result = with_env(self, PJ_ENV_ALLOWLIST, NULL, 0, call.views,
                      call.count);
    list_call_clear(&call);
    return result;
}

/* A copy with other directories.  */
static PyObject *
with_cwd(PyObject *self, pj_cwd_kind kind, const pj_str *dirs, size_t count,
         pj_str fallback)
{
    pj_policy_options next = *builder_options(self);

    next.cwd_kind = kind;
    next.cwd_dirs = dirs;
    next.cwd_dir_count = count;
    next.cwd_fallback = fallback;
    return builder_make(Py_TYPE(self), &next);
}

const char builder_cwd_doc[] = PyDoc_STR(
"cwd($self, /, path)\n--\n\n"
"Return a copy whose commands run in `path` (absolute; default '/tmp').\n\n"
"Requests cannot change it.  Raises CwdForbidden for a relative path;\n"
"prepare() raises it when the directory does not exist.\n\n"
">>> builder = ProcPolicyBuilder().cwd('/srv/docs')");

PyObject *
builder_cwd(PyObject *self, PyObject *args, PyObject *kwargs)
{
    PyObject *value = builder_only(args, kwargs, "O:cwd", "path");
    PyObject *path = value == NULL ? NULL : pj_py_bytes(value, "path");
    PyObject *result;
    pj_str dir;

    if (path == NULL)
        return NULL;
    dir = pj_py_view(path);
    result = with_cwd(self, PJ_CWD_FIXED, &dir, 1, (pj_str){NULL, 0});
    Py_DECREF(path);
    return result;
}

/* A path, or an absent one for None.  */
static int
optional_path(PyObject *value, PyObject **out)
{
    *out = NULL;
    if (value == Py_None)
        return 0;
    *out = pj_py_bytes(value, "default");
    return *out == NULL ? -1 : 0;
}

const char builder_cwd_jailed_doc[] = PyDoc_STR(
"cwd_jailed($self, /, root, default=None)\n--\n\n"
"Return a copy that lets requests choose a directory at or below `root`.\n\n"
"Links are resolved first.  A request that names none runs in `default`,\n"
"or in `root`.  Raises CwdForbidden for a relative path.\n\n"
">>> builder = ProcPolicyBuilder().cwd_jailed('/srv', default='/srv/docs')");

PyObject *
builder_cwd_jailed(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"root", "default", NULL};
    PyObject *value, *choice = Py_None, *root, *fallback = NULL;
    PyObject *result = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:cwd_jailed", names,
                                     &value, &choice))
        return NULL;
    root = pj_py_bytes(value, "root");
    if (root != NULL && optional_path(choice, &fallback) == 0) {
        pj_str dir = pj_py_view(root);

        result = with_cwd(self, PJ_CWD_JAILED, &dir, 1,
                          pj_py_view(fallback));
    }
    Py_XDECREF(root);
    Py_XDECREF(fallback);
    return result;
}

const char builder_cwd_allowlist_doc[] = PyDoc_STR(
"cwd_allowlist($self, /, dirs, default=None)\n--\n\n"
"Return a copy that lets requests choose one of the directories `dirs`.\n\n"
"A request that names none runs in `default`, and is refused without one.\n"
"Raises CwdForbidden for a relative path.\n\n"
">>> builder = ProcPolicyBuilder().cwd_allowlist(['/srv/a', '/srv/b'])");

PyObject *
builder_cwd_allowlist(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"dirs", "default", NULL};
    PyObject *value, *choice = Py_None, *fallback, *result = NULL;
    struct list_call call;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:cwd_allowlist",
                                     names, &value, &choice)
        || list_call_init(&call, value, "dirs") < 0)
        return NULL;
    if (optional_path(choice, &fallback) == 0)
        result = with_cwd(self, PJ_CWD_ALLOWLIST, call.views, call.count,
                          pj_py_view(fallback));
    list_call_clear(&call);
    Py_XDECREF(fallback);
    return result;
}
