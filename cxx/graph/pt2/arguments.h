// Arguments of nodes: JSON to constants and slots.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "graph/ir.h"
#include "graph/op_call.h"

namespace oarlock::pt2 {

// What the names of one graph (or region inside it) stand for.
using Scope = std::map<std::string, ArgumentItem, std::less<>>;

// OAR_E_CORRUPT for a name that nothing has defined yet.
Result<ArgumentItem> look_up(const Scope& scope, std::string_view name);

// The value of an `Argument` union. Every device is `device`: programs move with their run. Kinds that no supported
// operator takes are refused by their tag: custom objects, operators, lists of integers' lists (which torch.export
// itself writes for no operator).
Result<ArgumentValue> argument_value(const JsonValue& argument, const Scope& scope, at::Device device);

// Whether values of the kind stand in the file as they are: "as_int", "as_device", not "as_tensor" or "as_sym_int".
bool is_constant_kind(std::string_view tag);

}  // namespace oarlock::pt2
