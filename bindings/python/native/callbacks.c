/* Python functions called by C, on any thread, also while the interpreter ends. */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "native.h"

/* How many threads are inside Python on behalf of C. Once `ending` is set none enters any more: a thread that asked for the
   GIL of an interpreter that has ended would be stopped there for ever, in the midst of C++. The mutex is a leaf. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_out = PTHREAD_COND_INITIALIZER;
static int inside;
static int ending;

enum { kShutdownLimitS = 5 };

int oar_py_enter(PyGILState_STATE *gil) {
  int open;
  pthread_mutex_lock(&mutex);
  open = !ending && Py_IsInitialized();
  inside += open;
  pthread_mutex_unlock(&mutex);
  if (open) *gil = PyGILState_Ensure();
  return open;
}

void oar_py_leave(PyGILState_STATE gil) {
  PyGILState_Release(gil);
  pthread_mutex_lock(&mutex);
  if (inside > 0 && --inside == 0) pthread_cond_broadcast(&all_out);
  pthread_mutex_unlock(&mutex);
}

/* A forked child has one thread: none of the others holds the mutex or is inside. */
static void lock_for_fork(void) { pthread_mutex_lock(&mutex); }
static void unlock_after_fork(void) { pthread_mutex_unlock(&mutex); }
static void forget_threads(void) {
  inside = 0;
  pthread_mutex_unlock(&mutex);
}

int oar_py_mind_forks(void) { return pthread_atfork(lock_for_fork, unlock_after_fork, forget_threads); }

PyObject *oar_py_first_use;
static int was_used;

void oar_py_set_first_use(PyObject *callable) {
  PyObject *before = oar_py_first_use;
  Py_INCREF(callable);
  oar_py_first_use = callable;
  Py_XDECREF(before);
}

void oar_py_tell_first_use(void) {
  PyObject *callable = oar_py_first_use;
  oar_py_first_use = NULL;
  was_used = 1;
  oar_py_call(callable, oar_py_pack(0), OAR_PY_REPORT);
  Py_DECREF(callable);
}

/* At exit, before the interpreter ends: no callback begins any more, and those that run are waited for. */
PyObject *oar_py_shutdown(void) {
  struct timespec limit;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += kShutdownLimitS;
  Py_BEGIN_ALLOW_THREADS
  if (was_used) oar_log_set_callback(0, NULL, NULL, NULL);
  pthread_mutex_lock(&mutex);
  ending = 1;
  while (inside > 0 && pthread_cond_timedwait(&all_out, &mutex, &limit) == 0) {}
  pthread_mutex_unlock(&mutex);
  Py_END_ALLOW_THREADS
  Py_RETURN_NONE;
}

PyObject *oar_py_text(const char *text) { return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"); }

PyObject *oar_py_pack(int count, ...) {
  PyObject *tuple = PyTuple_New(count);
  va_list items;
  int i, whole = tuple != NULL;
  va_start(items, count);
  for (i = 0; i < count; ++i) {
    PyObject *item = va_arg(items, PyObject *);
    if (item == NULL) whole = 0;
    if (tuple != NULL && item != NULL)
      PyTuple_SetItem(tuple, i, item);
    else
      Py_XDECREF(item);
  }
  va_end(items);
  if (whole) return tuple;
  Py_XDECREF(tuple);
  return NULL;
}

static void settle(PyObject *callable, oar_py_fate fate) {
  if (fate == OAR_PY_KEEP)
    oar_py_keep_exception();
  else
    PyErr_WriteUnraisable(callable);
}

int oar_py_call(PyObject *callable, PyObject *arguments, oar_py_fate fate) {
  PyObject *result;
  Py_INCREF(callable); /* it may be replaced while it runs */
  result = arguments == NULL ? NULL : PyObject_CallObject(callable, arguments);
  if (result == NULL) settle(callable, fate);
  Py_XDECREF(arguments);
  Py_XDECREF(result);
  Py_DECREF(callable);
  return result == NULL;
}

void oar_py_release_kept(void *object) {
  PyGILState_STATE gil;
  PyObject *type, *value, *traceback;
  if (!oar_py_enter(&gil)) return; /* its memory goes with the process */
  PyErr_Fetch(&type, &value, &traceback);
  Py_DECREF((PyObject *)object);
  PyErr_Restore(type, value, traceback);
  oar_py_leave(gil);
}

oar_py_exchange_call *oar_py_new_exchange(PyObject *callable, int32_t world_size) {
  oar_py_exchange_call *call = malloc(sizeof *call);
  if (call == NULL) {
    PyErr_NoMemory();
    return NULL;
  }
  Py_INCREF(callable);
  call->callable = callable;
  call->world_size = world_size;
  return call;
}

void oar_py_release_exchange(void *user_data) {
  oar_py_exchange_call *call = user_data;
  oar_py_release_kept(call->callable);
  free(call);
}

/* The bytes of all ranks, joined by the function, into the room of world_size * size bytes. */
static int exchange(const oar_py_exchange_call *call, const void *mine, size_t size, void *all) {
  const size_t need = size * (size_t)call->world_size;
  PyObject *arguments = oar_py_pack(1, PyBytes_FromStringAndSize(mine, (Py_ssize_t)size));
  PyObject *result = arguments == NULL ? NULL : PyObject_CallObject(call->callable, arguments);
  char *bytes = NULL;
  Py_ssize_t length = 0;
  int done = 0;
  Py_XDECREF(arguments);
  if (result != NULL && PyBytes_AsStringAndSize(result, &bytes, &length) == 0) {
    done = (size_t)length == need;
    if (done)
      memcpy(all, bytes, need);
    else
      PyErr_Format(PyExc_ValueError, "the exchange gave %zd bytes; %d ranks times %zu bytes are needed", length,
                   (int)call->world_size, size);
  }
  Py_XDECREF(result);
  return done;
}

int32_t oar_py_exchange(const void *mine, size_t size, void *all, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = exchange(user_data, mine, size, all);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}

/* (model, tree) as handles for Python; a second owner of each is made. */
static PyObject *model_and_tree(oar_model *model, const oar_tree *tree) {
  if (oar_model_retain(model) != OAR_OK || oar_tree_retain((oar_tree *)tree) != OAR_OK) {
    oar_py_raise(OAR_E_HANDLE);
    return NULL;
  }
  return oar_py_pack(2, oar_py_wrap(OAR_PY_model, model), oar_py_wrap(OAR_PY_tree, (oar_tree *)tree));
}

/* A tree that the function gave, as C's own; None is NULL where it may be. Steals the result, NULL: it raised. */
static int own_tree(PyObject *result, int may_be_none, oar_tree **out) {
  int done = 0;
  if (result == Py_None && may_be_none) {
    done = 1;
  } else if (result != NULL && oar_py_is(result, OAR_PY_tree, 0)) {
    oar_tree *tree = oar_py_pointer(result);
    done = oar_tree_retain(tree) == OAR_OK;
    if (done)
      *out = tree;
    else
      oar_py_raise(OAR_E_HANDLE);
  }
  Py_XDECREF(result);
  return done;
}

/* function(model, inputs) -> outputs, as handles. */
static int forward(PyObject *callable, oar_model *model, const oar_tree *inputs, oar_tree **out_outputs) {
  PyObject *arguments = model_and_tree(model, inputs), *result;
  result = arguments == NULL ? NULL : PyObject_CallObject(callable, arguments);
  Py_XDECREF(arguments);
  return own_tree(result, 0, out_outputs);
}

int32_t oar_py_forward(oar_model *model, const oar_tree *inputs, oar_tree **out_outputs, void *user_data) {
  PyGILState_STATE gil;
  PyObject *callable = user_data;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  Py_INCREF(callable); /* it may be replaced while it runs */
  done = forward(callable, model, inputs, out_outputs);
  if (!done) oar_py_keep_exception();
  Py_DECREF(callable);
  oar_py_leave(gil);
  return !done;
}

/* function(index) -> sample, as a handle. */
int32_t oar_py_sample(int64_t index, oar_tree **out_sample, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = own_tree(PyObject_CallFunction((PyObject *)user_data, "L", (long long)index), 0, out_sample);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}

/* function(samples) -> batch, as handles; a second owner of the samples is made. */
static int collate(PyObject *callable, const oar_tree *samples, oar_tree **out_batch) {
  PyObject *arguments, *result;
  if (oar_tree_retain((oar_tree *)samples) != OAR_OK) {
    oar_py_raise(OAR_E_HANDLE);
    return 0;
  }
  arguments = oar_py_pack(1, oar_py_wrap(OAR_PY_tree, (oar_tree *)samples));
  result = arguments == NULL ? NULL : PyObject_CallObject(callable, arguments);
  Py_XDECREF(arguments);
  return own_tree(result, 0, out_batch);
}

int32_t oar_py_collate(const oar_tree *samples, oar_tree **out_batch, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = collate((PyObject *)user_data, samples, out_batch);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}

/* function(epoch) -> order, as a handle. */
int32_t oar_py_sampler(int64_t epoch, oar_tree **out_order, void *user_data) { return oar_py_sample(epoch, out_order, user_data); }

/* function(epoch, index) -> sample, as a handle, or None at the end. */
int32_t oar_py_stream(int64_t epoch, int64_t index, oar_tree **out_sample, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = own_tree(PyObject_CallFunction((PyObject *)user_data, "LL", (long long)epoch, (long long)index), 1, out_sample);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}

/* function(model, output_gradients) -> None */
int32_t oar_py_backward(oar_model *model, const oar_tree *output_gradients, void *user_data) {
  PyGILState_STATE gil;
  PyObject *callable = user_data, *arguments, *result;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  Py_INCREF(callable); /* it may be replaced while it runs */
  arguments = model_and_tree(model, output_gradients);
  result = arguments == NULL ? NULL : PyObject_CallObject(callable, arguments);
  done = result != NULL;
  Py_XDECREF(arguments);
  Py_XDECREF(result);
  if (!done) oar_py_keep_exception();
  Py_DECREF(callable);
  oar_py_leave(gil);
  return !done;
}

/* A number that the function gave. Steals the result, NULL: it raised. */
static int own_number(PyObject *result, double *out) {
  int done = 0;
  if (result != NULL) {
    const double number = PyFloat_AsDouble(result);
    done = number != -1.0 || !PyErr_Occurred();
    if (done) *out = number;
  }
  Py_XDECREF(result);
  return done;
}

/* function() -> loss */
int32_t oar_py_closure(double *out_loss, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = own_number(PyObject_CallObject((PyObject *)user_data, NULL), out_loss);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}

/* function(step, group) -> factor */
int32_t oar_py_factor(int64_t step, int64_t group_index, double *out_factor, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = own_number(PyObject_CallFunction((PyObject *)user_data, "LL", (long long)step, (long long)group_index), out_factor);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}

/* function(name, parameter, gradient, state, options) -> None, as handles; a second owner of each is made. */
static int update(PyObject *callable, const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *state,
                  oar_tree *options) {
  PyObject *arguments, *result;
  if (oar_tensor_retain(parameter) != OAR_OK || oar_tensor_retain(gradient) != OAR_OK || oar_tree_retain(state) != OAR_OK ||
      oar_tree_retain(options) != OAR_OK) {
    oar_py_raise(OAR_E_HANDLE);
    return 0;
  }
  arguments = oar_py_pack(5, oar_py_text(name), oar_py_wrap(OAR_PY_tensor, parameter), oar_py_wrap(OAR_PY_tensor, gradient),
                          oar_py_wrap(OAR_PY_tree, state), oar_py_wrap(OAR_PY_tree, options));
  result = arguments == NULL ? NULL : PyObject_CallObject(callable, arguments);
  Py_XDECREF(arguments);
  Py_XDECREF(result);
  return result != NULL;
}

int32_t oar_py_update(const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *state,
                      const oar_tree *options, void *user_data) {
  PyGILState_STATE gil;
  int done;
  if (!oar_py_enter(&gil)) return 1;
  done = update((PyObject *)user_data, name, parameter, gradient, state, (oar_tree *)options);
  if (!done) oar_py_keep_exception();
  oar_py_leave(gil);
  return !done;
}
