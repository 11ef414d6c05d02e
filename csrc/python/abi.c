/* abi.c: functions of the interpreter that are looked up by name.  */
#include "abi.h"

#include <dlfcn.h>
#include <string.h>

unsigned long
pj_py_running_version(void)
{
    /* Py_Version is of 3.11.  */
    PyObject *version = PySys_GetObject("hexversion"); /* borrowed */
    unsigned long number = 0;

    if (version != NULL)
        number = PyLong_AsUnsignedLong(version);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        return 0;
    }
    return number;
}

pj_audit *
pj_py_find_audit(void)
{
    pj_audit *audit = (pj_audit *)dlsym(RTLD_DEFAULT, "PySys_Audit");

    if (audit == NULL)
        PyErr_SetString(PyExc_ImportError,
                        "the interpreter has no PySys_Audit");
    return audit;
}

/* A bytes object of another size with the same beginning.  */
static int
copy_bytes(PyObject **bytes, size_t used, size_t size)
{
    PyObject *copy = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);

    if (copy != NULL)
        memcpy(PyBytes_AsString(copy), PyBytes_AsString(*bytes),
               used < size ? used : size);
    Py_DECREF(*bytes);
    *bytes = copy;
    return copy == NULL ? -1 : 0;
}

int
pj_py_resize_bytes(PyObject **bytes, size_t used, size_t size)
{
    int (*resize)(PyObject **, Py_ssize_t);

    resize = (int (*)(PyObject **, Py_ssize_t))dlsym(RTLD_DEFAULT,
                                                     "_PyBytes_Resize");
    if (resize == NULL)
        return copy_bytes(bytes, used, size);
    return resize(bytes, (Py_ssize_t)size);
}
