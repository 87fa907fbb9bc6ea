#include "graph/operator_index.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "base/no_destructor.h"
#include "base/text.h"
#include "graph/later_operators.h"
#include "graph/op_call.h"
#include "graph/operator_library.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

// A handle is good as long as its operator is registered. Libtorch's own always are; a library of the host that
// registered others may be closed at any time, so they are looked up by name whenever they are asked for.
struct Overload {
  c10::OperatorName name;
  c10::OperatorHandle op;
};
using Index = std::map<std::string, std::vector<Overload>, std::less<>>;

// A listener is told of everything that is registered already, in order. Nothing else in the dispatcher gives that.
class Collector : public c10::OpRegistrationListener {
 public:
  explicit Collector(Index& index) : index_(index) {}
  void onOperatorRegistered(const c10::OperatorHandle& op) override {
    index_[op.operator_name().name].push_back({op.operator_name(), op});
  }
  void onOperatorDeregistered(const c10::OperatorHandle&) override {}

 private:
  Index& index_;
};

std::shared_ptr<const Index> make_index() {
  auto index = std::make_shared<Index>();
  // The registration ends with this statement: a listener that stayed would be called after this library is unloaded.
  c10::Dispatcher::singleton().addRegistrationListener(std::make_unique<Collector>(*index));
  return index;
}

struct Known {
  std::mutex mutex;
  std::shared_ptr<const Index> index;
};

// `anew`: libraries may have been loaded since it was made.
std::shared_ptr<const Index> operator_index(bool anew) {
  static NoDestructor<Known> known;
  const std::scoped_lock lock(known->mutex);
  if (known->index == nullptr || anew) known->index = make_index();
  return known->index;
}

std::string_view name_space_of(std::string_view name) { return name.substr(0, name.find("::")); }

// Of an operator with its overload; "": no known release added it.
std::string_view later_release(std::string_view name) {
  constexpr std::string_view kAten = "aten::";
  return name.starts_with(kAten) ? release_with_operator(name.substr(kAten.size())) : std::string_view();
}

Status no_operator(std::string_view name, const Index& index) {
  if (name.find("::") == name.npos) {
    const std::string guess = "aten::" + std::string(name);
    return unsupported("'{}' is not the name of an operator: it has no namespace{}", name,
                       index.find(guess) != index.end() ? "; did you mean '" + guess + "'?" : "");
  }
  if (const std::string_view release = later_release(name); !release.empty()) {
    return unsupported("this libtorch has no operator {}; torch {} has it", name, release);
  }
  std::vector<std::string_view> names;
  for (const auto& [known, overloads] : index) {
    if (name_space_of(known) == name_space_of(name)) names.emplace_back(known);
  }
  if (names.empty()) {
    return unsupported(
        "this libtorch has no operator {}, and none of its namespace; load the library that has it (oar_load_library)",
        name);
  }
  const std::optional<std::string_view> nearest = nearest_text(name, names);
  return unsupported("this libtorch has no operator {}{}", name,
                     nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

// nullopt: it is no longer registered.
std::optional<c10::OperatorHandle> live_handle(const Overload& overload) {
  if (is_of_libtorch(overload.name.name)) return overload.op;
  return c10::Dispatcher::singleton().findSchema(overload.name);
}

Result<std::vector<c10::OperatorHandle>> live_handles(std::span<const Overload> overloads, const Index& index) {
  std::vector<c10::OperatorHandle> handles;
  for (const Overload& overload : overloads) {
    if (const auto op = live_handle(overload)) handles.push_back(*op);
  }
  if (handles.empty()) return no_operator(overloads.front().name.name, index);
  return handles;
}

Result<std::vector<c10::OperatorHandle>> find_in(const Index& index, std::string_view name) {
  if (const auto found = index.find(name); found != index.end()) return live_handles(found->second, index);
  const std::size_t scope = name.find("::");
  const std::size_t dot = scope == name.npos ? name.npos : name.find('.', scope);
  if (dot == name.npos) return no_operator(name, index);
  const auto found = index.find(name.substr(0, dot));
  if (found == index.end()) return no_operator(later_release(name).empty() ? name.substr(0, dot) : name, index);
  std::string overload(name.substr(dot + 1));
  if (overload == "default") overload.clear();
  std::vector<std::string_view> overloads;
  for (const Overload& known : found->second) {
    const std::string& known_name = known.name.overload_name;
    if (known_name == overload) return live_handles(std::span(&known, 1), index);
    overloads.push_back(known_name.empty() ? std::string_view("default") : std::string_view(known_name));
  }
  if (!later_release(name).empty()) return no_operator(name, index);
  return unsupported("operator {} has no overload '{}'; it has {}", found->first, name.substr(dot + 1),
                     fmt::join(overloads, ", "));
}

// As schemas are written, sizes that may be symbolic as plain integers: "Tensor?", "int[2]".
std::string type_notation(const c10::Type& type, const std::optional<std::int32_t>& count) {
  if (type.kind() == c10::TypeKind::OptionalType) return type_notation(*type.containedType(0), count) + "?";
  if (type.kind() == c10::TypeKind::ListType) {
    return type_notation(*type.containedType(0), std::nullopt) + (count ? fmt::format("[{}]", *count) : "[]");
  }
  switch (type.kind()) {
    case c10::TypeKind::SymIntType:
      return "int";
    case c10::TypeKind::SymFloatType:
      return "float";
    case c10::TypeKind::SymBoolType:
      return "bool";
    default:
      return type.str();
  }
}

JsonValue default_json(const c10::IValue& value, const c10::Type& type) {
  if (value.isNone()) return {};
  if (strip_optional(type).kind() == c10::TypeKind::ScalarTypeType && value.isInt()) {
    return JsonValue::string(std::string(dtype_name(static_cast<at::ScalarType>(value.toInt()))));
  }
  if (value.isInt()) return JsonValue::integer(value.toInt());
  if (value.isDouble()) return JsonValue::number(value.toDouble());
  if (value.isBool()) return JsonValue::boolean(value.toBool());
  if (value.isString()) return JsonValue::string(value.toStringRef());
  if (!value.isList()) return JsonValue::string(fmt::format("{}", c10::str(value)));
  JsonValue list = JsonValue::array();
  for (const c10::IValue& item : value.toListRef()) list.append(default_json(item, type));
  return list;
}

JsonValue argument_json(const c10::Argument& argument) {
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(argument.name()));
  json.set("type", JsonValue::string(type_notation(*argument.real_type(), argument.N())));
  if (argument.default_value()) json.set("default", default_json(*argument.default_value(), *argument.real_type()));
  json.set("keyword_only", JsonValue::boolean(argument.kwarg_only()));
  json.set("is_written", JsonValue::boolean(argument.alias_info() != nullptr && argument.alias_info()->isWrite()));
  return json;
}

}  // namespace

Result<std::vector<c10::OperatorHandle>> find_overloads(std::string_view name) {
  Result<std::vector<c10::OperatorHandle>> found = find_in(*operator_index(false), name);
  return found.is_ok() ? found : find_in(*operator_index(true), name);
}

Result<c10::OperatorHandle> find_operator(std::string_view target) {
  std::string name, overload;
  constexpr std::string_view kPrefix = "torch.ops.";
  if (target.substr(0, kPrefix.size()) == kPrefix) {
    const std::string_view rest = target.substr(kPrefix.size());
    const std::size_t first = rest.find('.');
    const std::size_t second = first == rest.npos ? rest.npos : rest.find('.', first + 1);
    if (second == rest.npos || rest.find('.', second + 1) != rest.npos) {
      return unsupported("{} is not the name of an operator", target);
    }
    name = std::string(rest.substr(0, first)) + "::" + std::string(rest.substr(first + 1, second - first - 1));
    overload = std::string(rest.substr(second + 1));
  } else {
    const std::size_t scope = target.find("::");
    if (scope == target.npos) return unsupported("{} is not the name of an operator", target);
    const std::size_t dot = target.find('.', scope);
    name = std::string(target.substr(0, dot));
    if (dot != target.npos) overload = std::string(target.substr(dot + 1));
  }
  if (overload == "default") overload.clear();
  const auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (handle) return *handle;
  // Of the overload itself: without one, the name stands for all of the operator's.
  Result<std::vector<c10::OperatorHandle>> found =
      find_overloads(name + "." + (overload.empty() ? "default" : overload));
  if (!found.is_ok()) return std::move(found).status();
  return found.value().front();
}

std::vector<std::string> operator_names(std::string_view name_space) {
  const std::shared_ptr<const Index> index = operator_index(true);  // another thread may have it made anew meanwhile
  std::vector<std::string> names;
  for (const auto& [name, overloads] : *index) {
    if (name_space.empty() || name_space_of(name) == name_space) names.push_back(name);
  }
  return names;
}

JsonValue signature_json(const c10::FunctionSchema& schema) {
  JsonValue arguments = JsonValue::array(), returns = JsonValue::array();
  for (const c10::Argument& argument : schema.arguments()) arguments.append(argument_json(argument));
  for (const c10::Argument& result : schema.returns()) {
    JsonValue json = JsonValue::object();
    json.set("name", JsonValue::string(result.name()));
    json.set("type", JsonValue::string(type_notation(*result.real_type(), result.N())));
    returns.append(std::move(json));
  }
  JsonValue json = JsonValue::object();
  json.set("name", JsonValue::string(schema.name()));
  json.set("overload", JsonValue::string(schema.overload_name()));
  json.set("arguments", std::move(arguments));
  json.set("returns", std::move(returns));
  json.set("schema", JsonValue::string(c10::str(schema)));
  return json;
}

}  // namespace oarlock
