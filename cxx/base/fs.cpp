#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <limits>

#include "base/no_destructor.h"
#include "base/write_signals.h"

namespace oarlock {
namespace {

Status path_error(int error_number, std::string_view what, const std::string& path) {
  return os_error(error_number, fmt::format("{} '{}'", what, path));
}

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  while (true) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

// Closes at the end of the scope; for descriptors whose close cannot lose data.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  const int fd_;
};

// The size of a regular file; anything else is refused, since neither mapping nor reading it to its end makes sense.
Result<std::size_t> regular_size(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return path_error(errno, "cannot look at", path);
  if (S_ISDIR(info.st_mode)) return invalid_argument("'{}' is a directory; a file is needed", path);
  if (!S_ISREG(info.st_mode)) return invalid_argument("'{}' is no regular file", path);
  return static_cast<std::size_t>(info.st_size);
}

// Reading one end of a pipe that nobody writes to would wait for ever.
int open_for_reading(const std::string& path) { return open_retrying(path, O_RDONLY | O_NONBLOCK); }

class RealFile final : public WritableFile {
 public:
  RealFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~RealFile() override {
    if (fd_ >= 0) ::close(fd_);
  }

  Status append(std::span<const std::byte> bytes) override {
    constexpr std::size_t kWriteBytesMax = std::size_t{1} << 30;  // Linux writes at most 2 GiB at once
    const NoWriteSignals scope;
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), std::min(bytes.size(), kWriteBytesMax));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return path_error(errno, "cannot write to", path_);
      if (written == 0) return io_error("cannot write to '{}': no byte was taken", path_);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return Status::ok();
  }

  Status sync() override {
    while (::fsync(fd_) != 0) {
      if (errno != EINTR) return path_error(errno, "cannot sync", path_);
    }
    return Status::ok();
  }

  Status close() override {
    if (fd_ < 0) return Status::ok();
    const int fd = std::exchange(fd_, -1);
    // On Linux the descriptor is gone even after EINTR. Other errors are late write errors (NFS, quota).
    if (::close(fd) != 0 && errno != EINTR) return path_error(errno, "cannot close", path_);
    return Status::ok();
  }

 private:
  int fd_;
  const std::string path_;
};

class RealFs final : public Fs {
 public:
  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    const int fd = open_retrying(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0) return path_error(errno, "cannot create", path);
    return std::unique_ptr<WritableFile>(std::make_unique<RealFile>(fd, path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    struct stat info {};  // a file would take the place of /dev/null, say, for all programs of the machine
    const bool exists = ::lstat(to.c_str(), &info) == 0;
    if (exists && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode) && !S_ISLNK(info.st_mode))
      return io_error("cannot rename '{}' to '{}': it is a device, a pipe or a socket, no file", from, to);
    if (::rename(from.c_str(), to.c_str()) == 0) return Status::ok();
    return os_error(errno, fmt::format("cannot rename '{}' to '{}'", from, to));
  }

  Status make_directories(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return path_error(error.value(), "cannot make the directory", path);
    return Status::ok();
  }

  Status sync_directory(const std::string& path) override {
    const Descriptor directory(open_retrying(path, O_RDONLY | O_DIRECTORY));
    if (directory.get() < 0) return path_error(errno, "cannot open the directory", path);
    while (::fsync(directory.get()) != 0) {
      if (errno == EINVAL || errno == ENOTSUP) return Status::ok();  // a file system that has no such thing
      if (errno != EINTR) return path_error(errno, "cannot sync the directory", path);
    }
    return Status::ok();
  }

  Status remove_all(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return path_error(error.value(), "cannot remove", path);
    return Status::ok();
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (directory == nullptr) return path_error(errno, "cannot list the directory", path);
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return path_error(errno, "cannot list the directory", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }
};

std::string parent_directory(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

Status write_and_rename(Fs& fs, const std::string& temporary, const std::string& path, std::string_view bytes) {
  OAR_ASSIGN(const std::unique_ptr<WritableFile> file, fs.create(temporary));
  OAR_TRY(file->append(std::as_bytes(std::span(bytes))));
  OAR_TRY(file->sync());
  OAR_TRY(file->close());
  OAR_TRY(fs.rename(temporary, path));
  return fs.sync_directory(parent_directory(path));
}

}  // namespace

Fs& real_fs() {
  static NoDestructor<RealFs> fs;
  return *fs;
}

Result<std::string> read_file(const std::string& path, std::size_t size_bytes_max) {
  const Descriptor file(open_for_reading(path));
  if (file.get() < 0) return path_error(errno, "cannot open", path);
  OAR_ASSIGN(const std::size_t size, regular_size(file.get(), path));
  if (size > size_bytes_max) return corrupt("'{}' has {} bytes, at most {} are read", path, size, size_bytes_max);
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return path_error(errno, "cannot read", path);
    if (got == 0) break;  // someone cut it meanwhile
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

Status write_file_atomically(Fs& fs, const std::string& path, std::string_view bytes) {
  static std::atomic<std::uint64_t> counter{0};
  const std::string temporary = fmt::format("{}.tmp-{}-{}", path, ::getpid(), counter.fetch_add(1));
  Status status = write_and_rename(fs, temporary, path, bytes);
  if (status.is_ok()) return status;
  const Status removed = fs.remove_all(temporary);  // the first failure is the one to tell
  (void)removed;
  return status;
}

Result<std::shared_ptr<MappedFile>> MappedFile::open(const std::string& path) {
  const Descriptor file(open_for_reading(path));
  if (file.get() < 0) return path_error(errno, "cannot open", path);
  OAR_ASSIGN(const std::size_t size, regular_size(file.get(), path));
  if (size == 0) return std::shared_ptr<MappedFile>(new MappedFile(path, nullptr, 0));  // nothing can be mapped
  // NORESERVE: pages that nobody writes to, which is all of them in earnest, are not counted as memory that we may
  // need.
  void* const data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (data == MAP_FAILED) return path_error(errno, "cannot map", path);
  return std::shared_ptr<MappedFile>(new MappedFile(path, static_cast<const std::byte*>(data), size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace oarlock
