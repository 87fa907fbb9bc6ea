#include "checkpoint/files.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/fs.h"
#include "checkpoint/layout.h"
#include "format/safetensors.h"

namespace oarlock {
namespace {
constexpr std::size_t kManifestBytesMax = std::size_t{1} << 30;
}  // namespace

Result<Manifest> read_manifest(const std::string& directory) {
  const std::string path = join_path(directory, kManifestName);
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0)
    return os_error(errno, fmt::format("cannot open the checkpoint '{}'", directory));
  if (!S_ISDIR(info.st_mode)) return invalid_argument("a checkpoint is a directory, this is not one: '{}'", directory);
  if (::stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    return not_found("'{}' holds no {}: it is no complete checkpoint", directory, kManifestName);
  }
  OAR_ASSIGN(const std::string bytes, read_file(path, kManifestBytesMax));
  auto manifest = decode_manifest(bytes);
  if (!manifest.is_ok()) return std::move(manifest).status().within(path);
  return manifest;
}

Status check_files_present(const std::string& directory, const Manifest& manifest) {
  for (const FileRecord& record : manifest.files) {
    const std::string path = join_path(directory, record.path);
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) {
      if (errno == ENOENT) {
        return corrupt("{}: the file is missing; {} lists it with {} bytes", path, kManifestName, record.size_bytes);
      }
      return os_error(errno, path);
    }
    if (!S_ISREG(info.st_mode)) return corrupt("{}: this is not a regular file", path);
    const auto size_bytes = static_cast<std::uint64_t>(info.st_size);
    if (size_bytes != record.size_bytes) {
      return corrupt("{}: the file ends at offset {}; {} says {} bytes", path, size_bytes, kManifestName,
                     record.size_bytes);
    }
  }
  return Status::ok();
}

Status verify_file(const std::string& directory, const FileRecord& record) {
  const std::string path = join_path(directory, record.path);
  OAR_ASSIGN(const WrittenFile found, checksum_file(path));
  if (found.size_bytes != record.size_bytes) {
    return corrupt("{}: the file ends at offset {}; {} says {} bytes", path, found.size_bytes, kManifestName,
                   record.size_bytes);
  }
  if (found.checksum == record.checksum) return Status::ok();
  return corrupt("{}: bytes 0 to {} have the XXH3-128 checksum {}; {} says {}", path, found.size_bytes, found.checksum,
                 kManifestName, record.checksum);
}

}  // namespace oarlock
