/**
 * Adapters: train a few small matrices beside weights that stay as they are (LoRA: Hu et al. 2021, arXiv 2106.09685).
 *
 *     oar_model_load(state, "model.pt2", NULL, &model);
 *     oar_model_add_lora(model, "{\"targets\": [\"*.q_proj\", \"*.v_proj\"], \"rank\": 8, \"alpha\": 16}");
 *     oar_accelerator_prepare_model(accelerator, model);              // trains, as always: only the adapters
 *     ...
 *     oar_model_save_lora(model, "adapter");                          // a folder that PEFT reads, some megabytes
 *     oar_model_merge_lora(model);                                    // or into the weights
 *     oar_model_save_weights(model, "merged.safetensors");            // of the model as it was, by its own names
 *
 * Patterns of paths and names, here as in unit.h: '*' stands for any characters, also none and also dots; every other
 * character for itself; the whole must fit. "**" says the same as "*".
 */
#ifndef OARLOCK_ADAPTER_H
#define OARLOCK_ADAPTER_H

#include <oarlock/types.h>

/**
 * Take parameters out of training, or put them back.
 *
 * A frozen parameter gets no gradient, no optimizer state and no part in averages over ranks; weights and checkpoints
 * hold it as before. Of tied parameters one name is enough.
 *
 * @param[in]  model      borrowed.
 * @param[in]  pattern    of names in the state dict: "encoder.*", "*.bias".
 * @param[in]  frozen     1: freeze; 0: train.
 * @param[out] out_count  how many names fitted. Untouched on failure.
 *
 * @return OAR_E_STATE  an optimizer was made of the model, or it was prepared.
 * @threads serial(model)
 * @source  torch.nn.Module.requires_grad_.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_freeze(oar_model *model, const char *pattern, int32_t frozen, OAR_OUT int64_t *out_count) OAR_NOEXCEPT;

/**
 * Give linear layers adapters: where a target computes y from x, y gains (alpha / rank) * B(A(dropout(x))).
 *
 * Options, a JSON object:
 *     "targets"  list of patterns of module paths: ["*.q_proj", "h.*.attn.c_attn"]. Required.
 *     "rank"     rows of A and columns of B, at least 1. Default 8.
 *     "alpha"    default 8.
 *     "dropout"  in [0, 1): the share of x that training leaves out before A. Default 0.
 *     "freeze"   true, the default: everything but the adapters is frozen. false: nothing is.
 *
 * A module is a linear layer if it multiplies by a weight of its own: linear, addmm, matmul, mm, with the weight as it
 * is or transposed (GPT-2's Conv1D). A and B are parameters "<module>.lora_A.weight" [rank, in] and
 * "<module>.lora_B.weight" [out, rank] of the weight's type; A is drawn as torch.nn.init.kaiming_uniform_(a=sqrt(5))
 * draws it, from the default generator, B is zero, so the model's results are those of before until it is trained. A
 * module that is called several times has one adapter.
 *
 * @param[in] model    borrowed; a program.
 * @param[in] options  JSON as above.
 *
 * @return OAR_E_ARGUMENT     an option is unknown or out of range; or a target fits no linear layer: the text names
 *                            some that there are. Nothing was changed.
 * @return OAR_E_STATE        an optimizer was made of the model, it was prepared, or it has adapters already.
 * @return OAR_E_UNSUPPORTED  the model is foreign; or a target's weight is used elsewhere too (tied to an embedding),
 *                            so that it could not be merged.
 * @threads serial(model)
 * @source  Hu et al. 2021, equation 3; PEFT `LoraConfig`.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_add_lora(oar_model *model, const char *options) OAR_NOEXCEPT;

/**
 * Write the adapters alone, as a folder that PEFT's PeftModel.from_pretrained reads: adapter_config.json and
 * adapter_model.safetensors.
 *
 * The folder is complete or not there, whatever is killed when. Names of modules are the program's: they are those of
 * the Python model if that was exported itself, not inside another module.
 *
 * @param[in] model      borrowed.
 * @param[in] directory  must not exist; its parent is made if needed.
 *
 * @return OAR_E_STATE        the model has no adapters.
 * @return OAR_E_EXISTS       the directory is there already; it is untouched.
 * @return OAR_E_NO_SPACE     the disk is full; nothing is left of the attempt.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_save_lora(const oar_model *model, const char *directory) OAR_NOEXCEPT;

/**
 * Read adapters that oar_model_save_lora or PEFT wrote. A model without any gets them, and the rest of it is frozen;
 * else they must be those that the model has, and the values are replaced.
 *
 * All or nothing. Every name, shape and type must fit. Of adapter_config.json are read r, lora_alpha, lora_dropout
 * (when the adapters are new) and use_rslora; what would change the mathematics otherwise is refused by name.
 *
 * @param[in] model      borrowed; a program.
 * @param[in] directory  the folder.
 *
 * @return OAR_E_NOT_FOUND    one of the two files is not there.
 * @return OAR_E_CORRUPT      they are no such files, or damaged.
 * @return OAR_E_ARGUMENT     the adapters are of another model, or others than this model has; the text says which.
 * @return OAR_E_UNSUPPORTED  another kind of adapter (DoRA, bias, modules_to_save, ranks by pattern); or the model is
 *                            foreign.
 * @return OAR_E_STATE        the model has no adapters, and an optimizer was made of it or it was prepared.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_load_lora(oar_model *model, const char *directory) OAR_NOEXCEPT;

/**
 * Put the adapters into the weights, W + (alpha / rank) * B A, and take them away: the model has the parameters of
 * before, still frozen (oar_model_freeze with 0 thaws them if nothing was made of the model).
 *
 * Each merged weight is the exact one, computed in double precision, rounded once to the weight's type. Training is
 * over with it: an optimizer or accelerator that was made of the model has nothing left to train.
 *
 * @param[in] model  borrowed.
 *
 * @return OAR_E_STATE        the model has no adapters.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_merge_lora(oar_model *model) OAR_NOEXCEPT;

#endif
