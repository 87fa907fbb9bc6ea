// Boxed operator calls: find an operator by name, and bring values to the types that its schema asks for.
//
// Note: coercion. callBoxed fills no defaults and converts nothing, so each value is coerced from the schema's type,
// never from its own: an int for a float parameter becomes a double, a number for a Tensor parameter a wrapped 0-dim
// tensor (which takes no part in dtype promotion, as in Python), an empty list gets its element type from the schema,
// and a name stands for a dtype ("float32"), layout, memory format or device.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"

namespace oarlock {

// A value before the schema was asked: one item, a list of them, lists of them one after another, or a dictionary.
struct ArgumentValue {
  bool is_list = false;
  std::vector<ArgumentItem> items;
  std::optional<std::vector<std::int64_t>> lengths{};  // of the inner lists
  std::optional<std::vector<std::string>> keys{};      // of a dictionary's items
};

// The value as the schema's argument wants it. `slots` tells what slot items will hold. OAR_E_ARGUMENT says what was
// given.
Result<Argument> bind_argument(const ArgumentValue& value, const c10::Argument& schema, const std::vector<Slot>& slots);

// The schema's default as an argument; OAR_E_ARGUMENT if there is none.
Result<Argument> default_argument(const c10::Argument& schema);

// What the argument takes, in words: "a tensor or None", "a list of integers".
std::string expected_text(const c10::Argument& schema);
// "aten::add.Tensor", "aten::linear"
std::string operator_text(const c10::FunctionSchema& schema);
// The type inside any number of Optional.
const c10::Type& strip_optional(const c10::Type& type);

// Whether values of the type are numbers or truth values, optional or not.
bool is_number_type(const c10::Type& type);

// A Python number as operators see it when a tensor is asked for.
at::Tensor wrapped_number_tensor(const c10::IValue& number);

}  // namespace oarlock
