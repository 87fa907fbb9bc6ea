#include "tensor/dtype.h"

#include <array>

#include "oarlock/types.h"

namespace oarlock {
namespace {

struct DtypeRow {
  at::ScalarType dtype;
  std::int32_t code;  // 0: the C interface has none
  std::string_view name;
  std::string_view safetensors;  // "": the format has none
};

constexpr std::array kDtypes = {
    DtypeRow{at::ScalarType::Bool, OAR_BOOL, "bool", "BOOL"},
    DtypeRow{at::ScalarType::Byte, OAR_UINT8, "uint8", "U8"},
    DtypeRow{at::ScalarType::Char, OAR_INT8, "int8", "I8"},
    DtypeRow{at::ScalarType::Short, OAR_INT16, "int16", "I16"},
    DtypeRow{at::ScalarType::Int, OAR_INT32, "int32", "I32"},
    DtypeRow{at::ScalarType::Long, OAR_INT64, "int64", "I64"},
    DtypeRow{at::ScalarType::Half, OAR_FLOAT16, "float16", "F16"},
    DtypeRow{at::ScalarType::BFloat16, OAR_BFLOAT16, "bfloat16", "BF16"},
    DtypeRow{at::ScalarType::Float, OAR_FLOAT32, "float32", "F32"},
    DtypeRow{at::ScalarType::Double, OAR_FLOAT64, "float64", "F64"},
    DtypeRow{at::ScalarType::UInt16, OAR_UINT16, "uint16", "U16"},
    DtypeRow{at::ScalarType::UInt32, OAR_UINT32, "uint32", "U32"},
    DtypeRow{at::ScalarType::UInt64, OAR_UINT64, "uint64", "U64"},
    DtypeRow{at::ScalarType::ComplexFloat, OAR_COMPLEX64, "complex64", "C64"},
    DtypeRow{at::ScalarType::ComplexDouble, OAR_COMPLEX128, "complex128", ""},
    DtypeRow{at::ScalarType::Float8_e4m3fn, OAR_FLOAT8_E4M3FN, "float8_e4m3fn", "F8_E4M3"},
    DtypeRow{at::ScalarType::Float8_e5m2, OAR_FLOAT8_E5M2, "float8_e5m2", "F8_E5M2"},
    DtypeRow{at::ScalarType::Float8_e4m3fnuz, 0, "float8_e4m3fnuz", "F8_E4M3FNUZ"},
    DtypeRow{at::ScalarType::Float8_e5m2fnuz, 0, "float8_e5m2fnuz", "F8_E5M2FNUZ"},
    DtypeRow{at::ScalarType::Float8_e8m0fnu, 0, "float8_e8m0fnu", "F8_E8M0"},
};

const DtypeRow* find_dtype(at::ScalarType dtype) {
  for (const DtypeRow& row : kDtypes) {
    if (row.dtype == dtype) return &row;
  }
  return nullptr;
}

}  // namespace

Result<at::ScalarType> dtype_from_code(std::int32_t code) {
  for (const DtypeRow& row : kDtypes) {
    if (row.code == code && code != 0) return row.dtype;
  }
  return invalid_argument("dtype is none of the OAR_* element types of types.h (1 to 17): {}", code);
}

Result<std::int32_t> dtype_code(at::ScalarType dtype) {
  const DtypeRow* row = find_dtype(dtype);
  if (row != nullptr && row->code != 0) return row->code;
  return unsupported("the C interface has no number for element type {}", dtype_name(dtype));
}

std::string_view dtype_name(at::ScalarType dtype) {
  const DtypeRow* row = find_dtype(dtype);
  return row != nullptr ? row->name : std::string_view(c10::toString(dtype));
}

Result<at::ScalarType> dtype_from_name(std::string_view name) {
  for (const DtypeRow& row : kDtypes) {
    if (row.name == name) return row.dtype;
  }
  return invalid_argument("'{}' is no element type", name);
}

Result<std::string_view> safetensors_dtype_name(at::ScalarType dtype) {
  const DtypeRow* row = find_dtype(dtype);
  if (row != nullptr && !row->safetensors.empty()) return row->safetensors;
  return unsupported("safetensors cannot hold element type {}", dtype_name(dtype));
}

Result<at::ScalarType> dtype_from_safetensors_name(std::string_view name) {
  for (const DtypeRow& row : kDtypes) {
    if (!row.safetensors.empty() && row.safetensors == name) return row.dtype;
  }
  if (name == "F4" || name == "F6_E2M3" || name == "F6_E3M2") {
    return unsupported("libtorch has no element type for safetensors dtype '{}'", name);
  }
  return corrupt("unknown safetensors dtype '{}'", name);
}

// Also of complex numbers: c10::complex is aligned to its size, and libtorch's copy of one complex128 loads it so.
std::size_t dtype_alignment(at::ScalarType dtype) { return c10::elementSize(dtype); }

}  // namespace oarlock
