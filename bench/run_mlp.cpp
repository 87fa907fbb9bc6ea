// Both sides of run_mlp: a forward of the 64-64-10 MLP from an array of the caller into an array of the caller, by an
// oar_session and by typed C++ calls of the same operators, the last of which writes into the caller's array too.
// Prints the nanoseconds of one run of each, in turns: "ours theirs" per round.
//
//   run_mlp PROGRAM
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <oarlock/oarlock.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int64_t kBatch = 32, kWidth = 64, kClasses = 10;
constexpr int kWarmUp = 3, kRounds = 30, kRunsPerRound = 2000;

void check(oar_status status) {
  if (status == OAR_OK) return;
  std::fprintf(stderr, "run_mlp: %s\n", oar_last_error());
  std::exit(1);
}

struct Session {
  explicit Session(const char* program) {
    check(oar_state_create(nullptr, &state));
    check(oar_model_load(state, program, nullptr, &model));
    check(oar_session_create(model, &session));
  }
  at::Tensor weight(const char* name, at::IntArrayRef shape) const {
    oar_tensor* tensor = nullptr;
    void* data = nullptr;
    check(oar_model_tensor(model, name, &tensor));
    check(oar_tensor_data(tensor, &data));
    return at::from_blob(data, shape);  // the model keeps the memory
  }
  oar_state* state = nullptr;
  oar_model* model = nullptr;
  oar_session* session = nullptr;
};

oar_tensor* array(float* data, int64_t columns) {
  const int64_t shape[] = {kBatch, columns};
  oar_tensor* tensor = nullptr;
  check(oar_tensor_from_memory(data, OAR_FLOAT32, shape, nullptr, 2, nullptr, nullptr, &tensor));
  return tensor;
}

template <class Fn>
double nanoseconds(const Fn& fn) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kRunsPerRound; ++i) fn();
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - begin;
  return elapsed.count() / kRunsPerRound;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const Session ours(argv[1]);
  std::vector<float> x(kBatch * kWidth), y(kBatch * kClasses), expected(kBatch * kClasses);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 2654435761U % 1000) / 500.0F - 1.0F;
  oar_tensor* inputs[] = {array(x.data(), kWidth), nullptr};  // no labels: the loss is not wanted
  oar_tensor* outputs[] = {nullptr, array(y.data(), kClasses)};
  const at::Tensor w1 = ours.weight("fc1.weight", {kWidth, kWidth}), b1 = ours.weight("fc1.bias", {kWidth});
  const at::Tensor w2 = ours.weight("fc2.weight", {kClasses, kWidth}), b2 = ours.weight("fc2.bias", {kClasses});
  const at::Tensor input = at::from_blob(x.data(), {kBatch, kWidth});
  at::Tensor output = at::from_blob(expected.data(), {kBatch, kClasses});
  const auto run_ours = [&] { check(oar_session_run(ours.session, inputs, 2, outputs, 2)); };
  const auto run_typed = [&] {
    const c10::InferenceMode inference;
    at::linear_out(output, at::relu(at::linear(input, w1, b1)), w2, b2);
  };
  run_ours();
  run_typed();
  if (std::memcmp(y.data(), expected.data(), y.size() * sizeof(float)) != 0) {
    return std::fputs("run_mlp: the results differ\n", stderr), 1;
  }
  for (int i = 0; i < kWarmUp + kRounds; ++i) {
    const double mine = nanoseconds(run_ours), theirs = nanoseconds(run_typed);
    if (i >= kWarmUp) std::printf("%.1f %.1f\n", mine, theirs);
  }
  return 0;
}
