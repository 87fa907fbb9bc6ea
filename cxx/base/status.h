// Status and Result: how expected failures travel inside Oarlock. Exceptions are for what nobody expected.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "oarlock/status.h"

namespace oarlock {

// What a failure is about. Heap-allocated, so that a successful Status costs one null pointer.
struct ErrorInfo {
  oar_status code = OAR_E_INTERNAL;
  std::string message;
  std::string component;         // room: "comm", "checkpoint", ...; the guard fills it in when empty
  std::string operation;         // "all_reduce", "save", ...
  int rank = -1;                 // the rank that it is about, -1 unknown
  std::int64_t vendor_code = 0;  // errno, or a callback's value
};

class [[nodiscard]] Status {
 public:
  static Status ok() { return Status(); }
  explicit Status(ErrorInfo info) : info_(std::make_unique<ErrorInfo>(std::move(info))) {}
  Status(oar_status code, std::string message) : info_(std::make_unique<ErrorInfo>()) {
    info_->code = code;
    info_->message = std::move(message);
  }
  Status(const Status& other) : info_(other.info_ ? std::make_unique<ErrorInfo>(*other.info_) : nullptr) {}
  Status(Status&&) noexcept = default;
  Status& operator=(const Status& other) {
    if (this != &other) info_ = other.info_ ? std::make_unique<ErrorInfo>(*other.info_) : nullptr;
    return *this;
  }
  Status& operator=(Status&&) noexcept = default;

  bool is_ok() const { return info_ == nullptr; }
  oar_status code() const { return info_ ? info_->code : OAR_OK; }
  // Only for a failure.
  const ErrorInfo& info() const { return *info_; }
  const std::string& message() const;
  std::unique_ptr<ErrorInfo> take() && { return std::move(info_); }

  // Each returns the same failure, with one more fact; no effect on success.
  Status&& with_rank(int rank) &&;
  Status&& with_operation(std::string operation) &&;
  Status&& with_vendor_code(std::int64_t vendor_code) &&;
  // Puts "where: " in front of the message.
  Status&& within(std::string_view where) &&;

 private:
  Status() = default;
  std::unique_ptr<ErrorInfo> info_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)), status_(Status::ok()) {}  // NOLINT: implicit on purpose
  Result(Status status) : status_(std::move(status)) {}                 // NOLINT: implicit on purpose
  bool is_ok() const { return status_.is_ok(); }
  const Status& status() const& { return status_; }
  Status&& status() && { return std::move(status_); }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return std::move(*value_); }

 private:
  std::optional<T> value_;
  Status status_;
};

// One function per code: the text in {fmt} syntax, fixed words first, values last.
#define OARLOCK_DEFINE_FAILURE(name, code)                               \
  template <class... Args>                                               \
  Status name(fmt::format_string<Args...> text, Args&&... args) {        \
    return Status(code, fmt::format(text, std::forward<Args>(args)...)); \
  }
OARLOCK_DEFINE_FAILURE(invalid_argument, OAR_E_ARGUMENT)
OARLOCK_DEFINE_FAILURE(invalid_handle, OAR_E_HANDLE)
OARLOCK_DEFINE_FAILURE(invalid_state, OAR_E_STATE)
OARLOCK_DEFINE_FAILURE(not_found, OAR_E_NOT_FOUND)
OARLOCK_DEFINE_FAILURE(already_exists, OAR_E_EXISTS)
OARLOCK_DEFINE_FAILURE(io_error, OAR_E_IO)
OARLOCK_DEFINE_FAILURE(no_space, OAR_E_NO_SPACE)
OARLOCK_DEFINE_FAILURE(corrupt, OAR_E_CORRUPT)
OARLOCK_DEFINE_FAILURE(unsupported, OAR_E_UNSUPPORTED)
OARLOCK_DEFINE_FAILURE(wrong_version, OAR_E_VERSION)
OARLOCK_DEFINE_FAILURE(out_of_memory, OAR_E_OUT_OF_MEMORY)
OARLOCK_DEFINE_FAILURE(timed_out, OAR_E_TIMEOUT)
OARLOCK_DEFINE_FAILURE(aborted, OAR_E_ABORTED)
OARLOCK_DEFINE_FAILURE(peer_lost, OAR_E_PEER_LOST)
OARLOCK_DEFINE_FAILURE(mismatch, OAR_E_MISMATCH)
OARLOCK_DEFINE_FAILURE(callback_failed, OAR_E_CALLBACK)
OARLOCK_DEFINE_FAILURE(bad_environment, OAR_E_ENVIRONMENT)
OARLOCK_DEFINE_FAILURE(internal_error, OAR_E_INTERNAL)
#undef OARLOCK_DEFINE_FAILURE

// Of the operating system: ENOSPC, EDQUOT, EFBIG are OAR_E_NO_SPACE, ENOENT OAR_E_NOT_FOUND, the rest OAR_E_IO.
Status os_error(int error_number, std::string_view what);

}  // namespace oarlock

#define OAR_TRY(expression)                             \
  do {                                                  \
    ::oarlock::Status oar_try_status = (expression);    \
    if (!oar_try_status.is_ok()) return oar_try_status; \
  } while (false)

#define OARLOCK_CONCAT_INNER(a, b) a##b
#define OARLOCK_CONCAT(a, b) OARLOCK_CONCAT_INNER(a, b)
// OAR_ASSIGN(const Shard shard, shard_rows(...)); declares shard, or returns the failure.
#define OAR_ASSIGN(declaration, expression) \
  OARLOCK_ASSIGN_AS(OARLOCK_CONCAT(oar_result_, __LINE__), declaration, expression)
#define OARLOCK_ASSIGN_AS(name, declaration, expression) \
  auto name = (expression);                              \
  if (!name.is_ok()) return std::move(name).status();    \
  declaration = std::move(name).value()
