// libtorch's OpenMP threads are often the host's own: one OpenMP runtime serves both, and a host that runs with traps
// on or flushed denormals has given its threads those modes. For the length of a call they get the standard ones.
#pragma once

namespace oarlock::capi {

class PoolFloatEnvironment {
 public:
  // `enter`: the caller's environment is not the standard one, so the pool's may not be either. Costs two passes of the
  // pool then, nothing else.
  explicit PoolFloatEnvironment(bool enter) noexcept;
  ~PoolFloatEnvironment();
  PoolFloatEnvironment(const PoolFloatEnvironment&) = delete;
  PoolFloatEnvironment& operator=(const PoolFloatEnvironment&) = delete;

 private:
  unsigned num_threads_ = 0;  // 0: nothing was changed
};

}  // namespace oarlock::capi
