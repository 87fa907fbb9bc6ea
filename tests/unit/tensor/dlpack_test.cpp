#include "tensor/dlpack.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>

#include "tensor/memory.h"

namespace oarlock {
namespace {

// A producer whose deleter counts; [2, 3] float32, row-major, strides NULL as producers before DLPack 1.2 may leave
// them.
struct Producer {
  DLManagedTensorVersioned managed{};
  float data[6] = {0, 1, 2, 3, 4, 5};
  std::int64_t shape[2] = {2, 3};
  std::int64_t strides[2] = {3, 1};
  int num_deleted = 0;

  Producer() {
    managed.version = {1, 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensorVersioned* self) { ++static_cast<Producer*>(self->manager_ctx)->num_deleted; };
    managed.dl_tensor.data = data;
    managed.dl_tensor.device = {kDLCPU, 0};
    managed.dl_tensor.ndim = 2;
    managed.dl_tensor.dtype = {kDLFloat, 32, 1};
    managed.dl_tensor.shape = shape;
  }
};

TEST(DlpackImport, SharesMemoryAndDeletesOnceAtTheEnd) {
  Producer producer;
  {
    at::Tensor view;
    {
      const at::Tensor tensor = tensor_from_dlpack(&producer.managed, nullptr).value();
      EXPECT_EQ(tensor.data_ptr(), producer.data);
      view = tensor[1];
    }
    EXPECT_EQ(producer.num_deleted, 0);
    producer.data[4] = 40;
    EXPECT_EQ(view[1].item<float>(), 40.0F);
  }
  EXPECT_EQ(producer.num_deleted, 1);
}

TEST(DlpackImport, TakesStridesAndByteOffset) {
  Producer producer;
  producer.strides[0] = 1;
  producer.strides[1] = 2;
  producer.shape[1] = 2;
  producer.managed.dl_tensor.strides = producer.strides;
  producer.managed.dl_tensor.byte_offset = 4;
  const at::Tensor tensor = tensor_from_dlpack(&producer.managed, nullptr).value();
  EXPECT_TRUE(at::equal(tensor, at::tensor({1.0F, 3.0F, 2.0F, 4.0F}).reshape({2, 2})));
}

TEST(DlpackImport, TheReadOnlyFlagMakesAReadOnlyTensor) {
  Producer producer;
  producer.managed.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
  at::Tensor tensor = tensor_from_dlpack(&producer.managed, nullptr).value();
  EXPECT_TRUE(is_read_only(tensor));
  DLManagedTensorVersioned* again = tensor_to_dlpack(tensor, nullptr).value();
  EXPECT_EQ(again->flags & DLPACK_FLAG_BITMASK_READ_ONLY, DLPACK_FLAG_BITMASK_READ_ONLY);
  again->deleter(again);
}

struct BadProducer {
  const char* name;
  oar_status code;
  std::function<void(Producer&)> spoil;
};

class DlpackImportRefuses : public testing::TestWithParam<BadProducer> {};

TEST_P(DlpackImportRefuses, AndLeavesTheTensorToItsOwner) {
  Producer producer;
  GetParam().spoil(producer);
  const auto tensor = tensor_from_dlpack(&producer.managed, nullptr);
  ASSERT_FALSE(tensor.is_ok());
  EXPECT_EQ(tensor.status().code(), GetParam().code) << tensor.status().message();
  EXPECT_EQ(producer.num_deleted, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Table, DlpackImportRefuses,
    testing::Values(BadProducer{"MajorTwo", OAR_E_VERSION, [](Producer& p) { p.managed.version.major = 2; }},
                    BadProducer{"MajorZero", OAR_E_VERSION, [](Producer& p) { p.managed.version.major = 0; }},
                    BadProducer{"Cuda", OAR_E_UNSUPPORTED,
                                [](Producer& p) {
                                  p.managed.dl_tensor.device = {kDLCUDA, 0};
                                }},
                    BadProducer{"Lanes", OAR_E_UNSUPPORTED, [](Producer& p) { p.managed.dl_tensor.dtype.lanes = 4; }},
                    BadProducer{"SubByte", OAR_E_UNSUPPORTED,
                                [](Producer& p) {
                                  p.managed.dl_tensor.dtype = {kDLInt, 4, 1};
                                }},
                    BadProducer{"Opaque", OAR_E_UNSUPPORTED,
                                [](Producer& p) {
                                  p.managed.dl_tensor.dtype = {3, 64, 1};
                                }},
                    BadProducer{"NegativeNdim", OAR_E_ARGUMENT, [](Producer& p) { p.managed.dl_tensor.ndim = -1; }},
                    BadProducer{"HugeNdim", OAR_E_ARGUMENT, [](Producer& p) { p.managed.dl_tensor.ndim = 1 << 30; }},
                    BadProducer{"NullShape", OAR_E_ARGUMENT, [](Producer& p) { p.managed.dl_tensor.shape = nullptr; }},
                    BadProducer{"NegativeSize", OAR_E_ARGUMENT, [](Producer& p) { p.shape[0] = -1; }},
                    BadProducer{"HugeSize", OAR_E_ARGUMENT,
                                [](Producer& p) { p.shape[0] = std::numeric_limits<std::int64_t>::max(); }},
                    BadProducer{"NegativeStride", OAR_E_ARGUMENT,
                                [](Producer& p) {
                                  p.strides[1] = -1;
                                  p.managed.dl_tensor.strides = p.strides;
                                }},
                    BadProducer{"NullData", OAR_E_ARGUMENT, [](Producer& p) { p.managed.dl_tensor.data = nullptr; }},
                    BadProducer{"Unaligned", OAR_E_ARGUMENT, [](Producer& p) { p.managed.dl_tensor.byte_offset = 1; }},
                    BadProducer{"OffsetOverflow", OAR_E_ARGUMENT,
                                [](Producer& p) { p.managed.dl_tensor.byte_offset = ~0ULL; }}),
    [](const auto& info) { return info.param.name; });

TEST(DlpackImport, AMissingDeleterIsFine) {
  Producer producer;
  producer.managed.deleter = nullptr;
  EXPECT_TRUE(tensor_from_dlpack(&producer.managed, nullptr).is_ok());
}

TEST(DlpackImport, AStreamForTheCpuIsRefused) {
  Producer producer;
  EXPECT_EQ(tensor_from_dlpack(&producer.managed, &producer).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(tensor_to_dlpack(at::zeros({1}), &producer).status().code(), OAR_E_ARGUMENT);
}

TEST(DlpackExport, SharesMemoryWritesStridesAndOutlivesTheTensor) {
  DLManagedTensorVersioned* managed = nullptr;
  {
    const at::Tensor tensor = at::arange(6, at::kFloat).reshape({2, 3}).t().requires_grad_();
    managed = tensor_to_dlpack(tensor, nullptr).value();
    EXPECT_EQ(managed->dl_tensor.data, tensor.const_data_ptr());
  }
  EXPECT_EQ(managed->version.major, 1U);
  EXPECT_EQ(managed->flags & DLPACK_FLAG_BITMASK_READ_ONLY, 0U);
  ASSERT_EQ(managed->dl_tensor.ndim, 2);
  EXPECT_EQ(managed->dl_tensor.shape[0], 3);
  EXPECT_EQ(managed->dl_tensor.strides[0], 1);
  EXPECT_EQ(managed->dl_tensor.strides[1], 3);
  EXPECT_EQ(static_cast<const float*>(managed->dl_tensor.data)[5], 5.0F);
  managed->deleter(managed);
}

TEST(DlpackExport, RefusesWhatHasNoPlainMemory) {
  EXPECT_EQ(tensor_to_dlpack(at::zeros({2, 2}).to_sparse(), nullptr).status().code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(tensor_to_dlpack(at::zeros({2}, at::kComplexFloat).conj(), nullptr).status().code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(tensor_to_dlpack(at::zeros({2}, at::kMeta), nullptr).status().code(), OAR_E_UNSUPPORTED);
}

}  // namespace
}  // namespace oarlock
