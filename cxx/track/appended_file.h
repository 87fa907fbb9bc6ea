// A file of metrics: what was appended is there whole or not at all.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/status.h"

namespace oarlock {

double utc_seconds();  // since 1970, in steps of a millisecond

class AppendedFile {
 public:
  enum class Open { kKept, kNew };  // what an existing file is: appended to, or OAR_E_IO with EEXIST

  explicit AppendedFile(std::string path) : path_(std::move(path)) {}
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;
  ~AppendedFile();

  // For reading and appending. OAR_E_ARGUMENT: no regular file.
  Status open(Open mode);
  bool is_open() const { return descriptor_ >= 0; }
  const std::string& path() const { return path_; }
  off_t size_bytes() const { return size_bytes_; }  // when it was opened

  // The bytes after the last newline, when it was opened.
  Result<std::string> tail() const;
  // All of it or nothing: what a full disk cut short is taken back.
  Status append(std::string_view bytes);
  Status cut(off_t size_bytes);
  Status close();  // twice is fine

 private:
  Status failed(std::string_view what) const;

  const std::string path_;
  int descriptor_ = -1;
  off_t size_bytes_ = 0;
};

}  // namespace oarlock
