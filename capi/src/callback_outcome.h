// What a host's callback ended with.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "error_slot.h"

namespace oarlock::capi {

// value: what the callback returned. What went wrong inside is what its last call of the library said: run clear_error
// before it. `what`: "the forward of the model".
inline Status callback_outcome(std::string_view what, std::int32_t value) {
  if (value == 0) return Status::ok();
  const ErrorInfo* inside = current_error();
  return callback_failed("{} returned {}{}{}", what, value, inside != nullptr ? "; the last error inside it: " : "",
                         inside != nullptr ? inside->message : "")
      .with_vendor_code(value);
}

}  // namespace oarlock::capi
