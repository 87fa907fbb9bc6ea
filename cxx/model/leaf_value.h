// Leaves of trees as values of programs, and back.
#pragma once

#include <ATen/core/ivalue.h>

#include "tensor/tree.h"

namespace oarlock {

c10::IValue value_of_leaf(const Tree& leaf);  // None for a list or map
Tree leaf_of_value(const c10::IValue& value);

}  // namespace oarlock
