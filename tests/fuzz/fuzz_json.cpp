#include "json_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_round_trip({reinterpret_cast<const char*>(data), size},
                   [](std::string_view text) { return oarlock::parse_json(text); });
  return 0;
}
