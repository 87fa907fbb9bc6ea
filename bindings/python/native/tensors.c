/* Tensors and the memory of others: the buffer protocol and DLPack, both ways and without copies. */
#include <stdlib.h>
#include <string.h>

#include "dlpack.h"
#include "native.h"

enum { kMaxDims = 64 };
static const char kVersioned[] = "dltensor_versioned", kUsedVersioned[] = "used_dltensor_versioned";
static const char kLegacy[] = "dltensor", kUsedLegacy[] = "used_dltensor";

/* Element types as the buffer protocol writes them; NULL: it has no letter for them. */
typedef struct { int32_t dtype; const char *format; int item_size; uint8_t code; } element;
static const element elements[] = {
    {OAR_BOOL, "?", 1, kDlBool},       {OAR_UINT8, "B", 1, kDlUnsigned},   {OAR_INT8, "b", 1, kDlInt},
    {OAR_INT16, "h", 2, kDlInt},       {OAR_INT32, "i", 4, kDlInt},        {OAR_INT64, "l", 8, kDlInt},
    {OAR_FLOAT16, "e", 2, kDlFloat},   {OAR_FLOAT32, "f", 4, kDlFloat},    {OAR_FLOAT64, "d", 8, kDlFloat},
    {OAR_UINT16, "H", 2, kDlUnsigned}, {OAR_UINT32, "I", 4, kDlUnsigned},  {OAR_UINT64, "L", 8, kDlUnsigned},
    {OAR_COMPLEX64, "Zf", 8, kDlComplex}, {OAR_COMPLEX128, "Zd", 16, kDlComplex}};
enum { kNumElements = sizeof elements / sizeof elements[0] };

static const element *element_of_dtype(int32_t dtype) {
  int i;
  for (i = 0; i < kNumElements; ++i)
    if (elements[i].dtype == dtype) return &elements[i];
  return NULL;
}

/* NULL: a format that no tensor has. Native and little-endian ones are the same here; q and n are other names of l. */
static const element *element_of_format(const char *format, Py_ssize_t item_size) {
  int i;
  if (format == NULL) format = "B";
  if (strchr("@=<", format[0]) != NULL && format[0] != '\0') ++format;
  if (strcmp(format, "q") == 0 || strcmp(format, "n") == 0) format = "l";
  if (strcmp(format, "Q") == 0 || strcmp(format, "N") == 0) format = "L";
  if (strcmp(format, "c") == 0) format = "B";
  for (i = 0; i < kNumElements; ++i)
    if (strcmp(elements[i].format, format) == 0) return item_size == elements[i].item_size ? &elements[i] : NULL;
  return NULL;
}

/* From other libraries ---------------------------------------------------------------------------------------------- */

/* A buffer held until the tensor's memory is not used any more. */
typedef struct {
  dl_versioned managed;
  Py_buffer view;
  int64_t sizes[2 * kMaxDims]; /* the shape, then the strides */
} held_buffer;

static void release_held(dl_versioned *self) {
  held_buffer *held = (held_buffer *)self;
  PyGILState_STATE gil;
  PyObject *type, *value, *traceback;
  if (!oar_py_enter(&gil)) return; /* its memory goes with the process */
  PyErr_Fetch(&type, &value, &traceback);
  PyBuffer_Release(&held->view);
  PyErr_Restore(type, value, traceback);
  oar_py_leave(gil);
  free(held);
}

static int describe(held_buffer *held) {
  const Py_buffer *view = &held->view;
  const element *kind = element_of_format(view->format, view->itemsize);
  dl_tensor *tensor = &held->managed.tensor;
  int i;
  if (kind == NULL) {
    PyErr_Format(PyExc_TypeError,
                 "an array with elements of format '%s' (%zd bytes) cannot become a tensor; native bool, (u)int8 to 64, "
                 "float16, 32, 64 and complex64, 128 can", view->format == NULL ? "B" : view->format, view->itemsize);
    return 0;
  }
  if (view->ndim > kMaxDims) {
    PyErr_Format(PyExc_ValueError, "an array of %d dimensions cannot become a tensor; %d is the most", view->ndim, kMaxDims);
    return 0;
  }
  for (i = 0; i < view->ndim; ++i) {
    if (view->strides[i] % view->itemsize != 0) {
      PyErr_Format(PyExc_ValueError, "a stride of %zd bytes is no multiple of the element's %zd; copy the array first",
                   view->strides[i], view->itemsize);
      return 0;
    }
    held->sizes[i] = view->shape[i];
    held->sizes[kMaxDims + i] = view->strides[i] / view->itemsize;
  }
  held->managed.major = 1;
  held->managed.deleter = release_held;
  held->managed.flags = view->readonly ? kDlReadOnly : 0;
  tensor->data = view->buf;
  tensor->device.device_type = kDlCpu;
  tensor->num_dims = view->ndim;
  tensor->dtype = (dl_type){kind->code, (uint8_t)(8 * kind->item_size), 1};
  tensor->shape = held->sizes;
  tensor->strides = held->sizes + kMaxDims;
  return 1;
}

static PyObject *take_over(dl_versioned *managed) {
  oar_tensor *tensor = NULL;
  if (oar_py_check(oar_tensor_from_dlpack(managed, NULL, &tensor)) != 0) return NULL;
  return oar_py_wrap(OAR_PY_tensor, tensor);
}

PyObject *oar_py_tensor_from_buffer(PyObject *exporter) {
  held_buffer *held = calloc(1, sizeof *held);
  PyObject *tensor = NULL;
  if (held == NULL) return PyErr_NoMemory();
  if (PyObject_GetBuffer(exporter, &held->view, PyBUF_FULL_RO) != 0) {
    free(held);
    return NULL;
  }
  if (held->view.suboffsets != NULL)
    PyErr_SetString(PyExc_ValueError, "an array with suboffsets cannot become a tensor; copy it first");
  else if (describe(held))
    tensor = take_over(&held->managed);
  if (tensor == NULL) { /* it was not taken over */
    PyBuffer_Release(&held->view);
    free(held);
  }
  return tensor;
}

static void delete_legacy(dl_versioned *self) {
  dl_legacy *legacy = self->context;
  if (legacy->deleter != NULL) legacy->deleter(legacy);
  free(self);
}

static PyObject *from_legacy(PyObject *capsule) {
  dl_legacy *legacy = PyCapsule_GetPointer(capsule, kLegacy);
  dl_versioned *managed = legacy == NULL ? NULL : calloc(1, sizeof *managed);
  PyObject *tensor;
  if (legacy == NULL) return NULL;
  if (managed == NULL) return PyErr_NoMemory();
  managed->major = 1;
  managed->context = legacy;
  managed->deleter = delete_legacy;
  managed->tensor = legacy->tensor;
  tensor = take_over(managed);
  if (tensor == NULL)
    free(managed);
  else
    PyCapsule_SetName(capsule, kUsedLegacy);
  return tensor;
}

PyObject *oar_py_tensor_from_capsule(PyObject *capsule) {
  dl_versioned *managed;
  PyObject *tensor;
  if (PyCapsule_IsValid(capsule, kLegacy)) return from_legacy(capsule);
  managed = oar_py_capsule_to(capsule);
  tensor = managed == NULL ? NULL : take_over(managed);
  if (tensor != NULL) PyCapsule_SetName(capsule, kUsedVersioned);
  return tensor;
}

struct DLManagedTensorVersioned *oar_py_capsule_to(PyObject *capsule) {
  if (PyCapsule_IsValid(capsule, kVersioned)) return PyCapsule_GetPointer(capsule, kVersioned);
  if (PyCapsule_CheckExact(capsule) && PyCapsule_GetName(capsule) != NULL)
    PyErr_Format(PyExc_ValueError, "a DLPack capsule is needed that nobody has used, not one named '%s'", PyCapsule_GetName(capsule));
  else
    PyErr_SetString(PyExc_TypeError, "a DLPack capsule is needed");
  return NULL;
}

/* To other libraries ------------------------------------------------------------------------------------------------ */

static void end_versioned_capsule(PyObject *capsule) {
  dl_versioned *managed;
  if (!PyCapsule_IsValid(capsule, kVersioned)) return; /* its consumer ends it */
  managed = PyCapsule_GetPointer(capsule, kVersioned);
  managed->deleter(managed);
}

PyObject *oar_py_capsule_from(struct DLManagedTensorVersioned *managed) {
  PyObject *capsule = PyCapsule_New(managed, kVersioned, end_versioned_capsule);
  if (capsule == NULL) managed->deleter(managed);
  return capsule;
}

static void delete_versioned(dl_legacy *self) {
  dl_versioned *managed = self->context;
  managed->deleter(managed);
  free(self);
}

static void end_legacy_capsule(PyObject *capsule) {
  dl_legacy *legacy;
  if (!PyCapsule_IsValid(capsule, kLegacy)) return;
  legacy = PyCapsule_GetPointer(capsule, kLegacy);
  legacy->deleter(legacy);
}

PyObject *oar_py_tensor_to_legacy_capsule(PyObject *tensor) {
  dl_versioned *managed = NULL;
  dl_legacy *legacy;
  PyObject *capsule;
  if (!oar_py_is(tensor, OAR_PY_tensor, 0)) return NULL;
  if (oar_py_check(oar_tensor_to_dlpack(oar_py_pointer(tensor), NULL, &managed)) != 0) return NULL;
  legacy = calloc(1, sizeof *legacy);
  if (legacy == NULL || (managed->flags & kDlReadOnly) != 0) { /* the older form cannot say that it is read-only */
    if (legacy != NULL)
      PyErr_SetString(PyExc_BufferError, "a read-only tensor goes to consumers of DLPack 1.0 and later only; give them a copy");
    else
      PyErr_NoMemory();
    managed->deleter(managed);
    free(legacy);
    return NULL;
  }
  legacy->tensor = managed->tensor;
  legacy->context = managed;
  legacy->deleter = delete_versioned;
  capsule = PyCapsule_New(legacy, kLegacy, end_legacy_capsule);
  if (capsule == NULL) delete_versioned(legacy);
  return capsule;
}

/* What a view of the buffer protocol needs while it is in use. */
typedef struct {
  oar_tensor *tensor; /* one reference */
  Py_ssize_t sizes[2 * kMaxDims];
} exported;

typedef struct { void *data; int64_t shape[kMaxDims], strides[kMaxDims], numel; size_t num_dims; int32_t dtype, read_only; } facts;

static oar_status ask(oar_tensor *tensor, facts *out) {
  size_t num_strides = out->num_dims = kMaxDims;
  oar_status status = oar_tensor_data(tensor, &out->data);
  if (status == OAR_OK) status = oar_tensor_dtype(tensor, &out->dtype);
  if (status == OAR_OK) status = oar_tensor_is_read_only(tensor, &out->read_only);
  if (status == OAR_OK) status = oar_tensor_numel(tensor, &out->numel);
  if (status == OAR_OK) status = oar_tensor_shape(tensor, out->shape, &out->num_dims);
  if (status == OAR_OK) status = oar_tensor_strides(tensor, out->strides, &num_strides);
  return status;
}

/* Whether the elements lie one after another in row-major order (or, by_columns, in column-major order). */
static int lies_in_order(const facts *of, int by_columns) {
  int64_t need = 1;
  size_t i;
  for (i = 0; i < of->num_dims; ++i) {
    const size_t dim = by_columns ? i : of->num_dims - 1 - i;
    if (of->shape[dim] != 1 && of->strides[dim] != need && of->numel > 0) return 0;
    need *= of->shape[dim];
  }
  return 1;
}

static const char *refusal(const facts *of, int flags, const element *kind) {
  const int rows = lies_in_order(of, 0), columns = lies_in_order(of, 1);
  if (kind == NULL) return "this element type has no format of the buffer protocol; use DLPack";
  if ((flags & PyBUF_WRITABLE) != 0 && of->read_only) return "the tensor is read-only";
  if ((flags & PyBUF_C_CONTIGUOUS) == PyBUF_C_CONTIGUOUS && !rows) return "the tensor is not row-major; use contiguous()";
  if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && !columns) return "the tensor is not column-major";
  if ((flags & PyBUF_ANY_CONTIGUOUS) == PyBUF_ANY_CONTIGUOUS && !rows && !columns) return "the tensor has gaps; use contiguous()";
  if ((flags & PyBUF_STRIDES) != PyBUF_STRIDES && !rows) return "the tensor is not row-major and strides are not asked for";
  return NULL;
}

int oar_py_get_buffer(PyObject *tensor, Py_buffer *view, int flags) {
  facts of = {0};
  exported *out;
  const element *kind;
  const char *why_not;
  size_t i;
  view->obj = NULL;
  if (!oar_py_is(tensor, OAR_PY_tensor, 0) || oar_py_check(ask(oar_py_pointer(tensor), &of)) != 0) return -1;
  kind = element_of_dtype(of.dtype);
  why_not = refusal(&of, flags, kind);
  if (why_not != NULL) {
    PyErr_SetString(PyExc_BufferError, why_not);
    return -1;
  }
  out = malloc(sizeof *out);
  if (out == NULL) {
    PyErr_NoMemory();
    return -1;
  }
  out->tensor = oar_py_pointer(tensor);
  if (oar_py_check(oar_tensor_retain(out->tensor)) != 0) {
    free(out);
    return -1;
  }
  for (i = 0; i < of.num_dims; ++i) {
    out->sizes[i] = (Py_ssize_t)of.shape[i];
    out->sizes[kMaxDims + i] = (Py_ssize_t)of.strides[i] * kind->item_size;
  }
  Py_INCREF(tensor);
  *view = (Py_buffer){.buf = of.data, .obj = tensor, .len = (Py_ssize_t)of.numel * kind->item_size, .itemsize = kind->item_size,
                      .readonly = of.read_only, .ndim = (int)of.num_dims, .internal = out};
  view->format = (flags & PyBUF_FORMAT) != 0 ? (char *)kind->format : NULL;
  view->shape = (flags & PyBUF_ND) != 0 ? out->sizes : NULL;
  view->strides = (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? out->sizes + kMaxDims : NULL;
  return 0;
}

void oar_py_release_buffer(PyObject *tensor, Py_buffer *view) {
  exported *out = view->internal;
  (void)tensor;
  oar_tensor_release(out->tensor);
  free(out);
}
