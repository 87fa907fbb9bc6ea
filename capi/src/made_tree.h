// Trees that a host's function makes: samples, orders, batches.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/status.h"
#include "error_slot.h"
#include "guard.h"
#include "own_handle.h"
#include "tensor/tree.h"

namespace oarlock::capi {

// What call(&tree) made; nullopt: nothing, and no failure. What went wrong inside is what its last call of the library
// said. `does` completes "the function that ...".
template <class Call>
Result<std::optional<Tree>> made_by(const char* does, const Call& call) {
  OwnHandle<oar_tree> made;
  clear_error();
  const std::int32_t value = call(made.out());
  if (value != 0) {
    const ErrorInfo* inside = current_error();
    return callback_failed("the function that {} returned {}{}{}", does, value,
                           inside != nullptr ? "; the last error inside it: " : "",
                           inside != nullptr ? inside->message : "")
        .with_vendor_code(value);
  }
  if (made.get() == nullptr) return std::optional<Tree>();
  OAR_ASSIGN(const Tree& given, unwrap(made.get()));
  return std::optional<Tree>(given);
}

// The same where nothing is a failure.
template <class Call>
Result<Tree> needed_by(const char* does, const Call& call) {
  OAR_ASSIGN(std::optional<Tree> made, made_by(does, call));
  if (made) return std::move(*made);
  return callback_failed("the function that {} returned 0 and gave nothing", does);
}

}  // namespace oarlock::capi
