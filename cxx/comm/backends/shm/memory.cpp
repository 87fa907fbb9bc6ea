#include "comm/backends/shm/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace oarlock {
namespace {

constexpr std::size_t kTokenBytes = 32;  // hexadecimal digits
constexpr std::size_t kFront = 4096;     // what is ours before data()

Result<std::string> random_token() {
  unsigned char bytes[kTokenBytes / 2];
  if (::getrandom(bytes, sizeof(bytes), 0) != static_cast<ssize_t>(sizeof(bytes))) {
    return os_error(errno, "reading random bytes for shared memory");
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

struct Name {
  int process = 0, descriptor = 0;
  std::size_t bytes = 0;
  std::string token;
};

Result<Name> parse(const std::string& text) {
  Name name;
  char token[kTokenBytes + 1] = {};
  if (std::sscanf(text.c_str(), "%d/%d/%zu/%32[0-9a-f]", &name.process, &name.descriptor, &name.bytes, token) != 4) {
    return bad_environment("'{}' is no name of shared memory", text);
  }
  name.token = token;
  return name;
}

}  // namespace

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      token_(std::move(other.token_)) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  if (this == &other) return *this;
  reset();
  fd_ = std::exchange(other.fd_, -1);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  token_ = std::move(other.token_);
  return *this;
}

SharedMemory::~SharedMemory() { reset(); }

void SharedMemory::reset() noexcept {
  if (data_ != nullptr) ::munmap(data_ - kFront, size_ + kFront);
  data_ = nullptr;
  close_descriptor();
}

void SharedMemory::close_descriptor() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Status SharedMemory::map(int fd, std::size_t bytes) {
  void* address = ::mmap(nullptr, bytes + kFront, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) return os_error(errno, fmt::format("mapping {} bytes of shared memory", bytes));
  data_ = static_cast<std::byte*>(address) + kFront;
  size_ = bytes;
  return Status::ok();
}

Result<SharedMemory> SharedMemory::create(std::size_t bytes) {
  SharedMemory memory;
  OAR_ASSIGN(memory.token_, random_token());
  memory.fd_ = ::memfd_create("oarlock", MFD_CLOEXEC);
  if (memory.fd_ < 0) return os_error(errno, "creating shared memory");
  if (::ftruncate(memory.fd_, static_cast<off_t>(bytes + kFront)) != 0) {
    return os_error(errno, fmt::format("sizing shared memory to {} bytes", bytes));
  }
  const int failed = ::posix_fallocate(memory.fd_, 0, static_cast<off_t>(bytes + kFront));
  if (failed != 0) return os_error(failed, fmt::format("taking {} bytes of shared memory", bytes));
  OAR_TRY(memory.map(memory.fd_, bytes));
  std::memcpy(memory.data_ - kFront, memory.token_.data(), kTokenBytes);
  return memory;
}

Result<SharedMemory> SharedMemory::open(const std::string& text) {
  OAR_ASSIGN(const Name name, parse(text));
  const std::string path = fmt::format("/proc/{}/fd/{}", name.process, name.descriptor);
  SharedMemory memory;
  memory.fd_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (memory.fd_ < 0) {
    return bad_environment(
        "the shared memory of process {} cannot be opened ({}): is it in another container, or of another user?",
        name.process, std::system_category().message(errno));
  }
  struct stat status {};
  const bool fits = ::fstat(memory.fd_, &status) == 0 && S_ISREG(status.st_mode) &&
                    status.st_size == static_cast<off_t>(name.bytes + kFront);
  if (!fits) return bad_environment("{} is not the shared memory that was announced", path);
  OAR_TRY(memory.map(memory.fd_, name.bytes));
  if (std::memcmp(memory.data_ - kFront, name.token.data(), kTokenBytes) != 0) {
    return bad_environment("{} is not the shared memory that was announced", path);
  }
  memory.close_descriptor();
  return memory;
}

std::string SharedMemory::name() const { return fmt::format("{}/{}/{}/{}", ::getpid(), fd_, size_, token_); }

}  // namespace oarlock
