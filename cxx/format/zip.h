// Zip archives, read strictly over a mapping: stored and deflated records, zip64, CRC-32 always checked.
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

// Bytes of one record: a view of the mapping when stored (kept alive by `owner`), a buffer when it was deflated.
struct ZipRecord {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

class ZipArchive {
 public:
  // OAR_E_CORRUPT with the byte offset for anything malformed, truncated or overlapping.
  static Result<std::shared_ptr<ZipArchive>> open(const std::string& path);
  virtual ~ZipArchive() = default;
  virtual const std::vector<std::string>& names() const = 0;
  virtual bool contains(std::string_view name) const = 0;
  virtual Result<ZipRecord> record(std::string_view name) const = 0;  // checks the CRC of what it gives
};

}  // namespace oarlock
