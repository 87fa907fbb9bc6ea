#include "pool_float_environment.h"

#include <ATen/Parallel.h>

#include <optional>

#include "float_environment.h"

// The entry point of every OpenMP runtime that gcc's code runs on (libgomp, and LLVM's for compatibility). Weak: a
// libtorch without OpenMP brings none, and has threads of its own, made inside our calls.
extern "C" void GOMP_parallel(void (*)(void*), void*, unsigned, unsigned) __attribute__((weak));

namespace oarlock::capi {
namespace {

thread_local std::optional<FloatEnvironment> pool_environment;  // of one thread of the pool, while a call is inside

void enter_thread(void*) { pool_environment.emplace(); }
void leave_thread(void*) { pool_environment.reset(); }

}  // namespace

PoolFloatEnvironment::PoolFloatEnvironment(bool enter) noexcept {
  if (!enter || GOMP_parallel == nullptr || at::in_parallel_region()) return;
  num_threads_ = static_cast<unsigned>(at::get_num_threads());
  if (num_threads_ > 1) GOMP_parallel(enter_thread, nullptr, num_threads_, 0);
}

PoolFloatEnvironment::~PoolFloatEnvironment() {
  if (num_threads_ > 1) GOMP_parallel(leave_thread, nullptr, num_threads_, 0);
}

}  // namespace oarlock::capi
