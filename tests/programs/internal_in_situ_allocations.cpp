// Counts the allocations of one oar_session_run on this thread and of the same operators called by hand, after both
// have warmed up. Prints "ours theirs".
//
//   internal_in_situ_allocations PROGRAM     (the 64-64-10 MLP; the loss is not asked for)
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <oarlock/oarlock.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

thread_local long num_allocations = 0;

void check(oar_status status) {
  if (status == OAR_OK) return;
  std::fprintf(stderr, "%s\n", oar_last_error());
  std::exit(1);
}

template <class Fn>
long allocations_of(const Fn& fn) {
  for (int i = 0; i < 3; ++i) fn();
  const long before = num_allocations;
  fn();
  return num_allocations - before;
}

oar_tensor* array(float* data, int64_t rows, int64_t columns) {
  const int64_t shape[] = {rows, columns};
  oar_tensor* tensor = nullptr;
  check(oar_tensor_from_memory(data, OAR_FLOAT32, shape, nullptr, 2, nullptr, nullptr, &tensor));
  return tensor;
}

}  // namespace

// What the executable defines is what every library in the process calls.
extern "C" {
void* malloc(std::size_t size) { return ++num_allocations, __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return ++num_allocations, __libc_calloc(count, size); }
void* realloc(void* memory, std::size_t size) { return ++num_allocations, __libc_realloc(memory, size); }
void* memalign(std::size_t alignment, std::size_t size) { return ++num_allocations, __libc_memalign(alignment, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? 12 : 0;
}
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  oar_state* state = nullptr;
  oar_model* model = nullptr;
  oar_session* session = nullptr;
  check(oar_state_create(nullptr, &state));
  check(oar_model_load(state, argv[1], nullptr, &model));
  check(oar_session_create(model, &session));
  std::vector<float> x(32 * 64, 0.5F), y(32 * 10);
  oar_tensor* inputs[] = {array(x.data(), 32, 64), nullptr};
  oar_tensor* outputs[] = {nullptr, array(y.data(), 32, 10)};
  const auto run = [&] { check(oar_session_run(session, inputs, 2, outputs, 2)); };

  const c10::InferenceMode inference;  // weights of this mode, as a session has them
  const at::Tensor w1 = at::zeros({64, 64}), b1 = at::zeros({64}), w2 = at::zeros({10, 64}), b2 = at::zeros({10});
  const at::Tensor input = at::zeros({32, 64});
  at::Tensor output = at::zeros({32, 10});
  const auto by_hand = [&] { at::linear_out(output, at::relu(at::linear(input, w1, b1)), w2, b2); };
  const long ours = allocations_of(run), theirs = allocations_of(by_hand);
  std::printf("%ld %ld\n", ours, theirs);
  return 0;
}
