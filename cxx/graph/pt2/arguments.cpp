#include "graph/pt2/arguments.h"

#include <algorithm>
#include <utility>

#include "graph/pt2/schema.h"

namespace oarlock::pt2 {
namespace {

using Parse = Result<ArgumentItem> (*)(const JsonValue& value, const Scope& scope);

ArgumentItem constant(c10::IValue value) { return ArgumentItem{std::move(value), kNoSlot}; }

Result<ArgumentItem> parse_none(const JsonValue&, const Scope&) { return constant(c10::IValue()); }

Result<ArgumentItem> parse_tensor(const JsonValue& value, const Scope& scope) {
  OAR_ASSIGN(const std::string name, string_at(value, "name"));
  return look_up(scope, name);
}

Result<ArgumentItem> parse_int(const JsonValue& value, const Scope&) {
  OAR_ASSIGN(const std::int64_t number, integer_of(value));
  return constant(number);
}

Result<ArgumentItem> parse_float(const JsonValue& value, const Scope&) {
  OAR_ASSIGN(const double number, real_of(value));
  return constant(number);
}

Result<ArgumentItem> parse_bool(const JsonValue& value, const Scope&) {
  if (!value.is_bool()) return corrupt("true or false is expected");
  OAR_ASSIGN(const bool flag, value.as_bool());
  return constant(flag);
}

Result<ArgumentItem> parse_string(const JsonValue& value, const Scope&) {
  if (!value.is_string()) return corrupt("a string is expected");
  return constant(value.text());
}

Result<ArgumentItem> parse_complex(const JsonValue& value, const Scope&) {
  const JsonValue* real = value.find("real");
  const JsonValue* imag = value.find("imag");
  if (real == nullptr || imag == nullptr) return corrupt("a complex number lacks a part");
  OAR_ASSIGN(const double real_part, real_of(*real));
  OAR_ASSIGN(const double imag_part, real_of(*imag));
  return constant(c10::IValue(c10::complex<double>(real_part, imag_part)));
}

// {"as_name": "s0"} or a constant of its kind.
Result<ArgumentItem> parse_symbolic(const JsonValue& value, const Scope& scope) {
  OAR_ASSIGN(const Tagged item, tagged(value));
  if (item.tag == "as_int") return parse_int(*item.value, scope);
  if (item.tag == "as_float") return parse_float(*item.value, scope);
  if (item.tag == "as_bool") return parse_bool(*item.value, scope);
  if (item.tag != "as_name" || !item.value->is_string())
    return corrupt("a symbolic value has the unknown tag {}", item.tag);
  return look_up(scope, item.value->text());
}

Result<ArgumentItem> parse_optional_tensor(const JsonValue& value, const Scope& scope) {
  OAR_ASSIGN(const Tagged item, tagged(value));
  if (item.tag == "as_none") return constant(c10::IValue());
  if (item.tag != "as_tensor") return corrupt("an optional tensor has the unknown tag {}", item.tag);
  return parse_tensor(*item.value, scope);
}

Result<ArgumentItem> parse_scalar_type(const JsonValue& value, const Scope&) {
  OAR_ASSIGN(const std::int64_t number, integer_of(value));
  OAR_ASSIGN(const at::ScalarType dtype, dtype_of_schema(number));
  return constant(static_cast<std::int64_t>(dtype));
}

Result<ArgumentItem> parse_layout(const JsonValue& value, const Scope&) {
  OAR_ASSIGN(const std::int64_t number, integer_of(value));
  OAR_ASSIGN(const at::Layout layout, layout_of_schema(number));
  return constant(static_cast<std::int64_t>(layout));
}

Result<ArgumentItem> parse_memory_format(const JsonValue& value, const Scope&) {
  OAR_ASSIGN(const std::int64_t number, integer_of(value));
  OAR_ASSIGN(const at::MemoryFormat format, memory_format_of_schema(number));
  return constant(static_cast<std::int64_t>(format));
}

Result<ArgumentValue> parse_tensor_lists(const JsonValue& value, const Scope& scope) {
  ArgumentValue result;
  result.is_list = true;
  result.lengths.emplace();
  if (!value.is_array()) return corrupt("as_nested_tensors is not a list");
  for (const JsonValue& list : value.items()) {
    if (!list.is_array()) return corrupt("as_nested_tensors holds something that is no list");
    for (const JsonValue& tensor : list.items()) {
      OAR_ASSIGN(ArgumentItem item, parse_tensor(tensor, scope));
      result.items.push_back(std::move(item));
    }
    result.lengths->push_back(static_cast<std::int64_t>(list.items().size()));
  }
  return result;
}

Result<ArgumentValue> parse_dictionary(const JsonValue& value, const Scope& scope, at::Device device) {
  ArgumentValue result;
  result.is_list = true;
  result.keys.emplace();
  if (!value.is_object()) return corrupt("as_string_to_argument is not a dictionary");
  for (const auto& [key, argument] : value.members()) {
    OAR_ASSIGN(ArgumentValue item, argument_value(argument, scope, device));
    if (item.is_list) return unsupported("dictionaries of lists are not supported");
    result.items.push_back(std::move(item.items[0]));
    result.keys->push_back(key);
  }
  return result;
}

struct Rule {
  std::string_view tag;
  bool is_list;
  Parse parse;
};

constexpr Rule kRules[] = {
    {"as_none", false, parse_none},
    {"as_tensor", false, parse_tensor},
    {"as_tensors", true, parse_tensor},
    {"as_optional_tensor", false, parse_optional_tensor},
    {"as_optional_tensors", true, parse_optional_tensor},
    {"as_int", false, parse_int},
    {"as_ints", true, parse_int},
    {"as_float", false, parse_float},
    {"as_floats", true, parse_float},
    {"as_bool", false, parse_bool},
    {"as_bools", true, parse_bool},
    {"as_string", false, parse_string},
    {"as_strings", true, parse_string},
    {"as_complex", false, parse_complex},
    {"as_sym_int", false, parse_symbolic},
    {"as_sym_ints", true, parse_symbolic},
    {"as_sym_float", false, parse_symbolic},
    {"as_sym_floats", true, parse_symbolic},
    {"as_sym_bool", false, parse_symbolic},
    {"as_sym_bools", true, parse_symbolic},
    {"as_scalar_type", false, parse_scalar_type},
    {"as_layout", false, parse_layout},
    {"as_memory_format", false, parse_memory_format},
};

}  // namespace

Result<ArgumentItem> look_up(const Scope& scope, std::string_view name) {
  const auto found = scope.find(name);
  if (found == scope.end()) return corrupt("the name {} is used before anything defines it", name);
  return found->second;
}

bool is_constant_kind(std::string_view tag) {
  const auto is_constant = [&](const Rule& rule) {
    return rule.tag == tag && rule.parse != parse_tensor && rule.parse != parse_optional_tensor &&
           rule.parse != parse_symbolic;
  };
  return tag == "as_device" || std::ranges::any_of(kRules, is_constant);
}

Result<ArgumentValue> argument_value(const JsonValue& argument, const Scope& scope, at::Device device) {
  OAR_ASSIGN(const Tagged given, tagged(argument));
  ArgumentValue result;
  if (given.tag == "as_device") {
    result.items.push_back(constant(device));
    return result;
  }
  if (given.tag == "as_nested_tensors") return parse_tensor_lists(*given.value, scope);
  if (given.tag == "as_string_to_argument") return parse_dictionary(*given.value, scope, device);
  for (const Rule& rule : kRules) {
    if (rule.tag != given.tag) continue;
    result.is_list = rule.is_list;
    if (!rule.is_list) {
      OAR_ASSIGN(ArgumentItem item, rule.parse(*given.value, scope));
      result.items.push_back(std::move(item));
      return result;
    }
    if (!given.value->is_array()) return corrupt("{} is not a list", given.tag);
    for (const JsonValue& element : given.value->items()) {
      OAR_ASSIGN(ArgumentItem item, rule.parse(element, scope));
      result.items.push_back(std::move(item));
    }
    return result;
  }
  return unsupported("values of the kind {} are not supported", given.tag);
}

}  // namespace oarlock::pt2
