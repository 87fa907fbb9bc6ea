// Where the records of a zip archive lie: the directory, read and checked against every local header. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace oarlock {

enum class ZipMethod { kStored = 0, kDeflated = 8 };

struct ZipEntry {
  std::string name;
  ZipMethod method = ZipMethod::kStored;
  std::uint32_t crc32 = 0;
  std::uint64_t compressed_bytes = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t header_begin = 0;  // file offset of the local header
  std::uint64_t data_begin = 0;    // file offset of the first byte of data
};

// In the order of the central directory. What zip.h says of open() holds for what this refuses.
Result<std::vector<ZipEntry>> read_zip_directory(std::span<const std::byte> file);

}  // namespace oarlock
