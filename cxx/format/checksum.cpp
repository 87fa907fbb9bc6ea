#include "format/checksum.h"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <new>
#include <vector>

#include "format/safetensors.h"

namespace oarlock {

Checksum::Checksum() : state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
  XXH3_128bits_reset(state_.get());
}

void Checksum::update(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
}

std::string Checksum::hexadecimal() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
  std::string text;
  for (const unsigned char byte : canonical.digest) text += fmt::format("{:02x}", byte);
  return text;
}

void Checksum::Free::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

Result<WrittenFile> checksum_file(const std::string& path) {
  constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return os_error(errno, "cannot open '" + path + "'");
  const auto close_descriptor = [](const int* open_descriptor) { ::close(*open_descriptor); };
  const std::unique_ptr<const int, decltype(close_descriptor)> closer(&descriptor, close_descriptor);
  std::vector<std::byte> block(kBlockBytes);
  Checksum checksum;
  WrittenFile result;
  for (;;) {
    const ssize_t size = ::read(descriptor, block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return os_error(errno, "cannot read '" + path + "'");
    if (size == 0) break;
    checksum.update(std::span(block).first(static_cast<std::size_t>(size)));
    result.size_bytes += static_cast<std::uint64_t>(size);
  }
  result.checksum = checksum.hexadecimal();
  return result;
}

}  // namespace oarlock
