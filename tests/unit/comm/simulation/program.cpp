#include "unit/comm/simulation/program.h"

#include <ATen/ops/empty.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "comm/collectives.h"

namespace oarlock::simulation {
namespace {

// Only its rank and size are asked for.
class PlaceInGroup : public Group {
 public:
  PlaceInGroup(int rank, int size) : rank_(rank), size_(size) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Milliseconds timeout() const override { return Milliseconds(1000); }
  Result<std::shared_ptr<Work>> start(Call) override { return internal_error("not for that"); }
  Status run(Call&) override { return internal_error("not for that"); }
  Status abort(std::string_view) override { return Status::ok(); }
  void close() override {}
  std::shared_ptr<FlightRecorder> recorder() const override { return nullptr; }

 private:
  int rank_, size_;
};

// Small whole numbers: sums are exact in every dtype.
std::vector<double> given(int world, int number, int rank, std::int64_t numel) {
  std::vector<double> numbers(static_cast<std::size_t>(numel));
  for (std::int64_t i = 0; i < numel; ++i)
    numbers[i] = static_cast<double>((world * 29 + number * 13 + rank * 5 + i * 3) % 23);
  return numbers;
}

at::Tensor tensor_of(const std::vector<double>& numbers, c10::ScalarType dtype) {
  at::Tensor tensor = at::empty({static_cast<std::int64_t>(numbers.size())}, dtype);
  fill(tensor, numbers);
  return tensor;
}

at::Tensor blank(std::int64_t numel, c10::ScalarType dtype) {
  return tensor_of(std::vector<double>(static_cast<std::size_t>(numel), -1), dtype);
}

double reduce(ReduceOp op, double a, double b) {
  if (op == ReduceOp::kMax) return std::max(a, b);
  if (op == ReduceOp::kMin) return std::min(a, b);
  return a + b;
}

bool is_many_parts(Operator op) {
  return op == Operator::kReduceScatter || op == Operator::kScatter || op == Operator::kAllToAll;
}

bool is_reduction(Operator op) {
  return op == Operator::kAllReduce || op == Operator::kReduce || op == Operator::kReduceScatter;
}

bool has_root(Operator op) {
  return op == Operator::kBroadcast || op == Operator::kReduce || op == Operator::kGather || op == Operator::kScatter ||
         op == Operator::kBroadcastBytes || op == Operator::kSend;
}

std::string bytes_given(int world, int number, int rank) {
  return fmt::format("world {} step {} rank {}", world, number, rank) +
         std::string(static_cast<std::size_t>(rank * 3), '.');
}

Result<Call> make_call(const Step& step, const PlaceInGroup& group, const at::Tensor& input, const std::string& bytes) {
  const bool is_root = step.root == group.rank();
  const std::int64_t whole = step.numel * group.size();
  switch (step.op) {
    case Operator::kAllReduce:
      return make_all_reduce(group, input, step.reduce_op, step.timeout);
    case Operator::kReduce:
      return make_reduce(group, input, step.root, step.reduce_op, step.timeout);
    case Operator::kBroadcast:
      return make_broadcast(group, input, step.root, step.timeout);
    case Operator::kAllGather:
      return make_all_gather(group, input, blank(whole, step.dtype), step.timeout);
    case Operator::kReduceScatter:
      return make_reduce_scatter(group, input, blank(step.numel, step.dtype), step.reduce_op, step.timeout);
    case Operator::kGather:
      return make_gather(group, input, is_root ? blank(whole, step.dtype) : at::Tensor(), step.root, step.timeout);
    case Operator::kScatter:
      return make_scatter(group, is_root ? input : at::Tensor(), blank(step.numel, step.dtype), step.root,
                          step.timeout);
    case Operator::kAllToAll:
      return make_all_to_all(group, input, blank(whole, step.dtype), step.timeout);
    case Operator::kSend:
      if (is_root) return make_send(group, input, step.peer, step.timeout);
      return make_receive(group, blank(step.numel, step.dtype), step.root, step.timeout);
    case Operator::kAllGatherBytes:
      return make_all_gather_bytes(group, bytes, step.timeout);
    case Operator::kBroadcastBytes:
      return make_broadcast_bytes(group, bytes, step.root, step.timeout);
    default:
      return make_barrier(group, step.timeout);
  }
}

}  // namespace

bool Step::looks_as(const Step& other) const {
  const bool same = op == other.op && numel == other.numel && dtype == other.dtype && reduce_op == other.reduce_op;
  return same && root == other.root && peer == other.peer;
}

std::vector<Step> make_program(Random& random, int world_size, Milliseconds timeout) {
  constexpr Operator kOperators[] = {Operator::kAllReduce, Operator::kBroadcast,      Operator::kAllGather,
                                     Operator::kBarrier,   Operator::kAllGatherBytes, Operator::kBroadcastBytes,
                                     Operator::kReduce,    Operator::kReduceScatter,  Operator::kGather,
                                     Operator::kScatter,   Operator::kAllToAll,       Operator::kSend};
  constexpr c10::ScalarType kTypes[] = {c10::kFloat, c10::kDouble, c10::kLong, c10::kInt};
  constexpr ReduceOp kReductions[] = {ReduceOp::kSum, ReduceOp::kMax, ReduceOp::kMin};
  const bool may_be_async = random.chance(40);
  std::vector<Step> program(static_cast<std::size_t>(random.between(1, 12)));
  for (Step& step : program) {
    step.op = kOperators[random.below(std::size(kOperators))];
    if (has_root(step.op)) step.root = static_cast<int>(random.below(world_size));
    step.timeout = timeout;
    step.is_async = may_be_async && random.chance(50);
    if (step.op == Operator::kSend)
      step.peer = static_cast<int>((step.root + 1 + random.below(world_size - 1)) % world_size);
    if (step.op == Operator::kBarrier || step.op == Operator::kAllGatherBytes || step.op == Operator::kBroadcastBytes)
      continue;
    step.dtype = kTypes[random.below(std::size(kTypes))];
    step.numel = random.chance(50) ? random.between(0, 8) : random.between(9, 60);
    if (is_reduction(step.op)) step.reduce_op = kReductions[random.below(std::size(kReductions))];
  }
  // Rank 0 carries what others send to each other, so it must not leave before that is done.
  const bool has_sends =
      std::any_of(program.begin(), program.end(), [](const Step& step) { return step.op == Operator::kSend; });
  if (has_sends) program.push_back(Step{.timeout = timeout, .is_last = true});
  return program;
}

Step make_other(Random& random, const Step& step, int world_size) {
  Step other = step;
  const bool has_numbers =
      step.op != Operator::kBarrier && step.op != Operator::kAllGatherBytes && step.op != Operator::kBroadcastBytes;
  if (has_numbers && random.chance(60)) {
    ++other.numel;
  } else if (step.op == Operator::kSend) {
    other.dtype = step.dtype == c10::kFloat ? c10::kDouble : c10::kFloat;
  } else {
    other.op = step.op == Operator::kBarrier ? Operator::kAllGatherBytes : Operator::kBarrier;
    other.root = static_cast<int>(random.below(world_size));
  }
  return other;
}

Task make_task(const Step& step, int number, int world, int rank, int world_size) {
  Task task;
  std::vector<std::vector<double>> inputs;
  for (int giver = 0; giver < world_size; ++giver) {
    const std::int64_t numel = is_many_parts(step.op) ? step.numel * world_size : step.numel;
    inputs.push_back(given(world, number, giver, numel));
    task.expected_bytes.push_back(bytes_given(world, number, giver));
  }
  const PlaceInGroup group(rank, world_size);
  const std::string mine = task.expected_bytes[rank];
  task.call = make_call(step, group, tensor_of(inputs[rank], step.dtype), mine).value();
  if (step.op == Operator::kBroadcastBytes) task.expected_bytes = {task.expected_bytes[step.root]};
  if (step.op != Operator::kBroadcastBytes && step.op != Operator::kAllGatherBytes) task.expected_bytes.clear();
  if (step.op == Operator::kSend) {
    task.expected = inputs[step.root];
  } else if (written_by(task.call).defined()) {
    task.expected = result_of(task.call.signature, rank, inputs);
  }
  return task;
}

std::string check_result(const Task& task, const Call& done, int rank) {
  if (done.gathered != task.expected_bytes) return fmt::format("rank {} got other bytes than were given", rank);
  const at::Tensor written = written_by(done);
  if (!written.defined()) return "";
  const std::vector<double> numbers = numbers_of(written);
  if (numbers == task.expected) return "";
  return fmt::format("{} gave rank {} [{}] instead of [{}]", describe(done.signature), rank, fmt::join(numbers, " "),
                     fmt::join(task.expected, " "));
}

std::vector<double> numbers_of(const at::Tensor& tensor) {
  std::vector<double> numbers(static_cast<std::size_t>(tensor.numel()));
  const auto take = [&](const auto* data) { std::copy(data, data + tensor.numel(), numbers.begin()); };
  if (tensor.scalar_type() == c10::kFloat) take(tensor.const_data_ptr<float>());
  if (tensor.scalar_type() == c10::kDouble) take(tensor.const_data_ptr<double>());
  if (tensor.scalar_type() == c10::kLong) take(tensor.const_data_ptr<std::int64_t>());
  if (tensor.scalar_type() == c10::kInt) take(tensor.const_data_ptr<std::int32_t>());
  return numbers;
}

void fill(at::Tensor tensor, const std::vector<double>& numbers) {
  const auto put = [&](auto* data) {
    for (std::size_t i = 0; i < numbers.size(); ++i)
      data[i] = static_cast<std::remove_pointer_t<decltype(data)>>(numbers[i]);
  };
  if (tensor.scalar_type() == c10::kFloat) put(tensor.mutable_data_ptr<float>());
  if (tensor.scalar_type() == c10::kDouble) put(tensor.mutable_data_ptr<double>());
  if (tensor.scalar_type() == c10::kLong) put(tensor.mutable_data_ptr<std::int64_t>());
  if (tensor.scalar_type() == c10::kInt) put(tensor.mutable_data_ptr<std::int32_t>());
}

at::Tensor written_by(const Call& call) {
  return call.output.defined() ? call.output : call.signature.op == Operator::kGather ? at::Tensor() : call.tensor;
}

std::vector<double> result_of(const Signature& signature, int rank, const std::vector<std::vector<double>>& inputs) {
  const auto op = static_cast<ReduceOp>(signature.reduce_op);
  const auto part = static_cast<std::size_t>(signature.numel);
  const std::size_t mine = static_cast<std::size_t>(rank) * part;
  std::vector<double> result;
  switch (signature.op) {
    case Operator::kReduce:
      if (signature.root != rank) return inputs[rank];  // elsewhere it is only read
      [[fallthrough]];
    case Operator::kAllReduce:
    case Operator::kReduceScatter:
      result = inputs[0];
      for (std::size_t giver = 1; giver < inputs.size(); ++giver) {
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = reduce(op, result[i], inputs[giver][i]);
      }
      if (signature.op != Operator::kReduceScatter) return result;
      return {result.begin() + mine, result.begin() + mine + part};
    case Operator::kBroadcast:
      return inputs[signature.root];
    case Operator::kScatter:
      return {inputs[signature.root].begin() + mine, inputs[signature.root].begin() + mine + part};
    case Operator::kAllToAll: {
      const std::size_t share = inputs[rank].size() / inputs.size();
      for (const std::vector<double>& input : inputs) {
        result.insert(result.end(), input.begin() + rank * share, input.begin() + (rank + 1) * share);
      }
      return result;
    }
    default:
      for (const std::vector<double>& input : inputs) result.insert(result.end(), input.begin(), input.end());
      return result;
  }
}

}  // namespace oarlock::simulation
