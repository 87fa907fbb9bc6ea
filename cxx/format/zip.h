// Zip archives, read strictly over a mapping: stored and deflated records, zip64, CRC-32 always checked.
//
// Strict means that there is one way to read the archive: the central directory ends where its end record begins, every
// local header agrees with it, records do not overlap, names are unique. Source: PKWARE APPNOTE 6.3.10.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs.h"
#include "base/status.h"

namespace oarlock {

// What one deflated record may grow to; stored records have no limit, they are views.
inline constexpr std::uint64_t kInflatedBytesMax = std::uint64_t{4} << 30;

// Bytes of one record: a view of the mapping when stored (kept alive by `owner`), a buffer when it was deflated.
struct ZipRecord {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

class ZipArchive {
 public:
  // OAR_E_CORRUPT with the byte offset for anything malformed, truncated or overlapping; OAR_E_UNSUPPORTED for
  // encryption, other methods than stored and deflate, and archives in several files.
  static Result<std::shared_ptr<ZipArchive>> open(const std::string& path);
  // The same over bytes that `owner` keeps alive.
  static Result<std::shared_ptr<ZipArchive>> from_bytes(std::span<const std::byte> bytes,
                                                        std::shared_ptr<const void> owner);
  virtual ~ZipArchive() = default;
  virtual const std::vector<std::string>& names() const = 0;  // whole, in the directory's order
  virtual bool contains(std::string_view name) const = 0;
  // Checks the CRC of what it gives, each time. A record of more than `bytes_max`, as the directory says it, is refused
  // before anything of it is inflated. OAR_E_NOT_FOUND, OAR_E_CORRUPT, OAR_E_UNSUPPORTED (too large).
  virtual Result<ZipRecord> record(std::string_view name, std::uint64_t bytes_max = kNoLimit) const = 0;
  static constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
};

}  // namespace oarlock
