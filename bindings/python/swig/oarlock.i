/* The low level of the Python package: every function of the C interface.
 *
 * functions.i is generated from capi/api.json; it names parameters by their shape, and typemaps.i says what each shape is in
 * Python. The proxies that SWIG writes in Python are not used: oarlock._c is the extension module itself. */
%module(threads="1", package="oarlock") c
%nothread;

%{
#include <stdlib.h>
#include "native.h"

/* OAR_PY_CALL: a Python function called from C, on any thread. `failed` becomes 1 if it raised, or could not be entered
   since the interpreter is ending. */
#define OAR_PY_CALL(failed, user_data, fate, ...) do { \
    PyGILState_STATE gil_; \
    if (!oar_py_enter(&gil_)) { failed = 1; break; } \
    failed = oar_py_call((PyObject *)(user_data), oar_py_pack(__VA_ARGS__), fate); \
    oar_py_leave(gil_); \
  } while (0)
#include "trampolines.h"

enum { OAR_PY_RESULTS_MAX = 1024 }; /* of one operator */

/* After a call that had too little room: makes what it needs, so that the call can be made once more. */
static int oar_py_needs_room(oar_status status, void **array, size_t need, size_t given, size_t item_size, void **heap) {
  if (status != OAR_E_ARGUMENT || need <= given) return 0;
  *heap = malloc(need * item_size);
  if (*heap != NULL) *array = *heap;
  return *heap != NULL;
}
#define OAR_NEEDS_ROOM(array, room, given, heap) \
  oar_py_needs_room(result, (void **)&(array), *(room), given, sizeof *(array), &(heap))

/* Before the first call that counts as use of the library. */
#define OAR_FIRST_USE if (oar_py_first_use != NULL) oar_py_tell_first_use();
%}

%rename("%(strip:[oar_])s") "";
%include "typemaps.i"
%include "functions.i"

/* What the package needs beside the C interface. */
%typemap(out) PyObject * "$result = $1; if ($result == NULL) SWIG_fail;"
%rename(set_class) oar_py_register;
%rename(tensor_from_buffer) oar_py_tensor_from_buffer;
%rename(tensor_from_capsule) oar_py_tensor_from_capsule;
%rename(tensor_to_legacy_capsule) oar_py_tensor_to_legacy_capsule;
%feature("docstring") oar_py_register "Make handles of a kind instances of this class.";
%feature("docstring") oar_py_tensor_from_buffer "A tensor over the memory of an object with the buffer protocol, without a copy.";
%feature("docstring") oar_py_tensor_from_capsule "A tensor over the memory of a DLPack capsule of either form, without a copy.";
%feature("docstring") oar_py_tensor_to_legacy_capsule "A DLPack capsule of the form before 1.0.";
PyObject *oar_py_register(const char *TEXT, PyObject *made);
PyObject *oar_py_tensor_from_buffer(PyObject *exporter);
PyObject *oar_py_tensor_from_capsule(PyObject *capsule);
PyObject *oar_py_tensor_to_legacy_capsule(PyObject *tensor);

%feature("docstring") start "What makes exceptions of errors, and what is called before the first use of the library.";
%feature("docstring") shutdown "No callback runs any more; those that run are waited for, at most a few seconds.";
%inline %{
static void start(PyObject *error_factory, PyObject *first_use) {
  oar_py_set_error_factory(error_factory);
  oar_py_set_first_use(first_use);
}
static PyObject *shutdown(void) { return oar_py_shutdown(); }
%}

%init %{
  if (oar_py_mind_forks() != 0 || oar_py_add_types(m) != 0) return -1;
%}
