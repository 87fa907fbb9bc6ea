#include "base/fork.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace oarlock {
namespace {

constexpr int kBits = 64;
std::array<std::atomic<std::uint64_t>, kForkTableSize / kBits> table;  // a bit per descriptor

bool is_in_table(int fd) { return fd >= 0 && fd < kForkTableSize; }
std::uint64_t bit_of(int fd) { return std::uint64_t{1} << (fd % kBits); }

}  // namespace

void close_in_forked_child(int fd) noexcept {
  if (is_in_table(fd)) table[fd / kBits].fetch_or(bit_of(fd), std::memory_order_relaxed);
}

void forget_in_forked_child(int fd) noexcept {
  if (is_in_table(fd)) table[fd / kBits].fetch_and(~bit_of(fd), std::memory_order_relaxed);
}

void close_remembered_descriptors() noexcept {
  for (std::size_t i = 0; i < table.size(); ++i) {
    for (std::uint64_t bits = table[i].exchange(0); bits != 0; bits &= bits - 1) {
      ::close(static_cast<int>(i) * kBits + std::countr_zero(bits));
    }
  }
}

}  // namespace oarlock
