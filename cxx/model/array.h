// Arrays of a caller as inputs and outputs of a program: what fits, and how a value gets into one.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include <string>

#include "base/status.h"
#include "graph/input_check.h"
#include "graph/ir.h"

namespace oarlock {

// Borrowed for the call; the name is for messages.
struct NamedArray {
  const std::string& name;
  const at::Tensor& tensor;
};

// The number in a tensor without dimensions of int64, float64 or bool, as `kind` asks.
Result<c10::IValue> number_in_array(const NamedArray& input, SlotKind kind);

// Whether an output may be written: strided, on the device, writable, each element its own; and whether it has the
// dtype and shape that `slot` was exported with, as far as `check` knows the sizes. `slot`: nullptr for a constant.
Status check_output_array(const NamedArray& output, const Slot* slot, const InputCheck& check, at::Device device);

// Copies a tensor or number. OAR_E_ARGUMENT names the output if dtype or shape differ, or there is nothing to copy.
Status write_output_array(const NamedArray& output, const c10::IValue& value);

}  // namespace oarlock
