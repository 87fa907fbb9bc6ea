#include "data/samplers/host.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>

#include <utility>

#include "tensor/describe.h"

namespace oarlock {
namespace {

class HostSampler : public Sampler {
 public:
  HostSampler(HostOrder give, bool gives_batches, std::int64_t num_choices)
      : give_(std::move(give)), gives_batches_(gives_batches), num_choices_(num_choices) {}
  std::optional<std::int64_t> num_samples() const override { return std::nullopt; }
  bool depends_on_seed() const override { return false; }
  bool gives_batches() const override { return gives_batches_; }
  std::string description() const override { return gives_batches_ ? "the host's batches" : "the host's order"; }

  Result<EpochOrder> order(std::int64_t epoch, std::uint64_t) const override {
    Result<EpochOrder> order = checked(epoch);
    if (order.is_ok()) return order;
    return std::move(order).status().within(fmt::format("the host's sampler, epoch {}", epoch));
  }

 private:
  Result<EpochOrder> checked(std::int64_t epoch) const {
    OAR_ASSIGN(const Tree given, give_(epoch));
    if (!gives_batches_) {
      OAR_ASSIGN(at::Tensor row, checked_row(given, "the order"));
      return EpochOrder::of(std::move(row));
    }
    if (given.list() == nullptr)
      return callback_failed("a list of batches is needed, each an int64 tensor [n]; it gave {}", given.kind_name());
    std::vector<at::Tensor> rows;
    std::vector<std::int64_t> sizes;
    for (const Tree& batch : *given.list()) {
      const std::string name = fmt::format("batch {}", rows.size());
      OAR_ASSIGN(at::Tensor row, checked_row(batch, name));
      if (row.numel() == 0) return callback_failed("{} is empty; a batch has at least one sample", name);
      sizes.push_back(row.numel());
      rows.push_back(std::move(row));
    }
    const at::Tensor all = rows.empty() ? at::empty({0}, at::TensorOptions(at::kLong)) : at::cat(rows);
    return EpochOrder::of_batches(all, sizes);
  }

  // A copy, which the host cannot change afterwards.
  Result<at::Tensor> checked_row(const Tree& tree, std::string_view name) const {
    const at::Tensor* given = tree.tensor();
    if (given == nullptr) return callback_failed("{} is no tensor of int64 [n], but {}", name, tree.kind_name());
    if (given->dim() != 1 || given->scalar_type() != at::kLong || given->layout() != at::kStrided)
      return callback_failed("{} is no tensor of int64 [n], but {}", name, describe_tensor(*given));
    at::Tensor row =
        given->detach().to(at::TensorOptions(at::kLong).device(at::kCPU), false, /*copy=*/true).contiguous();
    const auto* index = row.const_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < row.numel(); ++i) {
      if (index[i] >= 0 && index[i] < num_choices_) continue;
      return callback_failed("{} has {} at place {}; the data set has {} samples, numbered from 0", name, index[i], i,
                             num_choices_);
    }
    return row;
  }

  const HostOrder give_;
  const bool gives_batches_;
  const std::int64_t num_choices_;
};

}  // namespace

std::shared_ptr<const Sampler> make_host_sampler(HostOrder give, bool gives_batches, std::int64_t num_choices) {
  return std::make_shared<HostSampler>(std::move(give), gives_batches, num_choices);
}

}  // namespace oarlock
