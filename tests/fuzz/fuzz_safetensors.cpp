// Any bytes: refused, or a header whose tensors tile the data exactly.
#include "base/check.h"
#include "format/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto header = oarlock::read_safetensors_header(std::as_bytes(std::span(data, size)));
  if (!header.is_ok()) {
    const oar_status code = header.status().code();
    OAR_CHECK(code == OAR_E_CORRUPT || code == OAR_E_UNSUPPORTED);
    return 0;
  }
  std::uint64_t end = 0;
  for (const oarlock::SafetensorsEntry& entry : header.value().entries) {
    OAR_CHECK(entry.begin == end && entry.end >= entry.begin);
    end = entry.end;
  }
  OAR_CHECK(header.value().data_begin + end == size);
  return 0;
}
