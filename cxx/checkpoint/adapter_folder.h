// Adapters as a folder that PEFT reads and writes: adapter_config.json and adapter_model.safetensors, whose tensors are
// "base_model.model.<module>.lora_A.weight" and ".lora_B.weight".
// Source: PEFT 0.18 `LoraConfig`, `get_peft_model_state_dict`, `save_pretrained`.
#pragma once

#include <string>

#include "base/fs.h"
#include "base/status.h"
#include "model/providers/graph.h"

namespace oarlock {

// Old or new, never a part: the folder appears by a rename. OAR_E_EXISTS if it is there.
Status save_adapters(Fs& fs, const GraphModel& model, const std::string& directory);

// Reads and checks everything first. A model without adapters gets these, else theirs are replaced in place.
Status load_adapters(GraphModel& model, const std::string& directory);

}  // namespace oarlock
