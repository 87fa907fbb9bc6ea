#include "checkpoint/adapter_folder.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/text.h"
#include "checkpoint/commit.h"
#include "format/safetensors.h"
#include "tensor/describe.h"
#include "tensor/scopes.h"

namespace oarlock {
namespace {

constexpr std::string_view kConfigName = "adapter_config.json";
constexpr std::string_view kTensorsName = "adapter_model.safetensors";
constexpr std::string_view kPrefix = "base_model.model.";
constexpr std::string_view kSuffixA = ".lora_A.weight", kSuffixB = ".lora_B.weight";
constexpr std::size_t kConfigBytesMax = 16 << 20;

// Keys of a configuration that change what an adapter computes or holds, unless they are null, false or empty.
constexpr std::string_view kRefused[] = {
    "alpha_pattern",     "alora_invocation_tokens", "layer_replication", "lora_bias", "modules_to_save", "rank_pattern",
    "target_parameters", "trainable_token_indices", "use_bdlora",        "use_dora",  "use_qalora"};

// PEFT takes a module whose path is the entry or ends in "." and the entry.
bool also_means_others(const std::string& module, const Lora& lora) {
  return std::any_of(lora.other_layers.begin(), lora.other_layers.end(),
                     [&](const std::string& other) { return other.ends_with("." + module); });
}

std::string escaped(const std::string& module) {
  std::string text;
  for (const char c : module) text += c == '.' ? std::string("\\.") : std::string(1, c);
  return text;
}

// A list of paths, or a regular expression where the list would mean more than the adapters that there are.
JsonValue target_modules(const Lora& lora) {
  const bool needs_pattern = std::any_of(lora.adapters.begin(), lora.adapters.end(),
                                         [&](const Adapter& a) { return also_means_others(a.module, lora); });
  JsonValue list = JsonValue::array();
  std::vector<std::string> parts;
  for (const Adapter& adapter : lora.adapters) {
    list.append(JsonValue::string(adapter.module));
    parts.push_back(escaped(adapter.module));
  }
  return needs_pattern ? JsonValue::string(join_text(parts, "|")) : list;
}

JsonValue number(double value) {
  const bool is_integer = std::nearbyint(value) == value && std::abs(value) < 1e15;
  return is_integer ? JsonValue::integer(static_cast<std::int64_t>(value)) : JsonValue::number(value);
}

std::string config_text(const Lora& lora) {
  const bool are_in_first = std::all_of(lora.adapters.begin(), lora.adapters.end(),
                                        [](const Adapter& adapter) { return adapter.is_in_first; });
  return JsonValue::object({{"base_model_name_or_path", JsonValue()},
                            {"bias", JsonValue::string("none")},
                            {"fan_in_fan_out", JsonValue::boolean(are_in_first)},
                            {"inference_mode", JsonValue::boolean(true)},
                            {"init_lora_weights", JsonValue::boolean(true)},
                            {"lora_alpha", number(lora.options.alpha)},
                            {"lora_dropout", number(lora.options.dropout)},
                            {"modules_to_save", JsonValue()},
                            {"peft_type", JsonValue::string("LORA")},
                            {"r", JsonValue::integer(lora.options.rank)},
                            {"target_modules", target_modules(lora)},
                            {"task_type", JsonValue()},
                            {"use_rslora", JsonValue::boolean(lora.options.is_rank_stabilized)}})
             .dump(true) +
         "\n";
}

bool is_nothing(const JsonValue& value) {
  if (value.is_null()) return true;
  if (value.is_bool()) return !value.as_bool().value();
  if (value.is_array()) return value.items().empty();
  return value.is_object() && value.members().empty();
}

Status check_kind(const JsonValue& config) {
  const JsonValue* type = config.find("peft_type");
  if (type == nullptr || type->text() != "LORA") {
    return unsupported("only adapters of peft_type LORA are read; it is {}",
                       type == nullptr ? "missing" : type->dump());
  }
  const JsonValue* bias = config.find("bias");
  if (bias != nullptr && !bias->is_null() && bias->text() != "none")
    return unsupported("bias is {}; only \"none\" is supported", bias->dump());
  for (const std::string_view key : kRefused) {
    const JsonValue* value = config.find(key);
    if (value != nullptr && !is_nothing(*value))
      return unsupported("{} is {}; it is not supported", key, value->dump());
  }
  return Status::ok();
}

Result<LoraOptions> parse_config(const std::string& text) {
  OAR_ASSIGN(const JsonValue config, parse_json(text, OAR_E_CORRUPT));
  if (!config.is_object()) return corrupt("a JSON object is expected, there is {}", config.kind_name());
  OAR_TRY(check_kind(config));
  LoraOptions options;
  OAR_ASSIGN(const JsonValue* rank, config.at("r"));
  OAR_ASSIGN(const JsonValue* alpha, config.at("lora_alpha"));
  const auto read = [&]() -> Status {
    OAR_ASSIGN(options.rank, rank->as_int64());
    OAR_ASSIGN(options.alpha, alpha->as_double());
    if (const JsonValue* dropout = config.find("lora_dropout")) {
      OAR_ASSIGN(options.dropout, dropout->as_double());
    }
    if (const JsonValue* is_stabilized = config.find("use_rslora")) {
      OAR_ASSIGN(options.is_rank_stabilized, is_stabilized->as_bool());
    }
    return Status::ok();
  };
  if (Status status = read(); !status.is_ok()) return corrupt("r, lora_alpha, lora_dropout: {}", status.message());
  if (options.rank < 1 || !std::isfinite(options.alpha) || !(options.dropout >= 0 && options.dropout < 1)) {
    return corrupt("r {}, lora_alpha {} or lora_dropout {} is out of range", options.rank, options.alpha,
                   options.dropout);
  }
  return options;
}

// The module of "base_model.model.<module>.lora_A.weight".
std::optional<std::string> module_of(std::string_view name, std::string_view suffix) {
  if (!name.starts_with(kPrefix) || !name.ends_with(suffix) || name.size() <= kPrefix.size() + suffix.size())
    return std::nullopt;
  return std::string(name.substr(kPrefix.size(), name.size() - kPrefix.size() - suffix.size()));
}

// Views of the mapped file.
Result<std::vector<AdapterValues>> read_values(const std::string& path) {
  OAR_ASSIGN(const std::shared_ptr<SafetensorsFile> file, SafetensorsFile::open(path));
  std::map<std::string, AdapterValues> by_module;
  for (const SafetensorsEntry& entry : file->entries()) {
    const std::optional<std::string> of_a = module_of(entry.name, kSuffixA), of_b = module_of(entry.name, kSuffixB);
    if (!of_a && !of_b) {
      return unsupported("tensor {} is no part of a linear layer's adapter ({}<module>{} or {})", entry.name, kPrefix,
                         kSuffixA, kSuffixB);
    }
    AdapterValues& values = by_module[of_a ? *of_a : *of_b];
    values.module = of_a ? *of_a : *of_b;
    OAR_ASSIGN((of_a ? values.a : values.b), file->tensor(entry.name));
  }
  std::vector<AdapterValues> all;
  for (auto& [module, values] : by_module) {
    if (!values.a.defined() || !values.b.defined())
      return corrupt("the adapter of {} has no {}", module, values.a.defined() ? "lora_B" : "lora_A");
    all.push_back(std::move(values));
  }
  if (all.empty()) return corrupt("there are no adapters in it");
  return all;
}

Status replace_values(const Lora& lora, const LoraOptions& options, const std::vector<AdapterValues>& values) {
  if (options.scale() != lora.options.scale()) {
    return invalid_argument(
        "the adapters are scaled by {} (lora_alpha {}, r {}), the model's by {} (alpha {}, rank {})", options.scale(),
        options.alpha, options.rank, lora.options.scale(), lora.options.alpha, lora.options.rank);
  }
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;  // to, from
  for (const AdapterValues& given : values) {
    const auto adapter = std::find_if(lora.adapters.begin(), lora.adapters.end(),
                                      [&](const Adapter& known) { return known.module == given.module; });
    if (adapter == lora.adapters.end()) return invalid_argument("the model has no adapter at {}", given.module);
    for (const auto& [to, from] : {std::pair(adapter->a, given.a), std::pair(adapter->b, given.b)}) {
      if (to.sizes() != from.sizes() || to.scalar_type() != from.scalar_type()) {
        return invalid_argument("the adapter of {} has {}, the file {}", given.module, describe_tensor(to),
                                describe_tensor(from));
      }
      copies.emplace_back(to, from);
    }
  }
  for (const Adapter& adapter : lora.adapters) {
    const bool is_given = std::any_of(values.begin(), values.end(),
                                      [&](const AdapterValues& given) { return given.module == adapter.module; });
    if (!is_given) return invalid_argument("there is no adapter of {} in it", adapter.module);
  }
  const GradModeScope no_grad(false);
  for (const auto& [to, from] : copies) to.copy_(from);
  return Status::ok();
}

}  // namespace

Status save_adapters(Fs& fs, const GraphModel& model, const std::string& directory) {
  if (!model.lora()) return invalid_state("the model has no adapters to save");
  OAR_ASSIGN(const CheckpointPath target, split_checkpoint_path(directory));
  OAR_ASSIGN(const std::unique_ptr<Commit> commit, Commit::begin(fs, target));
  NamedTensors tensors;
  for (const Adapter& adapter : model.lora()->adapters) {
    tensors.push_back({std::string(kPrefix) + adapter.module + std::string(kSuffixA), adapter.a.detach()});
    tensors.push_back({std::string(kPrefix) + adapter.module + std::string(kSuffixB), adapter.b.detach()});
  }
  OAR_TRY(write_safetensors(fs, join_path(commit->temporary(), kTensorsName), tensors, {{"format", "pt"}}).status());
  return commit->finish(kConfigName, config_text(*model.lora()));
}

Status load_adapters(GraphModel& model, const std::string& directory) {
  const std::string config_path = join_path(directory, kConfigName), tensors_path = join_path(directory, kTensorsName);
  OAR_ASSIGN(const std::string text, read_file(config_path, kConfigBytesMax));
  Result<LoraOptions> options = parse_config(text);
  if (!options.is_ok()) return std::move(options).status().within(config_path);
  Result<std::vector<AdapterValues>> values = read_values(tensors_path);
  if (!values.is_ok()) return std::move(values).status().within(tensors_path);
  if (model.lora()) return replace_values(*model.lora(), options.value(), values.value()).within(directory);
  for (AdapterValues& given : values.value()) {  // the file may be replaced or cut
    given.a = given.a.clone();
    given.b = given.b.clone();
  }
  return add_lora(model, std::move(options).value(), values.value()).within(directory);
}

}  // namespace oarlock
