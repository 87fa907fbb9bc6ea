// Handles: a hidden header in front of a shared pointer to the object of cxx/. Wrong, stale and NULL handles are told
// apart from good ones here and nowhere else.
//
// What holds:
//  1. A handle is good exactly while it has owners; memory outside the pool is never read.
//  2. A call holds a reference to every handle that it unwrapped, until it returns: a handle that is released inside a
//     callback, or by another thread, ends after the calls that are inside it. No further call enters it meanwhile, so
//     threads that go on calling cannot keep it from ending.
//  3. In armor mode a thread that enters a handle in which another thread is gets OAR_E_STATE.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include "base/check.h"
#include "base/reaper.h"
#include "base/status.h"
#include "handle_pool.h"
#include "oarlock/types.h"

namespace oarlock::capi {

// The numbers appear in error texts only.
enum class HandleKind : std::uint32_t {
  kConfig = 1,
  kState,
  kGroup,
  kWork,
  kTensor,
  kTree,
  kDataset,
  kLoader,
  kModel,
  kOptimizer,
  kScheduler,
  kAccelerator,
  kCheckpoint,
  kTracker,
  kProgress,
  kSession,
  kBytes,
  kError,
  kMesh,
};
const char* handle_kind_name(HandleKind kind);  // "oar_state"

// Armor mode: OARLOCK_ARMOR=1, read once, or switched on by the option of that name; never switched off again.
bool armor_is_on() noexcept;
void enable_armor() noexcept;

// Handles alive in this process, those held only by a running call included.
std::int64_t live_handle_count() noexcept;

// OAR_E_HANDLE for NULL, another kind, or released: certain as long as the slot is not used again, which takes at least
// HandlePool::quarantine() releases after its own (4,096; in armor mode 1,048,576).
Status check_handle(const void* handle, HandleKind kind);
// check_handle, and a reference that the running guard gives back when it returns. OAR_E_STATE: another thread is
// inside (armor mode; not for calls of guard_any_thread). Outside of a guard it only checks.
Status enter_handle(const void* handle, HandleKind kind);

// check_handle for signal handlers: no reference, no lock, no text.
bool is_live_handle(const void* handle, HandleKind kind) noexcept;

// Specialised by OARLOCK_HANDLE in the noun's .cpp or in handles.h: Object, kKind, kHeavy.
template <class H>
struct HandleTraits;

// Whether the end of this object takes long although its kind is not heavy: it is the last to hold much memory.
template <class T>
struct EndsSlowly {
  static bool check(const T&) noexcept { return false; }
};

void publish_handle(HandleHeader* header, HandleKind kind) noexcept;  // magic, one reference, live set
// One call fewer is inside; the last one destroys what has no owner.
void leave_handle(HandleHeader* header) noexcept;
// What oar_x_release does: nothing for NULL, for anything that is no live handle of this kind, and in a forked child.
void release_handle(void* handle, HandleKind kind) noexcept;
// What oar_x_retain does.
Status retain_handle(const void* handle, HandleKind kind);

template <class T>
std::shared_ptr<T>* handle_value(HandleHeader* header) noexcept {
  return std::launder(reinterpret_cast<std::shared_ptr<T>*>(header + 1));
}

template <class H, class T = typename HandleTraits<H>::Object>
H* wrap(std::shared_ptr<T> object) {
  static_assert(sizeof(HandleHeader) + sizeof(std::shared_ptr<T>) <= kHandleSlotBytes, "a handle fits one slot");
  OAR_CHECK(object != nullptr);
  HandleHeader* header = HandlePool::instance().take();
  new (header + 1) std::shared_ptr<T>(std::move(object));
  header->destroy = [](HandleHeader* dying) noexcept {
    std::shared_ptr<T>* value = handle_value<T>(dying);
    if (HandleTraits<H>::kHeavy || (value->use_count() == 1 && EndsSlowly<T>::check(**value))) {
      Reaper::instance().take(std::move(*value));
    }
    value->~shared_ptr();
  };
  publish_handle(header, HandleTraits<H>::kKind);
  return reinterpret_cast<H*>(header);
}

// What unwrap gives: a Result of a reference.
template <class T>
class Unwrapped {
 public:
  explicit Unwrapped(T* object) : object_(object), status_(Status::ok()) {}
  explicit Unwrapped(Status status) : object_(nullptr), status_(std::move(status)) {}
  bool is_ok() const { return object_ != nullptr; }
  Status&& status() && { return std::move(status_); }
  T& value() const { return *object_; }

 private:
  T* object_;
  Status status_;
};

template <class H, class T = typename HandleTraits<H>::Object>
Unwrapped<T> unwrap(H* handle) {
  Status status = enter_handle(handle, HandleTraits<H>::kKind);
  if (!status.is_ok()) return Unwrapped<T>(std::move(status));
  return Unwrapped<T>(handle_value<T>(reinterpret_cast<HandleHeader*>(handle))->get());
}

template <class H, class T = typename HandleTraits<H>::Object>
Unwrapped<const T> unwrap(const H* handle) {
  Status status = enter_handle(handle, HandleTraits<H>::kKind);
  if (!status.is_ok()) return Unwrapped<const T>(std::move(status));
  return Unwrapped<const T>(handle_value<T>(reinterpret_cast<HandleHeader*>(const_cast<H*>(handle)))->get());
}

// The shared pointer itself, for children that keep their parent.
template <class H, class T = typename HandleTraits<H>::Object>
Result<std::shared_ptr<T>> unwrap_shared(const H* handle) {
  Status status = enter_handle(handle, HandleTraits<H>::kKind);
  if (!status.is_ok()) return status;
  return *handle_value<T>(reinterpret_cast<HandleHeader*>(const_cast<H*>(handle)));
}

// The object of a live handle, else nullptr; async-signal-safe. Nothing keeps it alive: the caller must hold the
// handle.
template <class H, class T = typename HandleTraits<H>::Object>
T* peek_handle(H* handle) noexcept {
  if (!is_live_handle(handle, HandleTraits<H>::kKind)) return nullptr;
  return handle_value<T>(reinterpret_cast<HandleHeader*>(handle))->get();
}

template <class H>
void release(H* handle) noexcept {
  release_handle(handle, HandleTraits<H>::kKind);
}

}  // namespace oarlock::capi

// Ties a C handle to the class of cxx/ behind it. `heavy`: has threads, sockets or files, so its end goes to the
// reaper.
#define OARLOCK_HANDLE(c_type, cxx_type, kind, heavy)                                       \
  template <>                                                                               \
  struct oarlock::capi::HandleTraits<c_type> {                                              \
    using Object = cxx_type;                                                                \
    static constexpr ::oarlock::capi::HandleKind kKind = ::oarlock::capi::HandleKind::kind; \
    static constexpr bool kHeavy = heavy;                                                   \
  }
