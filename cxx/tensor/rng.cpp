#include "tensor/rng.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/randperm.h>

#include <mutex>

#include "base/check.h"
#include "tensor/describe.h"

namespace oarlock {

void seed_default_generator(std::uint64_t seed) { at::manual_seed(seed); }

std::int64_t draw_from_default_generator() {
  return at::empty({}, at::TensorOptions(at::kLong)).random_().item<std::int64_t>();
}

std::uint64_t default_generator_seed() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::scoped_lock lock(generator.mutex());
  return generator.current_seed();
}

at::Tensor default_generator_state() {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::scoped_lock lock(generator.mutex());
  return generator.get_state();
}

Status set_default_generator_state(const at::Tensor& state) {
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const std::scoped_lock lock(generator.mutex());
  const std::int64_t size = generator.get_state().numel();
  if (state.scalar_type() != at::kByte || state.dim() != 1 || state.numel() != size || !state.device().is_cpu()) {
    return invalid_argument("a generator state is a uint8 tensor [{}] on the CPU, got {}", size,
                            describe_tensor(state));
  }
  try {
    generator.set_state(state.contiguous());
  } catch (const c10::Error& error) {  // libtorch alone can tell whether the bytes are a state of its engine
    return corrupt("the bytes are no state of libtorch's generator: {}", error.what_without_backtrace());
  }
  return Status::ok();
}

at::Tensor seeded_permutation(std::int64_t n, std::uint64_t seed) {
  OAR_CHECK(n >= 0);
  return at::randperm(n, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kLong));
}

}  // namespace oarlock
