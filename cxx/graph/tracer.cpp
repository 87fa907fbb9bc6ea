#include "graph/tracer.h"

#include <ATen/core/List.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "graph/call_check.h"

namespace oarlock {
namespace {

bool is_tensor_type(const c10::Type& outer) {
  const c10::Type& type = strip_optional(outer);
  if (type.kind() == c10::TypeKind::TensorType) return true;
  return type.kind() == c10::TypeKind::ListType &&
         strip_optional(*type.containedType(0)).kind() == c10::TypeKind::TensorType;
}

bool is_wrapped_number(const c10::IValue& value) {
  return value.isTensor() && value.toTensor().defined() && value.toTensor().unsafeGetTensorImpl()->is_wrapped_number();
}

bool share_storage(const at::Tensor& a, const at::Tensor& b) {
  return a.has_storage() && b.has_storage() && a.nbytes() > 0 && b.nbytes() > 0 &&
         a.storage().data() == b.storage().data();
}

Status unlike_a_program(const c10::FunctionSchema& schema, const std::string& where, std::string_view why) {
  return unsupported("{} in {}: {}", operator_text(schema), where, why);
}

}  // namespace

Tracer::Tracer(const TraceSubject& subject, std::vector<at::Tensor> inputs, std::span<const Recording> earlier)
    : subject_(subject), earlier_(earlier) {
  for (const Recording& recording : earlier) {
    for (const at::Tensor& tensor : recording.made) of_earlier_runs_.insert(tensor.unsafeGetTensorImpl());
  }
  for (at::Tensor& input : inputs) {
    bind(input);
    recording_.made.push_back(std::move(input));
  }
  for (const ProgramTensor& entry : subject.tensors) {
    bind(entry.tensor);
  }
}

SlotId Tracer::bind(const at::Tensor& tensor) {
  const auto slot = static_cast<SlotId>(recording_.values.size());
  if (tensor.is_nested()) {  // has no sizes
    recording_.values.emplace_back();
  } else {
    recording_.values.push_back({tensor.scalar_type(), tensor.sizes().vec()});
  }
  slots_[tensor.unsafeGetTensorImpl()] = slot;
  return slot;
}

std::string Tracer::place() const {
  return subject_.scopes->empty() ? "the root scope" : "scope " + subject_.scopes->back().path;
}

Result<SlotId> Tracer::constant_of(const at::Tensor& tensor, const c10::Argument& argument) {
  if (of_earlier_runs_.contains(tensor.unsafeGetTensorImpl())) {
    return invalid_argument(
        "argument {} is a tensor of an earlier run of the forward, which runs several times to learn what depends on "
        "sizes; make it anew in each run",
        argument.name());
  }
  for (const ProgramTensor& entry : subject_.tensors) {
    if (!share_storage(tensor, entry.tensor)) continue;
    return invalid_argument("argument {} is memory of '{}', but not the tensor that oar_model_parameter gives for it",
                            argument.name(), entry.name);
  }
  for (std::size_t i = 0; i < subject_.examples.size(); ++i) {
    if (!share_storage(tensor, subject_.examples[i])) continue;
    return invalid_argument("argument {} is the example of input {}; take the input that the forward is given",
                            argument.name(), subject_.input_names[i]);
  }
  if (tensor.requires_grad()) {
    return invalid_argument(
        "argument {} takes part in autograd, but is neither a parameter of the model nor an input nor the result of an "
        "operator that the forward called on this thread",
        argument.name());
  }
  const SlotId slot = bind(tensor);
  recording_.constants.push_back({slot, tensor.detach().clone(), tensor});
  return slot;
}

Result<RecordedItem> Tracer::item_of(const c10::IValue& value, const c10::Argument& argument) {
  if (!value.isTensor()) return RecordedItem{kNoSlot, value};
  if (!value.toTensor().defined()) return RecordedItem{kNoSlot, c10::IValue()};
  const auto known = slots_.find(value.toTensor().unsafeGetTensorImpl());
  RecordedItem item;
  if (known != slots_.end()) {
    item.slot = known->second;
  } else {
    OAR_ASSIGN(item.slot, constant_of(value.toTensor(), argument));
  }
  used_.insert(item.slot);
  return item;
}

// Parameters are changed by optimizers only: a forward that wrote to one would be another model after each run. What is
// written to a constant in one run of the program would be there in the next, where the forward makes it anew.
Status Tracer::check_written(const at::Tensor& tensor, const c10::Argument& argument) const {
  for (const ProgramTensor& entry : subject_.tensors) {
    if (entry.role == TensorRole::kParameter && share_storage(tensor, entry.tensor))
      return invalid_argument("it writes to parameter '{}'; a traced forward may write to buffers only", entry.name);
  }
  for (const RecordedConstant& constant : recording_.constants) {
    if (!share_storage(tensor, constant.original)) continue;
    return invalid_argument(
        "it writes to its argument {}, a tensor that no operator made and that is one constant of the program; write "
        "to a copy (aten::clone), or register it (oar_model_register_buffer) if it is kept from run to run",
        argument.name());
  }
  return Status::ok();
}

Status Tracer::check_written(const c10::FunctionSchema& schema, std::span<const c10::IValue> arguments) const {
  const int flag = statistics_flag(schema);
  const c10::IValue training = flag < 0 ? c10::IValue() : arguments[static_cast<std::size_t>(flag)];
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!writes_argument(schema, i, training)) continue;
    const std::vector<c10::IValue> items =
        arguments[i].isList() ? arguments[i].toList().vec() : std::vector{arguments[i]};
    for (const c10::IValue& item : items) {
      if (!item.isTensor() || !item.toTensor().defined()) continue;
      OAR_TRY(check_written(item.toTensor(), schema.arguments()[i]));
    }
  }
  return Status::ok();
}

Status Tracer::before_call(const c10::FunctionSchema& schema, std::span<const c10::IValue> arguments) {
  for (const c10::Argument& result : schema.returns()) {
    if (is_tensor_type(*result.real_type())) continue;
    return unlike_a_program(schema, place(),
                            "it reads a number out of a tensor, which would be the same in every run of the program; "
                            "compute with the tensor, and take sizes from oar_tensor_shape");
  }
  const auto fail = [&](Status status) {
    return std::move(status).within(fmt::format("{} in {}", operator_text(schema), place()));
  };
  pending_.clear();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const c10::IValue& value = arguments[i];
    RecordedArgument recorded;
    recorded.is_wrapped_number = is_wrapped_number(value);
    recorded.is_list = value.isList();
    if (recorded.is_wrapped_number) {
      recorded.items.push_back({kNoSlot, c10::IValue(value.toTensor().item())});
    } else {
      const std::vector<c10::IValue> items = recorded.is_list ? value.toList().vec() : std::vector{value};
      for (const c10::IValue& element : items) {
        Result<RecordedItem> item = item_of(element, schema.arguments()[i]);
        if (!item.is_ok()) return fail(std::move(item).status());
        recorded.items.push_back(std::move(item).value());
      }
    }
    if (recorded.is_wrapped_number || !is_tensor_type(*schema.arguments()[i].real_type())) recorded.whole = value;
    pending_.push_back(std::move(recorded));
  }
  if (Status written = check_written(schema, arguments); !written.is_ok()) return fail(std::move(written));
  return Status::ok();
}

Status Tracer::after_call(const c10::OperatorHandle& op, std::span<const c10::IValue>,
                          std::span<const c10::IValue> results) {
  RecordedCall call{op, std::move(pending_), {}, *subject_.scopes, CallScope::current_grad()};
  pending_.clear();
  const auto slot_of = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return kNoSlot;
    if (!slots_.contains(tensor.unsafeGetTensorImpl())) recording_.made.push_back(tensor);
    return bind(tensor);
  };
  for (const c10::IValue& result : results) {
    NodeOutput output;
    output.is_list = result.isList();
    if (output.is_list) {
      for (const at::Tensor& tensor : result.toTensorVector()) output.slots.push_back(slot_of(tensor));
    } else {
      output.slots.push_back(result.isTensor() ? slot_of(result.toTensor()) : kNoSlot);
    }
    call.outputs.push_back(std::move(output));
  }
  recording_.calls.push_back(std::move(call));
  return Status::ok();
}

Status Tracer::add_output(const Tree& tree, const std::string& path, OutputTree& shape) {
  const auto child_path = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (const Tree::List* list = tree.list()) {
    shape.kind = OutputTree::Kind::kList;
    for (std::size_t i = 0; i < list->size(); ++i) {
      OAR_TRY(add_output((*list)[i], child_path(std::to_string(i)), shape.children.emplace_back()));
    }
    return Status::ok();
  }
  if (const Tree::Map* map = tree.map()) {
    shape.kind = OutputTree::Kind::kMap;
    for (const auto& [key, child] : *map) {
      shape.keys.push_back(key);
      OAR_TRY(add_output(child, child_path(key), shape.children.emplace_back()));
    }
    return Status::ok();
  }
  RecordedItem item;
  if (const at::Tensor* tensor = tree.tensor()) {
    const auto known = slots_.find(tensor->unsafeGetTensorImpl());
    if (known == slots_.end()) {
      return invalid_argument(
          "output '{}' is neither an input nor the result of an operator that the forward called on this thread", path);
    }
    item.slot = known->second;
    used_.insert(item.slot);
  } else if (const auto* number = std::get_if<std::int64_t>(&tree.value())) {
    item.constant = *number;
  } else if (const auto* real = std::get_if<double>(&tree.value())) {
    item.constant = *real;
  } else if (const auto* flag = std::get_if<bool>(&tree.value())) {
    item.constant = *flag;
  } else if (tree.value().index() != 0) {
    return invalid_argument("output '{}' is a {}; a program gives tensors and numbers", path, tree.kind_name());
  }
  recording_.outputs.push_back(std::move(item));
  return Status::ok();
}

Status Tracer::check_inputs_used() const {
  for (std::size_t i = 0; i < subject_.input_names.size(); ++i) {
    if (used_.contains(static_cast<SlotId>(i))) continue;
    return invalid_argument(
        "input '{}' is used by no operator of the forward; leave it out of the example, or take its tensor by "
        "oar_tree_get_tensor instead of copying its values",
        subject_.input_names[i]);
  }
  return Status::ok();
}

Result<Recording> Tracer::finish(const Tree& outputs) {
  if (outputs.list() == nullptr && outputs.map() == nullptr) {
    return invalid_argument("the forward gives a {}; a program gives a list or a map", outputs.kind_name());
  }
  OAR_TRY(add_output(outputs, "", recording_.output_tree));
  OAR_TRY(check_inputs_used());
  return std::move(recording_);
}

}  // namespace oarlock
