#include "parallel/ddp/comm_hook.h"

#include <optional>
#include <utility>

#include "parallel/ddp/power_sgd.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

// Gradients travel in 16 bits: cast, divided, summed, cast back (torch's fp16_compress_hook and bf16_compress_hook).
class CastHook : public CommHook {
 public:
  CastHook(at::ScalarType dtype, std::shared_ptr<Group> group) : dtype_(dtype), group_(std::move(group)) {}

  Status start(const GradBucket& bucket, Milliseconds timeout) override {
    if (sent_.size() <= bucket.index) sent_.resize(bucket.index + 1);
    Sent& sent = sent_[bucket.index];
    // A bucket of that dtype already is sent as it is.
    sent.buffer = bucket.buffer.to(dtype_).div_(group_->size());
    OAR_ASSIGN(sent.work, group_->all_reduce(sent.buffer, ReduceOp::kSum, timeout));
    return Status::ok();
  }

  Status finish(const GradBucket& bucket) override {
    Sent& sent = sent_[bucket.index];
    OAR_TRY(wait_for(sent.work, "gradients in 16 bits"));
    if (!sent.buffer.is_same(bucket.buffer)) bucket.buffer.copy_(sent.buffer);
    sent.buffer = at::Tensor();
    return Status::ok();
  }

 private:
  struct Sent {
    at::Tensor buffer;
    std::shared_ptr<Work> work;
  };
  const at::ScalarType dtype_;
  const std::shared_ptr<Group> group_;
  std::vector<Sent> sent_;  // by bucket
};

// Another hook on buckets of 16 bits (torch's fp16_compress_wrapper and bf16_compress_wrapper).
class CastWrapper : public CommHook {
 public:
  CastWrapper(at::ScalarType dtype, std::unique_ptr<CommHook> inner) : dtype_(dtype), inner_(std::move(inner)) {}

  bool keeps_buckets() const override { return inner_->keeps_buckets(); }

  Status start(const GradBucket& bucket, Milliseconds timeout) override {
    if (cast_.size() <= bucket.index) cast_.resize(bucket.index + 1);
    GradBucket& cast = cast_[bucket.index] = {bucket.index, bucket.is_last, bucket.buffer.to(dtype_), {}};
    std::int64_t offset = 0;
    for (const at::Tensor& gradient : bucket.gradients) {
      cast.gradients.push_back(cast.buffer.narrow(0, offset, gradient.numel()).view(gradient.sizes()));
      offset += gradient.numel();
    }
    return inner_->start(cast, timeout);
  }

  Status finish(const GradBucket& bucket) override {
    GradBucket cast = std::exchange(cast_[bucket.index], GradBucket{});
    OAR_TRY(inner_->finish(cast));
    if (!cast.buffer.is_same(bucket.buffer)) bucket.buffer.copy_(cast.buffer);
    return Status::ok();
  }

  NamedTensors state() const override { return inner_->state(); }
  Status load_state(const NamedTensors& tensors) override { return inner_->load_state(tensors); }

 private:
  const at::ScalarType dtype_;
  const std::unique_ptr<CommHook> inner_;
  std::vector<GradBucket> cast_;  // by bucket
};

std::optional<at::ScalarType> half_dtype(std::string_view name) {
  if (name == "fp16") return at::kHalf;
  if (name == "bf16") return at::kBFloat16;
  return std::nullopt;
}

}  // namespace

Status CommHook::load_state(const NamedTensors& tensors) {
  if (tensors.empty()) return Status::ok();
  return corrupt("the checkpoint has the state of a communication hook ({}, ...), and this one keeps none",
                 tensors.front().name);
}

Status wait_for(std::shared_ptr<Work>& work, std::string_view what) {
  return std::exchange(work, nullptr)->wait(Milliseconds(0)).within(std::string(what));
}

Result<std::unique_ptr<CommHook>> make_comm_hook(const Options& options, std::shared_ptr<Group> group) {
  const std::string name = options.text("comm_hook"), wrapper = options.text("comm_wrapper");
  const std::optional<at::ScalarType> dtype = half_dtype(name), wrapper_dtype = half_dtype(wrapper);
  if (!wrapper_dtype && wrapper != "no") {
    return invalid_argument("ddp.comm_wrapper must be no, fp16 or bf16, got {}", wrapper);
  }
  std::unique_ptr<CommHook> hook;
  if (dtype) {
    hook = std::make_unique<CastHook>(*dtype, std::move(group));
  } else if (name == "power_sgd" || name == "batched_power_sgd") {
    OAR_ASSIGN(hook, make_power_sgd_hook(options, /*batches=*/name == "batched_power_sgd", std::move(group)));
  } else if (name != "no") {
    return invalid_argument("ddp.comm_hook must be no, fp16, bf16, power_sgd or batched_power_sgd, got {}", name);
  }
  if (hook == nullptr || !wrapper_dtype) return hook;
  return std::unique_ptr<CommHook>(std::make_unique<CastWrapper>(*wrapper_dtype, std::move(hook)));
}

}  // namespace oarlock
