#include "handle_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

namespace oarlock::capi {
namespace {

constexpr std::size_t kReserveBytes = std::size_t{1} << 30;     // 16 M handles at once
constexpr std::size_t kReserveBytesMin = std::size_t{1} << 20;  // what a host with a small address-space limit gets
constexpr std::size_t kPieceBytes = std::size_t{1} << 16;
constexpr std::size_t kQuarantineSlots = 4096;  // 256 KiB

static_assert(sizeof(HandleHeader) + 2 * sizeof(void*) <= kHandleSlotBytes,
              "a header and a shared pointer fit one slot");

}  // namespace

HandlePool& HandlePool::instance() {
  static HandlePool* const pool = new HandlePool();  // never destructed
  return *pool;
}

HandlePool::HandlePool() : quarantine_(kQuarantineSlots) {
  for (std::size_t bytes = kReserveBytes; bytes >= kReserveBytesMin; bytes /= 2) {
    void* range = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) continue;
    begin_ = next_new_ = reinterpret_cast<std::uintptr_t>(range);
    end_.store(begin_, std::memory_order_release);
    limit_ = begin_ + bytes;
    return;
  }
  throw std::bad_alloc();
}

void HandlePool::grow() {
  const std::uintptr_t end = end_.load(std::memory_order_relaxed);
  const std::size_t bytes = std::min<std::size_t>(kPieceBytes, limit_ - end);
  if (bytes == 0 || mprotect(reinterpret_cast<void*>(end), bytes, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
  for (std::uintptr_t slot = end; slot < end + bytes; slot += kHandleSlotBytes)
    new (reinterpret_cast<void*>(slot)) HandleHeader();
  end_.store(end + bytes, std::memory_order_release);
}

HandleHeader* HandlePool::take() {
  std::lock_guard lock(mutex_);
  const bool full = next_new_ == limit_;
  if (oldest_ != nullptr && (num_free_ > quarantine() || full)) {
    HandleHeader* slot = oldest_;
    oldest_ = slot->next_free;
    if (oldest_ == nullptr) newest_ = nullptr;
    --num_free_;
    slot->next_free = nullptr;
    return slot;
  }
  if (next_new_ == end_.load(std::memory_order_relaxed)) grow();
  auto* slot = reinterpret_cast<HandleHeader*>(next_new_);
  next_new_ += kHandleSlotBytes;
  return slot;
}

void HandlePool::give_back(HandleHeader* slot) noexcept {
  std::lock_guard lock(mutex_);
  slot->next_free = nullptr;
  (newest_ != nullptr ? newest_->next_free : oldest_) = slot;
  newest_ = slot;
  ++num_free_;
}

}  // namespace oarlock::capi
