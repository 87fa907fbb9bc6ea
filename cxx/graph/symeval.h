// Arithmetic on sizes as Python does it: floor division and modulo round down, / and negative powers give floats.
// Values are concrete when a program runs, so nothing symbolic is left: ints, doubles and bools.
#pragma once

#include <ATen/core/ivalue.h>

#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"
#include "graph/ir.h"

namespace oarlock {

// "_operator.floordiv", "torch.sym_max", "torch.ops.aten.sym_size.int", ...; nullopt: not arithmetic on sizes.
std::optional<SymbolicOp> symbolic_op_of_target(std::string_view target);
std::size_t num_symbolic_arguments(SymbolicOp op);

// OAR_E_ARGUMENT for division by zero, overflow of 64 bits, and operands of a wrong kind.
Result<c10::IValue> evaluate_symbolic(SymbolicOp op, std::span<const c10::IValue> arguments);

}  // namespace oarlock
