// Element types: Oarlock's own numbers (OAR_FLOAT32), libtorch's, their names, and the codes of safetensors. One table.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace oarlock {

// OAR_FLOAT32 -> at::kFloat. OAR_E_ARGUMENT for a number that is none of ours.
Result<at::ScalarType> dtype_from_code(std::int32_t code);
// at::kFloat -> OAR_FLOAT32. OAR_E_UNSUPPORTED for types that the C interface has no number for (quantised ones, ...).
Result<std::int32_t> dtype_code(at::ScalarType dtype);

// "float32", as torch prints it without "torch."; types outside the table give libtorch's own name.
std::string_view dtype_name(at::ScalarType dtype);
// "float32" -> at::kFloat. OAR_E_ARGUMENT for a name that is none of the table's.
Result<at::ScalarType> dtype_from_name(std::string_view name);

// at::kFloat -> "F32". OAR_E_UNSUPPORTED for types that the format cannot hold (complex128).
Result<std::string_view> safetensors_dtype_name(at::ScalarType dtype);
// OAR_E_CORRUPT for an unknown code; OAR_E_UNSUPPORTED for the format's types of 4 and 6 bits, which libtorch has not.
Result<at::ScalarType> dtype_from_safetensors_name(std::string_view name);

// What an address of this type must be a multiple of.
std::size_t dtype_alignment(at::ScalarType dtype);

}  // namespace oarlock
