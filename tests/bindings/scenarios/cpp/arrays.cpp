// Arrays of the host and tensors: the same memory, whichever began it.
#include <array>
#include <cstring>

#include "../dlpack.h"
#include "scenario.h"

namespace scenario {

using Shape = std::vector<std::int64_t>;

void array_to_tensor() {
  auto array = std::make_shared<std::vector<float>>(6);
  const std::weak_ptr<std::vector<float>> watched = array;
  oarlock::Tensor tensor = oarlock::tensor_over(array->data(), {2, 3}, {}, array);
  EXPECT(call(oar_tensor_data, tensor) == array->data());
  EXPECT((call(oar_tensor_shape, tensor) == Shape{2, 3}));
  EXPECT(call(oar_tensor_dtype, tensor) == OAR_FLOAT32);
  (*array)[5] = 2.5f;
  EXPECT(oarlock::values<float>(tensor)[5] == 2.5f);
  oarlock::values<float>(tensor)[0] = -1;
  EXPECT((*array)[0] == -1);
  array.reset();
  oarlock::Tree tree = call(oar_tree_from_tensor, tensor);
  tensor.reset();
  EXPECT(!watched.expired());  // the tree has the memory still
  EXPECT(oarlock::values<float>(call(oar_tree_get_tensor, tree, nullptr))[5] == 2.5f);
  tree.reset();
  EXPECT(watched.expired());
}

void tensor_to_array() {
  oarlock::Tensor tensor = call(oar_tensor_zeros, OAR_FLOAT32, std::array<std::int64_t, 1>{1}.data(), 1);
  const oarlock::Values<float> array = oarlock::values<float>(tensor);
  EXPECT(array.data == call(oar_tensor_data, tensor) && array.size == 1 && array[0] == 0);
  for (float& value : array) value = 1.25f;
  EXPECT(call(oar_tensor_item, tensor) == 1.25);
  const oarlock::Tensor view = call(oar_tensor_contiguous, tensor);
  tensor.reset();
  EXPECT(oarlock::values<const float>(view).data == array.data && array[0] == 1.25f);
}

void column_major() {
  double columns[] = {11, 21, 12, 22, 13, 23};  // a(i, j) = 10 i + j
  const double rows[] = {11, 12, 13, 21, 22, 23};
  const oarlock::Tensor tensor = oarlock::tensor_over(columns, {2, 3}, {1, 2});
  EXPECT((call(oar_tensor_strides, tensor) == Shape{1, 2}));
  REFUSED(OAR_E_ARGUMENT, "row-major", oarlock::values<double>(tensor));
  const oarlock::Tensor copy = call(oar_tensor_contiguous, tensor);
  EXPECT((call(oar_tensor_strides, copy) == Shape{3, 1}));
  const auto values = oarlock::values<const double>(copy);
  EXPECT(values.data != columns && std::memcmp(values.data, rows, sizeof rows) == 0);
}

// A DLPack producer of four floats, which counts how often its deleter ran.
struct Producer {
  DLManagedTensorVersioned managed{};
  float values[4] = {0, 0, 0, 4};
  std::int64_t shape[2] = {2, 2};
  int num_deleted = 0;

  Producer() {
    managed.version.major = 1;
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensorVersioned* self) { ++static_cast<Producer*>(self->manager_ctx)->num_deleted; };
    managed.dl_tensor = {values, {DL_CPU, 0}, 2, {DL_FLOAT, 32, 1}, shape, nullptr, 0};
  }
};

void array_refused() {
  Producer source;
  float values[4] = {};
  const oarlock::Tensor tensor = oarlock::tensor_over(values, {2, 2});
  REFUSED(OAR_E_ARGUMENT, "asked for was float64", oarlock::values<double>(tensor));
  REFUSED(OAR_E_ARGUMENT, "99", call(oar_tensor_from_memory, values, 99, nullptr, nullptr, 0, nullptr, nullptr));
  REFUSED(OAR_E_ARGUMENT, "strides", oarlock::tensor_over(values, {2, 2}, {1}));
  const float constants[2] = {1, 2};
  const oarlock::Tensor constant = oarlock::tensor_over(constants, {2});
  EXPECT(oarlock::values<const float>(constant)[1] == 2);
  REFUSED(OAR_E_ARGUMENT, "read-only", oarlock::values<float>(constant));
  source.managed.dl_tensor.dtype.bits = 128;
  REFUSED(OAR_E_UNSUPPORTED, "128", call(oar_tensor_from_dlpack, &source.managed, nullptr));
  source.managed.dl_tensor.dtype.bits = 32;
  source.managed.flags = DL_READ_ONLY;
  {
    const oarlock::Tensor read_only = call(oar_tensor_from_dlpack, &source.managed, nullptr);
    EXPECT(oarlock::values<const float>(read_only)[3] == 4);
    REFUSED(OAR_E_ARGUMENT, "read-only", oarlock::values<float>(read_only));
    REFUSED(OAR_E_ARGUMENT, "read-only", call(oar_tensor_copy_from, read_only, tensor));
  }
  EXPECT(source.values[3] == 4 && source.num_deleted == 1);
}

void dlpack_import() {
  Producer source;
  source.managed.version.major = 2;
  REFUSED(OAR_E_VERSION, "2", call(oar_tensor_from_dlpack, &source.managed, nullptr));
  EXPECT(source.num_deleted == 0);
  source.managed.version.major = 1;
  oarlock::Tensor tensor = call(oar_tensor_from_dlpack, &source.managed, nullptr);
  EXPECT(call(oar_tensor_data, tensor) == source.values);
  oarlock::Tree tree = call(oar_tree_from_tensor, tensor);
  tensor.reset();
  EXPECT(source.num_deleted == 0);
  tree.reset();
  EXPECT(source.num_deleted == 1);
}

void dlpack_export() {
  double columns[] = {11, 21, 12, 22, 13, 23};
  struct Delete {
    void operator()(DLManagedTensorVersioned* managed) const { managed->deleter(managed); }
  };
  using Export = std::unique_ptr<DLManagedTensorVersioned, Delete>;
  {
    const Export managed(
        call(oar_tensor_to_dlpack, oarlock::tensor_over(columns, {2, 3}, {1, 2}), nullptr));  // outlives the handle
    const DLTensor& exported = managed->dl_tensor;
    EXPECT(managed->version.major == 1 && (managed->flags & DL_READ_ONLY) == 0);
    EXPECT(static_cast<char*>(exported.data) + exported.byte_offset == reinterpret_cast<char*>(columns));
    EXPECT(exported.dtype.code == DL_FLOAT && exported.dtype.bits == 64 && exported.ndim == 2);
    EXPECT(exported.shape[0] == 2 && exported.shape[1] == 3 && exported.strides[0] == 1 && exported.strides[1] == 2);
  }
  Producer source;
  source.managed.flags = DL_READ_ONLY;
  Export read_only(
      call(oar_tensor_to_dlpack, oarlock::Tensor(call(oar_tensor_from_dlpack, &source.managed, nullptr)), nullptr));
  EXPECT((read_only->flags & DL_READ_ONLY) != 0 && source.num_deleted == 0);
  read_only.reset();
  EXPECT(source.num_deleted == 1);
}

}  // namespace scenario
