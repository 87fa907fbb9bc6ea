#include "parallel/ddp/power_sgd.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/norm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "base/log.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// What both kinds keep per bucket; tensors that are undefined are not there yet.
struct Memory {
  at::Tensor error;  // what the step before left out; flat
  at::Tensor p, q;   // flat, all matrices' one after another
};

class PowerSgdHook : public CommHook {
 public:
  PowerSgdHook(const PowerSgdOptions& options, bool batches, std::shared_ptr<Group> group)
      : options_(options), batches_(batches), group_(std::move(group)), random_(options.seed) {}

  bool keeps_buckets() const override { return true; }
  Status start(const GradBucket& bucket, Milliseconds timeout) override;
  Status finish(const GradBucket& bucket) override;
  NamedTensors state() const override;
  Status load_state(const NamedTensors& tensors) override;

 private:
  // One bucket's way from start to finish.
  struct Run {
    at::Tensor input;                             // flat: the bucket, or a padded copy of it
    at::Tensor before;                            // of input, with the error of the step before
    std::vector<at::Tensor> matrices;             // [count, n, m] each; views of input unless copied
    std::vector<at::Tensor> ps, qs;               // [count, n, r] and [count, m, r], views of memory
    std::vector<std::vector<at::Tensor>> copied;  // of matrices: the gradients that a stack is made of; else empty
    std::vector<at::Tensor> uncompressed;
    at::Tensor packed;  // the uncompressed ones
    Milliseconds timeout{0};
    std::shared_ptr<Work> packed_work, work;
  };

  std::int64_t next_seed();
  bool is_plain() const { return iter_ < options_.start_iter; }
  void split(const GradBucket& bucket, Run& run);
  void add_error(Memory& memory, Run& run);
  void lay_out(Memory& memory, Run& run);
  void make_qs(Run& run, bool randomly);
  void report(const GradBucket& bucket);

  const PowerSgdOptions options_;
  const bool batches_;
  const std::shared_ptr<Group> group_;
  std::mt19937 random_;         // numpy's RandomState: the same generator with the same seeding
  std::int64_t num_drawn_ = 0;  // words taken from it
  std::int64_t iter_ = 0;
  std::map<std::size_t, Memory> memory_;  // by bucket
  std::map<std::size_t, Run> runs_;
  std::int64_t numel_before_ = 0, numel_after_ = 0, next_report_ = 0;
};

// numpy.random.RandomState.randint(1_000_000_000): words masked to 30 bits until one is small enough.
std::int64_t PowerSgdHook::next_seed() {
  while (true) {
    const std::uint32_t word = static_cast<std::uint32_t>(random_()) & 0x3FFFFFFFu;
    ++num_drawn_;
    if (word < 1000000000u) return word;
  }
}

// Gradients as matrices of [n, rest]; those that are worth it are compressed, in the order of the bucket, shape by
// shape.
void PowerSgdHook::split(const GradBucket& bucket, Run& run) {
  if (batches_) {
    const std::int64_t numel = bucket.buffer.numel();
    const auto side = static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(numel))));
    run.input = at::zeros({side * side}, bucket.buffer.options());
    run.input.narrow(0, 0, numel).copy_(bucket.buffer);
    run.matrices.push_back(run.input.view({1, side, side}));
    run.copied.emplace_back();
    numel_before_ += numel;
    numel_after_ += 2 * side * options_.rank;
    return;
  }
  run.input = bucket.buffer;
  std::vector<std::vector<at::Tensor>> by_shape;
  for (const at::Tensor& gradient : bucket.gradients) {
    // torch views a scalar's shape[0], which there is not: it fails. Here it is sent as it is.
    const at::Tensor matrix = gradient.dim() == 0 ? gradient.view({1, 1}) : gradient.view({gradient.size(0), -1});
    const std::int64_t n = matrix.size(0), m = matrix.size(1), rank = std::min({n, m, options_.rank});
    numel_before_ += n * m;
    if (!is_worth_compressing(n, m, rank, options_.min_compression_rate)) {
      run.uncompressed.push_back(gradient);
      numel_after_ += n * m;
      continue;
    }
    numel_after_ += (n + m) * rank;
    auto shape = std::find_if(by_shape.begin(), by_shape.end(),
                              [&](const auto& known) { return known.front().sizes() == matrix.sizes(); });
    if (shape == by_shape.end()) shape = by_shape.emplace(by_shape.end());
    shape->push_back(matrix);
  }
  for (std::vector<at::Tensor>& same : by_shape) {
    if (options_.batches_same_shapes && same.size() > 1) {
      run.matrices.push_back(at::stack(same));
      run.copied.push_back(std::move(same));
      continue;
    }
    for (const at::Tensor& matrix : same) {
      run.matrices.push_back(matrix.unsqueeze(0));
      run.copied.emplace_back();
    }
  }
}

void PowerSgdHook::add_error(Memory& memory, Run& run) {
  if (!options_.use_error_feedback) return;
  if (memory.error.defined()) {
    run.input.add_(memory.error);
  } else {
    memory.error = at::zeros_like(run.input);
  }
  run.before = run.input.clone();
}

void PowerSgdHook::lay_out(Memory& memory, Run& run) {
  std::int64_t p_numel = 0, q_numel = 0;
  for (const at::Tensor& matrix : run.matrices) {
    const std::int64_t rank = std::min({matrix.size(1), matrix.size(2), options_.rank});
    p_numel += matrix.size(0) * matrix.size(1) * rank;
    q_numel += matrix.size(0) * matrix.size(2) * rank;
  }
  const bool randomly = !options_.warm_start || !memory.p.defined();
  if (randomly) {
    memory.p = at::empty({p_numel}, run.input.options());
    memory.q = at::empty({q_numel}, run.input.options());
  }
  std::int64_t p_begin = 0, q_begin = 0;
  for (const at::Tensor& matrix : run.matrices) {
    const std::int64_t count = matrix.size(0), n = matrix.size(1), m = matrix.size(2);
    const std::int64_t rank = std::min({n, m, options_.rank});
    run.ps.push_back(memory.p.narrow(0, p_begin, count * n * rank).view({count, n, rank}));
    run.qs.push_back(memory.q.narrow(0, q_begin, count * m * rank).view({count, m, rank}));
    p_begin += count * n * rank;
    q_begin += count * m * rank;
  }
  make_qs(run, randomly);
}

// One seed per bucket, then one draw per matrix: also where a bucket has none.
void PowerSgdHook::make_qs(Run& run, bool randomly) {
  std::optional<at::Generator> generator;
  if (randomly) generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(next_seed()));
  for (const at::Tensor& q : run.qs) {
    if (randomly) q.copy_(at::randn(q.sizes(), generator, q.options().device(at::kCPU)));
    orthogonalize(q, batches_ ? 0 : options_.epsilon);
  }
}

Status PowerSgdHook::start(const GradBucket& bucket, Milliseconds timeout) {
  const GradModeScope no_grad(false);
  Run& run = runs_[bucket.index] = Run{};
  run.timeout = timeout;
  if (is_plain()) {
    bucket.buffer.div_(group_->size());
    OAR_ASSIGN(run.work, group_->all_reduce(bucket.buffer, ReduceOp::kSum, timeout));
    return Status::ok();
  }
  Memory& memory = memory_[bucket.index];
  if (batches_) split(bucket, run);
  if (!batches_) run.input = bucket.buffer;
  add_error(memory, run);
  if (!batches_) split(bucket, run);
  report(bucket);
  lay_out(memory, run);
  for (std::size_t i = 0; i < run.matrices.size(); ++i) at::bmm_out(run.ps[i], run.matrices[i], run.qs[i]);
  if (!run.uncompressed.empty()) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& gradient : run.uncompressed) flat.push_back(gradient.view({-1}));
    run.packed = at::cat(flat);
    OAR_ASSIGN(run.packed_work, group_->all_reduce(run.packed, ReduceOp::kSum, timeout));
  }
  if (run.matrices.empty()) return Status::ok();
  OAR_ASSIGN(run.work, group_->all_reduce(memory.p, ReduceOp::kSum, timeout));
  return Status::ok();
}

Status PowerSgdHook::finish(const GradBucket& bucket) {
  const GradModeScope no_grad(false);
  Run run = std::move(runs_[bucket.index]);
  if (is_plain()) {
    OAR_TRY(wait_for(run.work, "the average before PowerSGD begins"));
    if (bucket.is_last) ++iter_;
    return Status::ok();
  }
  Memory& memory = memory_[bucket.index];
  if (run.packed_work != nullptr) {
    OAR_TRY(wait_for(run.packed_work, "gradients that PowerSGD does not compress"));
    run.packed.div_(group_->size());
    std::int64_t begin = 0;
    for (const at::Tensor& gradient : run.uncompressed) {
      gradient.copy_(run.packed.narrow(0, begin, gradient.numel()).view(gradient.sizes()));
      begin += gradient.numel();
    }
  }
  if (!run.matrices.empty()) {
    OAR_TRY(wait_for(run.work, "PowerSGD's P"));
    for (const at::Tensor& p : run.ps) orthogonalize(p, batches_ ? 0 : options_.epsilon);
    for (std::size_t i = 0; i < run.matrices.size(); ++i) {
      at::bmm_out(run.qs[i], run.matrices[i].transpose(1, 2), run.ps[i]);
    }
    OAR_ASSIGN(run.work, group_->all_reduce(memory.q, ReduceOp::kSum, run.timeout));
    OAR_TRY(wait_for(run.work, "PowerSGD's Q"));
    memory.q.div_(group_->size());
  }
  for (std::size_t i = 0; i < run.matrices.size(); ++i) {
    at::bmm_out(run.matrices[i], run.ps[i], run.qs[i].transpose(1, 2));
    for (std::size_t j = 0; j < run.copied[i].size(); ++j) {
      run.copied[i][j].copy_(run.matrices[i].select(0, static_cast<std::int64_t>(j)));
    }
  }
  if (options_.use_error_feedback) memory.error = run.before - run.input;
  if (batches_) bucket.buffer.copy_(run.input.narrow(0, 0, bucket.buffer.numel()));
  if (bucket.is_last) ++iter_;
  return Status::ok();
}

void PowerSgdHook::report(const GradBucket& bucket) {
  if (!bucket.is_last || iter_ < next_report_) return;
  next_report_ = iter_ + options_.stats_every;
  log(LogLevel::kInfo, "ddp", "PowerSGD at step {}: {} numbers became {}, {:.1f} times fewer", iter_, numel_before_,
      numel_after_, static_cast<double>(numel_before_) / static_cast<double>(std::max<std::int64_t>(numel_after_, 1)));
}

NamedTensors PowerSgdHook::state() const {
  NamedTensors tensors;
  const auto number = [&](const char* name, std::int64_t value) {
    tensors.push_back({name, at::full({1}, value, at::kLong)});
  };
  number("iter", iter_);
  number("num_drawn", num_drawn_);
  for (const auto& [index, memory] : memory_) {
    const std::string prefix = fmt::format("{}.", index);
    if (memory.error.defined()) tensors.push_back({prefix + "error", memory.error});
    if (memory.p.defined()) tensors.push_back({prefix + "p", memory.p});
    if (memory.q.defined()) tensors.push_back({prefix + "q", memory.q});
  }
  return tensors;
}

Status PowerSgdHook::load_state(const NamedTensors& tensors) {
  memory_.clear();
  iter_ = num_drawn_ = 0;
  for (const NamedTensor& item : tensors) {
    if (item.name == "iter") iter_ = item.tensor.item<std::int64_t>();
    if (item.name == "num_drawn") num_drawn_ = item.tensor.item<std::int64_t>();
    const std::size_t dot = item.name.find('.');
    if (dot == item.name.npos) continue;
    Memory& memory = memory_[static_cast<std::size_t>(std::strtoull(item.name.c_str(), nullptr, 10))];
    const std::string kind = item.name.substr(dot + 1);
    (kind == "error" ? memory.error : kind == "p" ? memory.p : memory.q) = item.tensor.clone();
  }
  random_.seed(options_.seed);
  random_.discard(static_cast<unsigned long long>(num_drawn_));
  return Status::ok();
}

}  // namespace

bool is_worth_compressing(std::int64_t num_rows, std::int64_t num_columns, std::int64_t rank, double min_rate) {
  return static_cast<double>((num_rows + num_columns) * rank) * min_rate < static_cast<double>(num_rows * num_columns);
}

void orthogonalize(const at::Tensor& matrices, double epsilon) {
  const std::int64_t num_columns = matrices.size(2);
  const bool is_half = matrices.scalar_type() == at::kHalf || matrices.scalar_type() == at::kBFloat16;
  if (num_columns > 2 && !is_half) {
    matrices.copy_(std::get<0>(at::linalg_qr(matrices, "reduced")));
    return;
  }
  for (std::int64_t i = 0; i < num_columns; ++i) {
    at::Tensor column = matrices.narrow(2, i, 1);
    const at::Tensor norm = at::norm(column, 2, {1}, /*keepdim=*/true);
    column.div_(epsilon == 0 ? at::where(norm == 0, at::ones_like(norm), norm) : norm + epsilon);
    if (i + 1 == num_columns) break;
    at::Tensor rest = matrices.narrow(2, i + 1, num_columns - i - 1);
    rest.sub_((column * rest).sum({1}, /*keepdim=*/true) * column);
  }
}

Result<std::unique_ptr<CommHook>> make_power_sgd_hook(const Options& options, bool batches,
                                                      std::shared_ptr<Group> group) {
  PowerSgdOptions given;
  given.rank = options.integer("matrix_approximation_rank");
  given.start_iter = options.integer("start_power_sgd_iter");
  given.min_compression_rate = options.number("min_compression_rate");
  given.use_error_feedback = options.flag("use_error_feedback");
  given.warm_start = options.flag("warm_start");
  given.epsilon = options.number("orthogonalization_epsilon");
  const std::int64_t seed = options.integer("random_seed");
  given.batches_same_shapes = options.flag("batch_tensors_with_same_shape");
  given.stats_every = std::max<std::int64_t>(1, options.integer("compression_stats_logging_frequency"));
  if (given.rank < 1) return invalid_argument("ddp.matrix_approximation_rank must be >= 1, got {}", given.rank);
  if (given.start_iter < 0) return invalid_argument("ddp.start_power_sgd_iter must be >= 0, got {}", given.start_iter);
  if (seed < 0 || seed > 0xFFFFFFFFll) return invalid_argument("ddp.random_seed must be 32 bits, >= 0, got {}", seed);
  if (!(given.epsilon >= 0)) {
    return invalid_argument("ddp.orthogonalization_epsilon must be >= 0, got {}", given.epsilon);
  }
  if ((given.use_error_feedback || given.warm_start) && given.start_iter < 2) {
    return invalid_argument(
        "ddp.start_power_sgd_iter must be >= 2 with ddp.use_error_feedback or ddp.warm_start, got {}: the first step "
        "settles the buckets",
        given.start_iter);
  }
  given.seed = static_cast<std::uint32_t>(seed);
  return std::unique_ptr<CommHook>(std::make_unique<PowerSgdHook>(given, batches, std::move(group)));
}

}  // namespace oarlock
