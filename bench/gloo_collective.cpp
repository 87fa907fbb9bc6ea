// One all_reduce among ranks by Oarlock over gloo and by gloo itself, in turns, in the same processes:
//
//   gloo_collective NUMEL CALLS ROUNDS owned|host STORE [ADDRESS]
//
// The ranks find each other by the launcher's environment; gloo's own side meets at the file STORE and listens at
// ADDRESS (default 127.0.0.1). owned: both sides on memory of libtorch's allocator; host: ours on memory of the
// program, which gloo is never given, gloo still on libtorch's. Both sides check the result, make CALLS / 10 + 1 calls
// to warm up, and then CALLS that are timed one by one, from call to result. A round is one turn of each side. Rank 0
// prints a line per turn: side, median and 99th percentile in microseconds (the slowest rank's), processor time over
// wall time (all ranks').
#include <ATen/ATen.h>
#include <oarlock/oarlock.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <torch/csrc/distributed/c10d/FileStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <vector>

namespace {

using Seconds = std::chrono::duration<double>;

void check(oar_status status) {
  if (status == OAR_OK) return;
  std::fprintf(stderr, "gloo_collective: %s\n", oar_last_error());
  std::exit(1);
}

class Gloo {
 public:
  Gloo(const std::string& store, const std::string& address, int rank, int size) {
    auto options = c10d::ProcessGroupGloo::Options::create(std::chrono::milliseconds(60000));
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::FileStore>(store, size), rank, size,
                                                         options);
  }
  void all_reduce(at::Tensor& tensor, c10d::ReduceOp op = c10d::ReduceOp::SUM) {
    c10d::AllreduceOptions options;
    options.reduceOp = op;
    std::vector<at::Tensor> tensors{tensor};
    group_->allreduce(tensors, options)->wait();
  }

 private:
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

double processor_seconds() {
  rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

// Median and 99th percentile in microseconds, processor time over wall time; of this rank.
template <class Step>
std::vector<double> measure(int calls, Step step) {
  for (int i = 0; i < calls / 10 + 1; ++i) step();
  std::vector<double> times;
  const double used = processor_seconds();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    times.push_back(Seconds(std::chrono::steady_clock::now() - begin).count() * 1e6);
  }
  const double processors = (processor_seconds() - used) / Seconds(std::chrono::steady_clock::now() - start).count();
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100], processors};
}

// The ranks' figures as one line of rank 0.
void print(Gloo& gloo, const char* side, int rank, const std::vector<double>& figures) {
  at::Tensor slowest = at::tensor(figures), all = slowest.clone();
  gloo.all_reduce(slowest, c10d::ReduceOp::MAX);
  gloo.all_reduce(all);
  if (rank != 0) return;
  std::printf("%s %.3f %.3f %.3f\n", side, slowest[0].item<double>(), slowest[1].item<double>(), all[2].item<double>());
  std::fflush(stdout);
}

void require_sum(const float* data, std::int64_t numel, int size) {
  const auto expected = static_cast<float>(size * (size + 1) / 2);
  if (std::all_of(data, data + numel, [&](float value) { return value == expected; })) return;
  std::fprintf(stderr, "gloo_collective: wrong result\n");
  std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const std::int64_t numel = std::atoll(argv[1]);
  const int calls = std::atoi(argv[2]), rounds = std::atoi(argv[3]);
  const bool is_owned = std::string(argv[4]) == "owned";
  oar_state* state = nullptr;
  oar_group* group = nullptr;
  oar_tensor* tensor = nullptr;
  std::int32_t rank = 0, size = 0;
  void* data = nullptr;
  check(oar_state_create(nullptr, &state));
  check(oar_state_group(state, &group));
  check(oar_group_rank(group, &rank));
  check(oar_group_size(group, &size));
  std::vector<float> memory(is_owned ? 0 : static_cast<std::size_t>(numel));
  if (is_owned) {
    check(oar_tensor_zeros(OAR_FLOAT32, &numel, 1, &tensor));
  } else {
    check(oar_tensor_from_memory(memory.data(), OAR_FLOAT32, &numel, nullptr, 1, nullptr, nullptr, &tensor));
  }
  check(oar_tensor_data(tensor, &data));
  auto* const ours = static_cast<float*>(data);
  Gloo gloo(argv[5], argc > 6 ? argv[6] : "127.0.0.1", rank, size);
  at::Tensor theirs = at::full({numel}, rank + 1, at::kFloat);
  std::fill(ours, ours + numel, static_cast<float>(rank + 1));
  const auto our_step = [&] { check(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, nullptr)); };
  const auto their_step = [&] { gloo.all_reduce(theirs); };
  our_step();
  their_step();
  require_sum(ours, numel, size);
  require_sum(theirs.const_data_ptr<float>(), numel, size);
  std::fill(ours, ours + numel, 0.0F);
  theirs.zero_();
  for (int round = 0; round <= rounds; ++round) {  // the first is a warm-up
    const std::vector<double> our_figures = measure(calls, our_step), their_figures = measure(calls, their_step);
    if (round == 0) continue;
    print(gloo, "ours", rank, our_figures);
    print(gloo, "theirs", rank, their_figures);
  }
  check(oar_state_close(state));
  oar_tensor_release(tensor);
  oar_group_release(group);
  oar_state_release(state);
  return 0;
}
