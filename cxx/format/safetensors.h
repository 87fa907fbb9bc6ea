// safetensors files: bytes <-> tensors, no policy. Strict reader over a mapping, streaming writer.
// Format: 8-byte little-endian header length, JSON header, raw data (spec B 5.9).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/fs.h"
#include "base/status.h"
#include "tensor/named_tensor.h"

namespace oarlock {

struct SafetensorsEntry {
  std::string name;
  at::ScalarType dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  // byte offsets in the data section
  std::uint64_t end = 0;
};

class SafetensorsFile {
 public:
  static Result<std::shared_ptr<SafetensorsFile>> open(const std::string& path);
  const std::vector<SafetensorsEntry>& entries() const { return entries_; }  // in the order of their data
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const SafetensorsEntry* find(std::string_view name) const;
  // A view of the mapping, which it keeps alive. Not to be written to: clone it first.
  Result<at::Tensor> tensor(std::string_view name) const;

 private:
  SafetensorsFile() = default;
  std::shared_ptr<MappedFile> file_;
  std::vector<SafetensorsEntry> entries_;
  std::map<std::string, std::string> metadata_;
  std::uint64_t data_begin_ = 0;
};

struct WrittenFile {
  std::uint64_t size_bytes = 0;
  std::string checksum;  // XXH3-128 of the whole file, 32 lower-case hexadecimal digits
};

// Writes, syncs and closes `path`; tensors may be strided, of any device; order is kept. Not atomic by itself.
Result<WrittenFile> write_safetensors(Fs& fs, const std::string& path, const NamedTensors& tensors,
                                      const std::map<std::string, std::string>& metadata);

// XXH3-128 of a file's bytes, streaming.
Result<WrittenFile> checksum_file(const std::string& path);

}  // namespace oarlock
