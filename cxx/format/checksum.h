// The running XXH3-128 of what is written or read.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct XXH3_state_s;

namespace oarlock {

class Checksum {
 public:
  Checksum();
  void update(std::span<const std::byte> bytes);
  std::string hexadecimal() const;  // 32 lower-case digits, as `xxhsum -H128` prints

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace oarlock
