// Which leaf of what a caller gives is which input of a program.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"
#include "tensor/tree.h"

namespace oarlock {

// One leaf of `inputs` per input of the program, in the program's order. `inputs` is a map by name (nested inputs by
// structure or by path), the list of the call's own arguments, or a flat list. No text is made for flat maps and lists
// that fit. OAR_E_ARGUMENT names what is missing, unknown or too many.
Status match_inputs(const Program& program, const Tree& inputs, std::vector<const Tree*>& out_leaves);

}  // namespace oarlock
