// Which operators a program file may call.
//
// A program is a file that somebody else made, and an operator is code: without a rule a program could map any file for
// writing (aten::from_file) or make a tensor of memory that is not its own (inductor::_reinterpret_tensor). This rule
// keeps out what reaches beyond its arguments by design. It is no sandbox: libtorch's kernels do not check every index
// that they are given (backward kernels of pooling trust theirs).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock::pt2 {

// `name`: "aten::linear", without overload. `namespaces`: allowed besides aten and what operator_library.h loaded.
// OAR_E_UNSUPPORTED names the operator.
Status check_allowed(std::string_view name, std::span<const std::string> namespaces);

}  // namespace oarlock::pt2
