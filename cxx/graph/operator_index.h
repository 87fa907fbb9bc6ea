// All operators of this libtorch and of the libraries that the host loaded, by name.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace oarlock {

// "aten::add": its overloads in the order of registration, in which Python tries them; "aten::add.Tensor": that one.
// OAR_E_UNSUPPORTED names the nearest there are. Any thread.
Result<std::vector<c10::OperatorHandle>> find_overloads(std::string_view name);

// "torch.ops.aten.linear.default" or "aten::linear" / "aten::add.Tensor". OAR_E_UNSUPPORTED names an operator that this
// libtorch, and whatever the host loaded, does not have, and what there is instead. Any thread.
Result<c10::OperatorHandle> find_operator(std::string_view target);

// Sorted, without overloads. name_space: "aten"; "": all.
std::vector<std::string> operator_names(std::string_view name_space);

// The overload as op.h's oar_op_signatures describes it.
JsonValue signature_json(const c10::FunctionSchema& schema);

}  // namespace oarlock
