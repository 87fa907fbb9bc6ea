// Both sides of node_overhead: a program that is a chain of NUM_NODES additions of a scalar to a tensor of one element,
// run by Oarlock without recording, and the same additions as typed C++ calls, in turns. Prints the microseconds by
// which the shortest run of ours is longer than the shortest of theirs: what else runs on the machine only lengthens.
//
//   node_overhead PROGRAM NUM_NODES
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <oarlock/oarlock.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace {

constexpr int kWarmUp = 20;
constexpr int kRounds = 400;

void check(oar_status status) {
  if (status == OAR_OK) return;
  std::fprintf(stderr, "node_overhead: %s\n", oar_last_error());
  std::exit(1);
}

double run_program(oar_model* model, const oar_tree* inputs) {
  oar_tree* outputs = nullptr;
  oar_tensor* last = nullptr;
  double value = 0;
  check(oar_model_forward(model, inputs, &outputs));
  check(oar_tree_get_tensor(outputs, "0", &last));
  check(oar_tensor_item(last, &value));
  oar_tensor_release(last);
  oar_tree_release(outputs);
  return value;
}

double run_typed(int num_nodes) {
  at::Tensor x = at::zeros({1});
  for (int i = 0; i < num_nodes; ++i) x = at::add(x, 1);
  return x.item<double>();
}

template <class Fn>
double microseconds(const Fn& fn, double expected) {
  const auto begin = std::chrono::steady_clock::now();
  const double value = fn();
  const std::chrono::duration<double, std::micro> elapsed = std::chrono::steady_clock::now() - begin;
  if (value != expected) std::exit(2);
  return elapsed.count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int num_nodes = std::atoi(argv[2]);
  const int64_t shape[1] = {1};
  oar_state* state = nullptr;
  oar_model* model = nullptr;
  oar_tree* inputs = nullptr;
  oar_tensor* zero = nullptr;
  check(oar_state_create(nullptr, &state));
  check(oar_model_load(state, argv[1], nullptr, &model));
  check(oar_model_set_training(model, 0));
  check(oar_tensor_zeros(OAR_FLOAT32, shape, 1, &zero));
  check(oar_tree_create_list(&inputs));
  check(oar_tree_append_tensor(inputs, zero));
  const at::NoGradGuard no_grad;
  double shortest = std::numeric_limits<double>::max(), shortest_typed = shortest;
  for (int i = 0; i < kWarmUp + kRounds; ++i) {
    const double ours = microseconds([&] { return run_program(model, inputs); }, num_nodes);
    const double typed = microseconds([&] { return run_typed(num_nodes); }, num_nodes);
    if (i < kWarmUp) continue;
    shortest = std::min(shortest, ours);
    shortest_typed = std::min(shortest_typed, typed);
  }
  std::printf("%.3f\n", shortest - shortest_typed);
  return 0;
}
