#include "oarlock/op.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "base/json.h"
#include "graph/eager_call.h"
#include "graph/operator_index.h"
#include "graph/operator_library.h"
#include "guard.h"
#include "own_handle.h"
#include "state/process_state.h"
#include "tensor/dtype.h"
#include "wrap_text.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// Hosts may have a longer oar_value than this library, but none a shorter one than the first: a field that is added
// later is read only from values that have it.
constexpr std::size_t kValueSizeMin = offsetof(oar_value, name) + sizeof(oar_value::name);
constexpr std::size_t kValueSizeMax = 4096;

ArgumentItem constant(c10::IValue value) { return {std::move(value), kNoSlot}; }

Result<c10::IValue> tensor_value(const void* handle) {
  if (handle == nullptr) return c10::IValue();
  OAR_ASSIGN(const at::Tensor& tensor, unwrap(static_cast<const oar_tensor*>(handle)));
  return c10::IValue(tensor);
}

template <class T, class Convert>
Result<ArgumentValue> list_value(const oar_value& value, const Convert& convert) {
  if (value.integer < 0) return invalid_argument("it has {} elements", value.integer);
  if (value.integer > 0) OAR_TRY(require_argument(value.data, "the data of its list"));
  ArgumentValue list{true, {}};
  for (const T& item : std::span(static_cast<const T*>(value.data), static_cast<std::size_t>(value.integer))) {
    OAR_ASSIGN(c10::IValue element, convert(item));
    list.items.push_back(constant(std::move(element)));
  }
  return list;
}

Result<ArgumentValue> single_value(Result<c10::IValue> value) {
  if (!value.is_ok()) return std::move(value).status();
  return ArgumentValue{false, {constant(std::move(value).value())}};
}

Result<ArgumentValue> argument_value(const oar_value& value) {
  const auto as_it_is = [](auto number) -> Result<c10::IValue> { return c10::IValue(number); };
  switch (value.kind) {
    case OAR_VALUE_NONE:
      return single_value(c10::IValue());
    case OAR_VALUE_TENSOR:
      return single_value(tensor_value(value.data));
    case OAR_VALUE_INT:
      return single_value(c10::IValue(value.integer));
    case OAR_VALUE_FLOAT:
      return single_value(c10::IValue(value.real));
    case OAR_VALUE_BOOL:
      return single_value(c10::IValue(value.integer != 0));
    case OAR_VALUE_STRING:
      OAR_TRY(require_argument(value.data, "its text"));
      return single_value(c10::IValue(std::string(static_cast<const char*>(value.data))));
    case OAR_VALUE_DTYPE: {
      if (value.integer != static_cast<std::int32_t>(value.integer)) return dtype_from_code(0).status();
      OAR_ASSIGN(const at::ScalarType dtype, dtype_from_code(static_cast<std::int32_t>(value.integer)));
      return single_value(c10::IValue(std::string(dtype_name(dtype))));
    }
    case OAR_VALUE_INTS:
      return list_value<std::int64_t>(value, as_it_is);
    case OAR_VALUE_FLOATS:
      return list_value<double>(value, as_it_is);
    case OAR_VALUE_BOOLS:
      return list_value<std::int32_t>(value, [&](std::int32_t flag) { return as_it_is(flag != 0); });
    case OAR_VALUE_TENSORS:
      return list_value<oar_tensor*>(value, [](const oar_tensor* tensor) { return tensor_value(tensor); });
    default:
      return invalid_argument("{} is none of the OAR_VALUE_* kinds of op.h", value.kind);
  }
}

// The array's elements are as far apart as its first one says: a host may know a longer oar_value than this library.
Result<std::vector<EagerArgument>> read_arguments(const oar_value* values, std::size_t count) {
  std::vector<EagerArgument> arguments;
  if (count == 0) return arguments;
  OAR_TRY(require_argument(values, "arguments"));
  const auto size = static_cast<std::size_t>(values->size);
  if (values->size < 0 || size < kValueSizeMin || size > kValueSizeMax || size % alignof(oar_value) != 0) {
    return invalid_argument(
        "the first argument says that oar_value has {} bytes, which cannot be; make values by "
        "oar_value_int and the other functions of op.h",
        values->size);
  }
  for (std::size_t i = 0; i < count; ++i) {
    oar_value value{};
    std::memcpy(&value, reinterpret_cast<const char*>(values) + i * size, std::min(size, sizeof value));
    Result<ArgumentValue> converted = argument_value(value);
    const std::string name = value.name != nullptr ? value.name : "";
    if (!converted.is_ok()) {
      return std::move(converted).status().within(name.empty() ? fmt::format("argument number {}", i + 1)
                                                               : "argument " + name);
    }
    arguments.push_back({name, std::move(converted).value()});
  }
  return arguments;
}

Status call(const oar_state* state, const char* name, const oar_value* arguments, std::size_t num_arguments,
            oar_tensor** outputs, std::size_t* count) {
  OAR_ASSIGN(const State& self, unwrap(state));
  OAR_TRY(require_argument(name, "name"));
  if (outputs != nullptr) OAR_TRY(require_out(count, "count"));
  OAR_ASSIGN(const std::vector<EagerArgument> given, read_arguments(arguments, num_arguments));
  OAR_ASSIGN(const std::vector<at::Tensor> results,
             call_operator(name, given, self.device(), outputs != nullptr ? count : nullptr,
                           self.autocast_regions().innermost()));
  std::vector<OwnHandle<oar_tensor>> handles;  // of a call that may still fail
  for (std::size_t i = 0; outputs != nullptr && i < results.size(); ++i) {
    handles.emplace_back(results[i].defined() ? wrap<oar_tensor>(std::make_shared<at::Tensor>(results[i])) : nullptr);
  }
  for (std::size_t i = 0; i < handles.size(); ++i) outputs[i] = handles[i].take();
  if (count != nullptr) *count = results.size();
  return Status::ok();
}

}  // namespace

oar_status oar_op_call(oar_state* state, const char* name, const oar_value* arguments, size_t num_arguments,
                       oar_tensor** outputs, size_t* count) noexcept {
  return guard([&]() -> Status { return call(state, name, arguments, num_arguments, outputs, count); });
}

oar_status oar_op_call_no_grad(oar_state* state, const char* name, const oar_value* arguments, size_t num_arguments,
                               oar_tensor** outputs, size_t* count) noexcept {
  return guard([&]() -> Status {
    const CallScope no_grad(false, CallScope::current_recorder());
    return call(state, name, arguments, num_arguments, outputs, count);
  });
}

oar_status oar_op_signatures(const char* name, oar_bytes** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(name, "name"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const std::vector<c10::OperatorHandle> overloads, find_overloads(name));
    JsonValue list = JsonValue::array();
    for (const c10::OperatorHandle& op : overloads) list.append(signature_json(op.schema()));
    *out = wrap_json(list);
    return Status::ok();
  });
}

oar_status oar_op_names(const char* name_space, oar_bytes** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out, "out"));
    JsonValue list = JsonValue::array();
    for (std::string& name : operator_names(name_space != nullptr ? name_space : "")) {
      list.append(JsonValue::string(std::move(name)));
    }
    *out = wrap_json(list);
    return Status::ok();
  });
}

oar_status oar_load_library(const char* path) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_argument(path, "path"));
    return load_operator_library(path);
  });
}
