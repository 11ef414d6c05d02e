/* value.c: the types of values: Int, Choice, Text and the others.  */
#include "value.h"
#include "convert.h"
#include "describe.h"
#include "errors.h"
#include "state.h"
#include "value_docs.h"

typedef struct {
    PyObject_HEAD
    pj_value *value;
} ValueObject;

/* An object that owns `value`.  */
static PyObject *
wrap(PyTypeObject *type, pj_value *value)
{
    ValueObject *self = PyObject_GC_New(ValueObject, type);

    if (self == NULL) {
        pj_value_unref(value);
        return NULL;
    }
    self->value = value;
    PyObject_GC_Track(self);
    return (PyObject *)self;
}

/* The end of every constructor.  */
static PyObject *
make(PyTypeObject *type, const pj_value_options *options)
{
    pj_value *value;
    pj_error err;

    return pj_value_new(options, &value, &err) < 0
        ? pj_py_raise(PyType_GetModuleState(type), &err)
        : wrap(type, value);
}

PyObject *
pj_py_value(pj_state *state, pj_value *value)
{
    return wrap(state->value_types[pj_value_get(value)->type],
                pj_value_ref(value));
}

int
pj_py_value_of(pj_state *state, PyObject *object, pj_value **out)
{
    for (int type = 0; type < PJ_PY_VALUES; type++)
        if (Py_IS_TYPE(object, state->value_types[type])) {
            *out = ((ValueObject *)object)->value;
            return 0;
        }
    pj_py_refuse_type("value", "Int, Choice, Text, Pattern, ReadPath, "
                      "WritePath, HostName, Url or GitRef", object);
    return -1;
}

static void
value_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    pj_value_unref(((ValueObject *)self)->value);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

/* A bound of an Int; None if there is none.  */
static PyObject *
bound_of(int64_t number, int64_t none)
{
    if (number == none)
        Py_RETURN_NONE;
    return PyLong_FromLongLong(number);
}

/* The hosts; None, if there are none, allows every host.  */
static PyObject *
hosts_of(const pj_value_options *info)
{
    if (info->host_count == 0)
        Py_RETURN_NONE;
    return pj_py_str_tuple(info->hosts, info->host_count);
}

/* The arguments that recreate it.  */
static PyObject *
args_of(PyObject *self)
{
    const pj_value_options *info
        = pj_value_get(((ValueObject *)self)->value);

    switch (info->type) {
    case PJ_VALUE_INT:
        return Py_BuildValue("(NN)", bound_of(info->min, INT64_MIN),
                             bound_of(info->max, INT64_MAX));
    case PJ_VALUE_TEXT:
        return Py_BuildValue("(n)", (Py_ssize_t)info->max_length);
    case PJ_VALUE_PATTERN:
        return Py_BuildValue("(Nn)", pj_py_str(info->expression),
                             (Py_ssize_t)info->max_length);
    case PJ_VALUE_CHOICE:
    case PJ_VALUE_READ_PATH:
    case PJ_VALUE_WRITE_PATH:
        return pj_py_str_tuple(info->words, info->word_count);
    case PJ_VALUE_URL:
        return Py_BuildValue("(NN)",
                             pj_py_str_tuple(info->words, info->word_count),
                             hosts_of(info));
    case PJ_VALUE_HOST_NAME:
    case PJ_VALUE_GIT_REF:
        return PyTuple_New(0);
    }
    PyErr_SetString(PyExc_SystemError, "unknown type of value");
    return NULL;
}

static PyObject *
value_repr(PyObject *self)
{
    PyObject *args = args_of(self), *inside = NULL, *name = NULL;
    PyObject *shown = NULL;

    if (args != NULL)
        inside = pj_py_arguments_repr(args, NULL);
    if (inside != NULL)
        name = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "__name__");
    if (name != NULL)
        shown = PyUnicode_FromFormat("%U(%U)", name, inside);
    Py_XDECREF(args);
    Py_XDECREF(inside);
    Py_XDECREF(name);
    return shown;
}

static PyObject *
value_compare(PyObject *self, PyObject *other, int op)
{
    return pj_py_compare(self, other, op, args_of);
}

static Py_hash_t
value_hash(PyObject *self)
{
    PyObject *shown = value_repr(self);
    Py_hash_t hash = shown == NULL ? -1 : PyObject_Hash(shown);

    Py_XDECREF(shown);
    return hash;
}

static PyObject *
value_reduce(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    PyObject *args = args_of(self);

    return args == NULL ? NULL
        : Py_BuildValue("(ON)", (PyObject *)Py_TYPE(self), args);
}

static PyMethodDef value_methods[] = {
    {"__reduce__", value_reduce, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* A field is a constructor argument, by position; -1 for all.  */
static PyObject *
value_field(PyObject *self, void *place)
{
    intptr_t at = (intptr_t)place;
    PyObject *args = args_of(self), *field;

    if (args == NULL || at < 0)
        return args;
    field = Py_NewRef(PyTuple_GetItem(args, at));
    Py_DECREF(args);
    return field;
}

#define FIELD(name, place) {name, value_field, NULL, NULL, (void *)(place)}
#define NO_FIELD {NULL, NULL, NULL, NULL, NULL}
static PyGetSetDef int_getset[] = {
    FIELD("min", 0), FIELD("max", 1), NO_FIELD};
static PyGetSetDef choice_getset[] = {FIELD("values", -1), NO_FIELD};
static PyGetSetDef text_getset[] = {FIELD("max_length", 0), NO_FIELD};
static PyGetSetDef pattern_getset[] = {FIELD("pattern", 0),
                                       FIELD("max_length", 1), NO_FIELD};
static PyGetSetDef path_getset[] = {FIELD("roots", -1), NO_FIELD};
static PyGetSetDef url_getset[] = {FIELD("schemes", 0), FIELD("hosts", 1),
                                   NO_FIELD};
static PyGetSetDef no_getset[] = {NO_FIELD};

static int
raise_invalid(PyTypeObject *type, const char *message)
{
    pj_state *state = PyType_GetModuleState(type);

    PyErr_SetString(state->errors[PJ_E_ValueTypeInvalid], message);
    return -1;
}

/* An int or None.  A number beyond 64 bits is equivalent to no bound, except
   on the side where it excludes every number.  */
static int
bound(PyTypeObject *type, PyObject *object, int64_t none, int64_t *out)
{
    int overflow;

    *out = none;
    if (object == Py_None)
        return 0;
    if (!PyLong_Check(object) || PyBool_Check(object)) {
        pj_py_refuse_type("a bound", "int or None", object);
        return -1;
    }
    *out = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0 && (overflow < 0) != (none < 0))
        return raise_invalid(type, "value type invalid: a bound of an Int "
                             "is beyond 64 bits; give one within");
    if (overflow != 0)
        *out = none;
    return 0;
}

static PyObject *
int_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"min", "max", NULL};
    PyObject *low = Py_None, *high = Py_None;
    pj_value_options options = {.type = PJ_VALUE_INT};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:Int", names, &low,
                                     &high)
        || bound(type, low, INT64_MIN, &options.min) < 0
        || bound(type, high, INT64_MAX, &options.max) < 0)
        return NULL;
    return make(type, &options);
}

static PyObject *
new_of_strings(PyTypeObject *type, PyObject *args, PyObject *kwargs,
               const char *what, pj_value_type kind)
{
    PyObject *tuple, *result = NULL;
    pj_str *views;

    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "keyword arguments are not accepted");
        return NULL;
    }
    tuple = pj_py_bytes_tuple(args, what);
    views = tuple == NULL ? NULL : pj_py_views(tuple);
    if (views != NULL) {
        const pj_value_options options = {
            .type = kind, .words = views,
            .word_count = (size_t)PyTuple_Size(tuple)};

        result = make(type, &options);
    }
    PyMem_Free(views);
    Py_XDECREF(tuple);
    return result;
}

static PyObject *
choice_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return new_of_strings(type, args, kwargs, "values", PJ_VALUE_CHOICE);
}

static PyObject *
read_path_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return new_of_strings(type, args, kwargs, "roots", PJ_VALUE_READ_PATH);
}

static PyObject *
write_path_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return new_of_strings(type, args, kwargs, "roots", PJ_VALUE_WRITE_PATH);
}

/* A length; an impossible one becomes SIZE_MAX, which is refused.  */
static int
length(PyObject *object, size_t *out)
{
    uint64_t size = 4096;

    if (object != NULL && pj_py_size(object, &size) < 0)
        return -1;
    *out = size > SIZE_MAX ? SIZE_MAX : (size_t)size;
    return 0;
}

static PyObject *
text_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"max_length", NULL};
    pj_value_options options = {.type = PJ_VALUE_TEXT};
    PyObject *max = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Text", names, &max)
        || length(max, &options.max_length) < 0)
        return NULL;
    return make(type, &options);
}

static PyObject *
pattern_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"pattern", "max_length", NULL};
    pj_value_options options = {.type = PJ_VALUE_PATTERN};
    PyObject *source, *max = NULL, *expression, *result;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:Pattern", names,
                                     &source, &max)
        || length(max, &options.max_length) < 0)
        return NULL;
    expression = pj_py_bytes(source, "pattern");
    if (expression == NULL)
        return NULL;
    options.expression = pj_py_view(expression);
    result = make(type, &options);
    Py_DECREF(expression);
    return result;
}

static PyObject *
new_of_nothing(PyTypeObject *type, PyObject *args, PyObject *kwargs,
               const char *format, pj_value_type kind)
{
    static char *names[] = {NULL};
    const pj_value_options options = {.type = kind};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, format, names))
        return NULL;
    return make(type, &options);
}

static PyObject *
host_name_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return new_of_nothing(type, args, kwargs, ":HostName",
                          PJ_VALUE_HOST_NAME);
}

static PyObject *
git_ref_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    return new_of_nothing(type, args, kwargs, ":GitRef", PJ_VALUE_GIT_REF);
}

/* The schemes of a Url as given, or the default.  */
static PyObject *
schemes_of(PyObject *given)
{
    PyObject *schemes = given == Py_None ? Py_BuildValue("(s)", "https")
                                         : Py_NewRef(given);
    PyObject *tuple = schemes == NULL ? NULL
        : pj_py_bytes_tuple(schemes, "schemes");

    Py_XDECREF(schemes);
    return tuple;
}

static PyObject *
url_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"schemes", "hosts", NULL};
    PyObject *given = Py_None, *allowed = Py_None, *schemes, *hosts = NULL;
    pj_str *views = NULL, *host_views = NULL;
    pj_value_options options = {.type = PJ_VALUE_URL};
    PyObject *result = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:Url", names, &given,
                                     &allowed))
        return NULL;
    schemes = schemes_of(given);
    if (schemes != NULL)
        hosts = allowed == Py_None ? PyTuple_New(0)
                                   : pj_py_bytes_tuple(allowed, "hosts");
    if (hosts != NULL)
        views = pj_py_views(schemes);
    if (views != NULL)
        host_views = pj_py_views(hosts);
    if (host_views == NULL)
        goto done_with;
    /* An empty list would mean no hosts, not every host.  */
    if (allowed != Py_None && PyTuple_Size(hosts) == 0) {
        raise_invalid(type, "value type invalid: hosts must not be empty; "
                      "leave them out to allow every host");
        goto done_with;
    }
    options.words = views;
    options.word_count = (size_t)PyTuple_Size(schemes);
    options.hosts = host_views;
    options.host_count = (size_t)PyTuple_Size(hosts);
    result = make(type, &options);
done_with:
    PyMem_Free(views);
    PyMem_Free(host_views);
    Py_XDECREF(schemes);
    Py_XDECREF(hosts);
    return result;
}

/* The base type, which cannot be instantiated.  */
static PyType_Slot base_slots[] = {
    {Py_tp_doc, "The type of a value."},
    {Py_tp_dealloc, value_dealloc},
    {Py_tp_traverse, pj_py_visit_type},
    {Py_tp_methods, value_methods},
    {Py_tp_repr, value_repr},
    {Py_tp_richcompare, value_compare},
    {Py_tp_hash, value_hash},
    {0, NULL},
};

static PyType_Spec base_spec = {
    .name = "proc_jail._core._Value",
    .basicsize = sizeof(ValueObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE
        | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = base_slots,
};

static int
add_value_type(PyObject *module, PyObject *base, PyTypeObject **slot,
               const char *name, const char *doc, newfunc create,
               PyGetSetDef *fields)
{
    PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t)doc},
        {Py_tp_new, (void *)create},
        {Py_tp_dealloc, value_dealloc},
        {Py_tp_traverse, pj_py_visit_type},
        {Py_tp_getset, fields},
        {0, NULL},
    };
    PyType_Spec spec = {
        .name = name,
        .basicsize = sizeof(ValueObject),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC
        | Py_TPFLAGS_IMMUTABLETYPE,
        .slots = slots,
    };

    *slot = (PyTypeObject *)PyType_FromModuleAndSpec(module, &spec, base);
    return *slot == NULL ? -1 : PyModule_AddType(module, *slot);
}

int
pj_py_add_values(PyObject *module, pj_state *state)
{
    PyTypeObject **types = state->value_types;
    PyObject *base = PyType_FromModuleAndSpec(module, &base_spec, NULL);
    int result = -1;

#define ADD(TYPE, NAME, name, fields)                                    \
    add_value_type(module, base, &types[PJ_VALUE_##TYPE],                \
                   "proc_jail." NAME, name##_doc, name##_new, fields)
    if (base != NULL && ADD(INT, "Int", int, int_getset) == 0
        && ADD(CHOICE, "Choice", choice, choice_getset) == 0
        && ADD(TEXT, "Text", text, text_getset) == 0
        && ADD(PATTERN, "Pattern", pattern, pattern_getset) == 0
        && ADD(READ_PATH, "ReadPath", read_path, path_getset) == 0
        && ADD(WRITE_PATH, "WritePath", write_path, path_getset) == 0
        && ADD(HOST_NAME, "HostName", host_name, no_getset) == 0
        && ADD(URL, "Url", url, url_getset) == 0
        && ADD(GIT_REF, "GitRef", git_ref, no_getset) == 0)
        result = 0;
#undef ADD
    Py_XDECREF(base);
    return result;
}
