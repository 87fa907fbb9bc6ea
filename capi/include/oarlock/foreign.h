/**
 * Models that the host writes: parameters registered by name, in the host's own memory, and a forward of its own.
 *
 * Two ways to train one, and a third that makes it a program:
 *
 *  1. Operators by name. The forward calls operators (op.h) on the tensors of oar_model_parameter; autograd goes back
 *     through them, as in Python:
 *
 *         oar_model_create_foreign(state, &model);
 *         oar_model_register_parameter(model, "weight", weight);
 *         oar_model_set_forward(model, forward, NULL, NULL);
 *         oar_accelerator_prepare_model(accelerator, model);         // now all ranks hold rank 0's values
 *         ...
 *         oar_model_forward(model, batch, &outputs);
 *         oar_accelerator_backward(accelerator, loss);               // averaged over the ranks while it runs
 *
 *  2. Mathematics of its own, in whatever language and framework; the gradients are handed over:
 *
 *         oar_accelerator_gradient_ready(accelerator, model, "weight", gradient);
 *         oar_accelerator_gradients_done(accelerator, model);        // averaged over the ranks
 *         oar_accelerator_step(accelerator, optimizer, scheduler);
 *
 *  3. The forward of the first way is recorded once (oar_model_trace); what that gives is trained and evaluated without
 *     calling it again.
 *
 * Data parallelism, clipping, optimizers, schedules and checkpoints work on both.
 */
#ifndef OARLOCK_FOREIGN_H
#define OARLOCK_FOREIGN_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Computes the outputs of a foreign model.
 *
 * @param[in]  model        the model; valid during the call only.
 * @param[in]  inputs       what oar_model_forward was given; valid during the call only.
 * @param[out] out_outputs  owned by the library from then on: a list or map of tensors and values.
 * @param[in]  user_data    as registered.
 *
 * @return 0 when done; anything else ends the call that ran it with OAR_E_CALLBACK.
 * @threads inside oar_model_forward or oar_model_trace of this model
 * @since   0.1
 */
typedef int32_t (*oar_forward_fn)(OAR_BORROWED oar_model *model, OAR_BORROWED const oar_tree *inputs,
                                  OAR_OUT OAR_OWNED oar_tree **out_outputs, OAR_NULLABLE void *user_data);
/**
 * Computes the gradients of a foreign model's parameters from those of its outputs, and hands them over.
 *
 * @param[in] model             the model; valid during the call only.
 * @param[in] output_gradients  the outputs' structure; a tensor where an output has a gradient, None elsewhere. Valid
 *                              during the call only.
 * @param[in] user_data         as registered.
 *
 * @return 0 when done; anything else ends the call that ran it with OAR_E_CALLBACK.
 * @threads inside oar_accelerator_backward of a loss that came from this model
 * @since   0.1
 */
typedef int32_t (*oar_backward_fn)(OAR_BORROWED oar_model *model, OAR_BORROWED const oar_tree *output_gradients,
                                   OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * Make a model without a program: the host runs forward and backward itself. Register its tensors before anything is
 * made of it.
 *
 * @param[in]  state  borrowed; gives the device.
 * @param[out] out    owned; end with oar_model_release. Untouched on failure.
 *
 * @threads serial(state)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_create_foreign(oar_state *state, OAR_OUT OAR_OWNED oar_model **out) OAR_NOEXCEPT;

/**
 * Let a foreign model train a tensor. Nothing is copied: optimizer steps, rank 0's values (when the model is prepared)
 * and loaded checkpoints are written into its memory, where the host's forward finds them.
 *
 * All ranks register the same names, shapes and dtypes in the same order. Gradients become ready fastest when that is
 * the order of the forward: they are averaged from the last to the first.
 *
 * @param[in] model   borrowed; foreign.
 * @param[in] name    borrowed; not empty, new in this model. In a scope (oar_model_enter_scope) relative to it.
 * @param[in] tensor  its memory is retained. Floating-point, on the model's device, writable, without gaps or overlaps;
 *                    any order of strides.
 *
 * @return OAR_E_ARGUMENT     the tensor or the name does not fit, or some of the memory is another parameter's.
 * @return OAR_E_STATE        an optimizer was made of the model, or it was prepared.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model, tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_register_parameter(oar_model *model, const char *name, oar_tensor *tensor) OAR_NOEXCEPT;

/**
 * Let a foreign model keep a tensor that is not trained: running statistics, frozen weights. It is in checkpoints, and
 * rank 0's values go to all ranks when the model is prepared and, unless ddp.broadcast_buffers is off, with every
 * backward that synchronises.
 *
 * @param[in] model   borrowed; foreign.
 * @param[in] name    borrowed; not empty, new in this model. In a scope (oar_model_enter_scope) relative to it.
 * @param[in] tensor  its memory is retained. Any dtype; on the model's device, writable, without gaps or overlaps.
 *
 * @return OAR_E_ARGUMENT     the tensor or the name does not fit.
 * @return OAR_E_STATE        an optimizer was made of the model, or it was prepared.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model, tensor)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_register_buffer(oar_model *model, const char *name, oar_tensor *tensor) OAR_NOEXCEPT;

/**
 * Give a foreign model its forward: oar_model_forward runs it from now on.
 *
 * It calls operators on the tensors of oar_model_parameter, or computes however it likes. In training the operators
 * record autograd, in evaluation not.
 *
 * @param[in] model      borrowed; foreign.
 * @param[in] fn         NULL takes the present one away.
 * @param[in] user_data  handed to `fn`.
 * @param[in] release    release(user_data) runs exactly once: when another forward takes its place, when the model
 *                       ends, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.
 *
 * @return OAR_E_STATE        the present one is running.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_set_forward(oar_model *model, OAR_NULLABLE oar_forward_fn fn, OAR_NULLABLE void *user_data,
                      OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Give a foreign model whose forward computes without operators its backward: oar_accelerator_backward runs it.
 *
 * In training, what oar_model_forward gives then has a place in autograd: a loss computed from it by operators, or one
 * of the outputs itself, leads back to `fn`, which gets the outputs' gradients and hands over those of the parameters
 * with oar_accelerator_gradient_ready as it has them, so that their averages travel meanwhile. They carry the scale of
 * the loss: they are not divided by accelerator.gradient_accumulation_steps again. The backward's end is implied
 * (oar_accelerator_gradients_done does nothing there). Nothing flows back into the inputs.
 *
 * One backward per forward, and after a second forward in training only that one can be gone back through; by the
 * function that was set when the forward ran. Inside `fn` calls that train or save give OAR_E_STATE. Where it fails on
 * one of several ranks, the others are told at once and the state is aborted.
 *
 * @param[in] model      borrowed; foreign.
 * @param[in] fn         NULL takes the present one away.
 * @param[in] user_data  handed to `fn`.
 * @param[in] release    release(user_data) runs exactly once: when neither the model nor an output of its forwards
 *                       needs `fn` any more, or before this returns if it fails or `fn` is NULL. NULL: nothing to free.
 *
 * @return OAR_E_STATE        the present one is running.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_set_backward(oar_model *model, OAR_NULLABLE oar_backward_fn fn, OAR_NULLABLE void *user_data,
                       OAR_NULLABLE oar_release_fn release) OAR_NOEXCEPT;

/**
 * Give a registered parameter or buffer itself, for operators: with its place in autograd, which oar_model_tensor
 * leaves out.
 *
 * @param[in]  model  borrowed; foreign.
 * @param[in]  name   of a parameter or buffer. In a scope (oar_model_enter_scope) relative to it.
 * @param[out] out    owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND    the model has none of that name.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_parameter(const oar_model *model, const char *name, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Enter a scope: a part of the model with a name of its own, as a module is in Python.
 *
 * Until oar_model_exit_scope the names given to oar_model_register_parameter, oar_model_register_buffer and
 * oar_model_parameter are relative to it: "weight" in scope "attention" of scope "blocks.0" is
 * "blocks.0.attention.weight". Operators that are called meanwhile belong to it. A forward leaves the scopes that it
 * enters.
 *
 * @param[in] model       borrowed; foreign.
 * @param[in] name        not empty; parts between dots are scopes of their own.
 * @param[in] class_name  what kind of part it is ("Attention"), for policies that choose parts by kind. NULL: none.
 *
 * @return OAR_E_ARGUMENT     the name is empty, begins or ends with a dot, or has two in a row.
 * @return OAR_E_STATE        256 scopes are open.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_enter_scope(oar_model *model, const char *name, OAR_NULLABLE const char *class_name) OAR_NOEXCEPT;

/**
 * Leave the scope that was entered last.
 *
 * @param[in] model  borrowed; foreign.
 *
 * @return OAR_E_STATE        no scope is open; in a forward: none that it entered.
 * @return OAR_E_UNSUPPORTED  the model is a program.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_exit_scope(oar_model *model) OAR_NOEXCEPT;

/**
 * Record the forward of a foreign model as a program: from then on a model as one that was loaded from a file.
 *
 * The forward runs on copies of the example inputs; the operators that it calls (op.h) become the program, with the
 * scopes as module paths. The program shares parameters (frozen ones stay frozen) and buffers with the foreign model,
 * needs no callback any more, begins in training mode and knows evaluation mode: tell dropout and batch norm that they
 * train. What the runs compute is kept until the trace ends.
 *
 * Dimensions that are to take any size are declared by name. Then the forward runs again for each name with that size
 * changed, by repeating rows of the examples, and once with all of them changed. Integers that follow the declared
 * sizes linearly, such as a size given to aten::view, become symbolic; any other difference between the runs is an
 * error. Sizes that are not declared are fixed.
 *
 * Tensors that no operator made become constants of the program, and must not be written to: register what changes as
 * a buffer. Values that the forward reads out of tensors are not seen: decide by operators (aten::where), not by
 * numbers. All runs are in training mode; afterwards the default random state, mode, buffers and parameters are as
 * before, also after a failure.
 *
 * @param[in]  model         borrowed; foreign, with a forward.
 * @param[in]  inputs        borrowed. Example inputs: a map by name, of tensors; nested ones get paths ("batch.x").
 * @param[in]  dynamic_dims  JSON: for inputs, dimensions and their names: {"tokens": {"0": "batch", "1": "length"},
 *                           "labels": {"0": "batch"}}. Equal names are equal sizes. NULL: none.
 * @param[out] out           owned; end with oar_model_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     the runs differ, an input is not used, an output is no operator's result, an operator
 *                            refuses its arguments; the text names operator and scope, and what to write instead.
 * @return OAR_E_STATE        a trace runs on this thread already. Inside the forward: what it calls to change the model
 *                            (registering, backward, step, handing over gradients).
 * @return OAR_E_UNSUPPORTED  the model is a program or has no forward, or the forward calls an operator that reads a
 *                            number out of a tensor (aten::item).
 * @return OAR_E_CALLBACK     the forward failed; the text has the last error inside it.
 * @threads serial(model, inputs)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_trace(oar_model *model, const oar_tree *inputs, OAR_NULLABLE const char *dynamic_dims,
                OAR_OUT OAR_OWNED oar_model **out) OAR_NOEXCEPT;

#endif
