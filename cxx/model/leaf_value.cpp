#include "model/leaf_value.h"

#include <variant>

namespace oarlock {

c10::IValue value_of_leaf(const Tree& leaf) {
  if (const at::Tensor* tensor = leaf.tensor()) return c10::IValue(*tensor);
  if (const auto* number = std::get_if<std::int64_t>(&leaf.value())) return c10::IValue(*number);
  if (const auto* number = std::get_if<double>(&leaf.value())) return c10::IValue(*number);
  if (const auto* flag = std::get_if<bool>(&leaf.value())) return c10::IValue(*flag);
  if (const auto* text = std::get_if<std::string>(&leaf.value())) return c10::IValue(*text);
  return c10::IValue();
}

Tree leaf_of_value(const c10::IValue& value) {
  if (value.isTensor()) return Tree(value.toTensor());
  if (value.isInt()) return Tree(Tree::Value(value.toInt()));
  if (value.isDouble()) return Tree(Tree::Value(value.toDouble()));
  if (value.isBool()) return Tree(Tree::Value(value.toBool()));
  if (value.isString()) return Tree(Tree::Value(value.toStringRef()));
  return Tree();
}

}  // namespace oarlock
