#include "tensor/rng.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/MT19937RNGEngine.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randperm.h>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <utility>

#include "base/check.h"
#include "tensor/describe.h"

namespace oarlock {
namespace {

// From here on torch.randperm takes draws of 64 bits (ATen/native/TensorFactories.cpp).
constexpr std::int64_t kShortDrawsMax = std::numeric_limits<std::uint32_t>::max() / 20;

}  // namespace

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

// torch.randperm's loop, draws made some steps ahead so that the memory that swaps touch is on its way: half its time.
at::Tensor seeded_permutation(std::int64_t n, std::uint64_t seed) {
  OAR_CHECK(n >= 0);
  if (n >= kShortDrawsMax) return at::randperm(n, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kLong));
  at::Tensor order = at::arange(n, at::TensorOptions(at::kLong));
  auto* data = order.mutable_data_ptr<std::int64_t>();
  at::mt19937 engine(seed);
  std::array<std::int64_t, 16> partners;
  for (std::int64_t begin = 0; begin < n - 1; begin += static_cast<std::int64_t>(partners.size())) {
    const std::int64_t count = std::min<std::int64_t>(static_cast<std::int64_t>(partners.size()), n - 1 - begin);
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t position = begin + i;
      partners[static_cast<std::size_t>(i)] = position + engine() % static_cast<std::uint32_t>(n - position);
      __builtin_prefetch(data + partners[static_cast<std::size_t>(i)], 1);
    }
    for (std::int64_t i = 0; i < count; ++i) std::swap(data[begin + i], data[partners[static_cast<std::size_t>(i)]]);
  }
  return order;
}

at::Tensor seeded_permutations(std::int64_t n, std::int64_t count, std::uint64_t seed) {
  OAR_CHECK(count >= 0 && (n >= 1 || count == 0));
  if (count <= n) return seeded_permutation(n, seed).slice(0, 0, count);
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  std::vector<at::Tensor> parts;
  for (std::int64_t left = count; left > 0; left -= n)
    parts.push_back(at::randperm(n, generator, at::TensorOptions(at::kLong)).slice(0, 0, std::min(left, n)));
  return at::cat(parts);
}

at::Tensor seeded_integers(std::int64_t n, std::int64_t count, std::uint64_t seed) {
  OAR_CHECK(count >= 0 && (n >= 1 || count == 0));
  if (count == 0) return at::empty({0}, at::TensorOptions(at::kLong));
  return at::randint(n, {count}, at::detail::createCPUGenerator(seed), at::TensorOptions(at::kLong));
}

at::Tensor seeded_multinomial(const at::Tensor& weights, std::int64_t count, bool replacement, std::uint64_t seed) {
  return at::multinomial(weights, count, replacement, at::detail::createCPUGenerator(seed));
}

}  // namespace oarlock
