// Which operators a program file may call.
//
// A program is a file that somebody else made, and an operator is code: without a rule a program could map any file for
// writing (aten::from_file) or make a tensor of memory that is not its own (inductor::_reinterpret_tensor). This rule
// keeps out what reaches beyond its arguments by design, and kernels that were seen to end the process when they are
// given wrong arguments and that models do not call; those that models call have checks of their own (call_check.h). It
// is no sandbox: nobody has read every kernel of libtorch.
#pragma once

#include <ATen/core/function_schema.h>

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock::pt2 {

// `name`: "aten::linear", without overload. `namespaces`: allowed besides aten and what operator_library.h loaded.
// OAR_E_UNSUPPORTED names the operator.
Status check_allowed(std::string_view name, std::span<const std::string> namespaces);

// As above, and no aten operators with "out" arguments.
Status check_allowed(const c10::FunctionSchema& schema, std::span<const std::string> namespaces);

}  // namespace oarlock::pt2
