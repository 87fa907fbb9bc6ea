// Any bytes: refused, or an archive whose records are read or refused.
#include <vector>

#include "base/check.h"
#include "format/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto archive = oarlock::ZipArchive::from_bytes(std::as_bytes(std::span(data, size)), nullptr);
  if (!archive.is_ok()) {
    const oar_status code = archive.status().code();
    OAR_CHECK(code == OAR_E_CORRUPT || code == OAR_E_UNSUPPORTED);
    return 0;
  }
  std::size_t sum = 0;  // every byte is touched, so that a view beyond the input is seen by the sanitizer
  for (const std::string& name : archive.value()->names()) {
    OAR_CHECK(archive.value()->contains(name));
    const auto record = archive.value()->record(name);
    if (!record.is_ok()) {
      const oar_status code = record.status().code();
      OAR_CHECK(code == OAR_E_CORRUPT || code == OAR_E_UNSUPPORTED);
      continue;
    }
    for (const std::byte byte : record.value().bytes) sum += std::to_integer<std::size_t>(byte);
  }
  OAR_CHECK(sum <= size * 1032 * 255);  // what deflate could have made of the input
  return 0;
}
