/* Handles as Python objects: one type per kind, all below _c.Handle. The package registers a class of its own for each. */
#include <string.h>

#include "native.h"

typedef struct {
  PyObject_HEAD
  void *pointer; /* NULL: released, or never made */
} handle_object;

typedef struct {
  const char *noun, *title, *qualified_title;
  void (*release)(void *handle);
  PyTypeObject *type;  /* of this module */
  PyTypeObject *made;  /* what oar_py_wrap makes: a class below `type` */
  allocfunc allocate;  /* of `made` */
} kind_entry;

#define OAR_PY_RELEASE(noun, title) \
  static void release_##noun(void *handle) { oar_##noun##_release((oar_##noun *)handle); }
OAR_PY_KINDS(OAR_PY_RELEASE)

#define OAR_PY_ENTRY(noun, title) {#noun, #title, "oarlock._c." #title, release_##noun, NULL, NULL, NULL},
static kind_entry kinds[OAR_PY_NUM_KINDS] = {OAR_PY_KINDS(OAR_PY_ENTRY)};

static PyTypeObject *base_type;

static const kind_entry *kind_of(PyObject *object) {
  int kind;
  for (kind = 0; kind < OAR_PY_NUM_KINDS; ++kind)
    if (PyObject_TypeCheck(object, kinds[kind].type)) return &kinds[kind];
  return NULL;
}

static void let_go(PyObject *self) {
  handle_object *handle = (handle_object *)self;
  void *pointer = handle->pointer;
  const kind_entry *entry = pointer == NULL ? NULL : kind_of(self);
  handle->pointer = NULL;
  if (entry != NULL) entry->release(pointer);
}

static void deallocate(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject *error_type, *value, *traceback; /* what the release frees may run Python */
  PyErr_Fetch(&error_type, &value, &traceback);
  let_go(self);
  PyErr_Restore(error_type, value, traceback);
  ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
  Py_DECREF(type);
}

static PyObject *method_release(PyObject *self, PyObject *unused) {
  (void)unused;
  let_go(self);
  Py_RETURN_NONE;
}

static PyObject *method_adopt(PyObject *self, PyObject *other) {
  const kind_entry *mine = kind_of(self);
  void *pointer;
  if (mine == NULL || !oar_py_is(other, (oar_py_kind)(mine - kinds), 0)) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "this handle has no kind");
    return NULL;
  }
  pointer = oar_py_take(other);
  let_go(self);
  ((handle_object *)self)->pointer = pointer;
  Py_RETURN_NONE;
}

static PyObject *method_reduce(PyObject *self, PyObject *unused) {
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "__qualname__");
  (void)unused;
  if (name != NULL)
    PyErr_Format(PyExc_TypeError,
                 "cannot pickle or copy '%U': it is a handle of this process; make it anew in the other process, or save "
                 "what it holds to a file", name);
  Py_XDECREF(name);
  return NULL;
}

static PyObject *get_released(PyObject *self, void *unused) {
  (void)unused;
  return PyBool_FromLong(((handle_object *)self)->pointer == NULL);
}

static PyMethodDef methods[] = {
    {"release", method_release, METH_NOARGS,
     "Let go of the object now instead of when Python does. Never waits. Later calls raise InvalidHandle."},
    {"_adopt", method_adopt, METH_O, "Take over what another handle of this kind owns."},
    {"__reduce__", method_reduce, METH_NOARGS, "Handles cannot be pickled."},
    {NULL, NULL, 0, NULL}};

static PyGetSetDef properties[] = {
    {"released", get_released, NULL, "Whether the object was let go of, so that no call can use it any more.", NULL},
    {NULL, NULL, NULL, NULL, NULL}};

static PyTypeObject *make_type(const char *name, PyTypeObject *base, PyType_Slot *slots) {
  PyType_Spec spec = {name, sizeof(handle_object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
  PyObject *bases = base == NULL ? NULL : PyTuple_Pack(1, base);
  PyObject *type;
  if (base != NULL && bases == NULL) return NULL;
  type = PyType_FromSpecWithBases(&spec, bases);
  Py_XDECREF(bases);
  return (PyTypeObject *)type;
}

static void set_made(kind_entry *entry, PyTypeObject *made) {
  PyTypeObject *before = entry->made;
  Py_INCREF((PyObject *)made);
  entry->made = made;
  entry->allocate = (allocfunc)PyType_GetSlot(made, Py_tp_alloc);
  Py_XDECREF((PyObject *)before);
}

int oar_py_add_types(PyObject *module) {
  PyType_Slot base_slots[] = {{Py_tp_dealloc, (void *)deallocate},
                              {Py_tp_methods, methods},
                              {Py_tp_getset, properties},
                              {Py_tp_doc, "One reference to an object of the library; it ends with this object."},
                              {0, NULL}};
  PyType_Slot kind_slots[] = {{Py_tp_dealloc, (void *)deallocate}, {0, NULL}};
  PyType_Slot tensor_slots[] = {{Py_tp_dealloc, (void *)deallocate},
                                {Py_bf_getbuffer, (void *)oar_py_get_buffer},
                                {Py_bf_releasebuffer, (void *)oar_py_release_buffer},
                                {0, NULL}};
  int kind;
  if (base_type != NULL) {
    PyErr_SetString(PyExc_ImportError, "oarlock can be imported once in a process: not in a second interpreter, and not anew");
    return -1;
  }
  base_type = make_type("oarlock._c.Handle", NULL, base_slots);
  if (base_type == NULL || PyModule_AddObjectRef(module, "Handle", (PyObject *)base_type) != 0) return -1;
  for (kind = 0; kind < OAR_PY_NUM_KINDS; ++kind) {
    kind_entry *entry = &kinds[kind];
    entry->type = make_type(entry->qualified_title, base_type, kind == OAR_PY_tensor ? tensor_slots : kind_slots);
    if (entry->type == NULL || PyModule_AddObjectRef(module, entry->title, (PyObject *)entry->type) != 0) return -1;
    set_made(entry, entry->type);
  }
  return 0;
}

PyObject *oar_py_register(const char *noun, PyObject *made) {
  int kind;
  for (kind = 0; kind < OAR_PY_NUM_KINDS && strcmp(kinds[kind].noun, noun) != 0; ++kind) {}
  if (kind == OAR_PY_NUM_KINDS) return PyErr_Format(PyExc_ValueError, "there is no kind of handle named '%s'", noun);
  if (!PyType_Check(made) || !PyType_IsSubtype((PyTypeObject *)made, kinds[kind].type))
    return PyErr_Format(PyExc_TypeError, "%R is no class below %s", made, kinds[kind].title);
  set_made(&kinds[kind], (PyTypeObject *)made);
  Py_RETURN_NONE;
}

PyObject *oar_py_wrap(oar_py_kind kind, void *owned) {
  PyObject *object;
  if (owned == NULL) Py_RETURN_NONE;
  object = kinds[kind].allocate(kinds[kind].made, 0);
  if (object == NULL)
    kinds[kind].release(owned);
  else
    ((handle_object *)object)->pointer = owned;
  return object;
}

static const char *short_title(PyObject *object, char *buffer, size_t size) {
  PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(object), "__name__");
  PyObject *bytes = name == NULL ? NULL : PyUnicode_AsUTF8String(name);
  const char *text = bytes == NULL ? "another type" : PyBytes_AsString(bytes);
  strncpy(buffer, text, size - 1);
  buffer[size - 1] = '\0';
  Py_XDECREF(bytes);
  Py_XDECREF(name);
  PyErr_Clear();
  return buffer;
}

int oar_py_is(PyObject *object, oar_py_kind kind, int may_be_none) {
  char given[64], text[160];
  if (PyObject_TypeCheck(object, kinds[kind].type)) {
    if (((handle_object *)object)->pointer != NULL) return 1;
    PyOS_snprintf(text, sizeof text, "this %s was released, or its __init__ was not called", short_title(object, given, sizeof given));
    oar_py_raise_code(OAR_E_HANDLE, text);
    return 0;
  }
  if (object == Py_None && may_be_none) return 1;
  PyErr_Format(PyExc_TypeError, "an oarlock %s is needed, not '%s'", kinds[kind].noun, short_title(object, given, sizeof given));
  return 0;
}

void *oar_py_pointer(PyObject *object) { return object == Py_None ? NULL : ((handle_object *)object)->pointer; }

void *oar_py_take(PyObject *object) {
  void *pointer = oar_py_pointer(object);
  if (object != Py_None) ((handle_object *)object)->pointer = NULL;
  return pointer;
}
