// Memory that the ranks of one host share: an anonymous file of the kernel, so that nothing is left behind whatever is
// killed when. The rank that made it names it by its process and descriptor; peers open it there and look whether it is
// the right one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/status.h"

namespace oarlock {

class SharedMemory {
 public:
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&& other) noexcept;
  ~SharedMemory();

  // Zeros. Takes the memory at once: OAR_E_NO_SPACE or OAR_E_OUT_OF_MEMORY now and no SIGBUS later.
  static Result<SharedMemory> create(std::size_t bytes);
  // What name() of another process gave. OAR_E_ENVIRONMENT when that process cannot be looked into (another container,
  // another user), or what is there is something else.
  static Result<SharedMemory> open(const std::string& name);

  // For peers, as long as this is kept: "process/descriptor/bytes/token".
  std::string name() const;
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  // Peers can open it no longer; it lives on where it is mapped.
  void close_descriptor();

 private:
  Status map(int fd, std::size_t bytes);
  void reset() noexcept;

  int fd_ = -1;
  std::byte* data_ = nullptr;  // the mapping begins a page before: the token
  std::size_t size_ = 0;
  std::string token_;
};

}  // namespace oarlock
