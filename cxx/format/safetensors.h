// safetensors files: bytes <-> tensors, no policy. Strict reader over a mapping, streaming writer.
// Format: 8-byte little-endian header length, JSON header, raw data (spec B 5.9).
//
// Differs: duplicate names, which the reference lets the last one win, are refused, as is a bool that is neither 0
// nor 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fs.h"
#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

inline constexpr std::uint64_t kSafetensorsHeaderBytesMax = 100'000'000;

struct SafetensorsEntry {
  std::string name;
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // byte offsets in the data section
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their data
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  // offset of the data section in the file
};

// The header of a whole file's bytes. Accepts only files whose tensors tile the data section exactly.
Result<SafetensorsHeader> read_safetensors_header(std::span<const std::byte> file);

class SafetensorsFile {
 public:
  // OAR_E_NOT_FOUND, OAR_E_IO; OAR_E_CORRUPT with the byte offset; OAR_E_UNSUPPORTED for types that libtorch has not.
  static Result<std::shared_ptr<SafetensorsFile>> open(const std::string& path);
  const std::vector<SafetensorsEntry>& entries() const { return header_.entries; }  // in the order of their data
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  const SafetensorsEntry* find(std::string_view name) const;
  // A view of the mapping, which it keeps alive; is_read_only() (tensor/memory.h) says true: clone it before writing.
  // Only where the file's layout leaves the data unaligned for its type it is a copy.
  Result<at::Tensor> tensor(std::string_view name) const;

 private:
  SafetensorsFile() = default;
  std::shared_ptr<MappedFile> file_;
  SafetensorsHeader header_;
  std::unordered_map<std::string_view, std::size_t> index_;  // keys are views of the entries' names
};

struct WrittenFile {
  std::uint64_t size_bytes = 0;
  std::string checksum;  // XXH3-128 of the whole file, 32 lower-case hexadecimal digits
};

// Writes, syncs and closes `path`; tensors may be strided, of any device; order is kept. Not atomic by itself: a
// failure may leave a part of the file. Refuses duplicate names, "__metadata__", invalid UTF-8 and types that the
// format has not.
Result<WrittenFile> write_safetensors(Fs& fs, const std::string& path, const NamedTensors& tensors,
                                      const std::map<std::string, std::string>& metadata);

// XXH3-128 of a file's bytes, streaming.
Result<WrittenFile> checksum_file(const std::string& path);

}  // namespace oarlock
