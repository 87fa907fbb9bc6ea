/* What the SWIG interface and the hand-written C of the low level share. Limited API of CPython 3.11. */
#ifndef OARLOCK_PYTHON_NATIVE_H
#define OARLOCK_PYTHON_NATIVE_H

#include <Python.h>
#include <oarlock/oarlock.h>

#include "kinds.h"

#define OAR_PY_KIND(noun, title) OAR_PY_##noun,
typedef enum { OAR_PY_KINDS(OAR_PY_KIND) OAR_PY_NUM_KINDS } oar_py_kind;
#undef OAR_PY_KIND

/* handles.c: one Python object owns one reference. All need the GIL. */
int oar_py_add_types(PyObject *module);
PyObject *oar_py_register(const char *noun, PyObject *made);
PyObject *oar_py_wrap(oar_py_kind kind, void *owned);      /* NULL gives None; on failure the reference is released */
int oar_py_is(PyObject *object, oar_py_kind kind, int may_be_none); /* 0: an exception is set */
void *oar_py_pointer(PyObject *object);                    /* of an object that oar_py_is has passed; None gives NULL */
void *oar_py_take(PyObject *object);                       /* the same, and the object owns it no more */

/* errors.c */
void oar_py_set_error_factory(PyObject *factory);
void oar_py_raise(oar_status status);        /* this thread's error as an exception */
int oar_py_check(oar_status status);         /* 0: nothing to raise; -1: an exception is set */
void oar_py_raise_code(oar_status status, const char *text);
void oar_py_keep_exception(void);            /* the pending exception waits until the C call is over; oar_py_check sets it again */

/* callbacks.c */
typedef enum { OAR_PY_KEEP, OAR_PY_REPORT } oar_py_fate; /* of an exception: raised by the call, or given to sys.unraisablehook */
int oar_py_enter(PyGILState_STATE *gil);     /* takes the GIL on any thread; 0: the interpreter is ending, and it was not taken */
void oar_py_leave(PyGILState_STATE gil);
int oar_py_call(PyObject *callable, PyObject *arguments, oar_py_fate fate); /* arguments stolen, NULL: could not be made; 1: it raised */
PyObject *oar_py_pack(int count, ...);       /* a tuple of new references; NULL if one of them is */
PyObject *oar_py_text(const char *text);
void oar_py_release_kept(void *object);      /* an oar_release_fn */
PyObject *oar_py_shutdown(void);
extern PyObject *oar_py_first_use;           /* called once, before the library is used; NULL: it was, or there is nothing to call */
void oar_py_set_first_use(PyObject *callable);
void oar_py_tell_first_use(void);
int oar_py_mind_forks(void);

/* One exchange function and the room that it has to fill. */
typedef struct {
  PyObject *callable;
  int32_t world_size;
} oar_py_exchange_call;
oar_py_exchange_call *oar_py_new_exchange(PyObject *callable, int32_t world_size);
int32_t oar_py_exchange(const void *mine, size_t size, void *all, void *user_data);
void oar_py_release_exchange(void *user_data);
int32_t oar_py_forward(oar_model *model, const oar_tree *inputs, oar_tree **out_outputs, void *user_data);
int32_t oar_py_collate(const oar_tree *samples, oar_tree **out_batch, void *user_data);
int32_t oar_py_sample(int64_t index, oar_tree **out_sample, void *user_data);
int32_t oar_py_sampler(int64_t epoch, oar_tree **out_order, void *user_data);
int32_t oar_py_closure(double *out_loss, void *user_data);
int32_t oar_py_factor(int64_t step, int64_t group_index, double *out_factor, void *user_data);
int32_t oar_py_update(const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *state,
                      const oar_tree *options, void *user_data);
int32_t oar_py_stream(int64_t epoch, int64_t index, oar_tree **out_sample, void *user_data);
int32_t oar_py_backward(oar_model *model, const oar_tree *output_gradients, void *user_data);

/* values.c: a sequence of values, the last of which may be a dict of those by keyword. */
typedef struct {
  oar_value *values;
  size_t count;
  void **arrays;    /* what each value points to */
  PyObject **kept;  /* what its handles are borrowed from */
  PyObject *items;
} oar_py_values;
int oar_py_to_values(PyObject *sequence, oar_py_values *values); /* 0: an exception is set; free it then too */
void oar_py_free_values(oar_py_values *values);
PyObject *oar_py_tensor_list(oar_tensor **tensors, size_t count); /* takes over the handles */

/* tensors.c */
PyObject *oar_py_capsule_from(struct DLManagedTensorVersioned *managed);
struct DLManagedTensorVersioned *oar_py_capsule_to(PyObject *capsule);
PyObject *oar_py_tensor_from_buffer(PyObject *exporter);
PyObject *oar_py_tensor_from_capsule(PyObject *capsule);
PyObject *oar_py_tensor_to_legacy_capsule(PyObject *tensor);
int oar_py_get_buffer(PyObject *tensor, Py_buffer *view, int flags);
void oar_py_release_buffer(PyObject *tensor, Py_buffer *view);

/* arguments.c: Python values to C; 0: an exception is set. What is allocated is freed by oar_py_free_*. */
int oar_py_to_int64(PyObject *object, int64_t low, int64_t high, const char *type, int64_t *out);
int oar_py_to_uint64(PyObject *object, uint64_t *out);
int oar_py_to_text(PyObject *object, int may_be_none, const char **out);
int oar_py_to_numbers(PyObject *sequence, int64_t **out, size_t *count);
int oar_py_to_small_numbers(PyObject *sequence, int32_t **out, size_t *count);
int oar_py_to_layout(PyObject *pair, int64_t **shape, int64_t **strides, size_t *count);
int oar_py_to_names(PyObject *sequence, const char ***out, size_t *count, PyObject **kept);
int oar_py_to_tensors(PyObject *sequence, oar_tensor ***tensors, size_t *count, PyObject **kept); /* None: NULL */
int oar_py_to_datasets(PyObject *sequence, oar_dataset ***datasets, size_t *count, PyObject **kept);
int oar_py_to_columns(PyObject *mapping, const char ***names, oar_tensor ***tensors, size_t *count, PyObject **kept);
int oar_py_to_metrics(PyObject *mapping, const char ***names, double **values, size_t *count, PyObject **kept);
int oar_py_to_axes(PyObject *mapping, const char ***names, int32_t **numbers, size_t *count, PyObject **kept);
PyObject *oar_py_numbers(const int64_t *numbers, size_t count);
PyObject *oar_py_unsigned_numbers(const uint64_t *numbers, size_t count);
PyObject *oar_py_small_numbers(const int32_t *numbers, size_t count);
PyObject *oar_py_append(PyObject *result, PyObject *more); /* steals both; None and x is x, x and y is (x, y) */

#endif
