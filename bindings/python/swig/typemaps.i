/* One typemap per shape of parameters. functions.i names every parameter by its shape. */

/* What no typemap below takes must not pass as an opaque pointer, as SWIG would let it. */
%typemap(in) SWIGTYPE *, SWIGTYPE ** { _Static_assert(0, "no typemap for $type $1_name"); }

/* Results: a status becomes nothing or an exception; what calls give out is returned, several things as a tuple. */
%typemap(out) oar_status { if (oar_py_check($1) != 0) SWIG_fail; $result = SWIG_Py_Void(); }
%typemap(out) int32_t "$result = PyLong_FromLong($1);"
%typemap(out) const char * "$result = oar_py_text($1);"

/* Single numbers. */
%define OAR_NUMBER(type, low, high)
%typemap(in) type SCALAR {
  int64_t number;
  if (!oar_py_to_int64($input, low, high, #type, &number)) SWIG_fail;
  $1 = (type)number;
}
%enddef
OAR_NUMBER(int32_t, INT32_MIN, INT32_MAX)
OAR_NUMBER(oar_status, INT32_MIN, INT32_MAX)
OAR_NUMBER(int64_t, INT64_MIN, INT64_MAX)
OAR_NUMBER(size_t, 0, INT64_MAX)
%typemap(in) uint64_t SCALAR { if (!oar_py_to_uint64($input, &$1)) SWIG_fail; }
%typemap(in) double SCALAR { $1 = PyFloat_AsDouble($input); if ($1 == -1.0 && PyErr_Occurred()) SWIG_fail; }

%define OAR_NUMBER_OUT(type, made)
%typemap(in, numinputs=0) type *SCALAR_OUT (type value = 0) "$1 = &value;"
%typemap(argout) type *SCALAR_OUT "$result = oar_py_append($result, made(*$1)); if ($result == NULL) SWIG_fail;"
%enddef
OAR_NUMBER_OUT(int32_t, PyLong_FromLong)
OAR_NUMBER_OUT(oar_status, PyLong_FromLong)
OAR_NUMBER_OUT(int64_t, PyLong_FromLongLong)
OAR_NUMBER_OUT(size_t, PyLong_FromSize_t)
OAR_NUMBER_OUT(double, PyFloat_FromDouble)

/* Texts. */
%typemap(in) const char *TEXT { if (!oar_py_to_text($input, 0, (const char **)&$1)) SWIG_fail; }
%typemap(in) const char *TEXT_OR_NONE { if (!oar_py_to_text($input, 1, (const char **)&$1)) SWIG_fail; }
%typemap(freearg) const char *TEXT, const char *TEXT_OR_NONE ""
%typemap(in, numinputs=0) const char **TEXT_OUT (char *text = NULL) "$1 = &text;"
%typemap(argout) const char **TEXT_OUT "$result = oar_py_append($result, oar_py_text(*$1)); if ($result == NULL) SWIG_fail;"

/* Texts and arrays that the caller makes room for. Most fit into the room given first; see oar_py_needs_room. */
%typemap(in, numinputs=0) (char *TEXT_OUT, size_t *ROOM) (char first[512], size_t room = 512, size_t given = 512, void *heap = NULL) {
  $1 = first;
  $2 = &room;
}
%typemap(argout) (char *TEXT_OUT, size_t *ROOM) {
  $result = oar_py_append($result, PyUnicode_DecodeUTF8($1, (Py_ssize_t)*$2 - 1, "replace"));
  if ($result == NULL) SWIG_fail;
}
%typemap(freearg) (char *TEXT_OUT, size_t *ROOM) "free(heap$argnum);"

%define OAR_ARRAY_OUT(type, made)
%typemap(in, numinputs=0) (type *ARRAY_OUT, size_t *ROOM) (type first[64], size_t room = 64, size_t given = 64, void *heap = NULL) {
  $1 = first;
  $2 = &room;
}
%typemap(argout) (type *ARRAY_OUT, size_t *ROOM) {
  $result = oar_py_append($result, made($1, *$2));
  if ($result == NULL) SWIG_fail;
}
%typemap(freearg) (type *ARRAY_OUT, size_t *ROOM) "free(heap$argnum);"
%enddef
OAR_ARRAY_OUT(int64_t, oar_py_numbers)
OAR_ARRAY_OUT(uint64_t, oar_py_unsigned_numbers)
OAR_ARRAY_OUT(int32_t, oar_py_small_numbers)

/* Arrays given. */
%typemap(in) (const int64_t *NUMBERS, size_t COUNT) (int64_t *numbers = NULL, size_t count = 0) {
  if (!oar_py_to_numbers($input, &numbers, &count)) SWIG_fail;
  $1 = numbers;
  $2 = count;
}
%typemap(freearg) (const int64_t *NUMBERS, size_t COUNT) "free(numbers$argnum);"

%typemap(in) (const int32_t *NUMBERS, size_t COUNT) (int32_t *numbers = NULL, size_t count = 0) {
  if (!oar_py_to_small_numbers($input, &numbers, &count)) SWIG_fail;
  $1 = numbers;
  $2 = count;
}
%typemap(freearg) (const int32_t *NUMBERS, size_t COUNT) "free(numbers$argnum);"

%typemap(in) (const int64_t *SHAPE, const int64_t *STRIDES, size_t COUNT) (int64_t *shape = NULL, int64_t *strides = NULL, size_t count = 0) {
  if (!oar_py_to_layout($input, &shape, &strides, &count)) SWIG_fail;
  $1 = shape;
  $2 = strides;
  $3 = count;
}
%typemap(freearg) (const int64_t *SHAPE, const int64_t *STRIDES, size_t COUNT) "free(shape$argnum); free(strides$argnum);"

%typemap(in) (const char *const *NAMES, size_t COUNT) (const char **names = NULL, size_t count = 0, PyObject *kept = NULL) {
  if (!oar_py_to_names($input, &names, &count, &kept)) SWIG_fail;
  $1 = (char **)names;
  $2 = count;
}
%typemap(freearg) (const char *const *NAMES, size_t COUNT) "free(names$argnum); Py_XDECREF(kept$argnum);"

%typemap(in) (const char *const *NAMES, oar_tensor *const *TENSORS, size_t COUNT)
    (const char **names = NULL, oar_tensor **tensors = NULL, size_t count = 0, PyObject *kept = NULL) {
  if (!oar_py_to_columns($input, &names, &tensors, &count, &kept)) SWIG_fail;
  $1 = (char **)names;
  $2 = tensors;
  $3 = count;
}
%typemap(freearg) (const char *const *NAMES, oar_tensor *const *TENSORS, size_t COUNT)
  "free(names$argnum); free(tensors$argnum); Py_XDECREF(kept$argnum);"

%typemap(in) (oar_tensor *const *TENSORS, size_t COUNT) (oar_tensor **tensors = NULL, size_t count = 0, PyObject *kept = NULL) {
  if (!oar_py_to_tensors($input, &tensors, &count, &kept)) SWIG_fail;
  $1 = tensors;
  $2 = count;
}
%typemap(freearg) (oar_tensor *const *TENSORS, size_t COUNT) "free(tensors$argnum); Py_XDECREF(kept$argnum);"

%typemap(in) (oar_dataset *const *DATASETS, size_t COUNT) (oar_dataset **datasets = NULL, size_t count = 0, PyObject *kept = NULL) {
  if (!oar_py_to_datasets($input, &datasets, &count, &kept)) SWIG_fail;
  $1 = datasets;
  $2 = count;
}
%typemap(freearg) (oar_dataset *const *DATASETS, size_t COUNT) "free(datasets$argnum); Py_XDECREF(kept$argnum);"

%typemap(in) (const char *const *NAMES, const int32_t *VALUES, size_t COUNT)
    (const char **names = NULL, int32_t *values = NULL, size_t count = 0, PyObject *kept = NULL) {
  if (!oar_py_to_axes($input, &names, &values, &count, &kept)) SWIG_fail;
  $1 = (char **)names;
  $2 = values;
  $3 = count;
}
%typemap(freearg) (const char *const *NAMES, const int32_t *VALUES, size_t COUNT)
  "free(names$argnum); free(values$argnum); Py_XDECREF(kept$argnum);"

%typemap(in) (const char *const *NAMES, const double *VALUES, size_t COUNT)
    (const char **names = NULL, double *values = NULL, size_t count = 0, PyObject *kept = NULL) {
  if (!oar_py_to_metrics($input, &names, &values, &count, &kept)) SWIG_fail;
  $1 = (char **)names;
  $2 = values;
  $3 = count;
}
%typemap(freearg) (const char *const *NAMES, const double *VALUES, size_t COUNT)
  "free(names$argnum); free(values$argnum); Py_XDECREF(kept$argnum);"

/* Operators: their arguments, and room for what they give. Results beyond the room end the call with an error: it must not
   be made twice, for it may have drawn random numbers. */
%typemap(in) (oar_value *VALUES, size_t COUNT) (oar_py_values given = {0}) {
  if (!oar_py_to_values($input, &given)) SWIG_fail;
  $1 = given.values;
  $2 = given.count;
}
%typemap(freearg) (oar_value *VALUES, size_t COUNT) "oar_py_free_values(&given$argnum);"
%typemap(in, numinputs=0) (oar_tensor **TENSORS_OUT, size_t *ROOM) (oar_tensor *first[OAR_PY_RESULTS_MAX], size_t room = OAR_PY_RESULTS_MAX) {
  $1 = first;
  $2 = &room;
}
%typemap(argout) (oar_tensor **TENSORS_OUT, size_t *ROOM) {
  $result = oar_py_append($result, oar_py_tensor_list($1, *$2));
  if ($result == NULL) SWIG_fail;
}

/* Bytes. */
%typemap(in) (const void *DATA, size_t SIZE) (Py_buffer view = {0}) {
  if ($input != Py_None && PyObject_GetBuffer($input, &view, PyBUF_SIMPLE) != 0) SWIG_fail;
  $1 = view.buf;
  $2 = (size_t)view.len;
}
%typemap(freearg) (const void *DATA, size_t SIZE) "if (view$argnum.obj != NULL) PyBuffer_Release(&view$argnum);"
%typemap(in, numinputs=0) (const void **DATA_OUT, size_t *SIZE_OUT) (void *data = NULL, size_t size = 0) {
  $1 = &data;
  $2 = &size;
}
%typemap(argout) (const void **DATA_OUT, size_t *SIZE_OUT) {
  $result = oar_py_append($result, PyBytes_FromStringAndSize(*$1, (Py_ssize_t)*$2));
  if ($result == NULL) SWIG_fail;
}

/* Addresses: of memory and of functions, as numbers. */
%typemap(in) void *ADDRESS, const void *ADDRESS { $1 = PyLong_AsVoidPtr($input); if ($1 == NULL && PyErr_Occurred()) SWIG_fail; }
%typemap(in) void *ADDRESS_OR_NONE {
  $1 = $input == Py_None ? NULL : PyLong_AsVoidPtr($input);
  if ($1 == NULL && PyErr_Occurred()) SWIG_fail;
}
%typemap(in, numinputs=0) void **ADDRESS_OUT (void *address = NULL) "$1 = &address;"
%typemap(argout) void **ADDRESS_OUT "$result = oar_py_append($result, PyLong_FromVoidPtr(*$1)); if ($result == NULL) SWIG_fail;"
%typemap(in, numinputs=0) oar_function *FUNCTION_OUT (oar_function function = NULL) "$1 = &function;"
%typemap(argout) oar_function *FUNCTION_OUT {
  $result = oar_py_append($result, PyLong_FromSize_t((size_t)(uintptr_t)*$1));
  if ($result == NULL) SWIG_fail;
}

/* DLPack capsules: what was taken over is marked so on success only. */
%typemap(in) struct DLManagedTensorVersioned *CAPSULE {
  $1 = oar_py_capsule_to($input);
  if ($1 == NULL) SWIG_fail;
}
%typemap(argout) struct DLManagedTensorVersioned *CAPSULE "PyCapsule_SetName($input, \"used_dltensor_versioned\");"
%typemap(in, numinputs=0) struct DLManagedTensorVersioned **CAPSULE_OUT (struct DLManagedTensorVersioned *managed = NULL) "$1 = &managed;"
%typemap(argout) struct DLManagedTensorVersioned **CAPSULE_OUT {
  $result = oar_py_append($result, oar_py_capsule_from(*$1));
  if ($result == NULL) SWIG_fail;
}

/* Handles. */
%define OAR_HANDLE(noun)
%typemap(in) oar_##noun *HANDLE { if (!oar_py_is($input, OAR_PY_##noun, 0)) SWIG_fail; $1 = oar_py_pointer($input); }
%typemap(in) oar_##noun *HANDLE_OR_NONE { if (!oar_py_is($input, OAR_PY_##noun, 1)) SWIG_fail; $1 = oar_py_pointer($input); }
%typemap(in) oar_##noun *HANDLE_SHARED = oar_##noun *HANDLE;
%typemap(argout) oar_##noun *HANDLE_SHARED {
  $result = oar_py_append($result, oar_py_wrap(OAR_PY_##noun, $1));
  if ($result == NULL) SWIG_fail;
}
%typemap(in) oar_##noun *HANDLE_ENDED { if (!oar_py_is($input, OAR_PY_##noun, 1)) SWIG_fail; $1 = oar_py_take($input); }
%typemap(in, numinputs=0) oar_##noun **HANDLE_OUT (oar_##noun *made = NULL) "$1 = &made;"
%typemap(argout) oar_##noun **HANDLE_OUT {
  $result = oar_py_append($result, oar_py_wrap(OAR_PY_##noun, *$1));
  if ($result == NULL) SWIG_fail;
}
%enddef

/* Callbacks: a Python function, or None. C owns one reference to it from the call on, whether that succeeds or not: no
   parameter may be converted after it. */
%define OAR_CALLBACK(noun)
%typemap(in) (oar_##noun##_fn noun##_FN, void *USER_DATA, oar_release_fn RELEASE) {
  if ($input != Py_None && !PyCallable_Check($input)) {
    PyErr_Format(PyExc_TypeError, "a callable or None is needed, not %R", $input);
    SWIG_fail;
  }
  $1 = $input == Py_None ? NULL : oar_py_##noun;
  $2 = $input == Py_None ? NULL : (void *)Py_NewRef($input);
  $3 = $input == Py_None ? NULL : oar_py_release_kept;
}
%enddef

/* An exchange knows how much room it has to fill: arg3 is the world size of oar_state_create_with_exchange. */
%typemap(in) (oar_exchange_fn exchange_FN, void *USER_DATA, oar_release_fn RELEASE) {
  if (!PyCallable_Check($input)) {
    PyErr_Format(PyExc_TypeError, "a callable is needed, not %R", $input);
    SWIG_fail;
  }
  $2 = oar_py_new_exchange($input, arg3);
  if ($2 == NULL) SWIG_fail;
  $1 = oar_py_exchange;
  $3 = oar_py_release_exchange;
}

/* An object that is kept as long as C uses the memory given with it. */
%typemap(in) (void *KEPT, oar_release_fn RELEASE) {
  $1 = $input == Py_None ? NULL : (void *)Py_NewRef($input);
  $2 = $input == Py_None ? NULL : oar_py_release_kept;
}
