/* convert.h: the only place where Python values become C values.  */
#ifndef PJ_PY_CONVERT_H
#define PJ_PY_CONVERT_H

#include "state.h"

/* Raises TypeError: `what` must be `wanted`, and not what `value` is.  */
void pj_py_refuse_type(const char *what, const char *wanted, PyObject *value);

/* A str, bytes or os.PathLike as new bytes, encoded as by os.fsencode().  */
PyObject *pj_py_bytes(PyObject *value, const char *what);

/* An iterable of those as a new tuple of bytes.  */
PyObject *pj_py_bytes_tuple(PyObject *value, const char *what);

/* A mapping of those as a new dict of bytes to bytes.  */
PyObject *pj_py_bytes_dict(PyObject *value, const char *what);

/* Standard input as new bytes: bytes themselves, or the contents of a path
   or a binary file.  */
PyObject *pj_py_input(PyObject *source);

/* Borrowed views; the object must outlive them.  */
pj_str pj_py_view(PyObject *bytes);

/* Views of a tuple or dict, in memory that the caller frees with
   PyMem_Free.  NULL with an exception on failure.  */
pj_str *pj_py_views(PyObject *tuple);
pj_pair *pj_py_pair_views(PyObject *dict);

/* An array with more items appended, in memory that the caller frees with
   PyMem_Free.  NULL with MemoryError.  */
pj_str *pj_py_joined(const pj_str *items, size_t count, const pj_str *more,
                     size_t more_count);

/* How much is kept by an option for which PJ_OUTPUT_NONE is nothing.  */
static inline unsigned long long
pj_py_kept(uint64_t option)
{
    return option == PJ_OUTPUT_NONE ? 0 : option;
}

/* Back to Python, decoded as by os.fsdecode().  */
PyObject *pj_py_str(pj_str text);
PyObject *pj_py_str_list(const pj_str *items, size_t count);
PyObject *pj_py_str_tuple(const pj_str *items, size_t count);
PyObject *pj_py_str_dict(const pj_pair *items, size_t count);

/* Seconds (int, float or timedelta) as nanoseconds.  Values out of range are
   stored as -1, which the core refuses.  Returns -1 with an exception if it
   is not a number.  */
int pj_py_nanoseconds(PyObject *value, int64_t *out);

/* A size; if negative or too large it is stored as UINT64_MAX, which the core
   refuses.  */
int pj_py_size(PyObject *value, uint64_t *out);

/* The number of an enum member; -1, which none has, if it is out of range for
   an int.  Raises TypeError for a bool.  */
int pj_py_choice(PyObject *value, const char *what, int *out);

/* A user or group id; UINT32_MAX, which is not an id, if it is out of range.
   Raises TypeError for a bool.  */
int pj_py_id(PyObject *value, const char *what, uint32_t *out);

#endif
