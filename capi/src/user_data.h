// The `user_data` and `release` of a callback: release runs exactly once, also when the registering call fails.
#pragma once

#include <memory>
#include <utility>

#include "base/host_code.h"
#include "base/log.h"
#include "oarlock/types.h"

namespace oarlock::capi {

class UserData {
 public:
  UserData(void* data, oar_release_fn release) noexcept : data_(data), release_(release) {}
  ~UserData() { end(); }
  UserData(const UserData&) = delete;
  UserData& operator=(const UserData&) = delete;

  void* data() const noexcept { return data_; }
  // From now on someone else runs the release function, which this gives.
  oar_release_fn give_away() noexcept { return std::exchange(release_, nullptr); }
  // The same as a shared pointer: the last copy runs it. If making the pointer fails, it has been run already.
  std::shared_ptr<void> share() {
    oar_release_fn release = give_away();
    return std::shared_ptr<void>(data_, [release](void* data) { run(release, data); });
  }
  // Runs it if nobody took it.
  void end() noexcept { run(give_away(), data_); }

 private:
  // What a host's function throws must not end the host.
  static void run(oar_release_fn release, void* data) noexcept {
    if (release == nullptr || !host_code_may_run()) return;
    try {
      release(data);
    } catch (...) {
      log_message(LogLevel::kError, "callback", "a release function threw an exception; it was dropped");
    }
  }

  void* data_;
  oar_release_fn release_;
};

}  // namespace oarlock::capi
