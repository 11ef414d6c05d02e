/* convert.c: Python values to C values and back.  */
#include "convert.h"

#include <math.h>

void
pj_py_refuse_type(const char *what, const char *wanted, PyObject *value)
{
    PyObject *name;

    PyErr_Clear(); /* of the attempt that failed */
    name = PyObject_GetAttrString((PyObject *)Py_TYPE(value), "__name__");
    if (name != NULL)
        PyErr_Format(PyExc_TypeError, "%s must be %s, not %.200U", what,
                     wanted, name);
    Py_XDECREF(name);
}

PyObject *
pj_py_bytes(PyObject *value, const char *what)
{
    PyObject *path, *bytes;

    if (PyBytes_CheckExact(value))
        return Py_NewRef(value);
    path = PyOS_FSPath(value);
    if (path == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError))
            return NULL;
        pj_py_refuse_type(what, "str, bytes or os.PathLike", value);
        return NULL;
    }
    if (PyUnicode_Check(path))
        bytes = PyUnicode_EncodeFSDefault(path);
    else
        bytes = PyBytes_FromObject(path);
    Py_DECREF(path);
    return bytes;
}

/* A str is also an iterable, of its characters: never what was meant.  */
static int
refuse_single(PyObject *value, const char *what)
{
    if (!PyUnicode_Check(value) && !PyBytes_Check(value))
        return 0;
    PyErr_Format(PyExc_TypeError, "%s must be a list, not a single %s", what,
                 PyUnicode_Check(value) ? "str" : "bytes");
    return -1;
}

PyObject *
pj_py_bytes_tuple(PyObject *value, const char *what)
{
    PyObject *items, *tuple = NULL;

    if (refuse_single(value, what) < 0)
        return NULL;
    items = PySequence_Tuple(value);
    if (items == NULL)
        return NULL;
    tuple = PyTuple_New(PyTuple_Size(items));
    for (Py_ssize_t i = 0; tuple != NULL && i < PyTuple_Size(items);
         i++) {
        PyObject *item = pj_py_bytes(PyTuple_GetItem(items, i), what);

        if (item == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SetItem(tuple, i, item);
    }
    Py_DECREF(items);
    return tuple;
}

static int
set_pair(PyObject *dict, PyObject *pair, const char *what)
{
    PyObject *name = NULL, *value = NULL;
    int result = -1;

    if (!PyTuple_Check(pair) || PyTuple_Size(pair) != 2) {
        PyErr_Format(PyExc_TypeError, "%s must be a mapping", what);
        return -1;
    }
    name = pj_py_bytes(PyTuple_GetItem(pair, 0), what);
    if (name != NULL)
        value = pj_py_bytes(PyTuple_GetItem(pair, 1), what);
    if (value != NULL)
        result = PyDict_SetItem(dict, name, value);
    Py_XDECREF(name);
    Py_XDECREF(value);
    return result;
}

PyObject *
pj_py_bytes_dict(PyObject *value, const char *what)
{
    PyObject *items, *pairs = NULL, *dict = NULL;

    if (!PyMapping_Check(value) || refuse_single(value, what) < 0) {
        if (!PyErr_Occurred())
            pj_py_refuse_type(what, "a mapping", value);
        return NULL;
    }
    items = PyMapping_Items(value);
    /* A list has a mapping's slots, but no items().  */
    if (items == NULL && PyErr_ExceptionMatches(PyExc_AttributeError))
        pj_py_refuse_type(what, "a mapping", value);
    if (items != NULL)
        pairs = PySequence_Tuple(items);
    if (pairs != NULL)
        dict = PyDict_New();
    for (Py_ssize_t i = 0; dict != NULL && i < PyTuple_Size(pairs); i++)
        if (set_pair(dict, PyTuple_GetItem(pairs, i), what) < 0)
            Py_CLEAR(dict);
    Py_XDECREF(items);
    Py_XDECREF(pairs);
    return dict;
}

/* Returns `file.read()`, which must be bytes.  */
static PyObject *
read_all(PyObject *file)
{
    PyObject *bytes = PyObject_CallMethod(file, "read", NULL);

    if (bytes != NULL && !PyBytes_Check(bytes)) {
        PyErr_SetString(PyExc_TypeError,
                        "stdin must come from a file in binary mode");
        Py_CLEAR(bytes);
    }
    return bytes;
}

static PyObject *
read_path(PyObject *path)
{
    PyObject *io = PyImport_ImportModule("io");
    PyObject *file = NULL, *bytes = NULL, *closed;

    if (io != NULL)
        file = PyObject_CallMethod(io, "open", "Os", path, "rb");
    if (file != NULL) {
        bytes = read_all(file);
        closed = PyObject_CallMethod(file, "close", NULL);
        if (closed == NULL)
            Py_CLEAR(bytes);
        Py_XDECREF(closed);
    }
    Py_XDECREF(io);
    Py_XDECREF(file);
    return bytes;
}

PyObject *
pj_py_input(PyObject *source)
{
    if (PyBytes_Check(source) || PyByteArray_Check(source)
        || PyMemoryView_Check(source))
        return PyBytes_FromObject(source);
    if (PyObject_HasAttrString(source, "read"))
        return read_all(source);
    if (PyUnicode_Check(source) || PyObject_HasAttrString(source,
                                                          "__fspath__"))
        return read_path(source);
    pj_py_refuse_type("stdin", "bytes, a path or a binary file", source);
    return NULL;
}

pj_str
pj_py_view(PyObject *bytes)
{
    if (bytes == NULL)
        return (pj_str){NULL, 0};
    return (pj_str){PyBytes_AsString(bytes),
                    (size_t)PyBytes_Size(bytes)};
}

pj_str *
pj_py_views(PyObject *tuple)
{
    Py_ssize_t count = PyTuple_Size(tuple);
    pj_str *views = PyMem_Calloc((size_t)count + 1, sizeof *views);

    if (views == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        views[i] = pj_py_view(PyTuple_GetItem(tuple, i));
    return views;
}

pj_pair *
pj_py_pair_views(PyObject *dict)
{
    pj_pair *views = PyMem_Calloc((size_t)PyDict_Size(dict) + 1,
                                  sizeof *views);
    PyObject *name, *value;
    Py_ssize_t at = 0, i = 0;

    if (views == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    while (PyDict_Next(dict, &at, &name, &value)) {
        views[i].name = pj_py_view(name);
        views[i++].value = pj_py_view(value);
    }
    return views;
}

pj_str *
pj_py_joined(const pj_str *items, size_t count, const pj_str *more,
             size_t more_count)
{
    pj_str *joined = PyMem_New(pj_str, count + more_count + 1);

    if (joined == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (count > 0)
        memcpy(joined, items, count * sizeof *items);
    if (more_count > 0)
        memcpy(joined + count, more, more_count * sizeof *more);
    return joined;
}

PyObject *
pj_py_str(pj_str text)
{
    if (text.ptr == NULL)
        Py_RETURN_NONE;
    return PyUnicode_DecodeFSDefaultAndSize(text.ptr, (Py_ssize_t)text.len);
}

PyObject *
pj_py_str_list(const pj_str *items, size_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);

    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *item = pj_py_str(items[i]);

        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, (Py_ssize_t)i, item);
    }
    return list;
}

PyObject *
pj_py_str_tuple(const pj_str *items, size_t count)
{
    PyObject *list = pj_py_str_list(items, count);
    PyObject *tuple = list == NULL ? NULL : PyList_AsTuple(list);

    Py_XDECREF(list);
    return tuple;
}

PyObject *
pj_py_str_dict(const pj_pair *items, size_t count)
{
    PyObject *dict = PyDict_New();

    for (size_t i = 0; dict != NULL && i < count; i++) {
        PyObject *name = pj_py_str(items[i].name);
        PyObject *value = name == NULL ? NULL : pj_py_str(items[i].value);

        if (value == NULL || PyDict_SetItem(dict, name, value) < 0)
            Py_CLEAR(dict);
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    return dict;
}

/* The seconds of a timedelta, or the number itself.  */
static PyObject *
as_seconds(PyObject *value)
{
    if (PyBool_Check(value))
        return NULL;
    if (PyFloat_Check(value) || PyLong_Check(value) || PyIndex_Check(value))
        return PyNumber_Float(value);
    if (PyObject_HasAttrString(value, "total_seconds"))
        return PyObject_CallMethod(value, "total_seconds", NULL);
    return NULL;
}

int
pj_py_nanoseconds(PyObject *value, int64_t *out)
{
    PyObject *number = as_seconds(value);
    double seconds;

    *out = -1;
    if (number == NULL) {
        /* An int too large for a float is out of range, not a wrong type.  */
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_Clear();
            return 0;
        }
        if (!PyErr_Occurred())
            pj_py_refuse_type("a time", "seconds as int, float or timedelta",
                              value);
        return -1;
    }
    seconds = PyFloat_AsDouble(number);
    Py_DECREF(number);
    if (seconds == -1.0 && PyErr_Occurred())
        return -1;
    /* False for NaN too.  Positive values never round to zero.  */
    if (seconds > 0 && seconds <= (double)PJ_TIMEOUT_MAX / 1e9)
        *out = (int64_t)fmax(1.0, nearbyint(seconds * 1e9));
    else if (seconds == 0)
        *out = 0;
    return 0;
}

/* An int from 0 to `most`; -1 if out of range.  True is 1 in Python, but
   never what was meant.  */
static int
small_number(PyObject *value, const char *what, int64_t most, int64_t *out)
{
    int overflow;

    if (PyBool_Check(value)) {
        PyErr_Format(PyExc_TypeError, "%s must not be a bool", what);
        return -1;
    }
    *out = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (*out == -1 && !overflow && PyErr_Occurred())
        return -1;
    if (overflow || *out < 0 || *out > most)
        *out = -1;
    return 0;
}

int
pj_py_choice(PyObject *value, const char *what, int *out)
{
    int64_t number = -1;
    int result = small_number(value, what, INT_MAX, &number);

    *out = (int)number;
    return result;
}

int
pj_py_id(PyObject *value, const char *what, uint32_t *out)
{
    int64_t number = -1;
    int result = small_number(value, what, UINT32_MAX - 1, &number);

    *out = (uint32_t)number;
    return result;
}

int
pj_py_size(PyObject *value, uint64_t *out)
{
    PyObject *index;
    unsigned long long size;

    if (PyBool_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "a size must be an int, not bool");
        return -1;
    }
    index = PyNumber_Index(value);
    if (index == NULL)
        return -1;
    size = PyLong_AsUnsignedLongLong(index);
    Py_DECREF(index);
    if (size == (unsigned long long)-1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError))
            return -1;
        PyErr_Clear();
        size = UINT64_MAX;
    }
    *out = size;
    return 0;
}
