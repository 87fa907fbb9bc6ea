// Texts that a call gives away as oar_bytes, without a NUL.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "base/json.h"
#include "handles.h"

namespace oarlock::capi {

inline oar_bytes* wrap_text(std::string text) {
  return wrap<oar_bytes>(std::make_shared<std::string>(std::move(text)));
}
inline oar_bytes* wrap_json(const JsonValue& json) { return wrap_text(json.dump()); }

}  // namespace oarlock::capi
