// Trees without tensors as JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "tensor/tree.h"

namespace oarlock {

// Numbers without fraction and exponent are int64 where they fit, all others double. OAR_E_ARGUMENT with the byte's
// offset for what is no JSON, has a key twice, or is deeper than kTreeDepthMax.
Result<Tree> tree_from_json(std::string_view text);
// Reads back as the same tree, but for NaN and infinities, which become texts. OAR_E_ARGUMENT names a tensor's path.
Result<std::string> tree_to_json(const Tree& tree);
// The same without text.
Result<Tree> tree_from_json_value(const JsonValue& value);
Result<JsonValue> tree_to_json_value(const Tree& tree);

}  // namespace oarlock
