#include "graph/eager_call.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/stack.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "graph/call_check.h"
#include "graph/operator_index.h"
#include "tensor/exceptions.h"
#include "tensor/memory.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

thread_local CallScope* innermost_scope = nullptr;

constexpr std::size_t kOverloadsListedMax = 12;

// Python takes a number for a tensor with these, and looks for another overload with all others
// (torch/csrc/utils/python_arg_parser.cpp, should_allow_numbers_as_tensors).
constexpr std::string_view kNumbersAreTensors[] = {
    "add", "div", "divide", "mul", "multiply", "sub", "subtract", "true_divide", "floor_divide", "copy_", "to"};

bool takes_numbers_as_tensors(std::string_view name) {
  name.remove_prefix(std::min(name.size(), name.find("::") == name.npos ? 0 : name.find("::") + 2));
  if (std::ranges::find(kNumbersAreTensors, name) != std::end(kNumbersAreTensors)) return true;
  if (!name.empty() && name.back() == '_') name.remove_suffix(1);
  return std::ranges::find(kNumbersAreTensors, name) != std::end(kNumbersAreTensors);
}

bool is_number(const c10::IValue& value) { return value.isInt() || value.isDouble() || value.isBool(); }

// What bind_argument would take and an eager call must not: numbers of libtorch's own enumerations, which are not those
// of types.h, and on the first try numbers for tensors.
Status check_kind(const ArgumentValue& value, const c10::Argument& schema, bool numbers_are_tensors) {
  const c10::TypePtr type = schema.real_type();
  const c10::TypeKind kind = strip_optional(*type).kind();
  if (value.is_list) return Status::ok();
  const c10::IValue& given = value.items[0].constant;
  const bool is_enumeration = kind == c10::TypeKind::ScalarTypeType || kind == c10::TypeKind::LayoutType ||
                              kind == c10::TypeKind::MemoryFormatType;
  if ((is_enumeration && given.isInt()) ||
      (kind == c10::TypeKind::TensorType && !numbers_are_tensors && is_number(given))) {
    return invalid_argument("argument {} takes {}, a number given", schema.name(), expected_text(schema));
  }
  return Status::ok();
}

Status unknown_keyword(const std::string& name, const c10::FunctionSchema& schema) {
  std::vector<std::string_view> names;
  for (const c10::Argument& argument : schema.arguments()) names.emplace_back(argument.name());
  const std::optional<std::string_view> nearest = nearest_text(name, names);
  return invalid_argument("it has no argument '{}'{}", name,
                          nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

// For each argument of the schema the index of what was given; -1: nothing.
Result<std::vector<int>> match_arguments(const c10::FunctionSchema& schema, std::span<const EagerArgument> given) {
  const std::vector<c10::Argument>& wanted = schema.arguments();
  std::vector<int> sources(wanted.size(), -1);
  const auto num_positional = static_cast<std::size_t>(
      std::ranges::count_if(wanted, [](const c10::Argument& argument) { return !argument.kwarg_only(); }));
  bool by_keyword = false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    std::size_t position = i;
    if (!given[i].name.empty()) {
      by_keyword = true;
      const auto found = schema.argumentIndexWithName(given[i].name);
      if (!found) return unknown_keyword(given[i].name, schema);
      position = static_cast<std::size_t>(*found);
    } else if (by_keyword) {
      return invalid_argument("argument number {} is given by position after one by keyword", i + 1);
    } else if (i >= num_positional) {
      return invalid_argument("it takes {} arguments by position, {} given{}", num_positional, given.size(),
                              i < wanted.size() ? fmt::format("; '{}' is given by keyword", wanted[i].name()) : "");
    }
    if (sources[position] >= 0) return invalid_argument("argument '{}' is given twice", wanted[position].name());
    sources[position] = static_cast<int>(i);
  }
  return sources;
}

bool has_tensors(const c10::FunctionSchema& schema) {
  return std::ranges::any_of(schema.arguments(), [](const c10::Argument& argument) {
    const c10::TypePtr type = argument.real_type();
    const c10::Type* inner = &strip_optional(*type);
    if (inner->kind() == c10::TypeKind::ListType) inner = &strip_optional(*inner->containedType(0));
    return inner->kind() == c10::TypeKind::TensorType;
  });
}

Result<torch::jit::Stack> bind_call(const c10::FunctionSchema& schema, std::span<const EagerArgument> given,
                                    at::Device device, bool numbers_are_tensors) {
  static const std::vector<Slot> kNoSlots;
  OAR_ASSIGN(const std::vector<int> sources, match_arguments(schema, given));
  torch::jit::Stack stack;
  stack.reserve(sources.size() + 4);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const c10::Argument& wanted = schema.arguments()[i];
    if (sources[i] < 0) {
      if (!wanted.default_value()) {  // None too must be given: it tells overloads apart
        return invalid_argument("argument {}, {}, is missing and has no default", wanted.name(), expected_text(wanted));
      }
      stack.push_back(*wanted.default_value());
    } else {
      const ArgumentValue& value = given[static_cast<std::size_t>(sources[i])].value;
      OAR_TRY(check_kind(value, wanted, numbers_are_tensors));
      OAR_ASSIGN(Argument bound, bind_argument(value, wanted, kNoSlots));
      stack.push_back(std::move(bound.constant));
    }
    const c10::TypePtr type = wanted.real_type();
    const bool is_device = strip_optional(*type).kind() == c10::TypeKind::DeviceObjType;
    if (is_device && stack.back().isNone() && !has_tensors(schema)) stack.back() = c10::IValue(device);
  }
  return stack;
}

struct BoundCall {
  c10::OperatorHandle op;
  torch::jit::Stack stack;
};

Status no_overload(std::string_view name, const std::vector<std::string>& reasons) {
  const std::size_t listed = std::min(reasons.size(), kOverloadsListedMax);
  return invalid_argument("no overload of {} takes these arguments:\n  {}{}", name,
                          fmt::join(std::span(reasons).first(listed), "\n  "),
                          listed < reasons.size() ? fmt::format("\n  and {} more", reasons.size() - listed) : "");
}

Result<BoundCall> choose(std::string_view name, std::span<const EagerArgument> given, at::Device device) {
  OAR_ASSIGN(const std::vector<c10::OperatorHandle> overloads, find_overloads(name));
  const bool loosely = takes_numbers_as_tensors(name) || overloads.size() == 1;
  for (const bool numbers_are_tensors : {loosely, true}) {
    std::vector<std::string> reasons;
    for (const c10::OperatorHandle& op : overloads) {
      Result<torch::jit::Stack> stack = bind_call(op.schema(), given, device, numbers_are_tensors);
      if (stack.is_ok()) return BoundCall{op, std::move(stack).value()};
      if (overloads.size() == 1) {
        return invalid_argument("{}: {}; its signature is {}", operator_text(op.schema()), stack.status().message(),
                                c10::str(op.schema()));
      }
      reasons.push_back(fmt::format("{}: {}", c10::str(op.schema()), stack.status().message()));
    }
    if (numbers_are_tensors) return no_overload(name, reasons);
  }
  return internal_error("{}: no overload was tried", name);
}

enum class ResultKind { kTensor, kTensors, kNumber, kNumbers, kOther };

ResultKind result_kind(const c10::Argument& result) {
  const c10::TypePtr type = result.real_type();
  const c10::Type& inner = strip_optional(*type);
  const bool is_list = inner.kind() == c10::TypeKind::ListType;
  const c10::Type& item = is_list ? strip_optional(*inner.containedType(0)) : inner;
  if (item.kind() == c10::TypeKind::TensorType) return is_list ? ResultKind::kTensors : ResultKind::kTensor;
  if (is_number_type(item)) return is_list ? ResultKind::kNumbers : ResultKind::kNumber;
  return ResultKind::kOther;
}

Status require_room(const c10::FunctionSchema& schema, std::size_t* room, std::size_t need) {
  if (room == nullptr || *room >= need) return Status::ok();
  return invalid_argument("there is room for {} results of {}, {} are needed", std::exchange(*room, need),
                          operator_text(schema), need);
}

Status check_results(const c10::FunctionSchema& schema, std::size_t* room) {
  std::size_t at_least = 0;
  for (const c10::Argument& result : schema.returns()) {
    const ResultKind kind = result_kind(result);
    if (kind == ResultKind::kOther) {
      return unsupported("{} gives {}, which is neither tensor nor number", operator_text(schema),
                         result.real_type()->str());
    }
    if (kind == ResultKind::kTensor || kind == ResultKind::kNumber) ++at_least;
  }
  return require_room(schema, room, at_least);
}

// Memory of a mapped file, say: writing there would end the process.
Status check_writable(const c10::FunctionSchema& schema, const torch::jit::Stack& arguments) {
  const int flag = statistics_flag(schema);
  const c10::IValue training = flag < 0 ? c10::IValue() : arguments[static_cast<std::size_t>(flag)];
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!writes_argument(schema, i, training)) continue;
    const auto is_refused = [](const c10::IValue& value) { return value.isTensor() && is_read_only(value.toTensor()); };
    const bool refused =
        arguments[i].isList() ? std::ranges::any_of(arguments[i].toListRef(), is_refused) : is_refused(arguments[i]);
    if (refused) {
      return invalid_argument("{} writes to its argument '{}', which is read-only memory; give a copy",
                              operator_text(schema), schema.arguments()[i].name());
    }
  }
  return Status::ok();
}

void append_result(const c10::IValue& value, std::vector<at::Tensor>& results) {
  if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) results.push_back(tensor);
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) append_result(item, results);
  } else if (value.isTensor()) {
    results.push_back(value.toTensor());
  } else if (value.isNone()) {
    results.emplace_back();
  } else {
    results.push_back(c10::scalar_to_tensor(value.toScalar()));
  }
}

// What operators complain about is what they were given.
Status operator_failure(const c10::FunctionSchema& schema) {
  Status status = status_of_current_exception();
  if (status.code() == OAR_E_INTERNAL) status = invalid_argument("{}", status.message());
  return std::move(status).within(operator_text(schema));
}

Status run(BoundCall& call, CallRecorder* recorder) {
  std::vector<c10::IValue> arguments;
  if (recorder != nullptr) {
    arguments = call.stack;
    OAR_TRY(recorder->before_call(call.op.schema(), arguments));
  }
  // The only place that knows which operator it was.
  try {
    call.op.callBoxed(call.stack);
  } catch (const InvariantError&) {
    throw;  // our own mistake, for the guard
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception&) {
    return operator_failure(call.op.schema());
  }
  return recorder != nullptr ? recorder->after_call(call.op, arguments, call.stack) : Status::ok();
}

}  // namespace

CallScope::CallScope(bool grad, CallRecorder* recorder) : outer_(innermost_scope), grad_(grad), recorder_(recorder) {
  innermost_scope = this;
}

CallScope::~CallScope() { innermost_scope = outer_; }

bool CallScope::current_grad() { return innermost_scope == nullptr || innermost_scope->grad_; }

CallRecorder* CallScope::current_recorder() {
  return innermost_scope != nullptr ? innermost_scope->recorder_ : nullptr;
}

Result<std::vector<at::Tensor>> call_operator(std::string_view name, std::span<const EagerArgument> arguments,
                                              at::Device device, std::size_t* room, const Autocast* autocast) {
  OAR_ASSIGN(BoundCall call, choose(name, arguments, device));
  const c10::FunctionSchema& schema = call.op.schema();
  OAR_TRY(check_results(schema, room));
  OAR_TRY(check_writable(schema, call.stack));
  if (const CallCheck check = call_check(schema)) {
    if (Status status = check({schema, call.stack}); !status.is_ok())
      return std::move(status).within(operator_text(schema));
  }
  const GradModeScope grad(CallScope::current_grad());
  std::optional<AutocastScope> region;
  if (autocast != nullptr && CallScope::current_recorder() == nullptr) region.emplace(*autocast);
  OAR_TRY(run(call, CallScope::current_recorder()));
  region.reset();
  std::vector<at::Tensor> results;
  for (const c10::IValue& value : call.stack) append_result(value, results);
  OAR_TRY(require_room(schema, room, results.size()));
  return results;
}

}  // namespace oarlock
