// Oarlock for C++17: handles that release themselves, and failures as exceptions. Everything else is the C interface:
//
//     oarlock::Config config = oarlock::make<oarlock::Config>(oar_config_create);
//     oarlock::check(oar_config_set_int64(config.get(), "comm.timeout_ms", 60000));
//     oarlock::State state = oarlock::make<oarlock::State>(oar_state_create, config.get());
//
// Header only; needs nothing but liboarlock.so.
#ifndef OARLOCK_OARLOCK_HPP
#define OARLOCK_OARLOCK_HPP

#include <oarlock/oarlock.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace oarlock {

// What check() throws: a copy of everything that the failed call had to say.
class Error : public std::runtime_error {
 public:
  Error(oar_status code, const std::string& message, std::string component, std::string operation, int rank,
        std::int64_t vendor_code)
      : std::runtime_error(message),
        code_(code),
        rank_(rank),
        vendor_code_(vendor_code),
        component_(std::move(component)),
        operation_(std::move(operation)) {}

  oar_status code() const noexcept { return code_; }
  const char* code_name() const noexcept { return oar_status_name(code_); }
  int rank() const noexcept { return rank_; }  // the rank that it is about, -1 if none
  std::int64_t vendor_code() const noexcept { return vendor_code_; }
  const std::string& component() const noexcept { return component_; }
  const std::string& operation() const noexcept { return operation_; }

 private:
  oar_status code_;
  int rank_;
  std::int64_t vendor_code_;
  std::string component_;
  std::string operation_;
};

// What a handle type is retained and released with; one line per noun below.
template <class H>
struct HandleFunctions;

#define OARLOCK_HANDLE_FUNCTIONS(noun)                                             \
  template <>                                                                      \
  struct HandleFunctions<oar_##noun> {                                             \
    static oar_status retain(oar_##noun* handle) { return oar_##noun##_retain(handle); } \
    static void release(oar_##noun* handle) { oar_##noun##_release(handle); }      \
  }
OARLOCK_HANDLE_FUNCTIONS(accelerator);
OARLOCK_HANDLE_FUNCTIONS(bytes);
OARLOCK_HANDLE_FUNCTIONS(checkpoint);
OARLOCK_HANDLE_FUNCTIONS(config);
OARLOCK_HANDLE_FUNCTIONS(dataset);
OARLOCK_HANDLE_FUNCTIONS(error);
OARLOCK_HANDLE_FUNCTIONS(group);
OARLOCK_HANDLE_FUNCTIONS(loader);
OARLOCK_HANDLE_FUNCTIONS(model);
OARLOCK_HANDLE_FUNCTIONS(optimizer);
OARLOCK_HANDLE_FUNCTIONS(progress);
OARLOCK_HANDLE_FUNCTIONS(scheduler);
OARLOCK_HANDLE_FUNCTIONS(state);
OARLOCK_HANDLE_FUNCTIONS(tensor);
OARLOCK_HANDLE_FUNCTIONS(tracker);
OARLOCK_HANDLE_FUNCTIONS(tree);
OARLOCK_HANDLE_FUNCTIONS(work);
#undef OARLOCK_HANDLE_FUNCTIONS

inline void check(oar_status status);

// One reference to a handle. Moves; retain() makes a second owner of the same object.
template <class H>
class Handle {
 public:
  Handle() noexcept = default;
  explicit Handle(H* owned) noexcept : handle_(owned) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) reset(std::exchange(other.handle_, nullptr));
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  H* get() const noexcept { return handle_; }
  explicit operator bool() const noexcept { return handle_ != nullptr; }
  H* take() noexcept { return std::exchange(handle_, nullptr); }  // the caller releases it
  void reset(H* owned = nullptr) noexcept {
    if (H* before = std::exchange(handle_, owned)) HandleFunctions<H>::release(before);
  }
  Handle retain() const {
    check(HandleFunctions<H>::retain(handle_));
    return Handle(handle_);
  }

 private:
  H* handle_ = nullptr;
};

using Accelerator = Handle<oar_accelerator>;
using Bytes = Handle<oar_bytes>;
using Checkpoint = Handle<oar_checkpoint>;
using Config = Handle<oar_config>;
using Dataset = Handle<oar_dataset>;
using ErrorHandle = Handle<oar_error>;
using Group = Handle<oar_group>;
using Loader = Handle<oar_loader>;
using Model = Handle<oar_model>;
using Optimizer = Handle<oar_optimizer>;
using Progress = Handle<oar_progress>;
using Scheduler = Handle<oar_scheduler>;
using State = Handle<oar_state>;
using Tensor = Handle<oar_tensor>;
using Tracker = Handle<oar_tracker>;
using Tree = Handle<oar_tree>;
using Work = Handle<oar_work>;

// Turns an error object into the exception.
[[noreturn]] inline void throw_error(oar_status status, const oar_error* error) {
  const char *message = "", *component = "", *operation = "";
  std::int32_t rank = -1;
  std::int64_t vendor_code = 0;
  if (error != nullptr) {
    oar_error_message(error, &message);
    oar_error_component(error, &component);
    oar_error_operation(error, &operation);
    oar_error_rank(error, &rank);
    oar_error_vendor_code(error, &vendor_code);
  }
  throw Error(status, message, component, operation, rank, vendor_code);
}

// Throws Error if the call that gave `status`, on this thread and last, failed.
inline void check(oar_status status) {
  if (status == OAR_OK) return;
  oar_error* taken = nullptr;
  oar_error_take(&taken);
  const ErrorHandle error(taken);
  throw_error(status, error.get());
}

// The handle that a C function gives through its last parameter: make<Config>(oar_config_create).
template <class Owner, class Function, class... Args>
Owner make(Function&& function, Args&&... args) {
  decltype(std::declval<Owner>().get()) handle = nullptr;
  check(function(std::forward<Args>(args)..., &handle));
  return Owner(handle);
}

// The text of a C function with the parameters (..., char* buf, size_t* len): text(oar_config_get_string, config.get(), "key").
template <class Function, class... Args>
std::string text(Function&& function, Args&&... args) {
  std::size_t len = 0;
  check(function(args..., nullptr, &len));
  std::string buffer(len, '\0');
  check(function(args..., buffer.data(), &len));
  buffer.resize(len - 1);
  return buffer;
}

}  // namespace oarlock

#endif
