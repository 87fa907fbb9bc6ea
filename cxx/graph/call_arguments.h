// The arguments of one call by their names, for the checks of call_check.h.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace oarlock {

class CallArguments {
 public:
  CallArguments(const c10::FunctionSchema& schema, std::span<const c10::IValue> values)
      : schema_(schema), values_(values) {}

  const c10::FunctionSchema& schema() const { return schema_; }
  const c10::IValue& operator[](const char* name) const;  // None: the operator has no such argument
  const at::Tensor* tensor(const char* name) const;       // nullptr: not given, or no tensor
  std::optional<std::int64_t> integer(const char* name) const;
  bool flag(const char* name) const;  // false: not given, too

 private:
  const c10::FunctionSchema& schema_;
  std::span<const c10::IValue> values_;
};

bool is_given(const c10::IValue& value);  // a tensor, and a defined one
// Of a list of integers, or of a tensor of them on any device. Empty: neither.
std::vector<std::int64_t> numbers_in(const c10::IValue& value);

}  // namespace oarlock
