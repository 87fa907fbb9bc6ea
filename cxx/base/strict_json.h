// A strict JSON reader for untrusted files that keeps the text of numbers (cJSON loses integers beyond 2^53).
#pragma once

#include "base/json.h"

namespace oarlock {

struct StrictJsonLimits {
  std::size_t size_bytes_max = std::size_t{100} << 20;
  int depth_max = 128;
  // Two bytes of text can be a value, and a value takes a hundred of memory; an honest header of 100 MiB has fewer.
  std::size_t values_max = std::size_t{4} << 20;
};

// OAR_E_CORRUPT with the byte offset for anything RFC 8259 does not allow, and for duplicate keys.
Result<JsonValue> parse_strict_json(std::string_view text, const StrictJsonLimits& limits = {});

}  // namespace oarlock
