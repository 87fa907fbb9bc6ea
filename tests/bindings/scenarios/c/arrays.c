/* Arrays of the host and tensors: the same memory, whichever began it. */
#include "../dlpack.h"
#include "scenario.h"

static void count_and_free(void *user_data) {
  int *const *memory = user_data; /* the counter, then the values */
  ++*memory[0];
  free(user_data);
}

int scenario_array_to_tensor(scenario *t) {
  int num_freed = 0;
  struct {
    int *num_freed;
    float values[6];
  } *array = malloc(sizeof *array);
  const int64_t shape[2] = {2, 3}, one[1] = {1};
  int64_t found[2] = {0, 0};
  int32_t dtype = 0;
  double value = 0;
  size_t count = 2;
  oar_tensor *tensor, *item;
  oar_tree *tree;
  void *data;
  EXPECT(array != NULL);
  array->num_freed = &num_freed;
  OK(oar_tensor_from_memory(array->values, OAR_FLOAT32, shape, NULL, 2, array, count_and_free, &tensor));
  OK(oar_tensor_data(tensor, &data));
  EXPECT(data == array->values);
  OK(oar_tensor_shape(tensor, found, &count));
  EXPECT(count == 2 && found[0] == 2 && found[1] == 3);
  OK(oar_tensor_dtype(tensor, &dtype));
  EXPECT(dtype == OAR_FLOAT32);
  OK(oar_tensor_from_memory(&array->values[5], OAR_FLOAT32, one, NULL, 1, NULL, NULL, &item));
  array->values[5] = 2.5f; /* seen in the tensor */
  OK(oar_tensor_item(item, &value));
  EXPECT(value == 2.5);
  ((float *)data)[0] = -1; /* seen in the array */
  EXPECT(array->values[0] == -1);
  OK(oar_tree_from_tensor(tensor, &tree));
  oar_tensor_release(item);
  oar_tensor_release(tensor);
  EXPECT(num_freed == 0 && array->values[5] == 2.5f); /* the tree has the memory still */
  oar_tree_release(tree);
  EXPECT(num_freed == 1);
  return 0;
}

int scenario_tensor_to_array(scenario *t) {
  const int64_t one[1] = {1};
  oar_tensor *tensor, *view;
  double value = -1;
  void *data, *again;
  float *array;
  OK(oar_tensor_zeros(OAR_FLOAT32, one, 1, &tensor));
  OK(oar_tensor_data(tensor, &data));
  array = data;
  EXPECT(array[0] == 0);
  array[0] = 1.25f;
  OK(oar_tensor_item(tensor, &value));
  EXPECT(value == 1.25);
  OK(oar_tensor_contiguous(tensor, &view));
  oar_tensor_release(tensor);
  OK(oar_tensor_data(view, &again));
  EXPECT(again == data && array[0] == 1.25f);
  oar_tensor_release(view);
  return 0;
}

int scenario_column_major(scenario *t) {
  double columns[6] = {11, 21, 12, 22, 13, 23}; /* a(i, j) = 10 i + j */
  const double rows[6] = {11, 12, 13, 21, 22, 23};
  const int64_t shape[2] = {2, 3}, strides[2] = {1, 2};
  int64_t found[2] = {0, 0};
  size_t count = 2;
  oar_tensor *tensor, *copy;
  void *data;
  OK(oar_tensor_from_memory(columns, OAR_FLOAT64, shape, strides, 2, NULL, NULL, &tensor));
  OK(oar_tensor_strides(tensor, found, &count));
  EXPECT(found[0] == 1 && found[1] == 2);
  OK(oar_tensor_contiguous(tensor, &copy));
  OK(oar_tensor_strides(copy, found, &count));
  EXPECT(found[0] == 3 && found[1] == 1);
  OK(oar_tensor_data(copy, &data));
  EXPECT(data != columns && memcmp(data, rows, sizeof rows) == 0);
  oar_tensor_release(copy);
  oar_tensor_release(tensor);
  return 0;
}

/* A DLPack producer: three numbers, and how often its deleter ran. */
typedef struct {
  struct DLManagedTensorVersioned managed;
  float values[4];
  int64_t shape[2];
  int num_deleted;
} producer;

static void count_deletion(struct DLManagedTensorVersioned *self) { ++((producer *)self->manager_ctx)->num_deleted; }

static struct DLManagedTensorVersioned *produce(producer *self) {
  memset(self, 0, sizeof *self);
  self->values[3] = 4;
  self->shape[0] = self->shape[1] = 2;
  self->managed.version.major = 1;
  self->managed.manager_ctx = self;
  self->managed.deleter = count_deletion;
  self->managed.dl_tensor.data = self->values;
  self->managed.dl_tensor.device.device_type = DL_CPU;
  self->managed.dl_tensor.ndim = 2;
  self->managed.dl_tensor.dtype.code = DL_FLOAT;
  self->managed.dl_tensor.dtype.bits = 32;
  self->managed.dl_tensor.dtype.lanes = 1;
  self->managed.dl_tensor.shape = self->shape; /* no strides: row-major */
  return &self->managed;
}

/* C has no typed views: who reads a tensor asks for its element type first, and everything else is the library's. */
int scenario_array_refused(scenario *t) {
  float values[4] = {0};
  const int64_t shape[2] = {2, 2};
  producer source;
  struct DLManagedTensorVersioned *managed = produce(&source);
  oar_tensor *tensor = NULL, *target;
  int32_t dtype = 0, read_only = 0;
  REFUSED(OAR_E_ARGUMENT, "99", oar_tensor_from_memory(values, 99, shape, NULL, 2, NULL, NULL, &tensor));
  managed->dl_tensor.dtype.bits = 128;
  REFUSED(OAR_E_UNSUPPORTED, "128", oar_tensor_from_dlpack(managed, NULL, &tensor));
  EXPECT(tensor == NULL);
  managed->dl_tensor.dtype.bits = 32;
  managed->flags = DL_READ_ONLY;
  OK(oar_tensor_from_dlpack(managed, NULL, &target));
  OK(oar_tensor_dtype(target, &dtype));
  EXPECT(dtype == OAR_FLOAT32);
  OK(oar_tensor_is_read_only(target, &read_only));
  EXPECT(read_only == 1);
  OK(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 2, NULL, NULL, &tensor));
  REFUSED(OAR_E_ARGUMENT, "read-only", oar_tensor_copy_from(target, tensor));
  EXPECT(source.values[3] == 4);
  oar_tensor_release(tensor);
  oar_tensor_release(target);
  EXPECT(source.num_deleted == 1);
  return 0;
}

int scenario_dlpack_import(scenario *t) {
  producer source;
  struct DLManagedTensorVersioned *managed = produce(&source);
  oar_tensor *tensor = NULL;
  oar_tree *tree;
  void *data;
  managed->version.major = 2;
  EXPECT(oar_tensor_from_dlpack(managed, NULL, &tensor) == OAR_E_VERSION);
  EXPECT(tensor == NULL && source.num_deleted == 0);
  managed->version.major = 1;
  OK(oar_tensor_from_dlpack(managed, NULL, &tensor));
  OK(oar_tensor_data(tensor, &data));
  EXPECT(data == source.values);
  OK(oar_tree_from_tensor(tensor, &tree));
  oar_tensor_release(tensor);
  EXPECT(source.num_deleted == 0);
  oar_tree_release(tree);
  EXPECT(source.num_deleted == 1);
  return 0;
}

int scenario_dlpack_export(scenario *t) {
  double columns[6] = {11, 21, 12, 22, 13, 23};
  const int64_t shape[2] = {2, 3}, strides[2] = {1, 2};
  producer source;
  oar_tensor *tensor, *read_only;
  struct DLManagedTensorVersioned *managed;
  OK(oar_tensor_from_memory(columns, OAR_FLOAT64, shape, strides, 2, NULL, NULL, &tensor));
  OK(oar_tensor_to_dlpack(tensor, NULL, &managed));
  oar_tensor_release(tensor);
  EXPECT(managed->version.major == 1 && (managed->flags & DL_READ_ONLY) == 0);
  EXPECT((char *)managed->dl_tensor.data + managed->dl_tensor.byte_offset == (char *)columns);
  EXPECT(managed->dl_tensor.dtype.code == DL_FLOAT && managed->dl_tensor.dtype.bits == 64);
  EXPECT(managed->dl_tensor.ndim == 2);
  EXPECT(memcmp(managed->dl_tensor.shape, shape, sizeof shape) == 0);
  EXPECT(memcmp(managed->dl_tensor.strides, strides, sizeof strides) == 0);
  managed->deleter(managed);
  produce(&source)->flags = DL_READ_ONLY;
  OK(oar_tensor_from_dlpack(&source.managed, NULL, &read_only));
  OK(oar_tensor_to_dlpack(read_only, NULL, &managed));
  oar_tensor_release(read_only);
  EXPECT((managed->flags & DL_READ_ONLY) != 0 && source.num_deleted == 0);
  managed->deleter(managed);
  EXPECT(source.num_deleted == 1);
  return 0;
}
