#include "graph/pt2/extra.h"

#include <ATen/Functions.h>
#include <fmt/format.h>

#include <optional>

#include "base/text.h"
#include "graph/pt2/schema.h"

namespace oarlock::pt2 {
namespace {

constexpr std::int64_t kFormat = 1;

bool is_same_kind(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && a.requires_grad() == b.requires_grad();
}

std::string size_text(const ProgramInput& input, std::int64_t dim) {
  return fmt::format("{}.size()[{}]", input.name, dim);
}

void require_equal(Measure a, Measure b, Graph& graph) {
  Guard guard;
  guard.text = fmt::format("{} == {}", a.text, b.text);
  for (Measure* measure : {&a, &b}) {
    guard.condition.append({SizeOp::kVariable, static_cast<std::int64_t>(graph.measures.size())});
    graph.measures.push_back(std::move(*measure));
  }
  guard.condition.append({SizeOp::kEq, 0});
  graph.guards.push_back(std::move(guard));
}

}  // namespace

Result<Extra> parse_extra(const JsonValue& document) {
  OAR_ASSIGN(const std::int64_t format, integer_at(document, "format"));
  if (format != kFormat) return wrong_version("it has format {}, this build reads format {}", format, kFormat);
  Extra extra;
  if (const JsonValue* loss = document.find("loss"); loss != nullptr && !loss->is_null()) {
    OAR_ASSIGN(extra.loss, string_at(document, "loss"));
  }
  if (document.find("tied") != nullptr) {
    OAR_ASSIGN(const JsonValue* groups, array_at(document, "tied"));
    for (const JsonValue& group : groups->items()) {
      if (!group.is_array()) return corrupt("member \"tied\" holds what is no list");
      std::vector<std::string> names;
      for (const JsonValue& name : group.items()) {
        if (!name.is_string()) return corrupt("member \"tied\" holds what is no name");
        names.push_back(name.text());
      }
      extra.tied.push_back(std::move(names));
    }
  }
  if (document.find("modules") != nullptr) {
    OAR_ASSIGN(const JsonValue* modules, object_at(document, "modules"));
    for (const auto& [path, name] : modules->members()) {
      if (!name.is_string()) return corrupt("module \"{}\" has a class that is no string", path);
      extra.modules.emplace(path, name.text());
    }
  }
  if (document.find("dynamic") != nullptr) {
    OAR_ASSIGN(const JsonValue* inputs, object_at(document, "dynamic"));
    for (const auto& [input, dims] : inputs->members()) {
      if (!dims.is_object()) return corrupt("the dynamic sizes of \"{}\" are no object", input);
      for (const auto& [dim, name] : dims.members()) {
        const std::optional<std::int64_t> index = parse_number<std::int64_t>(dim);
        if (!index || !name.is_string())
          return corrupt("dimension \"{}\" of \"{}\" is no number with a name", dim, input);
        extra.dynamic[input].emplace(*index, name.text());
      }
    }
  }
  return extra;
}

void name_sizes(const Extra& extra, Program& program) {
  struct Named {
    const ProgramInput& input;
    std::int64_t dim;
    const ExportedDim& exported;
  };
  std::map<std::string, Named, std::less<>> first;  // by name
  for (const ProgramInput& input : program.inputs) {
    const auto named = extra.dynamic.find(input.name);
    const std::optional<ExportedTensor>& exported = program.graph.slots[input.slot].exported;
    if (named == extra.dynamic.end() || !exported) continue;
    for (const auto& [dim, name] : named->second) {
      if (name.empty() || dim < 0 || dim >= static_cast<std::int64_t>(exported->shape.size())) continue;
      const ExportedDim& size = exported->shape[static_cast<std::size_t>(dim)];
      if (size.symbol >= 0) program.graph.symbols[static_cast<std::size_t>(size.symbol)].name = name;
      const auto [known, is_new] = first.try_emplace(name, Named{input, dim, size});
      const Named& other = known->second;
      if (is_new || (other.exported.symbol == size.symbol && other.exported.value == size.value)) continue;
      require_equal({other.input.slot, MeasureKind::kSize, other.dim, size_text(other.input, other.dim)},
                    {input.slot, MeasureKind::kSize, dim, size_text(input, dim)}, program.graph);
      program.graph.num_user_inputs = program.inputs.size();  // a file without ranges has no other guards
    }
  }
}

Status tie(const Extra& extra, StoredTensors& weights) {
  for (const std::vector<std::string>& group : extra.tied) {
    const StoredTensor* first = nullptr;
    const std::string* first_name = nullptr;
    for (const std::string& name : group) {
      const auto found = weights.find(name);
      if (found == weights.end()) continue;  // the graph does not use it under that name
      StoredTensor& stored = found->second;
      if (first == nullptr) {
        first = &stored;
        first_name = &name;
        continue;
      }
      if (!is_same_kind(first->tensor, stored.tensor) || first->is_given != stored.is_given ||
          (stored.is_given && !first->tensor.is_same(stored.tensor) && !at::equal(first->tensor, stored.tensor))) {
        return corrupt("{} and {} were one tensor when the program was exported, and differ in the archive",
                       *first_name, name);
      }
      stored.tensor = first->tensor;
    }
  }
  return Status::ok();
}

}  // namespace oarlock::pt2
