// Nested lists and maps of tensors and plain values.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"

namespace oarlock {

inline constexpr int kTreeDepthMax = 64;  // trees are walked by recursion

class Tree {
 public:
  using List = std::vector<Tree>;
  using Map = std::vector<std::pair<std::string, Tree>>;  // insertion order
  using Value = std::variant<std::monostate, at::Tensor, std::int64_t, double, bool, std::string, List, Map>;

  Tree() = default;
  Tree(Value value) : value_(std::move(value)) {}         // NOLINT: implicit on purpose
  Tree(at::Tensor tensor) : value_(std::move(tensor)) {}  // NOLINT
  Tree(List list) : value_(std::move(list)) {}            // NOLINT
  Tree(Map map) : value_(std::move(map)) {}               // NOLINT

  const Value& value() const { return value_; }
  Value& value() { return value_; }
  const at::Tensor* tensor() const { return std::get_if<at::Tensor>(&value_); }
  const List* list() const { return std::get_if<List>(&value_); }
  const Map* map() const { return std::get_if<Map>(&value_); }
  std::int64_t size() const;                                  // of a list or map; 0 otherwise
  const Tree* find(std::string_view key) const;               // of a map
  Result<std::string_view> key_at(std::int64_t index) const;  // of a map, in insertion order
  Result<const Tree*> at(std::int64_t index) const;           // of a list or map, in insertion order
  const char* kind_name() const;                              // "map"
  int depth() const;                                          // 0: a leaf, or an empty list or map

  // A tree of nothing becomes a map (list) by these; another one must be one.
  void set(std::string_view key, Tree value);  // replaces, or adds at the end
  void append(Tree item);

  // The same for input from outside: OAR_E_ARGUMENT when this is no map (list), or would be deeper than kTreeDepthMax.
  Status insert(std::string_view key, Tree value);
  Status push(Tree item);

  // "encoder.hidden.1": map keys and list indices; "" is this. In a map the longest key that the path begins with is
  // taken, so keys that have dots themselves are found. OAR_E_NOT_FOUND names the step that failed and what there is.
  Result<const Tree*> at_path(std::string_view path) const;
  // A number of whatever kind: int, double, bool, or a tensor of one element.
  Result<double> as_double() const;

 private:
  Value value_;
};

}  // namespace oarlock
