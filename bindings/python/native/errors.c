/* Failures of C as exceptions, and exceptions of callbacks carried past C. */
#include "native.h"

static PyObject *error_factory; /* (code, message, component, operation, rank, vendor code) -> exception */

/* What a callback raised on this thread inside the C call that runs now. */
static _Thread_local PyObject *kept_type, *kept_value, *kept_traceback;

void oar_py_set_error_factory(PyObject *factory) {
  PyObject *before = error_factory;
  Py_INCREF(factory);
  error_factory = factory;
  Py_XDECREF(before);
}

/* Steals `message`; NULL: it could not be made. */
static void raise_made(oar_status status, PyObject *message, const char *component, const char *operation, int32_t rank,
                       int64_t vendor_code) {
  PyObject *exception, *arguments;
  if (error_factory == NULL) {
    PyErr_Format(PyExc_RuntimeError, "%s: %S", oar_status_name(status), message == NULL ? Py_None : message);
    Py_XDECREF(message);
    return;
  }
  arguments = oar_py_pack(6, PyLong_FromLong(status), message, oar_py_text(component), oar_py_text(operation),
                          PyLong_FromLong(rank), PyLong_FromLongLong(vendor_code));
  exception = arguments == NULL ? NULL : PyObject_CallObject(error_factory, arguments);
  Py_XDECREF(arguments);
  if (exception == NULL) return;
  PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
  Py_DECREF(exception);
}

void oar_py_raise_code(oar_status status, const char *text) { raise_made(status, oar_py_text(text), "python", "", -1, 0); }

void oar_py_raise(oar_status status) {
  oar_error *error = NULL;
  const char *component = "", *operation = "";
  PyObject *message = oar_py_text(oar_last_error()); /* first: after a fork, or with a libtorch that is refused, nothing else can be asked */
  int32_t rank = -1;
  int64_t vendor_code = 0;
  if (oar_error_take(&error) == OAR_OK && error != NULL) {
    oar_error_component(error, &component);
    oar_error_operation(error, &operation);
    oar_error_rank(error, &rank);
    oar_error_vendor_code(error, &vendor_code);
  }
  raise_made(status, message, component, operation, rank, vendor_code);
  oar_error_release(error);
}

void oar_py_keep_exception(void) {
  if (kept_type != NULL) { /* a second one in the same call */
    PyErr_WriteUnraisable(NULL);
    return;
  }
  PyErr_Fetch(&kept_type, &kept_value, &kept_traceback);
}

int oar_py_check(oar_status status) {
  if (kept_type != NULL) {
    PyErr_Restore(kept_type, kept_value, kept_traceback);
    kept_type = kept_value = kept_traceback = NULL;
    return -1;
  }
  if (status == OAR_OK) return 0;
  oar_py_raise(status);
  return -1;
}
