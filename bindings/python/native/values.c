/* Arguments of operators: a sequence of Python values as an array of oar_value. */
#include <stdlib.h>
#include <string.h>

#include "native.h"

typedef enum { ITEMS_INT, ITEMS_FLOAT, ITEMS_BOOL, ITEMS_TENSOR, ITEMS_NONE, ITEMS_OTHER } item_kind;

static int is_tensor(PyObject *object) {
  const int yes = oar_py_is(object, OAR_PY_tensor, 0);
  if (!yes && PyErr_ExceptionMatches(PyExc_TypeError)) PyErr_Clear(); /* a released one stays an error */
  return yes;
}

static item_kind kind_of_item(PyObject *object) {
  if (object == Py_None) return ITEMS_NONE;
  if (PyBool_Check(object)) return ITEMS_BOOL;
  if (is_tensor(object)) return ITEMS_TENSOR;
  if (PyErr_Occurred()) return ITEMS_OTHER;
  if (PyIndex_Check(object)) return ITEMS_INT;
  if (PyFloat_Check(object)) return ITEMS_FLOAT;
  return ITEMS_OTHER;
}

/* What one kind all items can be given as. */
static item_kind kind_of_items(PyObject *items, Py_ssize_t count) {
  item_kind all = count == 0 ? ITEMS_INT : kind_of_item(PyTuple_GetItem(items, 0));
  Py_ssize_t i;
  for (i = 1; i < count && all != ITEMS_OTHER; ++i) {
    const item_kind one = kind_of_item(PyTuple_GetItem(items, i));
    if (one == all) continue;
    if ((one == ITEMS_FLOAT && all == ITEMS_INT) || (one == ITEMS_INT && all == ITEMS_FLOAT))
      all = ITEMS_FLOAT;
    else if ((one == ITEMS_TENSOR && all == ITEMS_NONE) || (one == ITEMS_NONE && all == ITEMS_TENSOR))
      all = ITEMS_TENSOR;
    else
      all = ITEMS_OTHER;
  }
  return all == ITEMS_NONE ? ITEMS_TENSOR : all;
}

static int fill(void *array, Py_ssize_t i, item_kind kind, PyObject *item) {
  int64_t number;
  double real;
  switch (kind) {
    case ITEMS_INT:
      return oar_py_to_int64(item, INT64_MIN, INT64_MAX, "int64", &((int64_t *)array)[i]);
    case ITEMS_BOOL:
      if (!oar_py_to_int64(item, 0, 1, "bool", &number)) return 0;
      ((int32_t *)array)[i] = (int32_t)number;
      return 1;
    case ITEMS_FLOAT:
      real = PyFloat_AsDouble(item);
      ((double *)array)[i] = real;
      return real != -1.0 || !PyErr_Occurred();
    default:
      ((oar_tensor **)array)[i] = oar_py_pointer(item);
      return 1;
  }
}

/* A list or tuple; `values` keeps the array and what its items are borrowed from. */
static int to_list(PyObject *sequence, oar_value *out, oar_py_values *values, Py_ssize_t position) {
  PyObject *items = PySequence_Tuple(sequence);
  const Py_ssize_t count = items == NULL ? 0 : PyTuple_Size(items);
  void *array = NULL;
  item_kind kind;
  Py_ssize_t i;
  if (items == NULL) return 0;
  kind = kind_of_items(items, count);
  if (kind == ITEMS_OTHER) {
    if (!PyErr_Occurred())
      PyErr_Format(PyExc_TypeError, "argument %zd: a list has items of one kind, numbers, bools or tensors: %R", position + 1, sequence);
    Py_DECREF(items);
    return 0;
  }
  array = values->arrays[position] = malloc((size_t)(count > 0 ? count : 1) * sizeof(int64_t));
  values->kept[position] = items;
  if (array == NULL) return PyErr_NoMemory(), 0;
  for (i = 0; i < count; ++i)
    if (!fill(array, i, kind, PyTuple_GetItem(items, i))) return 0;
  if (kind == ITEMS_INT) *out = oar_value_ints(array, (size_t)count);
  if (kind == ITEMS_FLOAT) *out = oar_value_floats(array, (size_t)count);
  if (kind == ITEMS_BOOL) *out = oar_value_bools(array, (size_t)count);
  if (kind == ITEMS_TENSOR) *out = oar_value_tensors(array, (size_t)count);
  return 1;
}

static int to_value(PyObject *object, oar_value *out, oar_py_values *values, Py_ssize_t position) {
  int64_t number;
  const char *text;
  switch (kind_of_item(object)) {
    case ITEMS_NONE:
      *out = oar_value_none();
      return 1;
    case ITEMS_BOOL:
      *out = oar_value_bool(object == Py_True);
      return 1;
    case ITEMS_TENSOR:
      *out = oar_value_tensor(oar_py_pointer(object));
      return 1;
    case ITEMS_INT:
      if (!oar_py_to_int64(object, INT64_MIN, INT64_MAX, "int64", &number)) return 0;
      *out = oar_value_int(number);
      return 1;
    case ITEMS_FLOAT:
      *out = oar_value_float(PyFloat_AsDouble(object));
      return 1;
    default:
      break;
  }
  if (PyErr_Occurred()) return 0;
  if (PyUnicode_Check(object)) {
    if (!oar_py_to_text(object, 0, &text)) return 0;
    *out = oar_value_string(text);
    return 1;
  }
  if (PyList_Check(object) || PyTuple_Check(object)) return to_list(object, out, values, position);
  PyErr_Format(PyExc_TypeError, "argument %zd: tensors, numbers, bools, None, texts and lists of them are taken, not %R", position + 1,
               object);
  return 0;
}

/* Room for `count` values. */
static int make_room(oar_py_values *values, Py_ssize_t count) {
  const size_t room = (size_t)(count > 0 ? count : 1);
  values->count = (size_t)count;
  values->values = calloc(room, sizeof *values->values);
  values->arrays = calloc(room, sizeof *values->arrays);
  values->kept = calloc(room, sizeof *values->kept);
  if (values->values != NULL && values->arrays != NULL && values->kept != NULL) return 1;
  PyErr_NoMemory();
  return 0;
}

int oar_py_to_values(PyObject *sequence, oar_py_values *values) {
  PyObject *keywords = NULL, *key, *value;
  Py_ssize_t positional, i, position = 0;
  memset(values, 0, sizeof *values);
  values->items = PySequence_Tuple(sequence);
  if (values->items == NULL) return 0;
  positional = PyTuple_Size(values->items);
  if (positional > 0 && PyDict_Check(PyTuple_GetItem(values->items, positional - 1)))
    keywords = PyTuple_GetItem(values->items, --positional);
  if (!make_room(values, positional + (keywords != NULL ? PyDict_Size(keywords) : 0))) return 0;
  for (i = 0; i < positional; ++i)
    if (!to_value(PyTuple_GetItem(values->items, i), &values->values[i], values, i)) return 0;
  for (i = positional; keywords != NULL && PyDict_Next(keywords, &position, &key, &value); ++i) {
    const char *name;
    if ((size_t)i >= values->count || !oar_py_to_text(key, 0, &name) || !to_value(value, &values->values[i], values, i)) return 0;
    values->values[i] = oar_value_named(name, values->values[i]);
  }
  return 1;
}

void oar_py_free_values(oar_py_values *values) {
  size_t i;
  for (i = 0; i < values->count; ++i) {
    if (values->arrays != NULL) free(values->arrays[i]);
    if (values->kept != NULL) Py_XDECREF(values->kept[i]);
  }
  free(values->values);
  free(values->arrays);
  free(values->kept);
  Py_XDECREF(values->items);
}

PyObject *oar_py_tensor_list(oar_tensor **tensors, size_t count) {
  PyObject *list = PyList_New((Py_ssize_t)count);
  size_t i;
  for (i = 0; i < count; ++i) {
    PyObject *item = oar_py_wrap(OAR_PY_tensor, tensors[i]); /* owns it from here on, also if it fails */
    if (list != NULL && item != NULL)
      PyList_SetItem(list, (Py_ssize_t)i, item);
    else
      Py_XDECREF(item);
    if (item == NULL) {
      Py_XDECREF(list);
      list = NULL;
    }
  }
  return list;
}
