// States of optimizers and schedules in the layout of Python's state_dict(), as the reference's optimizer.bin and
// scheduler.bin hold it (spec B 5.7): trees here; files of them are checkpoint/'s.
//
// An optimizer's: {"state": {"0": {"step": tensor, "exp_avg": tensor, ...}, ...}, "param_groups": [{"lr", ...,
// "params": [0, 1, ...]}, ...]}. Keys of "state" are Python's integers as text: a tree's keys are text. They count the
// parameters group by group, in each group in the optimizer's order. Lists of numbers ("betas") are Python's tuples.
#pragma once

#include "base/json.h"
#include "base/status.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"
#include "tensor/tree.h"

namespace oarlock {

// Tensors but numbers share memory with the optimizer. Options under torch's names, with what torch's class has beside
// them (foreach, fused, ...) at its default.
Result<Tree> optimizer_state_dict(const Optimizer& optimizer);
// What load_state takes. Groups and parameters must be as many as the optimizer's, in its order; state is cast to its
// parameter's dtype and device, as torch does. num_steps becomes the largest "step", or stays where the rule has none.
// OAR_E_ARGUMENT names the group or parameter that does not fit; OAR_E_UNSUPPORTED an option that the rule has not.
Result<OptimizerState> optimizer_state_from(const Optimizer& optimizer, const Tree& state_dict);

// {"base_lrs", "last_epoch", "_last_lr", ...}: what torch's class needs to go on; its options stay its own.
// OAR_E_UNSUPPORTED: "sequential" and "chained", which hold several of Python's.
Result<Tree> scheduler_state_dict(const Scheduler& scheduler);
// What load_state takes, of whatever class of torch; of SequentialLR and ChainedScheduler too.
Result<JsonValue> scheduler_state_from(const Scheduler& scheduler, const Tree& state_dict);

}  // namespace oarlock
