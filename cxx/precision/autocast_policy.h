// Mixed precision of a training: which autocast runs around the forwards of prepared models, and what their outputs
// become. Rules: Accelerate 1.15 `prepare_model` (spec B 4.1, 4.2).
//
// Differs: fp16 works on the CPU, with a gradient scaler (optim/grad_scaler.h); the reference computes in fp32 there
// without a word.
#pragma once

#include <memory>
#include <string_view>

#include "base/options.h"
#include "base/status.h"
#include "model/run_precision.h"
#include "state/process_state.h"
#include "tensor/autocast.h"
#include "tensor/tree.h"

namespace oarlock {

enum class MixedPrecision { kNo, kBf16, kFp16 };

// "no", "bf16", "fp16". OAR_E_UNSUPPORTED for fp8, OAR_E_ARGUMENT for anything else.
Result<MixedPrecision> parse_mixed_precision(std::string_view text);
const char* mixed_precision_name(MixedPrecision precision);

// What a forward, or a region for the host's own operators, is set to on this device. Not enabled for kNo.
Autocast autocast_for(MixedPrecision precision, at::Device device, bool cache_enabled);

// The same nested tensors with those of 16 bits as float32, recorded by autograd if that is on.
Tree widen_16_bits(Tree tree);

// Autocast around forwards, then outputs in float32. Regions that the host has open in `state` count only if a forward
// of the host's own began them.
std::shared_ptr<const RunPrecision> make_autocast_precision(std::shared_ptr<State> state, const Autocast& autocast);

}  // namespace oarlock
