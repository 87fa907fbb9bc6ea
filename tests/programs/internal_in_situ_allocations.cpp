// Counts the allocations of one oar_session_run on this thread and of the same operators called by hand, after both
// have warmed up. Prints "ours theirs" for row-major arrays, for column-major ones, and for an output over the input's
// memory, which is computed elsewhere and copied.
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

constexpr int64_t kRows = 32, kWidth = 64, kClasses = 10;

enum class Layout { kRowMajor, kColumnMajor };

oar_tensor* array(float* data, int64_t columns, Layout layout) {
  const int64_t shape[] = {kRows, columns};
  const int64_t row_major[] = {columns, 1}, column_major[] = {1, kRows};
  oar_tensor* tensor = nullptr;
  check(oar_tensor_from_memory(data, OAR_FLOAT32, shape, layout == Layout::kRowMajor ? row_major : column_major, 2,
                               nullptr, nullptr, &tensor));
  return tensor;
}

at::Tensor tensor(int64_t columns, Layout layout) {
  return layout == Layout::kRowMajor ? at::zeros({kRows, columns}) : at::zeros({columns, kRows}).t();
}

// What a run of the session allocates whose logits go to `y`.
long ours(oar_session* session, float* x, float* y, Layout layout) {
  oar_tensor* inputs[] = {array(x, kWidth, layout), nullptr};
  oar_tensor* outputs[] = {nullptr, array(y, kClasses, layout)};
  const long count = allocations_of([&] { check(oar_session_run(session, inputs, 2, outputs, 2)); });
  oar_tensor_release(inputs[0]);
  oar_tensor_release(outputs[1]);
  return count;
}

struct Mlp {
  at::Tensor w1 = at::zeros({kWidth, kWidth}), b1 = at::zeros({kWidth});
  at::Tensor w2 = at::zeros({kClasses, kWidth}), b2 = at::zeros({kClasses});

  at::Tensor t1 = w1.t(), t2 = w2.t();  // made once, as a session makes them

  void run(const at::Tensor& input, at::Tensor& output) const {
    at::addmm_out(output, b2, at::relu(at::addmm(b1, input, t1)), t2);
  }
};

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
  const c10::InferenceMode inference;  // weights of this mode, as a session has them
  const Mlp mlp;
  std::vector<float> x(kRows * kWidth, 0.5F), y(kRows * kClasses);
  for (const Layout layout : {Layout::kRowMajor, Layout::kColumnMajor}) {
    const at::Tensor input = tensor(kWidth, layout);
    at::Tensor output = tensor(kClasses, layout);
    const long theirs = allocations_of([&] { mlp.run(input, output); });
    std::printf("%ld %ld\n", ours(session, x.data(), y.data(), layout), theirs);
  }
  const at::Tensor input = tensor(kWidth, Layout::kRowMajor);
  at::Tensor room = tensor(kClasses, Layout::kRowMajor), output = tensor(kClasses, Layout::kRowMajor);
  const long theirs = allocations_of([&] {
    mlp.run(input, room);
    output.copy_(room);
  });
  std::printf("%ld %ld\n", ours(session, x.data(), x.data(), Layout::kRowMajor), theirs);
  return 0;
}
