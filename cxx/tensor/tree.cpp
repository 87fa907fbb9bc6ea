#include "tensor/tree.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/check.h"
#include "tensor/memory.h"

namespace oarlock {
namespace {

// The part of `path` that names an entry of `map`: the longest prefix, ending at a dot or the end, that is a key.
const Tree* take_key(const Tree::Map& map, std::string_view path, std::size_t* taken) {
  const Tree* best = nullptr;
  for (const auto& [key, item] : map) {
    const bool fits = path.starts_with(key) && (path.size() == key.size() || path[key.size()] == '.');
    if (fits && (best == nullptr || key.size() > *taken)) {
      best = &item;
      *taken = key.size();
    }
  }
  return best;
}

const Tree* take_index(const Tree::List& list, std::string_view path, std::size_t* taken) {
  *taken = std::min(path.find('.'), path.size());
  const char* end = path.data() + *taken;
  std::size_t index = 0;
  const auto [stop, error] = std::from_chars(path.data(), end, index);
  if (error != std::errc() || stop != end || index >= list.size()) return nullptr;
  return &list[index];
}

// "keys: 'a', 'b'" or "3 items" for texts; at most eight keys.
std::string describe_entries(const Tree& tree) {
  constexpr std::size_t kNumKeysMax = 8;
  const Tree::Map* map = tree.map();
  if (map == nullptr) return fmt::format("a {} of {} items", tree.kind_name(), tree.size());
  std::string text = fmt::format("a map of {} keys:", map->size());
  for (std::size_t i = 0; i < std::min(map->size(), kNumKeysMax); ++i) text += fmt::format(" '{}'", (*map)[i].first);
  if (map->size() > kNumKeysMax) text += " ...";
  return text;
}

}  // namespace

std::int64_t Tree::size() const {
  if (const List* items = list()) return static_cast<std::int64_t>(items->size());
  if (const Map* entries = map()) return static_cast<std::int64_t>(entries->size());
  return 0;
}

const Tree* Tree::find(std::string_view key) const {
  const Map* entries = map();
  if (entries == nullptr) return nullptr;
  const auto found = std::ranges::find(*entries, key, [](const auto& entry) { return std::string_view(entry.first); });
  return found == entries->end() ? nullptr : &found->second;
}

void Tree::set(std::string_view key, Tree value) {
  if (std::holds_alternative<std::monostate>(value_)) value_ = Map();
  OAR_CHECK(map() != nullptr);
  if (const Tree* present = find(key)) {
    *const_cast<Tree*>(present) = std::move(value);  // find() is const; *this is not
    return;
  }
  std::get<Map>(value_).emplace_back(std::string(key), std::move(value));
}

void Tree::append(Tree item) {
  if (std::holds_alternative<std::monostate>(value_)) value_ = List();
  OAR_CHECK(list() != nullptr);
  std::get<List>(value_).push_back(std::move(item));
}

int Tree::depth() const {
  int below = -1;
  if (const List* items = list()) {
    for (const Tree& item : *items) below = std::max(below, item.depth());
  } else if (const Map* entries = map()) {
    for (const auto& entry : *entries) below = std::max(below, entry.second.depth());
  }
  return below + 1;
}

Status Tree::insert(std::string_view key, Tree value) {
  if (map() == nullptr) return invalid_argument("only a map has keys; this tree is a {}, key '{}'", kind_name(), key);
  if (value.depth() + 1 > kTreeDepthMax) {
    return invalid_argument("trees are at most {} deep; key '{}' would pass that", kTreeDepthMax, key);
  }
  set(key, std::move(value));
  return Status::ok();
}

Status Tree::push(Tree item) {
  if (list() == nullptr) return invalid_argument("only a list can be appended to; this tree is a {}", kind_name());
  if (item.depth() + 1 > kTreeDepthMax) return invalid_argument("trees are at most {} deep", kTreeDepthMax);
  append(std::move(item));
  return Status::ok();
}

Result<const Tree*> Tree::at_path(std::string_view path) const {
  const Tree* here = this;
  std::string_view rest = path;
  bool more = !path.empty();
  while (more) {
    std::size_t taken = 0;
    const Tree* next = nullptr;
    if (const Map* entries = here->map()) {
      next = take_key(*entries, rest, &taken);
    } else if (const List* items = here->list()) {
      next = take_index(*items, rest, &taken);
    }
    if (next == nullptr) {
      return not_found("no entry '{}' in path '{}'; there is {}", rest.substr(0, rest.find('.')), path,
                       describe_entries(*here));
    }
    more = taken < rest.size();
    rest.remove_prefix(std::min(taken + 1, rest.size()));
    here = next;
  }
  return here;
}

Result<double> Tree::as_double() const {
  if (const at::Tensor* leaf = tensor()) return item_as_double(*leaf);
  if (const auto* value = std::get_if<double>(&value_)) return *value;
  if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<bool>(&value_)) return *value ? 1.0 : 0.0;
  return invalid_argument("a number or a tensor of one element is needed, this is a {}", kind_name());
}

Result<std::string_view> Tree::key_at(std::int64_t index) const {
  if (map() == nullptr) return invalid_argument("only a map has keys; this tree is a {}", kind_name());
  if (index < 0 || index >= size()) return invalid_argument("index must lie in [0, {}), got {}", size(), index);
  return std::string_view((*map())[static_cast<std::size_t>(index)].first);
}

Result<const Tree*> Tree::at(std::int64_t index) const {
  if (map() == nullptr && list() == nullptr) {
    return invalid_argument("only a list or map has entries; this tree is a {}", kind_name());
  }
  if (index < 0 || index >= size()) return invalid_argument("index must lie in [0, {}), got {}", size(), index);
  const auto place = static_cast<std::size_t>(index);
  return list() != nullptr ? &(*list())[place] : &(*map())[place].second;
}

const char* Tree::kind_name() const {
  static constexpr std::array kNames = {"none", "tensor", "int", "double", "bool", "string", "list", "map"};
  static_assert(kNames.size() == std::variant_size_v<Value>);
  return kNames[value_.index()];
}

}  // namespace oarlock
