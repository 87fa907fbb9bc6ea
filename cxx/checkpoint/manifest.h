// manifest.json: the list of a checkpoint's files with sizes and checksums, and all that is not a tensor. Written last,
// so a directory without one is no checkpoint. Byte for byte in docs/checkpoint-format.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace oarlock {

inline constexpr int kManifestMajor = 1;
inline constexpr int kManifestMinor = 0;
inline constexpr int kSharedFile = -1;

struct FileRecord {
  std::string path;        // plain name inside the directory
  std::string name;        // "model"; several ranks' files share it
  int rank = kSharedFile;  // whose; kSharedFile: equal on all
  std::uint64_t size_bytes = 0;
  std::string checksum;  // XXH3-128, 32 lower-case hexadecimal digits
};

struct Manifest {
  JsonValue json;  // everything, keys that this release does not know too
  int world_size = 0;
  std::vector<FileRecord> files;
  JsonValue values;
  JsonValue user;
};

JsonValue to_json(const FileRecord& record);
Result<FileRecord> file_record_from_json(const JsonValue& json);

// The bytes of manifest.json. created: "2026-01-31T23:59:59Z".
std::string encode_manifest(const Manifest& manifest, std::string_view created);
// OAR_E_CORRUPT with a byte offset for damage, OAR_E_VERSION for a major newer than ours.
Result<Manifest> decode_manifest(std::string_view bytes);

}  // namespace oarlock
