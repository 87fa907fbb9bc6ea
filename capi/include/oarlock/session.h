/**
 * In-situ inference: a model run forward only, on the host's own arrays, from any thread. No accelerator is needed.
 *
 *     oar_session_create(model, &session);                                // one per thread
 *     oar_tensor_from_memory(field, OAR_FLOAT32, shape, strides, 2, NULL, NULL, &input);    // once
 *     oar_tensor_from_memory(flux, OAR_FLOAT32, out_shape, NULL, 2, NULL, NULL, &output);
 *     for (...) oar_session_run(session, &input, 1, &output, 1);          // reads field, writes flux
 *
 * Inputs are read where they lie, column-major ones too. Outputs are written where they lie: by the operator that
 * computes them (linear, matmul, softmax, element by element, ...: oar_session_writes_in_place), else by one copy. An
 * output that shares memory with an input, a weight or another output is right too; such a run computes into memory of
 * the session and copies. Of outputs that overlap each other the later one wins.
 *
 * A session always evaluates in the program's own dtypes, whatever the model's mode and mixed precision: dropout off,
 * running statistics used, no buffer changed, nothing recorded. Its results are those of oar_model_forward in
 * evaluation (of a model without mixed precision) bit for bit, with one exception: an output that its operator writes
 * itself into an order of strides that it would not have chosen (column-major) may differ in rounding, because matrix
 * products and vectorised functions round by the order in which they walk memory.
 *
 * After a run with the same outputs and shapes, further runs allocate nothing of Oarlock's (libtorch's operators still
 * allocate their intermediate results; up to 30 arrays per call). The arrays may be others in every call.
 */
#ifndef OARLOCK_SESSION_H
#define OARLOCK_SESSION_H

#include <oarlock/types.h>

/**
 * Make one thread's session of a model. Any number may run at a time.
 *
 * The session keeps the model: release either first. It reads the model's weights where they are, so that steps of an
 * optimizer, oar_model_load_weights and adapters show in the next run. Do not run while another thread changes the
 * model (by a forward in training, a step, loading, freezing, adding or merging adapters).
 *
 * @param[in]  model  retained; a program.
 * @param[out] out    owned; end with oar_session_release. Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_session_create(oar_model *model, OAR_OUT OAR_OWNED oar_session **out) OAR_NOEXCEPT;

/**
 * Run the model on the caller's arrays.
 *
 * What is not asked for is not computed: with the loss among the outputs NULL, labels may be NULL too.
 *
 * @param[in] session      borrowed.
 * @param[in] inputs       borrowed; in the order of oar_model_input_name. Dtypes, shapes and device as exported, any
 *                         strides. Numbers as tensors without dimensions (int64, float64, bool). An element may be NULL
 *                         if no wanted output needs it.
 * @param[in] num_inputs   oar_model_num_inputs.
 * @param[in] outputs      borrowed; in the order of oar_model_output_name. An element that is NULL is not wanted, any
 *                         other is written: writable, with the dtype and shape of the output, any strides.
 * @param[in] num_outputs  oar_model_num_outputs.
 *
 * @return OAR_E_ARGUMENT  a number of arrays, a dtype, shape or device does not fit: the text names the input or
 *                         output, what is expected and what was given, and no output was written. An operator failed:
 *                         the text names it, and outputs may hold anything.
 * @threads serial(session, inputs, outputs); other sessions of the model are free
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_session_run(oar_session *session, OAR_NULLABLE oar_tensor *const *inputs, size_t num_inputs,
                OAR_NULLABLE oar_tensor *const *outputs, size_t num_outputs) OAR_NOEXCEPT;

/**
 * Run the model on the caller's arrays with a session of the model's own: for hosts with one thread.
 *
 * @param[in] model        borrowed; a program.
 * @param[in] inputs       borrowed; as for oar_session_run.
 * @param[in] num_inputs   oar_model_num_inputs.
 * @param[in] outputs      borrowed; as for oar_session_run.
 * @param[in] num_outputs  oar_model_num_outputs.
 *
 * @return OAR_E_ARGUMENT     as oar_session_run.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model, inputs, outputs)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_run(oar_model *model, OAR_NULLABLE oar_tensor *const *inputs, size_t num_inputs,
              OAR_NULLABLE oar_tensor *const *outputs, size_t num_outputs) OAR_NOEXCEPT;

/**
 * Tell whether an output's operator writes straight into the caller's memory, all outputs wanted and no memory shared.
 *
 * @param[in]  session              borrowed.
 * @param[in]  index                in [0, oar_model_num_outputs).
 * @param[out] out_writes_in_place  1: written by its operator; 0: copied once.
 *
 * @return OAR_E_ARGUMENT  index out of range.
 * @threads serial(session)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_session_writes_in_place(const oar_session *session, int64_t index,
                            OAR_OUT int32_t *out_writes_in_place) OAR_NOEXCEPT;

/**
 * Add an owner.
 *
 * @param[in] session  borrowed.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_session_retain(oar_session *session) OAR_NOEXCEPT;

/**
 * Drop an owner; the last one frees the session.
 *
 * @param[in] session  NULL is allowed.
 *
 * @threads any; never blocks
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) void oar_session_release(OAR_NULLABLE oar_session *session) OAR_NOEXCEPT;

#endif
