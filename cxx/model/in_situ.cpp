#include "model/in_situ.h"

#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <utility>

#include "graph/passes/mode.h"
#include "graph/passes/prune.h"
#include "graph/passes/weight_views.h"
#include "graph/passes/write_outputs.h"
#include "model/array.h"
#include "tensor/describe.h"

namespace oarlock {
namespace {

constexpr std::size_t kNumPlansMax = 8;  // choices of outputs that are kept compiled

bool contains(const std::vector<SlotId>& slots, SlotId slot) { return std::ranges::find(slots, slot) != slots.end(); }

// `room` holds what `tensor` holds; its memory is used again when it can be.
void copy_into(const at::Tensor& tensor, at::Tensor& room) {
  const bool fits = room.defined() && room.use_count() == 1 && room.scalar_type() == tensor.scalar_type() &&
                    room.sizes() == tensor.sizes() && room.strides() == tensor.strides();
  if (fits) {
    room.copy_(tensor);
  } else {
    room = tensor.clone();
  }
}

// The same memory under a handle of inference mode: views of it (a weight's transpose) need no bookkeeping of autograd.
at::Tensor alias_of(const at::Tensor& tensor) {
  const c10::InferenceMode inference;
  if (tensor.layout() != at::kStrided || tensor.is_conj() || tensor.is_neg()) return tensor.detach();
  return at::empty({0}, tensor.options())
      .set_(tensor.storage(), tensor.storage_offset(), tensor.sizes(), tensor.strides());
}

}  // namespace

// What operators write to, for the length of one run: other names of the caller's memory, with storages of their own
// that cannot be resized. So the caller's tensors keep size and memory whatever a program says about its shapes, and
// runs of other threads that write to views of one storage have nothing in common.
class InSituRun::Destinations {
 public:
  Destinations(InSituRun& run, const Plan& plan) : run_(run), plan_(plan) {
    each([](const at::Tensor& tensor, at::Tensor& name) {
      if (!name.defined() || name.scalar_type() != tensor.scalar_type()) name = nameless(tensor);
      const Span span = span_of(tensor);
      c10::StorageImpl* storage = name.storage().unsafeGetStorageImpl();
      storage->set_data_ptr_noswap(at::DataPtr(tensor.mutable_data_ptr(), tensor.device()));
      storage->set_nbytes(span.end - span.begin);
      if (name.sizes() != tensor.sizes() || name.strides() != tensor.strides()) {
        name.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides());
      }
      if (!tensor.is_inference()) tensor.unsafeGetTensorImpl()->bump_version();  // as an operator on it would
    });
  }
  ~Destinations() {
    each([](const at::Tensor& tensor, at::Tensor& name) {
      name.storage().unsafeGetStorageImpl()->set_data_ptr_noswap(at::DataPtr(nullptr, tensor.device()));
    });
  }
  Destinations(const Destinations&) = delete;
  Destinations& operator=(const Destinations&) = delete;

  Status require_unchanged() const {
    for (std::size_t i = 0; i < run_.outputs_.size(); ++i) {
      if (run_.outputs_[i] == nullptr || plan_.destinations[i] == kNoSlot) continue;
      if (run_.destinations_[i].sizes() == run_.outputs_[i]->sizes()) continue;
      return invalid_argument("output {}: the program computes another shape than it was exported with: {}, not {}",
                              run_.output_names_[i], shape_text(run_.destinations_[i].sizes()),
                              shape_text(run_.outputs_[i]->sizes()));
    }
    return Status::ok();
  }

 private:
  static at::Tensor nameless(const at::Tensor& like) {
    const c10::Storage storage(c10::Storage::use_byte_size_t(), 0, at::DataPtr(nullptr, like.device()), nullptr, false);
    return at::empty({0}, like.options()).set_(storage, 0, {0}, {1});
  }
  template <class Visit>
  void each(const Visit& visit) {
    for (std::size_t i = 0; i < run_.outputs_.size(); ++i) {
      if (run_.outputs_[i] != nullptr && plan_.destinations[i] != kNoSlot) {
        visit(*run_.outputs_[i], run_.destinations_[i]);
      }
    }
  }

  InSituRun& run_;
  const Plan& plan_;
};

InSituRun::InSituRun(const Program& program, at::Device device) : program_(program), device_(device) { set_up(); }

void InSituRun::set_up() {
  const std::size_t num_inputs = program_.inputs.size(), num_outputs = program_.outputs.size();
  revision_ = program_.revision;
  output_names_ = output_names(program_.output_tree);
  check_.emplace(program_.graph, device_);
  inputs_.assign(num_inputs, nullptr);
  outputs_.assign(num_outputs, nullptr);
  wanted_.assign(num_outputs, 0);
  weights_.assign(program_.tensors.size(), at::Tensor());
  aliases_ = weight_room_ = weights_;
  input_room_.assign(num_inputs, at::Tensor());
  output_room_.assign(num_outputs, at::Tensor());
  destinations_.assign(num_outputs, at::Tensor());
  spans_.assign(num_inputs + num_outputs, Span());
  last_spans_ = spans_;
  last_revision_ = -1;
  plans_.clear();
  plan_ = nullptr;
  writes_in_place_.clear();
  const Plan& whole = plan_for(std::vector<char>(num_outputs, 1));
  for (const SlotId slot : whole.destinations) writes_in_place_.push_back(slot != kNoSlot);
}

void InSituRun::refresh() {
  if (program_.revision != revision_) set_up();
}

// Of inputs, which are checked, and of tensors that no run replaces by others.
std::vector<std::pair<SlotId, int>> InSituRun::known_ranks() const {
  std::vector<std::pair<SlotId, int>> ranks;
  for (const ProgramInput& input : program_.inputs) {
    const Slot& slot = program_.graph.slots[input.slot];
    if (slot.kind == SlotKind::kTensor && slot.exported) {
      ranks.emplace_back(input.slot, static_cast<int>(slot.exported->shape.size()));
    }
  }
  for (std::size_t i = 0; i < program_.tensors.size(); ++i) {
    const ProgramTensor& entry = program_.tensors[i];
    if (std::ranges::find(program_.buffer_updates, i, &BufferUpdate::tensor) == program_.buffer_updates.end()) {
      ranks.emplace_back(entry.slot, static_cast<int>(entry.tensor.dim()));
    }
  }
  return ranks;
}

InSituRun::Plan InSituRun::make_plan(std::vector<char> is_wanted) const {
  Plan plan;
  Graph graph = evaluation_graph(program_).graph;
  std::vector<SlotId> slots;
  for (std::size_t i = 0; i < is_wanted.size(); ++i) {
    if (is_wanted[i] && program_.outputs[i].slot != kNoSlot) slots.push_back(program_.outputs[i].slot);
  }
  prune(graph, slots);
  const std::vector<SlotId> written = written_inputs(graph);
  std::vector<bool> is_read(graph.slots.size(), false);
  for (const Node& node : graph.nodes) for_each_use(node, [&](SlotId slot) { is_read[slot] = true; });
  for (const SlotId slot : slots) is_read[slot] = true;
  for (std::size_t i = 0; i < program_.inputs.size(); ++i) {
    plan.is_read.push_back(is_read[program_.inputs[i].slot]);
    if (contains(written, program_.inputs[i].slot)) plan.written_inputs.push_back(i);
  }
  std::vector<SlotId> kept;
  for (std::size_t i = 0; i < program_.tensors.size(); ++i) {
    const SlotId slot = program_.tensors[i].slot;
    if (contains(written, slot)) {
      plan.written_tensors.push_back(i);
    } else {
      kept.push_back(slot);
    }
  }
  const std::vector<std::pair<SlotId, int>> ranks = known_ranks();
  WeightViews views = take_weight_views(graph, kept, ranks);
  plan.weight_views = Executor::compile(views.graph);
  plan.views_frame = plan.weight_views.make_frame();
  plan.view_slots = std::move(views.slots);
  kept.insert(kept.end(), plan.view_slots.begin(), plan.view_slots.end());
  plan.destinations.assign(is_wanted.size(), kNoSlot);
  if (device_.is_cpu()) {
    const std::vector<SlotId> destinations = write_outputs(graph, slots, ranks);
    auto next = destinations.begin();
    for (std::size_t i = 0; i < is_wanted.size(); ++i) {
      if (is_wanted[i] && program_.outputs[i].slot != kNoSlot) plan.destinations[i] = *next++;
    }
  }
  plan.transient = graph.inputs;
  for (const SlotId slot : slots) plan.transient.push_back(slot);
  std::erase_if(plan.transient, [&](SlotId slot) { return contains(kept, slot); });
  plan.executor = Executor::compile(graph, kept);
  plan.frame = plan.executor.make_frame();
  plan.is_wanted = std::move(is_wanted);
  return plan;
}

InSituRun::Plan& InSituRun::plan_for(const std::vector<char>& is_wanted) {
  const auto known = std::ranges::find_if(plans_, [&](const auto& plan) { return plan->is_wanted == is_wanted; });
  if (known != plans_.end()) return **known;
  auto plan = std::make_unique<Plan>(make_plan(is_wanted));
  if (plans_.size() == kNumPlansMax) {
    if (plan_ == plans_.front().get()) plan_ = nullptr;
    plans_.erase(plans_.begin());
  }
  plans_.push_back(std::move(plan));
  return *plans_.back();
}

InSituRun::Plan& InSituRun::current_plan() {
  for (std::size_t i = 0; i < outputs_.size(); ++i) wanted_[i] = outputs_[i] != nullptr;
  if (plan_ == nullptr || plan_->is_wanted != wanted_) plan_ = &plan_for(wanted_);
  return *plan_;
}

Result<bool> InSituRun::writes_in_place(std::int64_t output) {
  refresh();
  const auto count = static_cast<std::int64_t>(outputs_.size());
  if (output < 0 || output >= count) return invalid_argument("output must lie in [0, {}), got {}", count, output);
  return bool{writes_in_place_[static_cast<std::size_t>(output)]};
}

// Training a program that was made functional gives it other tensors; loading weights writes into those that it has.
void InSituRun::find_weights() {
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const at::Tensor& tensor = program_.tensors[i].tensor;
    if (weights_[i].is_same(tensor)) continue;
    weights_[i] = tensor;
    aliases_[i] = alias_of(tensor);
    ++weights_revision_;
  }
}

Status InSituRun::bind_weights(Plan& plan) {
  if (plan.weights_revision != weights_revision_) {
    for (std::size_t i = 0; i < aliases_.size(); ++i) {
      plan.frame.set(program_.tensors[i].slot, aliases_[i]);
      plan.views_frame.set(program_.tensors[i].slot, aliases_[i]);
    }
    OAR_TRY(plan.weight_views.run(plan.views_frame));
    for (const SlotId slot : plan.view_slots) plan.frame.set(slot, plan.views_frame.get(slot));
    plan.views_frame.clear();
    plan.weights_revision = weights_revision_;
  }
  for (const std::size_t i : plan.written_tensors) {
    copy_into(aliases_[i], weight_room_[i]);
    plan.frame.set(program_.tensors[i].slot, weight_room_[i]);
  }
  return Status::ok();
}

Status InSituRun::bind_inputs(Plan& plan) {
  check_->restart();
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const ProgramInput& input = program_.inputs[i];
    if (inputs_[i] == nullptr) {
      if (plan.is_read[i]) return invalid_argument("input {} is NULL; the outputs that are wanted need it", input.name);
      OAR_TRY(check_->pass_over());
      continue;
    }
    const SlotKind kind = program_.graph.slots[input.slot].kind;
    c10::IValue value;
    if (kind == SlotKind::kTensor) {
      value = *inputs_[i];
    } else {
      OAR_ASSIGN(value, number_in_array({input.name, *inputs_[i]}, kind));
    }
    OAR_TRY(check_->check(input, value));
    plan.frame.set(input.slot, std::move(value));
  }
  for (const std::size_t i : plan.written_inputs) {
    copy_into(*inputs_[i], input_room_[i]);
    plan.frame.set(program_.inputs[i].slot, input_room_[i]);
  }
  return Status::ok();
}

Status InSituRun::check_outputs(const Plan& plan) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!plan.is_wanted[i]) continue;
    const SlotId slot = program_.outputs[i].slot;
    OAR_TRY(check_output_array({output_names_[i], *outputs_[i]},
                               slot == kNoSlot ? nullptr : &program_.graph.slots[slot], *check_, device_));
  }
  return Status::ok();
}

InSituRun::Span InSituRun::span_of(const at::Tensor& tensor) {
  if (!tensor.defined() || tensor.numel() == 0 || !tensor.has_storage()) return {};
  std::int64_t reach = 1;
  for (std::int64_t dim = 0; dim < tensor.dim(); ++dim) reach += (tensor.size(dim) - 1) * tensor.stride(dim);
  const auto begin = reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr());
  return {begin, begin + static_cast<std::uintptr_t>(reach) * tensor.itemsize()};
}

bool InSituRun::some_output_meets(std::size_t output) const {
  const std::size_t self = inputs_.size() + output;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (i != self && spans_[i].meets(spans_[self])) return true;
  }
  return std::ranges::any_of(aliases_, [&](const at::Tensor& weight) { return span_of(weight).meets(spans_[self]); });
}

// Whether an output lies where something else that this run uses lies. Rarely asked anew: hosts use the same arrays
// again.
bool InSituRun::shares_memory() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) spans_[i] = inputs_[i] != nullptr ? span_of(*inputs_[i]) : Span{};
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    spans_[inputs_.size() + i] = outputs_[i] != nullptr ? span_of(*outputs_[i]) : Span{};
  }
  if (spans_ == last_spans_ && last_revision_ == weights_revision_) return last_shares_;
  last_shares_ = false;
  for (std::size_t i = 0; i < outputs_.size(); ++i) last_shares_ = last_shares_ || some_output_meets(i);
  last_spans_ = spans_;
  last_revision_ = weights_revision_;
  return last_shares_;
}

// Its memory does not hold its values as they are: operators do not write them there themselves.
bool InSituRun::some_output_is_lazy() const {
  return std::ranges::any_of(
      outputs_, [](const at::Tensor* output) { return output != nullptr && (output->is_conj() || output->is_neg()); });
}

// What no operator has written yet. With shared memory every value is put aside before the first is written.
Status InSituRun::write_rest(Plan& plan, bool shared) {
  const auto value_of = [&](std::size_t i) -> const c10::IValue& {
    const ArgumentItem& item = program_.outputs[i];
    return item.slot == kNoSlot ? item.constant : plan.frame.get(item.slot);
  };
  for (std::size_t i = 0; shared && i < outputs_.size(); ++i) {
    if (outputs_[i] == nullptr || plan.destinations[i] != kNoSlot) continue;
    if (value_of(i).isTensor() && value_of(i).toTensor().defined()) copy_into(value_of(i).toTensor(), output_room_[i]);
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i] == nullptr || (plan.destinations[i] != kNoSlot && !shared)) continue;
    const bool is_aside = shared && value_of(i).isTensor() && value_of(i).toTensor().defined();
    const c10::IValue value = is_aside ? c10::IValue(output_room_[i]) : value_of(i);
    OAR_TRY(write_output_array({output_names_[i], *outputs_[i]}, value));
  }
  return Status::ok();
}

Status InSituRun::compute(Plan& plan) {
  OAR_TRY(bind_inputs(plan));
  OAR_TRY(check_outputs(plan));
  OAR_TRY(bind_weights(plan));
  const bool shared = shares_memory() || some_output_is_lazy();
  std::optional<Destinations> destinations;
  if (!shared) destinations.emplace(*this, plan);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (plan.destinations[i] == kNoSlot) continue;
    if (shared) {
      at::Tensor& room = output_room_[i];
      if (!room.defined() || room.sizes() != outputs_[i]->sizes()) {
        room = at::empty(outputs_[i]->sizes(), outputs_[i]->options());
      }
    }
    plan.frame.set(plan.destinations[i], shared ? output_room_[i] : destinations_[i]);
  }
  OAR_TRY(plan.executor.run(plan.frame));
  if (destinations) OAR_TRY(destinations->require_unchanged());
  return write_rest(plan, shared);
}

Status InSituRun::run() {
  Plan& plan = current_plan();
  find_weights();
  const c10::InferenceMode inference;
  // Also when an operator throws: the frame holds tensors of the caller.
  struct Ending {
    Plan& plan;
    bool is_good = false;
    ~Ending() {
      if (is_good) {
        for (const SlotId slot : plan.transient) plan.frame.set(slot, c10::IValue());
      } else {
        plan.frame.clear();
        plan.views_frame.clear();
        plan.weights_revision = -1;
      }
    }
  } ending{plan};
  OAR_TRY(compute(plan));
  ending.is_good = true;
  return Status::ok();
}

}  // namespace oarlock
