/* Python values as arguments of C, and arrays of C as lists. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

int oar_py_to_int64(PyObject *object, int64_t low, int64_t high, const char *type, int64_t *out) {
  PyObject *number = PyNumber_Index(object);
  int overflow = 0;
  if (number == NULL) return 0;
  *out = PyLong_AsLongLongAndOverflow(number, &overflow);
  Py_DECREF(number);
  if (overflow != 0 || *out < low || *out > high) {
    PyErr_Format(PyExc_OverflowError, "%R does not fit into %s", object, type);
    return 0;
  }
  return *out != -1 || !PyErr_Occurred();
}

int oar_py_to_uint64(PyObject *object, uint64_t *out) {
  PyObject *number = PyNumber_Index(object);
  if (number == NULL) return 0;
  *out = PyLong_AsUnsignedLongLong(number);
  Py_DECREF(number);
  return *out != (uint64_t)-1 || !PyErr_Occurred();
}

int oar_py_to_text(PyObject *object, int may_be_none, const char **out) {
  Py_ssize_t length;
  *out = NULL;
  if (object == Py_None && may_be_none) return 1;
  if (!PyUnicode_Check(object)) {
    PyErr_Format(PyExc_TypeError, "a str is needed, not %R", object);
    return 0;
  }
  *out = PyUnicode_AsUTF8AndSize(object, &length);
  if (*out == NULL) return 0;
  if (strlen(*out) == (size_t)length) return 1;
  PyErr_Format(PyExc_ValueError, "a text with a NUL character cannot be given to the library: %R", object);
  return 0;
}

int oar_py_to_numbers(PyObject *sequence, int64_t **out, size_t *count) {
  Py_ssize_t length = PySequence_Size(sequence), i;
  int64_t *numbers;
  if (length < 0) return 0;
  numbers = malloc((size_t)(length > 0 ? length : 1) * sizeof *numbers);
  if (numbers == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < length; ++i) {
    PyObject *item = PySequence_GetItem(sequence, i);
    const int good = item != NULL && oar_py_to_int64(item, INT64_MIN, INT64_MAX, "int64", &numbers[i]);
    Py_XDECREF(item);
    if (!good) {
      free(numbers);
      return 0;
    }
  }
  *out = numbers;
  *count = (size_t)length;
  return 1;
}

int oar_py_to_small_numbers(PyObject *sequence, int32_t **out, size_t *count) {
  Py_ssize_t length = PySequence_Size(sequence), i;
  int32_t *numbers;
  if (length < 0) return 0;
  numbers = malloc((size_t)(length > 0 ? length : 1) * sizeof *numbers);
  if (numbers == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < length; ++i) {
    PyObject *item = PySequence_GetItem(sequence, i);
    int64_t number = 0;
    const int good = item != NULL && oar_py_to_int64(item, INT32_MIN, INT32_MAX, "int32", &number);
    Py_XDECREF(item);
    if (!good) {
      free(numbers);
      return 0;
    }
    numbers[i] = (int32_t)number;
  }
  *out = numbers;
  *count = (size_t)length;
  return 1;
}

/* (shape, strides or None). What was made is the caller's to free, also on failure. */
int oar_py_to_layout(PyObject *pair, int64_t **shape, int64_t **strides, size_t *count) {
  PyObject *sizes, *steps;
  size_t num_strides = 0;
  if (!PyArg_ParseTuple(pair, "OO", &sizes, &steps) || !oar_py_to_numbers(sizes, shape, count)) return 0;
  if (steps == Py_None) return 1;
  if (!oar_py_to_numbers(steps, strides, &num_strides)) return 0;
  if (num_strides == *count) return 1;
  PyErr_Format(PyExc_ValueError, "%zu sizes and %zu strides were given", *count, num_strides);
  return 0;
}

/* The texts of a sequence. `kept` holds what they are borrowed from. None gives NULL. */
int oar_py_to_names(PyObject *sequence, const char ***out, size_t *count, PyObject **kept) {
  Py_ssize_t length, i;
  *out = NULL;
  *count = 0;
  *kept = NULL;
  if (sequence == Py_None) return 1;
  if (PyUnicode_Check(sequence)) {
    PyErr_SetString(PyExc_TypeError, "a sequence of names is needed, not one str");
    return 0;
  }
  *kept = PySequence_Tuple(sequence);
  if (*kept == NULL) return 0;
  length = PyTuple_Size(*kept);
  *out = malloc((size_t)(length > 0 ? length : 1) * sizeof **out);
  if (*out == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < length; ++i)
    if (!oar_py_to_text(PyTuple_GetItem(*kept, i), 0, &(*out)[i])) return 0;
  *count = (size_t)length;
  return 1;
}

/* The keys of a mapping as names; *values becomes the tuple of its values. Both are kept in `kept`. */
static int split(PyObject *mapping, const char ***names, size_t *count, PyObject **kept, PyObject **values) {
  PyObject *keys = PyMapping_Keys(mapping), *items = keys == NULL ? NULL : PyMapping_Values(mapping);
  PyObject *key_tuple = NULL;
  int good;
  *values = items == NULL ? NULL : PySequence_Tuple(items);
  good = *values != NULL && oar_py_to_names(keys, names, count, &key_tuple);
  if (good && (size_t)PyTuple_Size(*values) != *count) {
    PyErr_Format(PyExc_ValueError, "the mapping has %zu keys and %zd values", *count, PyTuple_Size(*values));
    good = 0;
  }
  Py_XDECREF(keys);
  Py_XDECREF(items);
  *kept = key_tuple != NULL && *values != NULL ? PyTuple_Pack(2, key_tuple, *values) : NULL;
  Py_XDECREF(key_tuple);
  Py_XDECREF(*values);
  return good && *kept != NULL;
}

int oar_py_to_columns(PyObject *mapping, const char ***names, oar_tensor ***tensors, size_t *count, PyObject **kept) {
  PyObject *values;
  size_t i;
  *tensors = NULL;
  if (!split(mapping, names, count, kept, &values)) return 0;
  *tensors = malloc((*count > 0 ? *count : 1) * sizeof **tensors);
  if (*tensors == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < *count; ++i) {
    PyObject *value = PyTuple_GetItem(values, (Py_ssize_t)i);
    if (!oar_py_is(value, OAR_PY_tensor, 0)) return 0;
    (*tensors)[i] = oar_py_pointer(value);
  }
  return 1;
}

/* Handles of one kind; None is NULL where it may be. */
static int to_handles(PyObject *sequence, oar_py_kind kind, int may_be_none, void ***handles, size_t *count, PyObject **kept) {
  size_t i;
  *handles = NULL;
  *kept = PySequence_Tuple(sequence);
  if (*kept == NULL) return 0;
  *count = (size_t)PyTuple_Size(*kept);
  *handles = malloc((*count > 0 ? *count : 1) * sizeof **handles);
  if (*handles == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < *count; ++i) {
    PyObject *value = PyTuple_GetItem(*kept, (Py_ssize_t)i);
    const int is_none = may_be_none && value == Py_None;
    if (!is_none && !oar_py_is(value, kind, 0)) return 0;
    (*handles)[i] = is_none ? NULL : oar_py_pointer(value);
  }
  return 1;
}

int oar_py_to_tensors(PyObject *sequence, oar_tensor ***tensors, size_t *count, PyObject **kept) {
  return to_handles(sequence, OAR_PY_tensor, 1, (void ***)tensors, count, kept);
}

int oar_py_to_datasets(PyObject *sequence, oar_dataset ***datasets, size_t *count, PyObject **kept) {
  return to_handles(sequence, OAR_PY_dataset, 0, (void ***)datasets, count, kept);
}

int oar_py_to_metrics(PyObject *mapping, const char ***names, double **numbers, size_t *count, PyObject **kept) {
  PyObject *values;
  size_t i;
  *numbers = NULL;
  if (!split(mapping, names, count, kept, &values)) return 0;
  *numbers = malloc((*count > 0 ? *count : 1) * sizeof **numbers);
  if (*numbers == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < *count; ++i) {
    (*numbers)[i] = PyFloat_AsDouble(PyTuple_GetItem(values, (Py_ssize_t)i));
    if ((*numbers)[i] == -1.0 && PyErr_Occurred()) return 0;
  }
  return 1;
}

int oar_py_to_axes(PyObject *mapping, const char ***names, int32_t **numbers, size_t *count, PyObject **kept) {
  PyObject *values;
  size_t num_values;
  *numbers = NULL;
  return split(mapping, names, count, kept, &values) && oar_py_to_small_numbers(values, numbers, &num_values);
}

PyObject *oar_py_numbers(const int64_t *numbers, size_t count) {
  PyObject *list = PyList_New((Py_ssize_t)count);
  size_t i;
  for (i = 0; list != NULL && i < count; ++i) PyList_SetItem(list, (Py_ssize_t)i, PyLong_FromLongLong(numbers[i]));
  return list;
}

PyObject *oar_py_unsigned_numbers(const uint64_t *numbers, size_t count) {
  PyObject *list = PyList_New((Py_ssize_t)count);
  size_t i;
  for (i = 0; list != NULL && i < count; ++i) PyList_SetItem(list, (Py_ssize_t)i, PyLong_FromUnsignedLongLong(numbers[i]));
  return list;
}

PyObject *oar_py_small_numbers(const int32_t *numbers, size_t count) {
  PyObject *list = PyList_New((Py_ssize_t)count);
  size_t i;
  for (i = 0; list != NULL && i < count; ++i) PyList_SetItem(list, (Py_ssize_t)i, PyLong_FromLong(numbers[i]));
  return list;
}

PyObject *oar_py_append(PyObject *result, PyObject *more) {
  PyObject *pair;
  if (result == NULL || result == Py_None || more == NULL) {
    Py_XDECREF(result);
    return more;
  }
  pair = oar_py_pack(2, result, more);
  return pair;
}
