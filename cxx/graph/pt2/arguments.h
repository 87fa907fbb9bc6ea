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
// operator takes are refused by their tag: custom objects, operators, dictionaries, lists of integers' lists (which
// torch.export itself writes for no operator).
Result<ArgumentValue> argument_value(const JsonValue& argument, const Scope& scope, at::Device device);

}  // namespace oarlock::pt2
