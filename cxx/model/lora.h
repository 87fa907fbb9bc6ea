// Adapters of a program's linear layers: what may be asked for, who gets one, how they end. The nodes are
// graph/passes/lora.h's, the files checkpoint/adapter_folder.h's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/passes/lora.h"

namespace oarlock {

class GraphModel;

struct LoraOptions {
  std::vector<std::string> targets;  // patterns of module paths (text_fits)
  std::int64_t rank = 8;
  double alpha = 8;
  double dropout = 0;
  bool freeze = true;
  bool is_rank_stabilized = false;  // alpha / sqrt(rank), rsLoRA (Kalajdzievski 2023); from files only

  double scale() const;
};

// The adapters that a model has.
struct Lora {
  LoraOptions options;
  std::vector<Adapter> adapters;
  std::vector<std::string> other_layers;  // modules of linear layers without one
};

// OAR_E_ARGUMENT names the key, what is expected and what was given.
Result<LoraOptions> parse_lora_options(std::string_view json);

// As oar_model_add_lora; nothing is changed on failure.
Status add_lora(GraphModel& model, LoraOptions options);
// One adapter of given values; `a` and `b` are taken over.
struct AdapterValues {
  std::string module;
  at::Tensor a, b;
};
// The same with values, for exactly these modules; options.targets is not read. OAR_E_ARGUMENT names a module that is
// no linear layer, or the shapes and types that differ.
Status add_lora(GraphModel& model, LoraOptions options, const std::vector<AdapterValues>& values);

// W + scale * B A, exact in double precision, rounded once; then B is zero, so that whatever fails next and whoever
// runs the adapters' nodes still (a session) computes the same. Last the nodes and parameters go.
Status merge_lora(GraphModel& model);

}  // namespace oarlock
