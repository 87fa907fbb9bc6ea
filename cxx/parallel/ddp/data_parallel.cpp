#include "parallel/ddp/data_parallel.h"

#include <fmt/ranges.h>

#include <set>
#include <utility>

#include "parallel/ddp/agreement.h"
#include "parallel/ddp/coalesce.h"
#include "tensor/dtype.h"
#include "tensor/exceptions.h"

namespace oarlock {
namespace {

constexpr int kRoot = 0;

std::vector<at::Tensor> tensors_of(const NamedTensors& named) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(named.size());
  for (const NamedTensor& item : named) tensors.push_back(item.tensor);
  return tensors;
}

void describe(std::string_view what, const NamedTensors& named, std::vector<std::string>& lines) {
  for (const NamedTensor& item : named) {
    lines.push_back(fmt::format("{} {} {} [{}]", what, item.name, dtype_name(item.tensor.scalar_type()),
                                fmt::join(item.tensor.sizes(), ", ")));
  }
}

// What a run begins from: all that is saved, and buffers that are not. Tied names once; the ranks have the same list,
// since they have the same program.
std::vector<at::Tensor> all_tensors(const Model& model) {
  std::vector<at::Tensor> tensors;
  std::set<std::pair<const void*, std::size_t>> seen;
  for (const NamedTensors& list : {model.state_dict(), model.buffers()}) {
    for (const NamedTensor& item : list) {
      if (seen.emplace(item.tensor.const_data_ptr(), item.tensor.nbytes()).second) tensors.push_back(item.tensor);
    }
  }
  return tensors;
}

std::vector<std::string> describe(const Model& model, const Options& options) {
  std::vector<std::string> lines;
  describe("parameter", model.parameters(), lines);
  describe("buffer", model.buffers(), lines);
  describe("tensor", model.state_dict(), lines);  // among them frozen parameters, and all names of tied ones
  const JsonValue values = options.to_json();
  for (const auto& [key, value] : values.members()) lines.push_back(fmt::format("{} = {}", key, value.dump()));
  return lines;
}

std::int64_t mebibytes(double value) { return static_cast<std::int64_t>(value * (1 << 20)); }

}  // namespace

DataParallel::DataParallel(std::shared_ptr<Model> model, std::shared_ptr<Group> group, bool broadcasts_buffers)
    : model_(std::move(model)), group_(std::move(group)), broadcasts_buffers_(broadcasts_buffers) {}

Result<std::shared_ptr<DataParallel>> DataParallel::create(std::shared_ptr<Model> model, std::shared_ptr<Group> group,
                                                           const Options& options, Milliseconds timeout) {
  OAR_TRY(check_agreement(*group, "models", describe(*model, options), timeout));
  OAR_TRY(broadcast_coalesced(*group, all_tensors(*model), kRoot, timeout));
  const bool broadcasts_buffers = options.flag("broadcast_buffers") && !model->buffers().empty();
  std::shared_ptr<DataParallel> self(new DataParallel(model, group, broadcasts_buffers));
  const ReducerOptions reducer_options{
      mebibytes(options.number("first_bucket_cap_mb")), mebibytes(options.number("bucket_cap_mb")),
      options.flag("find_unused_parameters"), options.flag("static_graph"), options.flag("gradient_as_bucket_view")};
  const auto make_reducer = [&]() -> Status {
    OAR_ASSIGN(std::unique_ptr<CommHook> hook, make_comm_hook(options, group));
    OAR_ASSIGN(self->reducer_, Reducer::create(model->parameters(), group, reducer_options, std::move(hook)));
    return Status::ok();
  };
  OAR_TRY(agree(*group, caught(make_reducer), timeout));
  model->add_observer(self);
  return self;
}

Status DataParallel::after_forward(const UnitRun& run) {
  if (run.training) note_forward();
  return Status::ok();
}

Status DataParallel::before_backward(Milliseconds timeout) {
  if (!requires_sync_) return Status::ok();
  OAR_TRY(reducer_->prepare(timeout));
  is_reducing_ = true;
  if (broadcasts_buffers_ && buffers_changed_) OAR_TRY(send_buffers(timeout));
  return Status::ok();
}

Status DataParallel::after_backward(Milliseconds timeout, bool takes_part, WindowWeight* weight) {
  const bool forward_ran = std::exchange(forward_ran_, false);
  if (!is_reducing_) return Status::ok();
  is_reducing_ = false;
  const Status reduced = reducer_->finish(timeout, takes_part || (reducer_->finds_unused() && forward_ran), weight);
  const Status received = receive_buffers();
  return reduced.is_ok() ? received : reduced;
}

Status DataParallel::begin_host_backward(Milliseconds timeout) {
  if (is_reducing_) return Status::ok();
  note_forward();
  return before_backward(timeout);
}

void DataParallel::give_up() {
  reducer_->give_up();
  is_reducing_ = false;
  buffers_work_.reset();
}

Status DataParallel::send_buffers(Milliseconds timeout) {
  sent_buffers_ = pack_bytes(tensors_of(model_->buffers()));
  OAR_ASSIGN(buffers_work_, group_->broadcast(sent_buffers_, kRoot, timeout));
  return Status::ok();
}

Status DataParallel::receive_buffers() {
  if (buffers_work_ == nullptr) return Status::ok();
  const std::shared_ptr<Work> work = std::move(buffers_work_);
  OAR_TRY(work->wait(Milliseconds(0)).within("broadcast of buffers"));
  if (group_->rank() != kRoot) unpack_bytes(sent_buffers_, tensors_of(model_->buffers()));
  sent_buffers_ = at::Tensor();
  buffers_changed_ = false;
  return Status::ok();
}

}  // namespace oarlock
