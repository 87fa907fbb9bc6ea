// Loss scaling for training in fp16: torch.amp.GradScaler of PyTorch 2.11, number for number (spec B 4.4).
//
// The loss is multiplied by a scale so that small gradients do not vanish in fp16; before a step the gradients are
// divided by it. A step whose gradients are not finite is left out and the scale made smaller; after growth_interval
// good iterations in a row it is made larger, unless it would no longer be finite.
//
// Per optimizer and iteration: ready -> unscaled -> stepped; update() ends the iteration for all of them.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "optim/optimizer.h"

namespace oarlock {

class GradScaler {
 public:
  enum class Stage { kReady, kUnscaled, kStepped };

  // options: section "scaler". OAR_E_ARGUMENT: a factor or the interval is out of its range.
  static Result<GradScaler> create(const Options& options, at::Device device);

  // loss * scale, recorded by autograd.
  at::Tensor scale(const at::Tensor& loss) const;
  double scale() const;

  Stage stage(const Optimizer& optimizer) const;
  // Divides the gradients by the scale and notes whether all were finite. OAR_E_STATE: not ready. OAR_E_ARGUMENT: fp16
  // gradients, naming the parameter; nothing is changed.
  Status unscale(const Optimizer& optimizer);
  // 1 or 0, one float32 element: whether unscale found inf or NaN. Ranks may write the largest of theirs into it.
  // OAR_E_STATE: not unscaled.
  Result<at::Tensor> found_inf(const Optimizer& optimizer) const;
  // Whether the optimizer, unscaled, may step. OAR_E_STATE: it stepped already, or none of its parameters had a
  // gradient.
  Result<bool> may_step(const Optimizer& optimizer) const;
  void note_step(const Optimizer& optimizer);  // it stepped, or its step was left out; after may_step

  bool has_stepped() const;  // some optimizer since the last update
  struct Update {
    bool found_inf = false;
    double scale_before = 0, scale = 0;
  };
  // Ends the iteration: every optimizer is ready again. OAR_E_STATE: none was unscaled.
  Result<Update> update();
  void forget();  // every optimizer is ready; the scale stays

  // {"scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker"}, as state_dict() of torch has
  // it.
  JsonValue state() const;
  // Strict; unchanged on failure.
  Status load_state(const JsonValue& state);
  // "ready", "unscaled", "stepped", with found_inf of the latter two; what a checkpoint in an iteration needs.
  JsonValue progress(const Optimizer& optimizer) const;
  Status load_progress(const Optimizer& optimizer, const JsonValue& progress);

 private:
  struct Values {
    double growth_factor = 2, backoff_factor = 0.5;
    std::int64_t growth_interval = 2000;
  };
  struct Progress {
    Stage stage = Stage::kReady;
    bool has_gradients = false;
    at::Tensor found_inf;
  };
  GradScaler(const Values& values, double scale, at::Device device);
  static Status check(const Values& values, double scale);

  Values values_;
  at::Tensor scale_, growth_tracker_;  // float32, int32; no dimensions, on the device
  std::map<const Optimizer*, Progress> progress_;
};

}  // namespace oarlock
