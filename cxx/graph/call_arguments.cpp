#include "graph/call_arguments.h"

#include "base/no_destructor.h"

namespace oarlock {

const c10::IValue& CallArguments::operator[](const char* name) const {
  static NoDestructor<c10::IValue> none;
  const auto index = schema_.argumentIndexWithName(name);
  return index ? values_[static_cast<std::size_t>(*index)] : *none;
}

const at::Tensor* CallArguments::tensor(const char* name) const {
  const c10::IValue& value = (*this)[name];
  return is_given(value) ? &value.toTensor() : nullptr;
}

std::optional<std::int64_t> CallArguments::integer(const char* name) const {
  const c10::IValue& value = (*this)[name];
  return value.isInt() ? std::optional(value.toInt()) : std::nullopt;
}

bool CallArguments::flag(const char* name) const {
  const c10::IValue& value = (*this)[name];
  return value.isBool() && value.toBool();
}

bool is_given(const c10::IValue& value) { return value.isTensor() && value.toTensor().defined(); }

std::vector<std::int64_t> numbers_in(const c10::IValue& value) {
  if (value.isIntList()) return value.toIntVector();
  std::vector<std::int64_t> numbers;
  if (!is_given(value)) return numbers;
  const at::Tensor tensor = value.toTensor().detach().to(at::TensorOptions(at::kCPU).dtype(at::kLong)).contiguous();
  numbers.assign(tensor.const_data_ptr<std::int64_t>(), tensor.const_data_ptr<std::int64_t>() + tensor.numel());
  return numbers;
}

}  // namespace oarlock
