/**
 * Optimizers that the host writes: its own rule, or a vendor's kernels. The rest is the library's: parameter groups,
 * schedules, options, checkpoints, averaging and clipping of gradients.
 *
 *     static int32_t sgd(const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *state,
 *                        const oar_tree *options, void *user_data) {
 *       double lr;
 *       if (oar_tree_get_double(options, "lr", &lr) != OAR_OK) return 1;
 *       ...                  // parameter -= lr * gradient, by operators (op.h) or in its memory
 *     }
 *
 *     oar_optimizer_create_foreign(model, "my_sgd", "{\"lr\":0.1}", sgd, NULL, NULL, &optimizer);
 *     oar_accelerator_prepare_optimizer(accelerator, optimizer);       // from here on as every other one
 */
#ifndef OARLOCK_FOREIGN_OPTIMIZER_H
#define OARLOCK_FOREIGN_OPTIMIZER_H

#include <oarlock/types.h>

#ifdef __cplusplus
extern "C" {
#endif
/**
 * Updates one parameter in its memory.
 *
 * @param[in]     name       of the parameter.
 * @param[in,out] parameter  without autograd; valid during the call only, as all that follow.
 * @param[in]     gradient   shape, dtype, device and strides of the parameter. May be changed.
 * @param[in,out] state      what the optimizer keeps for this parameter: a map, empty at its first update. What is put
 *                           in by oar_tree_set and oar_tree_set_tensor is there in the next one and in checkpoints:
 *                           tensors and single values, not lists or maps; keys without dots. A loaded checkpoint is
 *                           written into the memory of tensors that are there already.
 * @param[in]     options    those in force for the parameter's group: a map, with "lr" as schedules set it.
 * @param[in]     user_data  as registered.
 *
 * @return 0 when done; anything else ends the step with OAR_E_CALLBACK.
 * @threads inside the call that steps the optimizer; one parameter after the other, in the optimizer's order
 * @since   0.1
 */
typedef int32_t (*oar_update_fn)(OAR_BORROWED const char *name, OAR_BORROWED oar_tensor *parameter,
                                 OAR_BORROWED oar_tensor *gradient, OAR_BORROWED oar_tree *state,
                                 OAR_BORROWED const oar_tree *options, OAR_NULLABLE void *user_data);
#ifdef __cplusplus
}
#endif

/**
 * An optimizer whose rule is a function of the host's. Every rank makes it alike.
 *
 * A step calls `fn` for each parameter that has a gradient; a step that fails leaves those that `fn` updated already
 * as they are, and does not count. Checkpoints, and the state dicts of state_dict.h, keep state and options.
 *
 * @param[in]  model      borrowed; its parameters are retained.
 * @param[in]  name       borrowed; kept in checkpoints, which only an optimizer of the same name loads. Not one of
 *                        oar_optimizer_create.
 * @param[in]  options    borrowed; a JSON object of options of the rule's own: numbers, booleans, texts and lists of
 *                        numbers, which keep their kind. "lr" is there always (0.001). "params" and "groups" are those
 *                        of oar_optimizer_create; groups give other values to options that are there. NULL: "lr" only.
 * @param[in]  fn         not NULL.
 * @param[in]  user_data  handed to `fn`.
 * @param[in]  release    release(user_data) runs exactly once: when the optimizer ends, or before this returns if it
 *                        fails. NULL: nothing to free.
 * @param[out] out        owned; end with oar_optimizer_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     the name is one of the library's; an option is of another kind; further as
 *                            oar_optimizer_create.
 * @return OAR_E_UNSUPPORTED  as oar_optimizer_create.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_optimizer_create_foreign(oar_model *model, const char *name, OAR_NULLABLE const char *options, oar_update_fn fn,
                             OAR_NULLABLE void *user_data, OAR_NULLABLE oar_release_fn release,
                             OAR_OUT OAR_OWNED oar_optimizer **out) OAR_NOEXCEPT;

#endif
