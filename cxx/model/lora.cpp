#include "model/lora.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <span>

#include "base/json.h"
#include "base/text.h"
#include "graph/module_path.h"
#include "model/providers/graph.h"
#include "tensor/describe.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

constexpr std::size_t kListedMax = 8;
constexpr std::string_view kKeys[] = {"alpha", "dropout", "freeze", "rank", "targets"};

Status set_targets(const JsonValue& value, LoraOptions& options) {
  if (!value.is_array()) return invalid_argument("a list of patterns is expected, {} was given", value.kind_name());
  for (const JsonValue& item : value.items()) {
    OAR_ASSIGN(std::string pattern, item.as_string());
    options.targets.push_back(std::move(pattern));
  }
  return Status::ok();
}

Status set_option(const std::string& key, const JsonValue& value, LoraOptions& options) {
  if (key == "targets") return set_targets(value, options);
  if (key == "freeze") {
    OAR_ASSIGN(options.freeze, value.as_bool());
    return Status::ok();
  }
  if (key == "rank") {
    OAR_ASSIGN(options.rank, value.as_int64());
    return options.rank >= 1 ? Status::ok() : invalid_argument("must be >= 1, got {}", options.rank);
  }
  double& number = key == "alpha" ? options.alpha : options.dropout;
  OAR_ASSIGN(number, value.as_double());
  if (!std::isfinite(number)) return invalid_argument("must be finite, got {}", number);
  if (key == "dropout" && (number < 0 || number >= 1)) return invalid_argument("must lie in [0, 1), got {}", number);
  return Status::ok();
}

Status no_layer(const std::string& pattern, const std::vector<LinearLayer>& layers) {
  if (layers.empty()) return invalid_argument("the program has no linear layers that could have adapters");
  std::vector<std::string> modules, near;
  for (const LinearLayer& layer : layers) {
    modules.push_back(layer.module);
    near.push_back(layer.module);
    if (last_part(layer.module) != layer.module) near.push_back(fmt::format("*.{}", last_part(layer.module)));
  }
  const std::vector<std::string_view> candidates(near.begin(), near.end());
  std::optional<std::string_view> nearest = nearest_text(pattern, candidates);
  if (const auto in_any_module = std::find(near.begin(), near.end(), "*." + pattern); in_any_module != near.end())
    nearest = *in_any_module;
  const std::size_t listed = std::min(modules.size(), kListedMax);
  return invalid_argument("target '{}' fits no linear layer{}; the program has {}: {}{}", pattern,
                          nearest ? fmt::format("; did you mean '{}'?", *nearest) : "", modules.size(),
                          join_text(std::span(modules).first(listed), ", "), listed < modules.size() ? ", ..." : "");
}

// What keeps this layer from having an adapter.
Status check_layer(const LinearLayer& layer, const std::vector<LinearLayer>& layers, const GraphModel& model) {
  const std::string& weight = model.program().tensors[layer.weight].name;
  if (!layer.other_use.empty()) {
    return unsupported(
        "the weight of {} ({}) is used by {} too, so an adapter of it could not be merged; leave it out of the targets",
        layer.module, weight, layer.other_use);
  }
  for (const LinearLayer& other : layers) {
    if (other.module != layer.module || other.weight == layer.weight) continue;
    return unsupported("module {} multiplies by two weights ({} and {}); an adapter is for one", layer.module, weight,
                       model.program().tensors[other.weight].name);
  }
  for (const ProgramTensor& entry : model.program().tensors) {
    if (entry.name == lora_a_name(layer.module) || entry.name == lora_b_name(layer.module))
      return unsupported("the program has a tensor {} of its own", entry.name);
  }
  return Status::ok();
}

Status check_may_add(const GraphModel& model) {
  if (model.lora()) return invalid_state("the model has adapters already; merge them first (oar_model_merge_lora)");
  if (!model.is_sealed()) return Status::ok();
  return invalid_state("adapters come too late: an optimizer was made of the model or it was prepared");
}

// torch.nn.init.kaiming_uniform_(a=sqrt(5)), bit for bit.
at::Tensor draw_a(std::int64_t rank, std::int64_t num_in, const at::TensorOptions& options) {
  if (num_in == 0) return at::empty({rank, num_in}, options);
  const double slope = std::sqrt(5.0);
  const double gain = std::sqrt(2.0 / (1.0 + slope * slope));
  const double bound = std::sqrt(3.0) * (gain / std::sqrt(static_cast<double>(num_in)));
  return at::empty({rank, num_in}, options).uniform_(-bound, bound);
}

// `all`: every linear layer of the program.
Status insert(GraphModel& model, LoraOptions options, InsertAdapters::Plan plan, const std::vector<LinearLayer>& all) {
  Lora lora{std::move(options), {}, {}};
  for (const LinearLayer& layer : all) {
    const bool has_one = std::any_of(plan.layers.begin(), plan.layers.end(),
                                     [&](const LinearLayer& chosen) { return chosen.module == layer.module; });
    if (!has_one) lora.other_layers.push_back(layer.module);
  }
  plan.scale = lora.options.scale();
  plan.dropout = lora.options.dropout;
  plan.freeze = lora.options.freeze;
  InsertAdapters pass(std::move(plan));
  OAR_TRY(model.apply(pass));
  lora.adapters = pass.take_adapters();
  model.lora() = std::move(lora);
  return Status::ok();
}

Status check_values(const AdapterValues& given, const LinearLayer& layer, const LoraOptions& options,
                    const GraphModel& model) {
  const Program& program = model.program();
  const at::ScalarType dtype = program.tensors[layer.weight].tensor.scalar_type();
  const std::vector<std::int64_t> a = {options.rank, layer.num_in(program)}, b = {layer.num_out(program), options.rank};
  if (given.a.sizes() == a && given.b.sizes() == b && given.a.scalar_type() == dtype && given.b.scalar_type() == dtype)
    return Status::ok();
  return invalid_argument(
      "the adapter of {} does not fit: A is {}, B {}; rank {} and a weight {} need [{}, {}] and [{}, {}] of its type",
      given.module, describe_tensor(given.a), describe_tensor(given.b), options.rank,
      describe_tensor(program.tensors[layer.weight].tensor), a[0], a[1], b[0], b[1]);
}

}  // namespace

double LoraOptions::scale() const {
  return alpha / (is_rank_stabilized ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank));
}

Result<LoraOptions> parse_lora_options(std::string_view json) {
  OAR_ASSIGN(const JsonValue object, parse_json(json));
  if (!object.is_object()) return invalid_argument("options must be a JSON object, {} was given", object.kind_name());
  LoraOptions options;
  for (const auto& [key, value] : object.members()) {
    if (std::find(std::begin(kKeys), std::end(kKeys), key) == std::end(kKeys)) {
      const std::optional<std::string_view> nearest = nearest_text(key, kKeys);
      return invalid_argument("unknown option '{}'{}", key,
                              nearest ? fmt::format("; did you mean '{}'?", *nearest)
                                      : "; there are targets, rank, alpha, dropout and freeze");
    }
    OAR_TRY(set_option(key, value, options).within(key));
  }
  if (options.targets.empty())
    return invalid_argument("targets must name at least one module: {{\"targets\": [\"*.q_proj\"]}}");
  return options;
}

Status add_lora(GraphModel& model, LoraOptions options) {
  OAR_TRY(check_may_add(model));
  const std::vector<LinearLayer> all = find_linear_layers(model.program());
  for (const std::string& pattern : options.targets) {
    const bool fits_any =
        std::any_of(all.begin(), all.end(), [&](const auto& layer) { return text_fits(layer.module, pattern); });
    if (!fits_any) return no_layer(pattern, all);
  }
  InsertAdapters::Plan plan;
  for (const LinearLayer& layer : all) {
    const bool is_target = std::any_of(options.targets.begin(), options.targets.end(),
                                       [&](const std::string& pattern) { return text_fits(layer.module, pattern); });
    if (!is_target) continue;
    OAR_TRY(check_layer(layer, all, model));
    plan.layers.push_back(layer);
  }
  const GradModeScope no_grad(false);
  for (const LinearLayer& layer : plan.layers) {
    const at::TensorOptions of_weight = model.program().tensors[layer.weight].tensor.options();
    plan.a.push_back(draw_a(options.rank, layer.num_in(model.program()), of_weight).set_requires_grad(true));
    plan.b.push_back(at::zeros({layer.num_out(model.program()), options.rank}, of_weight).set_requires_grad(true));
  }
  return insert(model, std::move(options), std::move(plan), all);
}

Status add_lora(GraphModel& model, LoraOptions options, const std::vector<AdapterValues>& values) {
  OAR_TRY(check_may_add(model));
  const std::vector<LinearLayer> all = find_linear_layers(model.program());
  InsertAdapters::Plan plan;
  std::set<std::string> expected;
  for (const AdapterValues& given : values) expected.insert(given.module);
  for (const LinearLayer& layer : all) {
    const auto given =
        std::find_if(values.begin(), values.end(), [&](const auto& value) { return value.module == layer.module; });
    if (given == values.end()) continue;
    OAR_TRY(check_layer(layer, all, model));
    OAR_TRY(check_values(*given, layer, options, model));
    expected.erase(layer.module);
    plan.layers.push_back(layer);
    plan.a.push_back(given->a.detach().set_requires_grad(true));
    plan.b.push_back(given->b.detach().set_requires_grad(true));
  }
  if (!expected.empty()) return no_layer(*expected.begin(), all);
  return insert(model, std::move(options), std::move(plan), all);
}

Status merge_lora(GraphModel& model) {
  if (!model.lora()) return invalid_state("the model has no adapters to merge");
  const GradModeScope no_grad(false);
  const double scale = model.lora()->options.scale();
  for (const Adapter& adapter : model.lora()->adapters) {
    const at::Tensor weight = model.program().tensors[adapter.weight].tensor;
    at::Tensor change = at::mm(adapter.b.to(at::kDouble), adapter.a.to(at::kDouble)).mul_(scale);
    if (adapter.is_in_first) change = change.t();
    const at::Tensor merged = change.add(weight.to(at::kDouble)).to(weight.scalar_type());
    weight.copy_(merged);
    adapter.b.zero_();
  }
  RemoveAdapters pass(model.lora()->adapters);
  OAR_TRY(model.apply_any_time(pass));
  model.lora().reset();
  return Status::ok();
}

}  // namespace oarlock
