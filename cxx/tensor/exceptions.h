// What an exception means as a Status: at the C edge, and wherever one must not fly on because peers wait for an
// outcome.
#pragma once

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "base/status.h"

namespace oarlock {

// A failure on its way through code that knows exceptions only (libtorch's autograd engine): comes out as it went in.
class StatusError : public std::exception {
 public:
  explicit StatusError(Status status) : status_(std::make_shared<const Status>(std::move(status))) {}
  const char* what() const noexcept override { return status_->message().c_str(); }
  const Status& status() const { return *status_; }

 private:
  std::shared_ptr<const Status> status_;
};

inline void throw_if_failed(Status status) {
  if (!status.is_ok()) throw StatusError(std::move(status));
}

// Call inside a catch block. Never OK: libtorch's errors by their class, an operating system's refusal with its errno,
// the rest OAR_E_INTERNAL. Throws std::bad_alloc, also the one that it is called for: a text needs memory.
Status status_of_current_exception();

// fn()'s Status, or what its exception means. For what lies between two collectives: `agree(group, caught(fn), ...)`.
template <class Fn>
Status caught(Fn&& fn) {
  try {
    return std::forward<Fn>(fn)();
  } catch (const std::bad_alloc&) {
    return out_of_memory("no memory is left on this rank");
  } catch (...) {
    return status_of_current_exception();
  }
}

// The text of that Status, inside a catch block.
inline std::string message_of_current_exception() {
  return caught([]() -> Status { throw; }).message();
}

}  // namespace oarlock
