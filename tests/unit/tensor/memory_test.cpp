#include "tensor/memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace oarlock {
namespace {

using Sizes = std::vector<std::int64_t>;

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

Result<at::Tensor> over(void* data, at::ScalarType dtype, const Sizes& shape, const std::optional<Sizes>& strides,
                        std::shared_ptr<void> owner = nullptr) {
  MemoryLayout layout{dtype, shape, std::nullopt};
  if (strides) layout.strides = *strides;
  OAR_TRY(require_no_overlap(layout));
  return tensor_over_memory(data, layout, std::move(owner), MemoryAccess::kReadWrite);
}

TEST(TensorOverMemory, SharesTheArrayBothWays) {
  std::vector<float> values = {1, 2, 3, 4, 5, 6};
  at::Tensor tensor = over(values.data(), at::kFloat, {2, 3}, std::nullopt).value();
  EXPECT_EQ(tensor.data_ptr(), values.data());
  values[4] = 50;
  EXPECT_EQ(tensor[1][1].item<float>(), 50.0F);
  tensor[0][0] = 10;
  EXPECT_EQ(values[0], 10.0F);
}

TEST(TensorOverMemory, TakesAColumnMajorArray) {
  std::vector<double> fortran = {11, 21, 12, 22, 13, 23};  // a(2,3), a(i,j) = 10 i + j
  const at::Tensor tensor = over(fortran.data(), at::kDouble, {2, 3}, Sizes{1, 2}).value();
  EXPECT_TRUE(
      at::equal(tensor.contiguous(), at::tensor({11., 12., 13., 21., 22., 23.}).to(at::kDouble).reshape({2, 3})));
}

TEST(TensorOverMemory, TakesEmptyShapesWithoutMemory) {
  EXPECT_EQ(over(nullptr, at::kFloat, {0, 3}, std::nullopt).value().numel(), 0);
  EXPECT_EQ(over(nullptr, at::kFloat, {3, 0}, Sizes{1, 7}).value().numel(), 0);
}

TEST(TensorOverMemory, AShapeWithoutDimensionsIsOneElement) {
  std::int64_t value = 42;
  EXPECT_EQ(over(&value, at::kLong, {}, std::nullopt).value().item<std::int64_t>(), 42);
}

struct BadLayout {
  const char* name;
  Sizes shape;
  std::optional<Sizes> strides;
  const char* text;
};

class TensorOverMemoryRefuses : public testing::TestWithParam<BadLayout> {};

TEST_P(TensorOverMemoryRefuses, TheLayout) {
  std::vector<float> values(64);
  auto owner = std::make_shared<int>(0);
  const auto tensor = over(values.data(), at::kFloat, GetParam().shape, GetParam().strides, owner);
  ASSERT_FALSE(tensor.is_ok());
  EXPECT_EQ(tensor.status().code(), OAR_E_ARGUMENT);
  EXPECT_NE(tensor.status().message().find(GetParam().text), std::string::npos) << tensor.status().message();
  EXPECT_EQ(owner.use_count(), 1);  // nothing kept it
}

INSTANTIATE_TEST_SUITE_P(Table, TensorOverMemoryRefuses,
                         testing::Values(BadLayout{"NegativeSize", {2, -1}, std::nullopt, "sizes must be >= 0"},
                                         BadLayout{"NegativeStride", {2, 2}, Sizes{2, -1}, "strides must be >= 0"},
                                         BadLayout{"StrideOfZero", {2, 2}, Sizes{0, 1}, "elements overlap"},
                                         BadLayout{"Overlap", {3, 3}, Sizes{2, 1}, "elements overlap"},
                                         BadLayout{"EqualStrides", {2, 2}, Sizes{4, 4}, "elements overlap"},
                                         BadLayout{"SizeOverflow", {kHuge, 2}, std::nullopt, "2^63"},
                                         BadLayout{"BytesOverflow", {kHuge / 2}, std::nullopt, "2^63"},
                                         BadLayout{"ZeroHidesOverflow", {0, kHuge, kHuge}, std::nullopt, "2^63"},
                                         BadLayout{"StrideOverflow", {3}, Sizes{kHuge}, "address space"},
                                         BadLayout{"StrideBytesOverflow", {2}, Sizes{kHuge / 2}, "address space"},
                                         BadLayout{
                                             "StridesOfAnotherLength", {2, 2}, Sizes{2, 1, 1}, "differ in length"},
                                         BadLayout{"TooManyDimensions", Sizes(65, 1), std::nullopt, "at most 64"}),
                         [](const auto& info) { return info.param.name; });

TEST(TensorOverMemory, RefusesNullAndUnalignedAddresses) {
  std::vector<char> bytes(64);
  EXPECT_EQ(over(nullptr, at::kFloat, {1}, std::nullopt).status().code(), OAR_E_ARGUMENT);
  const auto unaligned = over(bytes.data() + 1, at::kDouble, {1}, std::nullopt);
  EXPECT_NE(unaligned.status().message().find("not aligned"), std::string::npos);
  const std::size_t odd = reinterpret_cast<std::uintptr_t>(bytes.data()) % 16 == 0 ? 8 : 0;
  EXPECT_FALSE(over(bytes.data() + odd, at::kComplexDouble, {1}, std::nullopt).is_ok());  // libtorch's copy would crash
}

TEST(TensorOverMemory, DropsTheOwnerWithTheLastView) {
  std::vector<float> values(8);
  auto owner = std::make_shared<int>(0);
  at::Tensor view;
  {
    const at::Tensor tensor = over(values.data(), at::kFloat, {8}, std::nullopt, owner).value();
    view = tensor.slice(0, 2, 4);
  }
  EXPECT_EQ(owner.use_count(), 2);
  view.reset();
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(ReadOnlyMemory, IsSeenThroughViewsAndNotThroughCopies) {
  std::vector<float> values(8);
  const Sizes shape = {8};
  const MemoryLayout layout{at::kFloat, shape, std::nullopt};
  const at::Tensor tensor = tensor_over_memory(values.data(), layout, nullptr, MemoryAccess::kReadOnly).value();
  EXPECT_TRUE(is_read_only(tensor));
  EXPECT_TRUE(is_read_only(tensor.reshape({2, 4}).t()));
  EXPECT_TRUE(is_read_only(tensor.detach()));
  EXPECT_FALSE(is_read_only(tensor.clone()));
  EXPECT_FALSE(is_read_only(at::zeros({2})));
  EXPECT_EQ(require_writable(tensor, "output").code(), OAR_E_ARGUMENT);
}

TEST(ZerosTensor, TooBigForMemoryIsOutOfMemory) {
  const Sizes shape = {std::int64_t{1} << 59};
  const auto tensor = zeros_tensor(at::kFloat, shape);
  ASSERT_FALSE(tensor.is_ok());
  EXPECT_EQ(tensor.status().code(), OAR_E_OUT_OF_MEMORY);
  EXPECT_NE(tensor.status().message().find("2305843009213693952 bytes"), std::string::npos);
}

TEST(ItemAsDouble, ReadsEveryRealType) {
  for (const at::ScalarType dtype :
       {at::kByte, at::kChar, at::kShort, at::kInt, at::kLong, at::kHalf, at::kBFloat16, at::kFloat, at::kDouble,
        at::kUInt16, at::kUInt32, at::kUInt64, at::kFloat8_e4m3fn}) {
    EXPECT_EQ(item_as_double(at::full({1, 1}, 3, at::kFloat).to(dtype)).value(), 3.0) << c10::toString(dtype);
  }
  EXPECT_EQ(item_as_double(at::ones({}, at::kBool)).value(), 1.0);
  EXPECT_EQ(item_as_double(at::ones({}).requires_grad_()).value(), 1.0);
}

TEST(ItemAsDouble, RefusesManyElementsAndComplex) {
  EXPECT_EQ(item_as_double(at::ones({2})).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(item_as_double(at::ones({0})).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(item_as_double(at::ones({}, at::kComplexFloat)).status().code(), OAR_E_ARGUMENT);
}

TEST(CopyTensor, ConvertsIntoAParameterOutsideAutograd) {
  at::Tensor parameter = at::zeros({2}).requires_grad_();
  ASSERT_TRUE(copy_tensor(parameter, at::tensor({3, 4}, at::kLong)).is_ok());
  EXPECT_TRUE(at::equal(parameter.detach(), at::tensor({3.0F, 4.0F})));
  EXPECT_TRUE(parameter.is_leaf());
  EXPECT_TRUE(parameter.requires_grad());
}

TEST(CopyTensor, TakesAShiftedViewOfItsOwnMemory) {
  const at::Tensor base = at::arange(5, at::kFloat);
  at::Tensor destination = base.slice(0, 1, 5);
  ASSERT_TRUE(copy_tensor(destination, base.slice(0, 0, 4)).is_ok());
  EXPECT_TRUE(at::equal(base, at::tensor({0.0F, 0.0F, 1.0F, 2.0F, 3.0F})));
}

TEST(CopyTensor, RefusesWhatWouldBeLostOrWrong) {
  at::Tensor real = at::zeros({2});
  EXPECT_EQ(copy_tensor(real, at::zeros({3})).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(copy_tensor(real, at::zeros({2}, at::kComplexFloat)).code(), OAR_E_ARGUMENT);
  at::Tensor broadcast = at::zeros({1}).expand({2});
  EXPECT_EQ(copy_tensor(broadcast, at::ones({2})).code(), OAR_E_ARGUMENT);
  EXPECT_TRUE(at::equal(real, at::zeros({2})));
}

}  // namespace
}  // namespace oarlock
