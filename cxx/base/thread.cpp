#include "base/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace oarlock {
namespace {

thread_local bool is_own_thread = false;

// All signals are blocked for this thread as long as it lives; a thread made meanwhile inherits that.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

std::thread start_thread(const std::string& name, std::function<void()> body) {
  const SignalsBlocked blocked;
  return std::thread([name = name.substr(0, 15), body = std::move(body)] {
    is_own_thread = true;
    pthread_setname_np(pthread_self(), name.c_str());
    body();
  });
}

bool on_own_thread() noexcept { return is_own_thread; }

}  // namespace oarlock
