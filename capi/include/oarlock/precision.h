/**
 * Mixed precision: forwards that compute in bf16 or fp16, and the scaled gradients that fp16 needs.
 *
 * With the option accelerator.mixed_precision "bf16" or "fp16", the forwards of models that the accelerator prepared
 * run under autocast: matrix products and convolutions compute in 16 bits, losses and whatever needs the range in
 * float32, parameters and gradients stay float32. Outputs of 16 bits are given as float32. This holds in evaluation,
 * too, and until oar_accelerator_close; in-situ runs (session.h) always compute as the program says.
 *
 * With "fp16" the loss is multiplied by a scale before the backward, so that small gradients do not vanish:
 *
 *     oar_accelerator_backward(accelerator, loss);                           // gradients of loss * scale
 *     oar_accelerator_clip_grad_norm(accelerator, model, 1.0, 2.0, NULL);    // divides them by the scale first
 *     oar_accelerator_step(accelerator, optimizer, scheduler);               // or leaves the step out
 *     oar_accelerator_step_was_skipped(accelerator, optimizer, &skipped);
 *
 * A step whose gradients are infinite or NaN, on any rank, is left out on all ranks: neither the optimizer nor the
 * scheduler steps, the gradients are dropped, and the scale is multiplied by scaler.backoff_factor. After
 * scaler.growth_interval good iterations in a row it is multiplied by scaler.growth_factor. On several ranks clip,
 * step and oar_accelerator_unscale_gradients then wait for the other ranks. The numbers are those of
 * torch.amp.GradScaler.
 *
 * With several optimizers the scale changes once per iteration: when no prepared optimizer has gradients left that it
 * did not step with, at the latest at the next backward. Differs: the reference changes it after each step, and divides
 * the gradients of the next optimizer by a scale that they do not have; "compat": "accelerate" does so here.
 */
#ifndef OARLOCK_PRECISION_H
#define OARLOCK_PRECISION_H

#include <oarlock/types.h>

/**
 * Tell the precision that the accelerator was made with: "no", "bf16" or "fp16".
 *
 * @param[in]     accelerator  borrowed.
 * @param[out]    buf          room for the text; NULL asks for the length only.
 * @param[in,out] len          in: room in buf; out: length with the final NUL, also when the room is too little.
 *
 * @return OAR_E_ARGUMENT  the room is too little.
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_mixed_precision(const oar_accelerator *accelerator, OAR_OUT OAR_NULLABLE char *buf,
                                size_t *len) OAR_NOEXCEPT;

/**
 * Begin a region in which the host's own calls of operators (oar_op_call with the accelerator's state) run under
 * autocast, as the forwards of prepared models do, or, inside of such a forward, without it.
 *
 * Regions nest; the innermost counts: one that is not enabled is an island of full precision. They belong to the state,
 * not to a thread. Forwards of models do not see regions that were begun outside of them, and must end their own.
 * With mixed precision "no" a region changes nothing. Do not step inside of a region.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] enabled      1: compute in 16 bits what can be; 0: compute in what operators are given.
 *
 * @return OAR_E_STATE  the accelerator is closed, or a trace runs on this thread (oar_model_trace): a traced program
 *                      gets its precision when it is prepared.
 * @threads serial(accelerator), and no operator of its state called meanwhile
 * @source  Accelerate 1.15 `autocast`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_autocast_begin(oar_accelerator *accelerator, int32_t enabled) OAR_NOEXCEPT;

/**
 * End the innermost region that oar_accelerator_autocast_begin began.
 *
 * @param[in] accelerator  borrowed.
 *
 * @return OAR_E_STATE  no region is open, none in this forward, or the innermost is another accelerator's.
 * @threads serial(accelerator), and no operator of its state called meanwhile
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_accelerator_autocast_end(oar_accelerator *accelerator) OAR_NOEXCEPT;

/**
 * Divide gradients by the loss scale now, before the host reads or changes them. oar_accelerator_clip_grad_norm and
 * oar_accelerator_step do so by themselves where this was not called.
 *
 * Without a scaler, and between synchronisations, nothing is done.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] optimizer    borrowed, prepared: whose gradients; NULL: those of all prepared optimizers.
 *
 * @return OAR_E_STATE     the optimizer is not prepared, or its gradients were unscaled or used already since the last
 *                         backward.
 * @return OAR_E_ARGUMENT  a gradient is float16; the text names its parameter.
 * @threads collective(state) with a scaler, serial(accelerator, optimizer) without
 * @source  Accelerate 1.15 `unscale_gradients`; torch.amp.GradScaler.unscale_.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_unscale_gradients(oar_accelerator *accelerator, OAR_NULLABLE oar_optimizer *optimizer) OAR_NOEXCEPT;

/**
 * Tell whether the last oar_accelerator_step of an optimizer was left out because gradients were not finite.
 *
 * A call of step between synchronisations is none that was left out. (Differs: the reference goes on telling of the
 * step before.)
 *
 * @param[in]  accelerator  borrowed.
 * @param[in]  optimizer    borrowed, prepared; NULL: whether that of any prepared optimizer was.
 * @param[out] out_skipped  1: left out, on all ranks; 0: not.
 *
 * @return OAR_E_STATE  the optimizer is not prepared.
 * @threads serial(accelerator, optimizer)
 * @source  Accelerate 1.15 `optimizer_step_was_skipped`, `step_was_skipped`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_step_was_skipped(const oar_accelerator *accelerator, OAR_NULLABLE const oar_optimizer *optimizer,
                                 OAR_OUT int32_t *out_skipped) OAR_NOEXCEPT;

/**
 * Tell by what the next loss will be multiplied: 1 without a scaler.
 *
 * @param[in]  accelerator  borrowed.
 * @param[out] out_scale    the scale.
 *
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_loss_scale(const oar_accelerator *accelerator, OAR_OUT double *out_scale) OAR_NOEXCEPT;

/**
 * Give the scaler's state as JSON, with the names of torch.amp.GradScaler.state_dict: {"scale", "growth_factor",
 * "backoff_factor", "growth_interval", "_growth_tracker"}; {} without a scaler. Checkpoints have it, too.
 *
 * @param[in]     accelerator  borrowed.
 * @param[out]    buf          room for the text; NULL asks for the length only.
 * @param[in,out] len          in: room in buf; out: length with the final NUL, also when the room is too little.
 *
 * @return OAR_E_ARGUMENT  the room is too little.
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_scaler_state(const oar_accelerator *accelerator, OAR_OUT OAR_NULLABLE char *buf,
                             size_t *len) OAR_NOEXCEPT;

/**
 * Go on from a scaler's state, of oar_accelerator_scaler_state or of a torch.amp.GradScaler. Gradients that were not
 * used yet count as not unscaled. All ranks pass the same.
 *
 * @param[in] accelerator  borrowed.
 * @param[in] state_json   all five values; {} only without a scaler.
 *
 * @return OAR_E_ARGUMENT  no JSON, or a value is out of its range. The state is unchanged.
 * @return OAR_E_CORRUPT   a value is missing or of another type; the text names it.
 * @return OAR_E_STATE     there is no scaler.
 * @threads serial(accelerator)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_accelerator_load_scaler_state(oar_accelerator *accelerator, const char *state_json) OAR_NOEXCEPT;

#endif
