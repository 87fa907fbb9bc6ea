// Where handles live: slots of one size in one range of addresses that is reserved once and never given back. So
// whether a pointer may be read at all is a comparison of addresses, and a stale pointer stays readable and is seen to
// be stale.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "oarlock/types.h"

namespace oarlock::capi {

inline constexpr std::size_t kHandleSlotBytes = 64;

// The hidden header. Constructed when the slot's memory is first committed and never destructed: a stale pointer reads
// a header that says so, not a dead object.
struct HandleHeader {
  std::atomic<std::uint64_t> magic{0};  // kLiveMagic while the handle is live
  std::atomic<std::uint32_t> kind{0};
  std::atomic<std::uint64_t> references{0};  // low half: owners; high half: calls that are inside
  void (*destroy)(HandleHeader*) noexcept = nullptr;
  std::atomic<const void*> owner{nullptr};  // armor mode: the thread that is inside a call with this handle
  HandleHeader* next_free = nullptr;        // in the pool's queue
};

class HandlePool {
 public:
  static HandlePool& instance();

  // A dead slot; throws std::bad_alloc when the range or memory is used up.
  HandleHeader* take();
  // The slot waits at the end of a queue until at least quarantine() others have been given back after it.
  void give_back(HandleHeader* slot) noexcept;

  // Whether `pointer` is the start of a slot that exists. Reads nothing through it.
  bool owns(const void* pointer) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(pointer);
    return address >= begin_ && address < end_.load(std::memory_order_acquire) &&
           (address - begin_) % kHandleSlotBytes == 0;
  }

  void set_quarantine(std::size_t num_slots) noexcept { quarantine_.store(num_slots, std::memory_order_relaxed); }
  std::size_t quarantine() const noexcept { return quarantine_.load(std::memory_order_relaxed); }

 private:
  HandlePool();
  void grow();  // commits the next piece of the range

  std::uintptr_t begin_ = 0;
  std::uintptr_t limit_ = 0;            // end of the reserved range
  std::atomic<std::uintptr_t> end_{0};  // end of the committed part
  std::atomic<std::size_t> quarantine_;
  std::mutex mutex_;  // guards what follows
  std::uintptr_t next_new_ = 0;
  HandleHeader* oldest_ = nullptr;
  HandleHeader* newest_ = nullptr;
  std::size_t num_free_ = 0;
};

}  // namespace oarlock::capi
