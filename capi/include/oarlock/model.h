/** Parameters and how to run and differentiate them. */
#ifndef OARLOCK_MODEL_H
#define OARLOCK_MODEL_H
#include <oarlock/types.h>
/* A program that torch.export saved (.pt2), with its weights, on the state's device. options: model.* keys; NULL = defaults. */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_load(oar_state *state, const char *path, OAR_NULLABLE const char *options, OAR_OUT OAR_OWNED oar_model **out) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_model_set_training(oar_model *model, int32_t training) OAR_NOEXCEPT;      /* 1: dropout on, batch statistics, autograd recorded; 0: off */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_is_training(const oar_model *model, int32_t *out_training) OAR_NOEXCEPT;
/* inputs: a map by input name or a list by position. outputs: a map by output name ("loss", "logits") or a list. */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_forward(oar_model *model, const oar_tree *inputs, OAR_OUT OAR_OWNED oar_tree **out_outputs) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_model_num_inputs(const oar_model *model, int64_t *out_num_inputs) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_model_input_name(const oar_model *model, int64_t index, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_model_num_parameters(const oar_model *model, int64_t *out_num_parameters) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_model_parameter_name(const oar_model *model, int64_t index, OAR_OUT char *buf, size_t *len) OAR_NOEXCEPT;
OAR_API OAR_SINCE(0, 1) oar_status oar_model_parameter(const oar_model *model, const char *name, OAR_OUT OAR_OWNED oar_tensor **out) OAR_NOEXCEPT; /* parameter or buffer, shares memory */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_gradient(const oar_model *model, const char *name, OAR_OUT OAR_OWNED OAR_NULLABLE oar_tensor **out) OAR_NOEXCEPT; /* NULL: none */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_save_weights(const oar_model *model, const char *path) OAR_NOEXCEPT;  /* safetensors, atomically */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_load_weights(oar_model *model, const char *path) OAR_NOEXCEPT;        /* strict: same names, shapes; all or nothing */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_retain(oar_model *model) OAR_NOEXCEPT; /* one more reference */
OAR_API OAR_SINCE(0, 1) void oar_model_release(OAR_NULLABLE oar_model *model) OAR_NOEXCEPT;
#endif
