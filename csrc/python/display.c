/* display.c: how objects are displayed in notebooks: by one of the package's
   modules, which is imported on first use.  */
#include "display.h"
#include "package.h"

static const char shower[] = "proc_jail._display";

PyObject *
pj_py_html(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return pj_py_package_method(shower, "html", self, NULL, NULL);
}

PyObject *
pj_py_bundle(PyObject *self, PyObject *args, PyObject *kwargs)
{
    return pj_py_package_method(shower, "bundle", self, args, kwargs);
}

/* The same two as functions of their first argument, as needed by classes
   whose layout is not defined in C.  */
static PyObject *
html_of(PyObject *Py_UNUSED(module), PyObject *self)
{
    return pj_py_html(self, NULL);
}

static PyObject *
bundle_of(PyObject *Py_UNUSED(module), PyObject *args, PyObject *kwargs)
{
    return pj_py_package(shower, "bundle", args, kwargs);
}

static PyMethodDef shown_methods[] = {
    {"_repr_html_", html_of, METH_O, NULL},
    {"_repr_mimebundle_", (PyCFunction)(void (*)(void))bundle_of,
     METH_VARARGS | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

int
pj_py_add_display(PyObject *fields)
{
    for (PyMethodDef *method = shown_methods; method->ml_name != NULL;
         method++) {
        PyObject *function = PyCFunction_New(method, NULL);
        PyObject *bound = function == NULL ? NULL
            : PyInstanceMethod_New(function);
        int failed = bound == NULL
            || PyDict_SetItemString(fields, method->ml_name, bound) < 0;

        Py_XDECREF(function);
        Py_XDECREF(bound);
        if (failed)
            return -1;
    }
    return 0;
}
