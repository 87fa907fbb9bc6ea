/* Tensors from plain C: memory, zeros, shapes, values, copies, and what is refused. */
#include <oarlock/error.h>
#include <oarlock/tensor.h>
#include <oarlock/version.h>

#include "expect.h"

static int num_released;
static void count_release(void *user_data) {
  (void)user_data;
  ++num_released;
}

static void memory_is_shared_and_released_once(void) {
  float values[6] = {0, 1, 2, 3, 4, 5};
  const int64_t shape[2] = {2, 3};
  oar_tensor *tensor = NULL;
  oar_tensor *row_major = NULL;
  void *data = NULL;
  num_released = 0;
  EXPECT_OK(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 2, values, count_release, &tensor));
  EXPECT(oar_tensor_data(tensor, &data) == OAR_OK && data == values);
  EXPECT_OK(oar_tensor_contiguous(tensor, &row_major));
  oar_tensor_release(tensor);
  EXPECT(num_released == 0); /* the second handle has the same memory */
  EXPECT(oar_tensor_data(row_major, &data) == OAR_OK && data == values);
  oar_tensor_release(row_major);
  EXPECT(num_released == 1);
}

static void column_major_reads_as_the_host_means_it(void) {
  double fortran[6] = {11, 21, 12, 22, 13, 23}; /* a(2,3), a(i,j) = 10 i + j */
  const double expected[6] = {11, 12, 13, 21, 22, 23};
  const int64_t shape[2] = {2, 3}, strides[2] = {1, 2};
  int64_t found[2] = {0, 0};
  size_t count = 2;
  oar_tensor *tensor = NULL, *row_major = NULL;
  void *data = NULL;
  EXPECT_OK(oar_tensor_from_memory(fortran, OAR_FLOAT64, shape, strides, 2, NULL, NULL, &tensor));
  EXPECT(oar_tensor_strides(tensor, found, &count) == OAR_OK && count == 2 && found[0] == 1 && found[1] == 2);
  EXPECT_OK(oar_tensor_contiguous(tensor, &row_major));
  EXPECT(oar_tensor_data(row_major, &data) == OAR_OK && memcmp(data, expected, sizeof expected) == 0);
  oar_tensor_release(row_major);
  oar_tensor_release(tensor);
}

/* Every refusal releases the memory before the call returns, and leaves `out` alone. */
static void refused_memory_is_released(void) {
  float values[16] = {0};
  const int64_t shape[2] = {2, 3}, negative[2] = {2, -3}, huge[2] = {INT64_MAX, INT64_MAX};
  const int64_t overlapping[2] = {1, 1}, backwards[2] = {3, -1};
  char *bytes = (char *)values;
  oar_tensor *out = NULL;
  num_released = 0;
  EXPECT(oar_tensor_from_memory(values, 99, shape, NULL, 2, NULL, count_release, &out) == OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, negative, NULL, 2, NULL, count_release, &out) == OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, huge, NULL, 2, NULL, count_release, &out) == OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, shape, overlapping, 2, NULL, count_release, &out) ==
         OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, shape, backwards, 2, NULL, count_release, &out) ==
         OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(NULL, OAR_FLOAT32, shape, NULL, 2, NULL, count_release, &out) == OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(bytes + 1, OAR_FLOAT32, shape, NULL, 2, NULL, count_release, &out) == OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, NULL, NULL, 2, NULL, count_release, &out) == OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, SIZE_MAX, NULL, count_release, &out) ==
         OAR_E_ARGUMENT);
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 2, NULL, count_release, NULL) == OAR_E_ARGUMENT);
  EXPECT(num_released == 10);
  EXPECT(out == NULL);
}

static void zeros_tell_shape_dtype_and_device(void) {
  const int64_t shape[3] = {4, 0, 2};
  int64_t found[3] = {9, 9, 9};
  int64_t number = -1;
  int32_t dtype = 0, read_only = 9;
  char device[16];
  size_t count = 0, len = sizeof device;
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_tensor_zeros(OAR_BFLOAT16, shape, 3, &tensor));
  EXPECT(oar_tensor_num_dims(tensor, &number) == OAR_OK && number == 3);
  EXPECT(oar_tensor_numel(tensor, &number) == OAR_OK && number == 0);
  EXPECT(oar_tensor_dtype(tensor, &dtype) == OAR_OK && dtype == OAR_BFLOAT16);
  EXPECT(oar_tensor_is_read_only(tensor, &read_only) == OAR_OK && read_only == 0);
  EXPECT(oar_tensor_device(tensor, device, &len) == OAR_OK && strcmp(device, "cpu") == 0 && len == 4);
  EXPECT(oar_tensor_shape(tensor, NULL, &count) == OAR_OK && count == 3);
  count = 2;
  EXPECT(oar_tensor_shape(tensor, found, &count) == OAR_E_ARGUMENT && count == 3 && found[0] == 9);
  count = 3;
  EXPECT(oar_tensor_shape(tensor, found, &count) == OAR_OK && found[0] == 4 && found[1] == 0 && found[2] == 2);
  oar_tensor_release(tensor);
}

static void too_much_memory_is_an_error_code(void) {
  const int64_t shape[1] = {INT64_C(1) << 60};
  oar_tensor *tensor = NULL;
  EXPECT(oar_tensor_zeros(OAR_UINT8, shape, 1, &tensor) == OAR_E_OUT_OF_MEMORY);
  EXPECT(tensor == NULL);
  EXPECT(strstr(oar_last_error(), "1152921504606846976 bytes") != NULL);
}

static void copy_converts_and_refuses_other_shapes(void) {
  int32_t integers[3] = {1, -2, 3};
  const double expected[3] = {1, -2, 3};
  const int64_t three[1] = {3}, two[1] = {2};
  oar_tensor *source = NULL, *target = NULL, *other = NULL;
  void *data = NULL;
  EXPECT_OK(oar_tensor_from_memory(integers, OAR_INT32, three, NULL, 1, NULL, NULL, &source));
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT64, three, 1, &target));
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT64, two, 1, &other));
  EXPECT_OK(oar_tensor_copy_from(target, source));
  EXPECT(oar_tensor_data(target, &data) == OAR_OK && memcmp(data, expected, sizeof expected) == 0);
  EXPECT(oar_tensor_copy_from(other, source) == OAR_E_ARGUMENT);
  EXPECT(strstr(oar_last_error(), "[2]") != NULL && strstr(oar_last_error(), "[3]") != NULL);
  oar_tensor_release(source);
  oar_tensor_release(target);
  oar_tensor_release(other);
}

static void item_needs_one_element(void) {
  int64_t value = -7;
  const int64_t two[1] = {2};
  double number = 0;
  oar_tensor *one = NULL, *many = NULL;
  EXPECT_OK(oar_tensor_from_memory(&value, OAR_INT64, NULL, NULL, 0, NULL, NULL, &one));
  EXPECT(oar_tensor_item(one, &number) == OAR_OK && number == -7);
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, two, 1, &many));
  EXPECT(oar_tensor_item(many, &number) == OAR_E_ARGUMENT && number == -7);
  oar_tensor_release(one);
  oar_tensor_release(many);
}

static void references_are_counted(void) {
  const int64_t one[1] = {1};
  int64_t numel = 0;
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, one, 1, &tensor));
  EXPECT_OK(oar_tensor_retain(tensor));
  oar_tensor_release(tensor);
  EXPECT(oar_tensor_numel(tensor, &numel) == OAR_OK && numel == 1);
  oar_tensor_release(tensor);
  EXPECT(oar_tensor_numel(tensor, &numel) == OAR_E_HANDLE);
  oar_tensor_release(NULL);
}

static void element_types_have_names_and_sizes(void) {
  size_t size = 0;
  EXPECT(strcmp(oar_dtype_name(OAR_FLOAT32), "float32") == 0 && strcmp(oar_dtype_name(OAR_INT64), "int64") == 0);
  EXPECT(strcmp(oar_dtype_name(OAR_FLOAT8_E5M2), "float8_e5m2") == 0);
  EXPECT(strcmp(oar_dtype_name(0), "an unknown element type") == 0);
  EXPECT(oar_dtype_size(OAR_COMPLEX128, &size) == OAR_OK && size == 16);
  EXPECT(oar_dtype_size(OAR_BOOL, &size) == OAR_OK && size == 1);
  EXPECT(oar_dtype_size(99, &size) == OAR_E_ARGUMENT && size == 1);
}

static void count_end(void *user_data) { ++*(int *)user_data; }

static void constant_memory_is_read_and_never_written(void) {
  static const float values[3] = {1, 2, 4};
  const int64_t shape[1] = {3}, twice[2] = {2, 3}, repeated[2] = {0, 1};
  int num_ended = 0;
  oar_tensor *tensor = NULL, *rows = NULL, *other = NULL;
  int32_t is_read_only = 0;
  void *data = NULL;
  EXPECT_OK(oar_tensor_from_read_only_memory(values, OAR_FLOAT32, shape, NULL, 1, &num_ended, count_end, &tensor));
  EXPECT(oar_tensor_is_read_only(tensor, &is_read_only) == OAR_OK && is_read_only == 1);
  EXPECT(oar_tensor_data(tensor, &data) == OAR_OK && data == (const void *)values);
  EXPECT_OK(oar_tensor_from_read_only_memory(values, OAR_FLOAT32, twice, repeated, 2, NULL, NULL, &rows));
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, shape, 1, &other));
  EXPECT(oar_tensor_copy_from(tensor, other) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_tensor_copy_from(other, tensor));
  EXPECT(values[0] == 1 && num_ended == 0);
  oar_tensor_release(tensor);
  oar_tensor_release(rows);
  oar_tensor_release(other);
  EXPECT(oar_dtype_size(OAR_BOOL, NULL) == OAR_E_ARGUMENT); /* any call ends what the releases left */
  EXPECT(num_ended == 1);
}

/* What stands behind the addresses is another thing in another libtorch: nothing there may be read. */
static void tensors_of_other_headers_are_refused(void) {
  static const char *const others[] = {"1.13.1", "2.999.0", "3.0.0"}, *const unclear[] = {"", "2", "two.11.0", "2..0"};
  char version[4096], other_patch[64];
  size_t len = sizeof version, i;
  oar_tensor *tensor = NULL, *same = NULL, *untouched = NULL;
  void *impl = NULL, *kept = NULL;
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, NULL, 0, &tensor));
  for (i = 0; i < sizeof others / sizeof *others; ++i) {
    EXPECT(oar_tensor_from_torch(&len, others[i], &untouched) == OAR_E_VERSION); /* no tensor, and not looked at */
    EXPECT_CONTAINS(oar_last_error(), others[i]);
    EXPECT(oar_tensor_to_torch(tensor, others[i], &kept) == OAR_E_VERSION);
    EXPECT_CONTAINS(oar_last_error(), others[i]);
  }
  for (i = 0; i < sizeof unclear / sizeof *unclear; ++i) {
    EXPECT(oar_tensor_from_torch(&len, unclear[i], &untouched) == OAR_E_ARGUMENT);
    EXPECT(oar_tensor_to_torch(tensor, unclear[i], &kept) == OAR_E_ARGUMENT);
  }
  EXPECT(untouched == NULL && kept == NULL);
  EXPECT_OK(oar_torch_version(version, &len));
  version[strspn(version, "0123456789.")] = '\0';
  EXPECT_OK(oar_tensor_to_torch(tensor, version, &impl));
  EXPECT_OK(oar_tensor_from_torch(impl, version, &same));
  snprintf(other_patch, sizeof other_patch, "%.40s9+local", version);
  EXPECT(oar_tensor_to_torch(same, other_patch, &kept) == OAR_OK && kept == impl); /* patch levels are compatible */
  oar_tensor_release(tensor);
  oar_tensor_release(same);
}

int main(void) {
  memory_is_shared_and_released_once();
  column_major_reads_as_the_host_means_it();
  refused_memory_is_released();
  zeros_tell_shape_dtype_and_device();
  too_much_memory_is_an_error_code();
  copy_converts_and_refuses_other_shapes();
  item_needs_one_element();
  references_are_counted();
  element_types_have_names_and_sizes();
  constant_memory_is_read_and_never_written();
  tensors_of_other_headers_are_refused();
  return 0;
}
