#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include <set>

#include "oarlock/types.h"

namespace oarlock {
namespace {

TEST(Dtype, EveryNumberOfTypesHHasAType) {
  std::set<at::ScalarType> seen;
  for (std::int32_t code = OAR_BOOL; code <= OAR_FLOAT8_E5M2; ++code) {
    const auto dtype = dtype_from_code(code);
    ASSERT_TRUE(dtype.is_ok()) << code;
    EXPECT_EQ(dtype_code(dtype.value()).value(), code);
    EXPECT_TRUE(seen.insert(dtype.value()).second) << code;
  }
}

struct DtypeCase {
  std::int32_t code;
  at::ScalarType dtype;
  const char* name;
  const char* safetensors;
};

class DtypeTable : public testing::TestWithParam<DtypeCase> {};

TEST_P(DtypeTable, AgreesWithTorchAndSafetensors) {
  const DtypeCase& row = GetParam();
  EXPECT_EQ(dtype_from_code(row.code).value(), row.dtype);
  EXPECT_EQ(dtype_name(row.dtype), row.name);
  EXPECT_EQ(safetensors_dtype_name(row.dtype).value(), row.safetensors);
  EXPECT_EQ(dtype_from_safetensors_name(row.safetensors).value(), row.dtype);
}
INSTANTIATE_TEST_SUITE_P(Table, DtypeTable,
                         testing::Values(DtypeCase{OAR_BOOL, at::kBool, "bool", "BOOL"},
                                         DtypeCase{OAR_UINT8, at::kByte, "uint8", "U8"},
                                         DtypeCase{OAR_INT64, at::kLong, "int64", "I64"},
                                         DtypeCase{OAR_FLOAT16, at::kHalf, "float16", "F16"},
                                         DtypeCase{OAR_BFLOAT16, at::kBFloat16, "bfloat16", "BF16"},
                                         DtypeCase{OAR_FLOAT32, at::kFloat, "float32", "F32"},
                                         DtypeCase{OAR_FLOAT64, at::kDouble, "float64", "F64"},
                                         DtypeCase{OAR_COMPLEX64, at::kComplexFloat, "complex64", "C64"},
                                         DtypeCase{OAR_FLOAT8_E4M3FN, at::kFloat8_e4m3fn, "float8_e4m3fn", "F8_E4M3"}));

TEST(Dtype, WhatIsNoTypeIsRefused) {
  EXPECT_EQ(dtype_from_code(0).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(dtype_from_code(18).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(dtype_code(at::kQInt8).status().code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(dtype_from_safetensors_name("").status().code(), OAR_E_CORRUPT);
  EXPECT_EQ(safetensors_dtype_name(at::kComplexDouble).status().code(), OAR_E_UNSUPPORTED);
}

TEST(Dtype, AComplexNumberIsAlignedToItsSize) {
  EXPECT_EQ(dtype_alignment(at::kDouble), 8U);
  EXPECT_EQ(dtype_alignment(at::kComplexDouble), 16U);
  EXPECT_EQ(dtype_alignment(at::kBool), 1U);
}

}  // namespace
}  // namespace oarlock
