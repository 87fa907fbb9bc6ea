// Files: the seam through which everything that must survive a crash is written, and where tests inject faults.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace oarlock {

// A file being written. Not usable after close().
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status append(std::span<const std::byte> bytes) = 0;
  virtual Status sync() = 0;   // to the disk
  virtual Status close() = 0;  // twice is fine
};

// The operations that a checkpoint commit is made of. Every failure names the path and errno.
class Fs {
 public:
  virtual ~Fs() = default;
  virtual Result<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;  // truncates
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status make_directories(const std::string& path) = 0;  // with parents; existing is fine
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Status remove_all(const std::string& path) = 0;                      // missing is fine
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;  // names, sorted
  virtual bool exists(const std::string& path) = 0;
};

Fs& real_fs();

// The whole of a regular file; OAR_E_CORRUPT when it is larger than size_bytes_max.
Result<std::string> read_file(const std::string& path, std::size_t size_bytes_max);
// Temporary sibling ("<path>.tmp-..."), write, sync, rename, sync directory: a reader sees the old bytes or the new. On
// failure the temporary is removed and `path` is as it was; only if the last step fails the new bytes are there, not
// yet surely on disk.
Status write_file_atomically(Fs& fs, const std::string& path, std::string_view bytes);

// A regular file mapped for reading; an empty one has no bytes. The mapping lives as long as the object; share it by
// shared_ptr. It is copy-on-write: a host that writes to a tensor which views it changes its own pages, not the file,
// and does not die of it. Someone who cuts the file meanwhile ends the process by SIGBUS: files are replaced by rename
// (above), never cut.
class MappedFile {
 public:
  static Result<std::shared_ptr<MappedFile>> open(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, const std::byte* data, std::size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}
  std::string path_;
  const std::byte* data_;
  std::size_t size_;
};

}  // namespace oarlock
