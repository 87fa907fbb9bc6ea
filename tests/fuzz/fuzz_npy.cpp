// Any bytes: refused, or an array whose elements all lie in the bytes; they are read.
#include <cstring>
#include <memory>
#include <vector>

#include "base/check.h"
#include "format/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::make_shared<std::vector<std::byte>>(size);  // its own, so that a sanitizer sees its ends
  if (size > 0) std::memcpy(bytes->data(), data, size);
  const auto tensor = oarlock::read_npy(*bytes, bytes);
  if (!tensor.is_ok()) {
    const oar_status code = tensor.status().code();
    OAR_CHECK(code == OAR_E_CORRUPT || code == OAR_E_UNSUPPORTED || code == OAR_E_VERSION);
    return 0;
  }
  OAR_CHECK(tensor.value().nbytes() <= size);
  (void)tensor.value().contiguous().clone();
  return 0;
}
