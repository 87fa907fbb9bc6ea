#include "graph/op_call.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "tensor/dtype.h"

namespace oarlock {
namespace {

bool is_optional(const c10::Type& type) { return type.kind() == c10::TypeKind::OptionalType; }

Status wrong_value(const c10::Argument& schema, std::string_view given) {
  return invalid_argument("argument {} takes {}, {} given", schema.name(), expected_text(schema), given);
}

// What a value is, in words.
std::string given_text(const c10::IValue& value) {
  if (value.isNone()) return "None";
  if (value.isTensor()) return "a tensor";
  if (value.isInt()) return fmt::format("the integer {}", value.toInt());
  if (value.isDouble()) return fmt::format("the float {}", value.toDouble());
  if (value.isBool()) return value.toBool() ? "true" : "false";
  if (value.isString()) return fmt::format("the text '{}'", value.toStringRef());
  return value.tagKind();
}

const char* noun_of(const c10::Type& type, bool plural) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
      return plural ? "tensors" : "a tensor";
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return plural ? "integers" : "an integer";
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
    case c10::TypeKind::NumberType:
      return plural ? "numbers" : "a number";
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      return plural ? "bools" : "a bool";
    case c10::TypeKind::StringType:
      return plural ? "texts" : "a text";
    case c10::TypeKind::ScalarTypeType:
      return plural ? "dtypes" : "a dtype";
    case c10::TypeKind::LayoutType:
      return plural ? "layouts" : "a layout ('strided')";
    case c10::TypeKind::MemoryFormatType:
      return plural ? "memory formats" : "a memory format ('contiguous_format', 'channels_last', ...)";
    case c10::TypeKind::DeviceObjType:
      return plural ? "devices" : "a device ('cpu')";
    default:
      return nullptr;
  }
}

// What a name stands for; nullopt: this type has no names, or not that one.
std::optional<c10::IValue> value_of_name(const std::string& name, c10::TypeKind kind) {
  constexpr std::pair<std::string_view, at::Layout> kLayouts[] = {
      {"strided", at::kStrided},      {"sparse_coo", at::kSparse},    {"sparse_csr", at::kSparseCsr},
      {"sparse_csc", at::kSparseCsc}, {"sparse_bsr", at::kSparseBsr}, {"sparse_bsc", at::kSparseBsc}};
  constexpr std::pair<std::string_view, at::MemoryFormat> kFormats[] = {
      {"contiguous_format", at::MemoryFormat::Contiguous},
      {"preserve_format", at::MemoryFormat::Preserve},
      {"channels_last", at::MemoryFormat::ChannelsLast},
      {"channels_last_3d", at::MemoryFormat::ChannelsLast3d}};
  if (kind == c10::TypeKind::ScalarTypeType) {
    const Result<at::ScalarType> dtype = dtype_from_name(name);
    if (dtype.is_ok()) return c10::IValue(dtype.value());
  } else if (kind == c10::TypeKind::LayoutType) {
    for (const auto& [known, layout] : kLayouts) {
      if (known == name) return c10::IValue(layout);
    }
  } else if (kind == c10::TypeKind::MemoryFormatType) {
    for (const auto& [known, format] : kFormats) {
      if (known == name) return c10::IValue(format);
    }
  } else if (kind == c10::TypeKind::DeviceObjType) {
    try {
      return c10::IValue(c10::Device(name));
    } catch (const c10::Error&) {  // the parser of devices has no other way to say no
    }
  }
  return std::nullopt;
}

Result<c10::IValue> coerce_item(const c10::IValue& value, const c10::Type& type, const c10::Argument& schema) {
  if (value.isNone()) {
    if (is_optional(type)) return value;
    return wrong_value(schema, "None");
  }
  const bool is_number = value.isInt() || value.isDouble() || value.isBool() || value.isComplexDouble();
  bool fits = false;
  switch (strip_optional(type).kind()) {
    case c10::TypeKind::TensorType:
      if (is_number) return c10::IValue(wrapped_number_tensor(value));
      fits = value.isTensor();
      break;
    case c10::TypeKind::NumberType:
      fits = is_number;
      break;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
      if (value.isInt()) return c10::IValue(static_cast<double>(value.toInt()));
      if (value.isBool()) return c10::IValue(value.toBool() ? 1.0 : 0.0);
      fits = value.isDouble();
      break;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      if (value.isBool()) return c10::IValue(static_cast<std::int64_t>(value.toBool()));
      fits = value.isInt();
      break;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      if (value.isInt() && (value.toInt() == 0 || value.toInt() == 1)) return c10::IValue(value.toInt() == 1);
      fits = value.isBool();
      break;
    case c10::TypeKind::ScalarTypeType:
    case c10::TypeKind::LayoutType:
    case c10::TypeKind::MemoryFormatType:
      fits = value.isInt();
      if (value.isString()) {
        if (auto named = value_of_name(value.toStringRef(), strip_optional(type).kind())) return *std::move(named);
      }
      break;
    case c10::TypeKind::StringType:
      fits = value.isString();
      break;
    case c10::TypeKind::DeviceObjType:
      fits = value.isDevice();
      if (value.isString()) {
        if (auto named = value_of_name(value.toStringRef(), c10::TypeKind::DeviceObjType)) return *std::move(named);
      }
      break;
    default:
      break;
  }
  if (fits) return value;
  return wrong_value(schema, given_text(value));
}

template <class T, class Convert>
c10::IValue typed_list(const std::vector<c10::IValue>& values, const Convert& convert) {
  c10::List<T> list;
  list.reserve(values.size());
  for (const c10::IValue& value : values) list.push_back(convert(value));
  return c10::IValue(std::move(list));
}

Result<c10::IValue> constant_list(const std::vector<c10::IValue>& values, const c10::Type& element,
                                  const c10::Argument& schema) {
  switch (element.kind()) {
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return typed_list<std::int64_t>(values, [](const c10::IValue& value) { return value.toInt(); });
    case c10::TypeKind::FloatType:
      return typed_list<double>(values, [](const c10::IValue& value) { return value.toDouble(); });
    case c10::TypeKind::BoolType:
      return typed_list<bool>(values, [](const c10::IValue& value) { return value.toBool(); });
    case c10::TypeKind::StringType:
      return typed_list<std::string>(values, [](const c10::IValue& value) { return value.toStringRef(); });
    case c10::TypeKind::TensorType:
      return typed_list<at::Tensor>(values, [](const c10::IValue& value) { return value.toTensor(); });
    case c10::TypeKind::OptionalType:
      if (strip_optional(element).kind() != c10::TypeKind::TensorType) break;
      return typed_list<std::optional<at::Tensor>>(values, [](const c10::IValue& value) {
        return value.isNone() ? std::optional<at::Tensor>() : std::optional<at::Tensor>(value.toTensor());
      });
    case c10::TypeKind::NumberType:
      return typed_list<at::Scalar>(values, [](const c10::IValue& value) { return value.toScalar(); });
    default:
      break;
  }
  return unsupported("argument {} takes {}, and lists of that are not supported", schema.name(), expected_text(schema));
}

std::optional<ArgumentKind> list_kind(const c10::Type& element) {
  switch (element.kind()) {
    case c10::TypeKind::TensorType:
      return ArgumentKind::kTensorList;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return ArgumentKind::kIntList;
    case c10::TypeKind::FloatType:
      return ArgumentKind::kFloatList;
    case c10::TypeKind::BoolType:
      return ArgumentKind::kBoolList;
    case c10::TypeKind::OptionalType:
      if (strip_optional(element).kind() == c10::TypeKind::TensorType) return ArgumentKind::kOptionalTensorList;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Whether what a slot holds can stand for an element of this type.
bool slot_fits(SlotKind kind, const c10::Type& type) {
  switch (strip_optional(type).kind()) {
    case c10::TypeKind::TensorType:
      return true;  // numbers are wrapped
    case c10::TypeKind::NumberType:
      return kind != SlotKind::kTensor;
    case c10::TypeKind::FloatType:
      return kind == SlotKind::kFloat || kind == SlotKind::kInt;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return kind == SlotKind::kInt;
    case c10::TypeKind::BoolType:
      return kind == SlotKind::kBool;
    default:
      return false;
  }
}

const char* slot_kind_name(SlotKind kind) {
  constexpr const char* kNames[] = {"a tensor", "an integer", "a float", "a bool"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<Argument> bind_slot(SlotId slot, const c10::Argument& schema, const std::vector<Slot>& slots) {
  const c10::Type& type = strip_optional(*schema.real_type());
  const SlotKind kind = slots[slot].kind;
  if (!slot_fits(kind, type)) return wrong_value(schema, slot_kind_name(kind));
  Argument argument;
  argument.slot = slot;
  argument.kind = ArgumentKind::kSlot;
  if (type.kind() == c10::TypeKind::TensorType && kind != SlotKind::kTensor)
    argument.kind = ArgumentKind::kNumberAsTensor;
  if (type.kind() == c10::TypeKind::FloatType && kind == SlotKind::kInt) argument.kind = ArgumentKind::kNumberAsFloat;
  return argument;
}

Result<Argument> bind_list(const ArgumentValue& value, const c10::Argument& schema, const std::vector<Slot>& slots) {
  const c10::Type& type = strip_optional(*schema.real_type());
  if (type.kind() != c10::TypeKind::ListType) return wrong_value(schema, "a list");
  const c10::Type& element = *type.containedType(0);
  Argument argument;
  std::vector<c10::IValue> constants;
  bool has_slots = false;
  for (const ArgumentItem& item : value.items) {
    ArgumentItem bound = item;
    if (item.slot != kNoSlot) {
      const SlotKind kind = slots[item.slot].kind;
      const bool wants_tensor = strip_optional(element).kind() == c10::TypeKind::TensorType;
      if (!slot_fits(kind, element) || (wants_tensor && kind != SlotKind::kTensor)) {
        return wrong_value(schema, std::string("a list with ") + slot_kind_name(kind));
      }
      has_slots = true;
    } else {
      OAR_ASSIGN(bound.constant, coerce_item(item.constant, element, schema));
      constants.push_back(bound.constant);
    }
    argument.items.push_back(std::move(bound));
  }
  if (!has_slots) {
    argument.items.clear();
    OAR_ASSIGN(argument.constant, constant_list(constants, element, schema));
    return argument;
  }
  const std::optional<ArgumentKind> kind = list_kind(element);
  if (!kind) return wrong_value(schema, "a list of run-time values");
  argument.kind = *kind;
  return argument;
}

Result<Argument> bind_tensor_lists(const ArgumentValue& value, const c10::Argument& schema,
                                   const std::vector<Slot>& slots) {
  const c10::TypePtr expected = c10::ListType::create(c10::ListType::ofTensors());
  if (strip_optional(*schema.real_type()) != *expected) return wrong_value(schema, "a list of lists of tensors");
  Argument argument;
  argument.kind = ArgumentKind::kTensorLists;
  argument.items.push_back({c10::IValue(*value.lengths), kNoSlot});
  for (const ArgumentItem& item : value.items) {
    if (item.slot == kNoSlot || slots[item.slot].kind != SlotKind::kTensor) {
      return wrong_value(schema, "lists of something else");
    }
    argument.items.push_back(item);
  }
  return argument;
}

Result<Argument> bind_dictionary(const ArgumentValue& value, const c10::Argument& schema,
                                 const std::vector<Slot>& slots) {
  const c10::TypePtr outer = schema.real_type();
  const c10::Type& type = strip_optional(*outer);
  if (type.kind() != c10::TypeKind::DictType || type.containedType(0)->kind() != c10::TypeKind::StringType) {
    return wrong_value(schema, "a dictionary");
  }
  const c10::TypePtr element = type.containedType(1);
  Argument argument;
  argument.items.push_back({c10::IValue(*value.keys), kNoSlot});
  c10::impl::GenericDict constants(type.containedType(0), element);
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    const ArgumentItem& item = value.items[i];
    if (item.slot == kNoSlot) {
      OAR_ASSIGN(c10::IValue constant, coerce_item(item.constant, *element, schema));
      constants.insert((*value.keys)[i], std::move(constant));
    } else if (element->kind() == c10::TypeKind::TensorType && slots[item.slot].kind == SlotKind::kTensor) {
      argument.items.push_back(item);
    } else {
      return wrong_value(schema, std::string("a dictionary with ") + slot_kind_name(slots[item.slot].kind));
    }
  }
  if (constants.size() == value.items.size()) {
    argument.items.clear();
    argument.constant = std::move(constants);
    return argument;
  }
  if (!constants.empty()) return wrong_value(schema, "a dictionary of tensors and constants");
  argument.kind = ArgumentKind::kTensorDictionary;
  return argument;
}

}  // namespace

const c10::Type& strip_optional(const c10::Type& type) {
  const c10::Type* inner = &type;
  while (inner->kind() == c10::TypeKind::OptionalType) inner = inner->containedType(0).get();
  return *inner;
}

bool is_number_type(const c10::Type& type) {
  switch (strip_optional(type).kind()) {
    case c10::TypeKind::NumberType:
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      return true;
    default:
      return false;
  }
}

std::string expected_text(const c10::Argument& schema) {
  const c10::TypePtr outer = schema.real_type();
  const c10::Type& type = strip_optional(*outer);
  const char* end = is_optional(*outer) ? " or None" : "";
  if (type.kind() == c10::TypeKind::ListType) {
    const char* noun = noun_of(strip_optional(*type.containedType(0)), true);
    if (noun == nullptr) return type.str() + end;
    const bool with_none = is_optional(*type.containedType(0));
    const std::string count = schema.N() ? fmt::format("{} ", *schema.N()) : "";
    return fmt::format("a list of {}{}{}{}", count, noun, with_none ? " and None" : "", end);
  }
  if (type.kind() == c10::TypeKind::GeneratorType) return "a generator, of which only None, the default, can be given";
  const char* noun = noun_of(type, false);
  return (noun != nullptr ? std::string(noun) : type.str()) + end;
}

std::string operator_text(const c10::FunctionSchema& schema) {
  return schema.overload_name().empty() ? schema.name() : schema.name() + "." + schema.overload_name();
}

at::Tensor wrapped_number_tensor(const c10::IValue& number) {
  at::Tensor tensor = c10::scalar_to_tensor(number.toScalar());
  tensor.unsafeGetTensorImpl()->set_wrapped_number(true);
  return tensor;
}

Result<Argument> bind_argument(const ArgumentValue& value, const c10::Argument& schema,
                               const std::vector<Slot>& slots) {
  if (value.lengths) return bind_tensor_lists(value, schema, slots);
  if (value.keys) return bind_dictionary(value, schema, slots);
  if (value.is_list) return bind_list(value, schema, slots);
  const c10::TypePtr type = schema.real_type();
  const c10::Type& inner = strip_optional(*type);
  const ArgumentItem& item = value.items.at(0);
  if (inner.kind() == c10::TypeKind::ListType && (item.slot != kNoSlot || !item.constant.isNone())) {
    // One number for int[2] stands for all of its elements.
    if (!schema.N()) return wrong_value(schema, "a single value");
    return bind_list(ArgumentValue{true, std::vector<ArgumentItem>(static_cast<std::size_t>(*schema.N()), item)},
                     schema, slots);
  }
  if (item.slot != kNoSlot) return bind_slot(item.slot, schema, slots);
  Argument argument;
  OAR_ASSIGN(argument.constant, coerce_item(item.constant, *type, schema));
  return argument;
}

Result<Argument> default_argument(const c10::Argument& schema) {
  Argument argument;
  if (schema.default_value()) {
    argument.constant = *schema.default_value();
    return argument;
  }
  if (is_optional(*schema.real_type())) return argument;
  return invalid_argument("argument {}, {}, is missing and has no default", schema.name(), expected_text(schema));
}

}  // namespace oarlock
