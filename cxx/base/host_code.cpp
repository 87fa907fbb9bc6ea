#include "base/host_code.h"

#include <atomic>

namespace oarlock {
namespace {
std::atomic<bool> may_run{true};
}  // namespace

bool host_code_may_run() noexcept { return may_run.load(std::memory_order_acquire); }

void end_host_code() noexcept { may_run.store(false, std::memory_order_release); }

}  // namespace oarlock
