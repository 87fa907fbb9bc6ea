// Handles: a hidden header in front of a shared pointer to the object of cxx/. Wrong, stale and NULL handles are told apart
// from good ones here and nowhere else.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/reaper.h"
#include "base/status.h"
#include "oarlock/types.h"

namespace oarlock::capi {

// The numbers appear in error texts only.
enum class HandleKind : std::uint32_t {
  kConfig = 1, kState, kGroup, kWork, kTensor, kTree, kDataset, kLoader, kModel, kOptimizer, kScheduler, kAccelerator,
  kCheckpoint, kTracker, kProgress, kBytes, kError,
};
const char* handle_kind_name(HandleKind kind);  // "oar_state"

struct HandleHeader {
  std::atomic<std::uint64_t> magic;
  HandleKind kind;
  std::atomic<std::int32_t> references;
};

// OAR_E_HANDLE for NULL, another kind, or released. In armor mode certain; otherwise as long as the slot is not used again.
Status check_handle(const void* handle, HandleKind kind) noexcept;

template <class T>
struct HandleOf : HandleHeader {
  std::shared_ptr<T> value;
};

// Specialised by OARLOCK_HANDLE in the noun's .cpp or in handles.h: Object, kKind, kHeavy.
template <class H>
struct HandleTraits;

void* allocate_slot(std::size_t size);  // slots are recycled late and never unmapped, so a stale pointer stays readable
void free_slot(void* slot, std::size_t size) noexcept;
void publish_handle(HandleHeader* header, HandleKind kind) noexcept;  // magic, one reference, live set
bool drop_reference(HandleHeader* header) noexcept;                    // true: it was the last; the magic is gone

template <class H, class T = typename HandleTraits<H>::Object>
H* wrap(std::shared_ptr<T> object) {
  static_assert(sizeof(HandleOf<T>) <= 64, "a handle fits one slot");
  auto* handle = new (allocate_slot(sizeof(HandleOf<T>))) HandleOf<T>();
  handle->value = std::move(object);
  publish_handle(handle, HandleTraits<H>::kKind);
  return reinterpret_cast<H*>(handle);
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
  Status status = check_handle(handle, HandleTraits<H>::kKind);
  if (!status.is_ok()) return Unwrapped<T>(std::move(status));
  return Unwrapped<T>(reinterpret_cast<HandleOf<T>*>(handle)->value.get());
}

template <class H, class T = typename HandleTraits<H>::Object>
Unwrapped<const T> unwrap(const H* handle) {
  Status status = check_handle(handle, HandleTraits<H>::kKind);
  if (!status.is_ok()) return Unwrapped<const T>(std::move(status));
  return Unwrapped<const T>(reinterpret_cast<const HandleOf<T>*>(handle)->value.get());
}

// The shared pointer itself, for children that keep their parent.
template <class H, class T = typename HandleTraits<H>::Object>
Result<std::shared_ptr<T>> unwrap_shared(const H* handle) {
  Status status = check_handle(handle, HandleTraits<H>::kKind);
  if (!status.is_ok()) return status;
  return reinterpret_cast<const HandleOf<T>*>(handle)->value;
}

Status retain_handle(const void* handle, HandleKind kind) noexcept;

template <class H, class T = typename HandleTraits<H>::Object>
void release(H* handle) noexcept {
  if (handle == nullptr || !check_handle(handle, HandleTraits<H>::kKind).is_ok()) return;
  auto* typed = reinterpret_cast<HandleOf<T>*>(handle);
  if (!drop_reference(typed)) return;
  if constexpr (HandleTraits<H>::kHeavy) Reaper::instance().take(std::move(typed->value));
  typed->value.reset();
  typed->~HandleOf<T>();
  free_slot(typed, sizeof(HandleOf<T>));
}

}  // namespace oarlock::capi

// Ties a C handle to the class of cxx/ behind it. `heavy`: has threads, sockets or files, so its end goes to the reaper.
#define OARLOCK_HANDLE(c_type, cxx_type, kind, heavy)                          \
  template <>                                                                  \
  struct oarlock::capi::HandleTraits<c_type> {                                 \
    using Object = cxx_type;                                                   \
    static constexpr ::oarlock::capi::HandleKind kKind = ::oarlock::capi::HandleKind::kind; \
    static constexpr bool kHeavy = heavy;                                      \
  }
