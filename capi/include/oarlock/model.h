/**
 * Models: parameters, buffers, and how to run and differentiate them.
 *
 * A model comes from a program that torch.export saved once (`torch.export.save(torch.export.export(module.train(),
 * ...))`); from then on no Python is needed. Export in training mode with the loss inside or outside, batch
 * dimensions dynamic (torch.export.Dim.AUTO); evaluation mode is had from the same file.
 *
 * Or it is foreign: the host computes forward and backward itself, or writes the forward in operators by name
 * (foreign.h). Data parallelism, clipping, optimizers, schedules and checkpoints work on it alike.
 *
 * Names are fully qualified, as in the module's state dict: "encoder.0.fc1.weight".
 */
#ifndef OARLOCK_MODEL_H
#define OARLOCK_MODEL_H

#include <oarlock/types.h>

/**
 * Load an exported program (.pt2) with its weights, onto the state's device.
 *
 * The weights are copied into memory of the model; the file is not needed afterwards and is never written.
 * Parameters require gradients as they did at export; tied weights stay one tensor. The model starts in training
 * mode.
 *
 * Reading does not trust the file: any bytes give a model or an error. Running it does trust libtorch: a program may
 * call operators of aten only (more by model.operators), without those that open files or make tensors of unchecked
 * memory, but not every kernel of libtorch is proof against arguments made to harm. Run programs of people you trust.
 *
 * @param[in]  state    borrowed; gives the device.
 * @param[in]  path     the file.
 * @param[in]  options  JSON object of model.* keys without the prefix ({"weights":"w.safetensors"}); what it does not
 *                      name, and all of it if NULL, is taken from the state's config.
 * @param[out] out      owned; end with oar_model_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND    there is no such file.
 * @return OAR_E_CORRUPT      truncated, altered, or not an exported program; the text says where.
 * @return OAR_E_VERSION      another archive or schema version than this build reads; the text names both.
 * @return OAR_E_UNSUPPORTED  an operator, region or kind of value that this build lacks or refuses; the text
 *                            names it with its node and module. Also programs that were exported without weights.
 * @threads serial(state)
 * @source  torch/_export/serde/schema.py, schema version 8.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_load(oar_state *state, const char *path, OAR_NULLABLE const char *options,
               OAR_OUT OAR_OWNED oar_model **out) OAR_NOEXCEPT;

/**
 * Choose between training and evaluation for the forwards that follow.
 *
 * Training: dropout on, batch statistics, running statistics updated, autograd recorded. Evaluation: dropout off,
 * running statistics used, nothing recorded, and every buffer left bit for bit as it was. A program that was
 * exported in evaluation mode has lost its training constants and runs alike in both.
 *
 * Dropouts count as such when they are operators of their own, decomposed ones, or masks drawn by hand and divided by
 * the share they keep (stochastic depth). Any other draw of random numbers stays in evaluation too, and a warning
 * names its node and module once per model.
 *
 * A foreign model remembers the mode, and its forward (foreign.h) records no autograd in evaluation; what else it means
 * is the host's.
 *
 * @param[in] model     borrowed.
 * @param[in] training  1: training; 0: evaluation.
 *
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_set_training(oar_model *model, int32_t training) OAR_NOEXCEPT;

/**
 * Tell the mode.
 *
 * @param[in]  model            borrowed.
 * @param[out] out_is_training  1: training; 0: evaluation.
 *
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_is_training(const oar_model *model, OAR_OUT int32_t *out_is_training) OAR_NOEXCEPT;

/**
 * Run the model.
 *
 * Random operators (dropout) draw from the default generator, in the order of the program. In training the outputs
 * carry their history, so that oar_accelerator_backward can go through them; it ends with the last tensor that
 * holds it. The model keeps nothing of a run but what its buffers hold. Inputs are never written to: a program that
 * changes an input in place changes a copy.
 *
 * @param[in]  model        borrowed.
 * @param[in]  inputs       borrowed. A map by input name (nested inputs by their path), or a list by position, with
 *                          every input of the program on the model's device.
 * @param[out] out_outputs  owned; end with oar_tree_release. A map by output name if the exported module returned
 *                          one (a dict or an object with named fields), else a list; nested as it was. Untouched on
 *                          failure.
 *
 * @return OAR_E_ARGUMENT  an input is missing, unknown, or has a number, dtype or shape that the program was not
 *                         exported for; the text names the input, what is expected and what was given. Also what an
 *                         operator itself refuses (a label out of range); the text then names its node and module.
 * @return OAR_E_UNSUPPORTED  the model is foreign and was given no forward (oar_model_set_forward).
 * @return OAR_E_CALLBACK     the forward of a foreign model failed; the text has the last error inside it.
 * @return OAR_E_STATE        the forward of a foreign model called itself, or left a scope open.
 * @threads serial(model, inputs)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_forward(oar_model *model, const oar_tree *inputs, OAR_OUT OAR_OWNED oar_tree **out_outputs) OAR_NOEXCEPT;

/**
 * Count the inputs.
 *
 * @param[in]  model           borrowed.
 * @param[out] out_num_inputs  how many tensors or numbers a forward takes.
 *
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_num_inputs(const oar_model *model, OAR_OUT int64_t *out_num_inputs) OAR_NOEXCEPT;

/**
 * Tell the name of an input: that of the exported module's forward ("images"; "batch.images" inside a dict).
 *
 * @param[in]     model  borrowed.
 * @param[in]     index  in [0, number of inputs).
 * @param[out]    buf    filled with the name and a NUL; NULL asks for the length only.
 * @param[in,out] len    in: room in bytes; out: length with the NUL.
 *
 * @return OAR_E_ARGUMENT  index out of range, or too little room.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_input_name(const oar_model *model, int64_t index, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Count the outputs: the tensors and numbers in what oar_model_forward returns.
 *
 * @param[in]  model            borrowed.
 * @param[out] out_num_outputs  the number of outputs; 0 for a foreign model.
 *
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_num_outputs(const oar_model *model, OAR_OUT int64_t *out_num_outputs) OAR_NOEXCEPT;

/**
 * Tell the path of an output in the tree that oar_model_forward returns ("loss"; "0"; "hidden.1" inside a dict).
 *
 * @param[in]     model  borrowed.
 * @param[in]     index  in [0, number of outputs).
 * @param[out]    buf    filled with the path and a NUL; NULL asks for the length only.
 * @param[in,out] len    in: room in bytes; out: length with the NUL.
 *
 * @return OAR_E_ARGUMENT  index out of range, or too little room.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_output_name(const oar_model *model, int64_t index, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Count the parameters that are trained. Tied ones count once, frozen ones not.
 *
 * @param[in]  model               borrowed.
 * @param[out] out_num_parameters  how many.
 *
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_num_parameters(const oar_model *model, OAR_OUT int64_t *out_num_parameters) OAR_NOEXCEPT;

/**
 * Tell the name of a trained parameter, in the program's order. A tied one has its first name.
 *
 * @param[in]     model  borrowed.
 * @param[in]     index  in [0, number of parameters).
 * @param[out]    buf    filled with the name and a NUL; NULL asks for the length only.
 * @param[in,out] len    in: room in bytes; out: length with the NUL.
 *
 * @return OAR_E_ARGUMENT  index out of range, or too little room.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_parameter_name(const oar_model *model, int64_t index, OAR_OUT OAR_NULLABLE char *buf,
                         size_t *len) OAR_NOEXCEPT;

/**
 * Give a parameter or buffer, sharing its memory: what is written there the model uses.
 *
 * Do not write between a forward and its backward. Carries no autograd history.
 *
 * @param[in]  model  borrowed.
 * @param[in]  name   of a parameter (tied and frozen ones too) or buffer.
 * @param[out] out    owned; end with oar_tensor_release. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  the model has none of that name.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_tensor(const oar_model *model, const char *name, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT;

/**
 * Give the gradient of a parameter, sharing its memory.
 *
 * @param[in]  model  borrowed.
 * @param[in]  name   of a parameter.
 * @param[out] out    owned; end with oar_tensor_release. NULL if the parameter has no gradient: none was computed
 *                    since the last oar_accelerator_step, or it is frozen. Untouched on failure.
 *
 * @return OAR_E_NOT_FOUND  the model has none of that name.
 * @return OAR_E_ARGUMENT   it is a buffer.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_gradient(const oar_model *model, const char *name,
                   OAR_OUT OAR_OWNED OAR_MAYBE_NULL oar_tensor **out) OAR_NOEXCEPT;

/**
 * Write every persistent parameter and buffer as one safetensors file, under all their names.
 *
 * A reader of `path` sees the old file or the new, whatever happens; the new one is on the disk when this returns.
 *
 * @param[in] model  borrowed.
 * @param[in] path   replaced if it exists; its folder must exist.
 *
 * @return OAR_E_IO        the system refused; the text has its reason.
 * @return OAR_E_NO_SPACE  the disk is full; the old file is as it was.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_save_weights(const oar_model *model, const char *path) OAR_NOEXCEPT;

/**
 * Replace every persistent parameter and buffer by that of a safetensors file, in place.
 *
 * All or nothing: names, dtypes and shapes must be exactly the model's; of tied weights one name is enough. The format
 * has no checksum, so data bytes that were altered on the disk cannot be seen; those of a checkpoint (checkpoint.h) and
 * of a program are checked.
 *
 * @param[in] model  borrowed.
 * @param[in] path   the file; not needed afterwards.
 *
 * @return OAR_E_ARGUMENT   names are missing or unexpected, or a dtype or shape differs; the text lists them.
 * @return OAR_E_NOT_FOUND  there is no such file.
 * @return OAR_E_CORRUPT    it is no safetensors file, or a damaged one.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_load_weights(oar_model *model, const char *path) OAR_NOEXCEPT;

/**
 * Add a reference.
 *
 * @param[in] model  borrowed; needs one oar_model_release more.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_retain(oar_model *model) OAR_NOEXCEPT;

/**
 * Drop a reference. Tensors, outputs and optimizers that share the model's memory keep it.
 *
 * @param[in] model  NULL is fine.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void
oar_model_release(OAR_NULLABLE oar_model *model) OAR_NOEXCEPT;

#endif
