/**
 * States of optimizers and schedulers as Python's state_dict() has them, so that a run moves between torch and this
 * library: values of torch.optim and torch.optim.lr_scheduler go in and out as trees. Checkpoints of this library need
 * none of it.
 *
 *     {"state": {"0": {"step": tensor, "exp_avg": tensor, "exp_avg_sq": tensor}, ...},
 *      "param_groups": [{"lr": 0.001, "betas": [0.9, 0.999], ..., "params": [0, 1, ...]}, ...]}
 *
 * Keys of "state" are Python's integers as text. They count the parameters group by group, in each group in the order
 * of the model's parameters.
 */
#ifndef OARLOCK_STATE_DICT_H
#define OARLOCK_STATE_DICT_H

#include <oarlock/types.h>

/**
 * Give an optimizer's state as torch's class of the same name has it.
 *
 * @param[in]  optimizer  borrowed.
 * @param[out] out        owned; end with oar_tree_release. Its tensors share the optimizer's memory: a later step
 *                        changes them. Untouched on failure.
 *
 * @threads serial(optimizer)
 * @source  torch.optim.Optimizer.state_dict; transformers Adafactor; lion-pytorch; schedulefree.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_state_dict(const oar_optimizer *optimizer, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Take over a state that torch's class of the same name gave. Hyper-parameters become those of the state.
 *
 * State is copied, cast to its parameter's dtype. How torch computes (foreach, fused, capturable, differentiable) does
 * not matter here. oar_optimizer_num_steps becomes the largest "step" in it, where the optimizer counts steps.
 *
 * @param[in] optimizer   borrowed.
 * @param[in] state_dict  borrowed.
 *
 * @return OAR_E_ARGUMENT     groups, parameters or shapes differ, or something is missing; the text says which. Nothing
 *                            was changed.
 * @return OAR_E_UNSUPPORTED  an option is on that this optimizer does not have; the text names it. Nothing was changed.
 * @threads serial(optimizer, state_dict)
 * @source  torch.optim.Optimizer.load_state_dict.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_load_state_dict(oar_optimizer *optimizer, const oar_tree *state_dict) OAR_NOEXCEPT;

/**
 * Give a scheduler's state as torch's class has it: "last_epoch", "base_lrs", "_last_lr" and what the class needs more.
 *
 * Options are not in it: a scheduler of torch that loads it keeps those that it was made with.
 *
 * @param[in]  scheduler  borrowed.
 * @param[out] out        owned; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  the schedule is "sequential" or "chained", whose states in Python are several.
 * @threads serial(scheduler)
 * @source  torch LRScheduler.state_dict.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_scheduler_state_dict(const oar_scheduler *scheduler, OAR_OUT OAR_OWNED oar_tree **out) OAR_NOEXCEPT;

/**
 * Take over a state that a scheduler of torch or of transformers gave: its step and rates, which become the
 * optimizer's.
 *
 * @param[in] scheduler   borrowed.
 * @param[in] state_dict  borrowed.
 *
 * @return OAR_E_ARGUMENT  something is missing or of another number of parameter groups; the text says which. Nothing
 *                         was changed.
 * @threads serial(scheduler, state_dict), and no call on its optimizer meanwhile
 * @source  torch LRScheduler.load_state_dict.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_scheduler_load_state_dict(oar_scheduler *scheduler, const oar_tree *state_dict) OAR_NOEXCEPT;

#endif
