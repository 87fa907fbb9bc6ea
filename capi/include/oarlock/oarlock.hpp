// Oarlock for C++17: handles that release themselves, results as return values, failures and the exceptions of
// callbacks as exceptions, loops over loaders, typed memory of tensors. Everything else is the C interface, through one
// word:
//
//     oarlock::Config config = oarlock::call(oar_config_create);
//     oarlock::call(oar_config_set_int64, config, "comm.timeout_ms", 60000);
//     oarlock::State state = oarlock::call(oar_state_create, config);
//     for (oarlock::Tree& batch : oarlock::epoch(loader))
//       oarlock::Tree outputs = oarlock::call(oar_model_forward, model, batch);
//
// Header only; needs nothing but liboarlock.so. Threads and blocking are those of the C functions.
#ifndef OARLOCK_OARLOCK_HPP
#define OARLOCK_OARLOCK_HPP

#include <oarlock/oarlock.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace oarlock {

// What a failed call throws: a copy of everything that it had to say.
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

// What a noun's handle is retained and released with.
template <class H>
struct HandleFunctions;

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

#define OARLOCK_HANDLE(Name, noun)                                                       \
  template <>                                                                            \
  struct HandleFunctions<oar_##noun> {                                                   \
    static oar_status retain(oar_##noun* handle) { return oar_##noun##_retain(handle); } \
    static void release(oar_##noun* handle) { oar_##noun##_release(handle); }            \
  };                                                                                     \
  using Name = Handle<oar_##noun>
OARLOCK_HANDLE(Accelerator, accelerator);
OARLOCK_HANDLE(Bytes, bytes);
OARLOCK_HANDLE(Checkpoint, checkpoint);
OARLOCK_HANDLE(Config, config);
OARLOCK_HANDLE(Dataset, dataset);
OARLOCK_HANDLE(ErrorHandle, error);
OARLOCK_HANDLE(Group, group);
OARLOCK_HANDLE(Loader, loader);
OARLOCK_HANDLE(Mesh, mesh);
OARLOCK_HANDLE(Model, model);
OARLOCK_HANDLE(Optimizer, optimizer);
OARLOCK_HANDLE(Progress, progress);
OARLOCK_HANDLE(Session, session);
OARLOCK_HANDLE(Scheduler, scheduler);
OARLOCK_HANDLE(State, state);
OARLOCK_HANDLE(Tensor, tensor);
OARLOCK_HANDLE(Tracker, tracker);
OARLOCK_HANDLE(Tree, tree);
OARLOCK_HANDLE(Work, work);
#undef OARLOCK_HANDLE

// Callbacks, which set_print_callback() and its kin take.
using TextFunction = std::function<void(std::string_view text)>;
using LogFunction = std::function<void(std::int32_t level, std::string_view component, std::string_view message)>;

namespace detail {

// What this thread's last callback threw, on its way out through C. `number` is what the callback returned for it.
struct Thrown {
  std::exception_ptr exception;
  std::int32_t number = 0;
  bool is_from_log = false;  // which no status tells of
};

inline Thrown& thrown() {
  thread_local Thrown thrown;
  return thrown;
}

// What a callback does; an exception is kept for the check() of the call that ran it.
template <class Body>
std::int32_t run_callback(Body&& body, bool is_from_log = false) noexcept {
  try {
    body();
    return 0;
  } catch (...) {
    Thrown& kept = thrown();
    kept.exception = std::current_exception();
    kept.is_from_log = is_from_log;
    kept.number = kept.number % 0x7fffffff + 1;
    return kept.number;
  }
}

inline std::int32_t give_text(const char* text, void* function) {
  return run_callback([&] { (*static_cast<TextFunction*>(function))(text); });
}

inline void give_message(std::int32_t level, const char* component, const char* message, void* function) {
  run_callback([&] { (*static_cast<LogFunction*>(function))(level, component, message); }, true);
}

template <class Object>
void destroy(void* object) noexcept {
  delete static_cast<Object*>(object);
}

}  // namespace detail

// Turns an error object into the exception; without one (after a fork) the text is what is known.
[[noreturn]] inline void throw_error(oar_status status, const oar_error* error, const std::string& text = "") {
  const char *message = text.c_str(), *component = "", *operation = "";
  std::int32_t rank = -1;
  std::int64_t vendor_code = 0;
  if (error != nullptr) {
    oar_error_message(error, &message);
    oar_error_component(error, &component);
    oar_error_operation(error, &operation);
    oar_error_rank(error, &rank);
    oar_error_vendor_code(error, &vendor_code);
  }
  detail::Thrown& kept = detail::thrown();
  const std::exception_ptr exception = std::exchange(kept.exception, nullptr);
  kept.is_from_log = false;
  if (status == OAR_E_CALLBACK && exception && kept.number == vendor_code) std::rethrow_exception(exception);
  throw Error(status, message, component, operation, rank, vendor_code);
}

// Throws if the call that gave `status`, on this thread and last, failed: Error, or what a callback threw inside it.
inline void check(oar_status status) {
  if (status != OAR_OK) {
    const std::string text = oar_last_error();
    oar_error* taken = nullptr;
    oar_error_take(&taken);
    const ErrorHandle error(taken);
    throw_error(status, error.get(), text);
  }
  detail::Thrown& kept = detail::thrown();
  if (std::exchange(kept.is_from_log, false)) std::rethrow_exception(std::exchange(kept.exception, nullptr));
}

namespace detail {

[[noreturn]] inline void refuse(const char* operation, const std::string& reason) {
  throw Error(OAR_E_ARGUMENT, reason, "oarlock.hpp", operation, -1, 0);
}

// What C takes for an argument: a handle's pointer, a string's text, all else as it is.
template <class T>
auto to_c(T&& argument) {
  using Plain = std::decay_t<T>;
  if constexpr (std::is_same_v<Plain, std::string>) {
    return argument.c_str();
  } else if constexpr (std::is_class_v<Plain>) {
    return argument.get();
  } else {
    return argument;
  }
}

template <class Noun, class = void>
struct IsHandle : std::false_type {};
template <class Noun>
struct IsHandle<Noun, std::void_t<decltype(&HandleFunctions<Noun>::release)>> : std::true_type {};

// The value that `function` gives through its last parameter; a handle comes with its owner.
template <class Out, class Function, class... Args>
auto give_one(Function function, Args... args) {
  static_assert(std::is_pointer_v<Out> && !std::is_const_v<std::remove_pointer_t<Out>>, "one argument is missing");
  using Value = std::remove_pointer_t<Out>;
  using Noun = std::remove_pointer_t<Value>;
  Value value{};
  const oar_status status = function(args..., &value);
  if constexpr (IsHandle<Noun>::value) {
    Handle<Noun> owner(value);
    check(status);
    return owner;
  } else {
    check(status);
    return value;
  }
}

// The text or numbers that `function` gives through (char* buf, size_t* len) or (T* array, size_t* count).
template <class Array, class Count, class Function, class... Args>
auto give_many(Function function, Args... args) {
  using Value = std::remove_pointer_t<Array>;
  static_assert(std::is_same_v<Count, std::size_t*> && std::is_arithmetic_v<Value> && !std::is_const_v<Value>,
                "two arguments are missing");
  std::size_t count = 0;
  check(function(args..., nullptr, &count));
  std::conditional_t<std::is_same_v<Value, char>, std::string, std::vector<Value>> values(count, Value());
  check(function(args..., values.data(), &count));
  if constexpr (std::is_same_v<Value, char>) --count;  // the NUL
  values.resize(count);
  return values;
}

}  // namespace detail

// Calls a C function; handles and std::strings are given as they are. Throws if it fails. Left out at the end, what the
// function gives is the return value:
//
//     call(oar_state_close, state);                                          // all arguments: nothing comes back
//     Tree batch = call(oar_loader_next, loader);                            // a handle, empty where C gives NULL
//     std::int32_t rank = call(oar_state_rank, state);                       // a value
//     std::string device = call(oar_state_device, state);                    // a text
//     std::vector<std::int64_t> shape = call(oar_tensor_shape, tensor);      // numbers
template <class... Parameters, class... Args>
auto call(oar_status (*function)(Parameters...), Args&&... args) {
  constexpr std::size_t wanted = sizeof...(Parameters), given = sizeof...(Args);
  static_assert(given <= wanted && given + 2 >= wanted, "too many or too few arguments");
  using All = std::tuple<std::nullptr_t, Parameters...>;  // one in front, so that a last but one exists
  using Last = std::tuple_element_t<wanted, All>;
  if constexpr (given == wanted)
    check(function(detail::to_c(args)...));
  else if constexpr (given + 1 == wanted)
    return detail::give_one<Last>(function, detail::to_c(args)...);
  else
    return detail::give_many<std::tuple_element_t<wanted - 1, All>, Last>(function, detail::to_c(args)...);
}

// What a callback throws comes out of the call() or check() that ran it, the very exception; the log's too, unless
// that call failed by itself. An empty function goes back to what was before any callback.

inline void set_print_callback(const State& state, TextFunction function) {
  const oar_print_fn fn = function ? detail::give_text : nullptr;
  call(oar_state_set_print_callback, state, fn, new TextFunction(std::move(function)), detail::destroy<TextFunction>);
}

inline void set_progress_callback(const Progress& progress, TextFunction function) {
  const oar_progress_fn fn = function ? detail::give_text : nullptr;
  call(oar_progress_set_callback, progress, fn, new TextFunction(std::move(function)), detail::destroy<TextFunction>);
}

// Runs on threads that call Oarlock only, never on the library's own.
inline void set_log_callback(LogFunction function) {
  const oar_log_fn fn = function ? detail::give_message : nullptr;
  call(oar_log_set_callback, 0, fn, new LogFunction(std::move(function)), detail::destroy<LogFunction>);
}

// oar_state_create_with_exchange; an empty config takes the defaults. `exchange` gathers `size` bytes of every rank.
inline State create_state_with_exchange(const Config& config, std::int32_t rank, std::int32_t world_size,
                                        std::function<void(const void* mine, std::size_t size, void* all)> exchange) {
  using Function = decltype(exchange);
  const oar_exchange_fn fn = [](const void* mine, std::size_t size, void* all, void* data) {
    return detail::run_callback([&] { (*static_cast<Function*>(data))(mine, size, all); });
  };
  return call(oar_state_create_with_exchange, config, rank, world_size, fn, &exchange, nullptr);
}

// One epoch of a loader, or what is left of it: for (Tree& batch : epoch(loader)). Borrows the loader.
struct Epoch {
  class Iterator {
   public:
    explicit Iterator(oar_loader* loader) : loader_(loader), epoch_(call(oar_loader_epoch, loader)) { ++*this; }
    Tree& operator*() noexcept { return batch_; }
    Iterator& operator++() {
      batch_.reset();
      // Another loop over the loader, inside of this one, may have been told of the epoch's end.
      if (call(oar_loader_epoch, loader_) == epoch_) batch_ = call(oar_loader_next, loader_);
      return *this;
    }
    bool operator!=(std::nullptr_t) const noexcept { return static_cast<bool>(batch_); }

   private:
    oar_loader* loader_;
    std::int64_t epoch_;
    Tree batch_;
  };

  oar_loader* loader;
  Iterator begin() const { return Iterator(loader); }
  std::nullptr_t end() const noexcept { return nullptr; }
};

inline Epoch epoch(const Loader& loader) noexcept { return {loader.get()}; }

namespace detail {

// Lends a handle of C's as an owner that does not release it.
template <class H>
class Lent {
 public:
  explicit Lent(H* handle) : handle_(handle) {}
  ~Lent() { handle_.take(); }
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  const Handle<H>& operator*() const noexcept { return handle_; }

 private:
  Handle<H> handle_;
};

}  // namespace detail

}  // namespace oarlock

#include <oarlock/op.hpp>         // operators by name, models in C++
#include <oarlock/optimizer.hpp>  // optimizers, closures and schedules in C++
#include <oarlock/tensor.hpp>     // typed memory of tensors

#endif
