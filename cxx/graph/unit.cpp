#include "graph/unit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "graph/memory_roots.h"
#include "graph/module_path.h"

namespace oarlock {
namespace {

constexpr std::size_t kUnknown = SIZE_MAX;

// "a", "a.b" and "a.b.c" of "a.b.c".
template <class Visit>
void for_each_head(std::string_view path, const Visit& visit) {
  for (std::size_t end = path.find('.'); end != path.npos; end = path.find('.', end + 1)) visit(path.substr(0, end));
  visit(path);
}

// Nobody recorded where the node stands.
bool is_placeless(const Node& node) { return node.module_path.empty() && node.module_class.empty(); }

// By path, the class.
using Modules = std::map<std::string, std::string, std::less<>>;

// Every module path with its class, deeper nodes' modules included.
Modules modules_of(const Graph& graph) {
  Modules modules(graph.module_classes.begin(), graph.module_classes.end());
  for (const Node& node : graph.nodes) modules.try_emplace(node.module_path, node.module_class);
  modules.erase("");
  return modules;
}

// Elements of the parameters that each module and those inside it use; a tied tensor counts once.
std::map<std::string, std::int64_t> elements_used(const Program& program, const Modules& modules) {
  std::map<SlotId, const ProgramTensor*> parameters;
  for (const ProgramTensor& tensor : program.tensors) {
    if (tensor.role == TensorRole::kParameter) parameters.emplace(tensor.slot, &tensor);
  }
  std::map<std::string, std::set<const at::TensorImpl*>> used;
  std::map<std::string, std::int64_t> elements;
  for (const Node& node : program.graph.nodes) {
    for_each_use(node, [&](SlotId slot) {
      const auto found = parameters.find(slot);
      if (found == parameters.end()) return;
      const at::Tensor& tensor = found->second->tensor;
      for_each_head(node.module_path, [&](std::string_view head) {
        const auto module = modules.find(head);
        if (module == modules.end()) return;
        const bool is_new = used[module->first].insert(tensor.unsafeGetTensorImpl()).second;
        if (is_new) elements[module->first] += tensor.numel();
      });
    });
  }
  return elements;
}

// The nearest name; where none is near, the first of them.
std::string way_out(std::string_view given, const std::vector<std::string_view>& names) {
  constexpr std::size_t kListedMax = 8;
  if (const std::optional<std::string_view> nearest = nearest_text(given, names))
    return fmt::format("; did you mean '{}'?", *nearest);
  std::vector<std::string> listed;
  bool complete = true;
  for (const std::string_view name : names) {
    if (name.empty() || std::ranges::find(listed, name) != listed.end()) continue;
    if (listed.size() == kListedMax) complete = false;
    if (listed.size() < kListedMax) listed.emplace_back(name);
  }
  return listed.empty() ? "" : fmt::format("; there are {}{}", join_text(listed, ", "), complete ? "" : ", ...");
}

Status nothing_fits(std::string_view what, std::string_view given, const std::vector<std::string_view>& names) {
  return invalid_argument("no module of the program {} '{}'{}", what, given, way_out(given, names));
}

class Chooser {
 public:
  explicit Chooser(const Program& program) : program_(program), modules_(modules_of(program.graph)) {}

  Status add_class(const std::string& name) {
    bool found = false;
    for (const auto& [path, class_name] : modules_) {
      if (class_name != name && last_part(class_name) != name) continue;
      chosen_.insert(path);
      found = true;
    }
    if (found) return Status::ok();
    std::vector<std::string_view> names;
    for (const auto& [path, class_name] : modules_) names.push_back(last_part(class_name));
    return nothing_fits("has the class", name, names);
  }

  Status add_path(const std::string& pattern) {
    bool found = false;
    std::vector<std::string_view> names;
    for (const auto& [path, class_name] : modules_) {
      names.push_back(path);
      if (!text_fits(path, pattern)) continue;
      chosen_.insert(path);
      found = true;
    }
    return found ? Status::ok() : nothing_fits("has the path", pattern, names);
  }

  void add_by_size(std::int64_t min_parameters) {
    const std::map<std::string, std::int64_t> elements = elements_used(program_, modules_);
    std::set<std::string> large;
    for (const auto& [path, count] : elements) {
      if (count >= min_parameters) large.insert(path);
    }
    for (const std::string& path : large) {
      const auto inside = large.lower_bound(path + ".");
      if (inside == large.end() || !inside->starts_with(path + ".")) chosen_.insert(path);
    }
  }

  // The outermost of those chosen, in the order of their first node.
  Units units() const {
    Units units{Unit{"", "", {}}};
    if (const auto root = program_.graph.module_classes.find(""); root != program_.graph.module_classes.end()) {
      units[0].class_name = root->second;
    }
    std::set<std::string_view> taken;
    for (const Node& node : program_.graph.nodes) {
      bool is_placed = false;
      for_each_head(node.module_path, [&](std::string_view path) {
        if (is_placed || !chosen_.contains(path)) return;
        const auto module = modules_.find(path);
        if (module == modules_.end()) return;
        is_placed = true;
        if (taken.insert(module->first).second) units.push_back({module->first, module->second, {}});
      });
    }
    return units;
  }

 private:
  const Program& program_;
  const Modules modules_;
  std::set<std::string, std::less<>> chosen_;
};

using UnitIndex = std::map<std::string_view, std::size_t>;  // by path, but for the root

std::size_t unit_of(const UnitIndex& units, std::string_view path) {
  std::size_t unit = 0;
  for_each_head(path, [&](std::string_view head) {
    const auto found = units.find(head);
    if (unit == 0 && found != units.end()) unit = found->second;
  });
  return unit;
}

// One node's place: the unit, and which call of it.
struct Place {
  std::size_t unit = 0;
  std::int32_t call = 0;
  bool operator==(const Place& other) const { return unit == other.unit && call == other.call; }
};

Place place_of(const Units& units, const UnitIndex& index, const Node& node) {
  if (is_placeless(node)) return {kUnknown, 0};
  Place place{unit_of(index, node.module_path), 0};
  if (place.unit == 0) return place;
  for (const ModuleCall& repeated : node.repeated_calls) {
    if (repeated.path == units[place.unit].path) place.call = repeated.call;
  }
  return place;
}

std::vector<Place> places_of(const Units& units, const Graph& graph) {
  std::vector<Place> places;
  places.reserve(graph.nodes.size());
  UnitIndex index;
  for (std::size_t i = 1; i < units.size(); ++i) index.emplace(units[i].path, i);
  for (const Node& node : graph.nodes) places.push_back(place_of(units, index, node));
  // A region that a unit opens is the unit's to its end.
  std::vector<Place> open;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Opcode opcode = graph.nodes[i].opcode;
    const bool enters = opcode == Opcode::kEnterGradMode || opcode == Opcode::kEnterAutocast;
    const bool leaves = opcode == Opcode::kExitGradMode || opcode == Opcode::kExitAutocast;
    if (enters) {
      const bool is_held = !open.empty() && open.back().unit != 0;
      Place place = is_held ? open.back() : places[i];
      if (place.unit == kUnknown) place.unit = 0;
      open.push_back(place);
    }
    if (!open.empty() && (open.back().unit != 0 || enters || leaves)) places[i] = open.back();
    if (leaves && !open.empty()) open.pop_back();
  }
  // Unknown places take that of their neighbours where both sides agree.
  for (std::size_t i = 0; i < places.size();) {
    std::size_t end = i;
    while (end < places.size() && places[end].unit == kUnknown) ++end;
    if (end == i) {
      ++i;
      continue;
    }
    const bool is_between = i > 0 && end < places.size() && places[i - 1] == places[end];
    std::fill(places.begin() + static_cast<std::ptrdiff_t>(i), places.begin() + static_cast<std::ptrdiff_t>(end),
              is_between ? places[end] : Place{});
    i = end;
  }
  return places;
}

// Who writes and who reads each slot.
struct Uses {
  std::vector<std::size_t> writer;     // node, or kUnknown: an input
  std::vector<std::size_t> last_read;  // node, or kUnknown: nobody
};

Uses uses_of(const Graph& graph) {
  Uses uses{std::vector<std::size_t>(graph.slots.size(), kUnknown),
            std::vector<std::size_t>(graph.slots.size(), kUnknown)};
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    for_each_use(graph.nodes[i], [&](SlotId slot) { uses.last_read[slot] = i; });
    for (const NodeOutput& output : graph.nodes[i].outputs) {
      for (const SlotId slot : output.slots) {
        if (slot != kNoSlot) uses.writer[slot] = i;
      }
    }
  }
  return uses;
}

// Fills in what the segment reads and gives.
void fill_borders(const Program& program, const Graph& graph, const Uses& uses, const std::vector<bool>& kept,
                  Segment& segment) {
  std::map<SlotId, std::size_t> own;  // of the program's tensors
  for (std::size_t i = 0; i < program.tensors.size(); ++i) own.emplace(program.tensors[i].slot, i);
  std::set<std::size_t> tensors;
  std::set<SlotId> seen;
  for (std::size_t i = segment.begin; i < segment.end; ++i) {
    for_each_use(graph.nodes[i], [&](SlotId slot) {
      const std::size_t writer = uses.writer[slot];
      if (writer != kUnknown && writer >= segment.begin) return;
      if (const auto found = own.find(slot); found != own.end()) {
        tensors.insert(found->second);
      } else if (seen.insert(slot).second) {
        segment.live_in.push_back(slot);
      }
    });
    for (const NodeOutput& output : graph.nodes[i].outputs) {
      for (const SlotId slot : output.slots) {
        if (slot == kNoSlot) continue;
        const bool is_read = uses.last_read[slot] != kUnknown && uses.last_read[slot] >= segment.end;
        if (is_read || kept[slot]) segment.live_out.push_back(slot);
      }
    }
  }
  segment.tensors.assign(tensors.begin(), tensors.end());
}

void fill_written(const MemoryRoots& roots, Segment& segment) {
  for (const SlotId slot : segment.live_in) {
    const auto writes_to_it = [&](const std::set<SlotId>& written) {
      return std::any_of(written.begin(), written.end(), [&](SlotId root) { return roots.of[slot].count(root) > 0; });
    };
    const auto begin = roots.written.begin() + static_cast<std::ptrdiff_t>(segment.begin);
    const auto end = roots.written.begin() + static_cast<std::ptrdiff_t>(segment.end);
    if (std::any_of(begin, end, writes_to_it)) segment.written.push_back(slot);
  }
}

// Gives every parameter to the one unit that uses it.
void attribute_parameters(const Program& program, Units& units) {
  const std::vector<Place> places = places_of(units, program.graph);
  std::map<SlotId, std::set<std::size_t>> users;  // by slot
  for (std::size_t i = 0; i < program.graph.nodes.size(); ++i) {
    for_each_use(program.graph.nodes[i], [&](SlotId slot) { users[slot].insert(places[i].unit); });
  }
  std::map<const at::TensorImpl*, std::pair<std::size_t, std::set<std::size_t>>> owners;  // first name; units
  std::vector<const at::TensorImpl*> order;
  for (std::size_t i = 0; i < program.tensors.size(); ++i) {
    const ProgramTensor& tensor = program.tensors[i];
    if (tensor.role != TensorRole::kParameter) continue;
    const at::TensorImpl* key = tensor.tensor.unsafeGetTensorImpl();
    const auto [owner, is_new] = owners.try_emplace(key, i, std::set<std::size_t>());
    if (is_new) order.push_back(key);
    owner->second.second.insert(users[tensor.slot].begin(), users[tensor.slot].end());
  }
  for (const at::TensorImpl* key : order) {
    const auto& [index, used_by] = owners.at(key);
    units[used_by.size() == 1 ? *used_by.begin() : 0].parameters.push_back(index);
  }
}

Result<std::vector<std::string>> texts_of(const JsonValue& list, std::string_view key) {
  const auto refuse = [&] { return invalid_argument("\"{}\" of the unit policy must be a list of strings", key); };
  if (!list.is_array()) return refuse();
  std::vector<std::string> texts;
  for (const JsonValue& item : list.items()) {
    if (!item.is_string()) return refuse();
    texts.push_back(item.text());
  }
  return texts;
}

}  // namespace

Result<UnitPolicy> parse_unit_policy(std::string_view json) {
  Result<JsonValue> parsed = parse_json(std::string(json));
  if (!parsed.is_ok()) return std::move(parsed).status().within("the unit policy must be a JSON object");
  const JsonValue value = std::move(parsed).value();
  if (!value.is_object()) return invalid_argument("the unit policy must be a JSON object");
  UnitPolicy policy;
  for (const auto& [key, item] : value.members()) {
    if (key == "classes") {
      OAR_ASSIGN(policy.classes, texts_of(item, key));
    } else if (key == "paths") {
      OAR_ASSIGN(policy.paths, texts_of(item, key));
    } else if (key == "min_parameters") {
      OAR_ASSIGN(policy.min_parameters, item.as_int64());
      if (policy.min_parameters < 1) {
        return invalid_argument("min_parameters of the unit policy must be >= 1, got {}", policy.min_parameters);
      }
    } else {
      constexpr std::string_view kKeys[] = {"classes", "paths", "min_parameters"};
      const std::optional<std::string_view> nearest = nearest_text(key, kKeys);
      return invalid_argument(
          "the unit policy has no key '{}'{}", key,
          nearest ? fmt::format("; did you mean '{}'?", *nearest) : "; it takes classes, paths and min_parameters");
    }
  }
  return policy;
}

Result<Units> choose_units(const Program& program, const UnitPolicy& policy) {
  Chooser chooser(program);
  for (const std::string& name : policy.classes) OAR_TRY(chooser.add_class(name));
  for (const std::string& pattern : policy.paths) OAR_TRY(chooser.add_path(pattern));
  if (policy.min_parameters > 0) chooser.add_by_size(policy.min_parameters);
  Units units = chooser.units();
  attribute_parameters(program, units);
  return units;
}

UnitPlan plan_units(const Program& program, const Graph& graph, const Units& units, const std::vector<SlotId>& kept) {
  const Uses uses = uses_of(graph);
  std::vector<bool> is_kept(graph.slots.size(), false);
  for (const SlotId slot : graph.outputs) is_kept[slot] = true;
  for (const SlotId slot : kept) is_kept[slot] = true;
  UnitPlan plan;
  plan.whole.end = graph.nodes.size();
  fill_borders(program, graph, uses, is_kept, plan.whole);
  if (units.size() < 2) return plan;
  const std::vector<Place> places = places_of(units, graph);
  const MemoryRoots roots = memory_roots(graph);
  for (std::size_t i = 0; i < places.size();) {
    std::size_t end = i + 1;
    while (end < places.size() && places[end] == places[i]) ++end;
    if (places[i].unit != 0) {
      Segment segment{places[i].unit, places[i].call, i, end, {}, {}, {}, {}};
      fill_borders(program, graph, uses, is_kept, segment);
      fill_written(roots, segment);
      plan.segments.push_back(std::move(segment));
    }
    i = end;
  }
  return plan;
}

Result<std::vector<std::size_t>> find_units(const Units& units, std::string_view pattern) {
  std::vector<std::size_t> found;
  std::vector<std::string_view> names;
  for (std::size_t i = 1; i < units.size(); ++i) {
    names.push_back(units[i].path);
    if (text_fits(units[i].path, pattern)) found.push_back(i);
  }
  if (!found.empty()) return found;
  if (names.empty())
    return invalid_argument("the model has no units but the root; choose them first (oar_model_set_units)");
  return invalid_argument("no unit fits '{}'{}", pattern, way_out(pattern, names));
}

}  // namespace oarlock
