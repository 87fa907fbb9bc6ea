// What the ranks of a simulated world call, and what must come of it by closed formulas: no line of the library's own
// arithmetic is used for that.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "comm/call.h"
#include "comm/group.h"
#include "unit/comm/simulation/random.h"

namespace oarlock::simulation {

constexpr std::int64_t kInlineBytes = 64;  // larger tensors take the other way

struct Step {
  Operator op = Operator::kBarrier;  // kSend: of `root` to `peer`, which receives
  std::int64_t numel = 0;            // of a part
  c10::ScalarType dtype = c10::kFloat;
  ReduceOp reduce_op = ReduceOp::kSum;
  int root = 0;
  int peer = 0;
  Milliseconds timeout{0};
  bool is_async = false;  // the rank goes on at once
  bool is_last = false;   // all that was called before must have ended

  bool concerns(int rank) const { return op != Operator::kSend || rank == root || rank == peer; }
  bool looks_as(const Step& other) const;  // the same call for all ranks to see
};

std::vector<Step> make_program(Random& random, int world_size, Milliseconds timeout);
// Another call than `step` for those that compare.
Step make_other(Random& random, const Step& step, int world_size);

// A call of one rank, and what it must give.
struct Task {
  Call call;
  std::vector<double> expected;  // of the tensor that it writes
  std::vector<std::string> expected_bytes;
};
// `number` of the step and `world` make the data differ.
Task make_task(const Step& step, int number, int world, int rank, int world_size);
// Empty, or what is wrong with the result.
std::string check_result(const Task& task, const Call& done, int rank);

// For who carries data in place of gloo: what each rank gets, from what they give.
std::vector<double> numbers_of(const at::Tensor& tensor);
void fill(at::Tensor tensor, const std::vector<double>& numbers);
std::vector<double> result_of(const Signature& signature, int rank, const std::vector<std::vector<double>>& inputs);
at::Tensor written_by(const Call& call);

}  // namespace oarlock::simulation
