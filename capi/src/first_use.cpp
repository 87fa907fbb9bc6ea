#include "first_use.h"

#include <pthread.h>

#include <mutex>

#include "base/fork.h"
#include "tensor/torch_check.h"
#include "unload.h"

namespace oarlock::capi {
namespace first_use_detail {

std::atomic<Process> process{Process::kUnused};
std::atomic<bool> is_used{false};

namespace {

Status forked_error() {
  return Status(
      OAR_E_FORKED,
      "this process was forked after Oarlock had been used, and threads and connections do not survive a fork; "
      "fork before the first call, or exec the new program");
}

Status* refusal = nullptr;  // set once, never freed

void settle_once() {
  pthread_atfork(nullptr, nullptr, [] {
    if (!is_used.load(std::memory_order_relaxed)) return;
    process.store(Process::kForked, std::memory_order_relaxed);
    close_remembered_descriptors();
  });
  Status torch = check_torch();
  if (torch.is_ok()) {
    settle_accounts_at_exit();
    process.store(Process::kReady, std::memory_order_release);
  } else {
    refusal = new Status(std::move(torch));
    process.store(Process::kRefused, std::memory_order_release);
  }
}

}  // namespace

Status settle() {
  if (process_is_forked()) return forked_error();
  static std::once_flag once;
  std::call_once(once, settle_once);
  return process.load(std::memory_order_acquire) == Process::kRefused ? *refusal : Status::ok();
}

}  // namespace first_use_detail
}  // namespace oarlock::capi
