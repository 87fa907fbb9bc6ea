// What a checkpoint holds, as plain data: accel/ collects it, the writer commits it, the reader gives it back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tensor/named_tensor.h"

namespace oarlock {

inline constexpr std::string_view kModelFileName = "model";  // the first model's shared file

// One safetensors file. name: kModelFileName, "optimizer_0", "random_state".
struct CheckpointTensors {
  std::string name;
  NamedTensors tensors;
};

struct CheckpointContents {
  std::vector<CheckpointTensors> shared;    // equal on all ranks: rank 0 writes <name>.safetensors
  std::vector<CheckpointTensors> per_rank;  // every rank writes <name>-<rank>.safetensors
  JsonValue values = JsonValue::object();   // rank 0's: schedulers, loaders, counters
  JsonValue user = JsonValue();             // the caller's own, rank 0's; null: none
};

}  // namespace oarlock
