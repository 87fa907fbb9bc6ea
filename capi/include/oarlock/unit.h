/**
 * Units: parts of a program, by module path, that capabilities attach to (one transformer block, say); and what is had
 * from parts of a run: intermediate values, a unit on its own, a profile by unit.
 *
 *     oar_model_set_units(model, "{\"classes\":[\"GPT2Block\"]}");
 *     oar_model_set_recompute(model, "*", 1);                    // less memory for a second forward per block
 *     oar_accelerator_prepare_model(accelerator, model);
 *
 * Unit 0 is the root: the whole model, holding what no other unit holds; its name is "". Without oar_model_set_units it
 * is the only one.
 *
 * Patterns of paths and names, here as in adapter.h: '*' stands for any characters, also none and also dots ("h.*.mlp"
 * fits h.0.mlp and h.0.expert.mlp); every other character for itself; the whole must fit. "**" says the same as "*".
 */
#ifndef OARLOCK_UNIT_H
#define OARLOCK_UNIT_H

#include <oarlock/types.h>

/**
 * Choose the units. A module inside a unit is no unit of its own: of what fits, the outermost is taken. What was set
 * for the units before is forgotten.
 *
 * The policy's keys, any of which makes a module a unit: "classes", a list of class names, full or their last part;
 * "paths", a list of patterns of module paths ("encoder.layer.*"); "min_parameters", the smallest subtrees that use at
 * least so many elements of parameters. A parameter belongs to the unit that uses it; one that several use, and one
 * that nobody uses, is the root's.
 *
 * @param[in] model   borrowed; a program.
 * @param[in] policy  JSON object.
 *
 * @return OAR_E_ARGUMENT     not such an object, or a class or path that fits nothing; the text gives the nearest.
 * @return OAR_E_STATE        the model is prepared.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_set_units(oar_model *model, const char *policy) OAR_NOEXCEPT;

/**
 * Count the units, the root included.
 *
 * @param[in]  model          borrowed; a program.
 * @param[out] out_num_units  at least 1.
 *
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_num_units(const oar_model *model, OAR_OUT int64_t *out_num_units) OAR_NOEXCEPT;

/**
 * Tell the name of a unit: its module path. Units are in the order of the program, the root first.
 *
 * @param[in]     model  borrowed; a program.
 * @param[in]     index  in [0, number of units).
 * @param[out]    buf    filled with the name and a NUL; NULL asks for the length only.
 * @param[in,out] len    size of buf; on return the bytes needed, the NUL included.
 *
 * @return OAR_E_ARGUMENT     no such index, or buf is too small.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_unit_name(const oar_model *model, int64_t index, OAR_OUT OAR_NULLABLE char *buf, size_t *len) OAR_NOEXCEPT;

/**
 * Turn activation checkpointing of units on or off, from the next training forward on.
 *
 * A unit with it drops its activations after its forward and computes them again in the backward, with the random state
 * and the autocast state of the forward: the same gradients, dropout included, for less memory and a second forward.
 * Running statistics are not changed a second time. A unit that writes in place over its border keeps its activations,
 * and a warning says why. Evaluation is not affected. Gradients of gradients do not go through.
 *
 * @param[in] model         borrowed; a program.
 * @param[in] unit_pattern  of units' names; "*" is all but the root.
 * @param[in] enabled       1: on; 0: off.
 *
 * @return OAR_E_ARGUMENT     no unit fits; the text gives the nearest.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_set_recompute(oar_model *model, const char *unit_pattern, int32_t enabled) OAR_NOEXCEPT;

/**
 * Run one unit on its own, in the model's mode. What goes in and comes out is what flows into the unit and out of it in
 * a forward, by the names of the values (oar_model_describe tells them).
 *
 * @param[in]  model        borrowed; a program.
 * @param[in]  unit         a unit's name; not the root's.
 * @param[in]  inputs       borrowed; a map with every input of the unit.
 * @param[out] out_outputs  owned; a map; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     no such unit, or an input is missing, unknown or of another dtype or shape.
 * @return OAR_E_UNSUPPORTED  the unit runs in several parts of a forward (it is called twice, or nodes of other modules
 *                            stand between its own), or the model is foreign.
 * @threads serial(model, inputs)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_forward_unit(oar_model *model, const char *unit, const oar_tree *inputs,
                       OAR_OUT OAR_OWNED oar_tree **out_outputs) OAR_NOEXCEPT;

/**
 * Run the model and also give values that it computes on the way.
 *
 * A name is that of a value ("linear_1", oar_model_describe lists them) or of a module ("encoder.0.fc1": the last
 * tensor that it computes). In training they carry their history as the outputs do. They are as they stand when the
 * forward ends: where a later operator writes in place, as relu(inplace=True) does, they show what it wrote. Calls with
 * the same names one after the other are as fast as oar_model_forward.
 *
 * @param[in]  model        borrowed; a program.
 * @param[in]  inputs       borrowed; as of oar_model_forward.
 * @param[in]  names        borrowed; `count` names.
 * @param[in]  count        how many.
 * @param[out] out_outputs  owned; end with oar_tree_release. Untouched on failure.
 * @param[out] out_values   owned; a map by the names given; end with oar_tree_release. Untouched on failure.
 *
 * @return OAR_E_ARGUMENT     as of oar_model_forward.
 * @return OAR_E_NOT_FOUND    no value and no module has the name; the text gives the nearest.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model, inputs)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_forward_with_values(oar_model *model, const oar_tree *inputs, const char *const *names, size_t count,
                              OAR_OUT OAR_OWNED oar_tree **out_outputs,
                              OAR_OUT OAR_OWNED oar_tree **out_values) OAR_NOEXCEPT;

/**
 * Tell what names a program has.
 *
 * JSON: {"inputs": [{"name", "dtype", "shape"}], "outputs": [the same], "parameters": [{"name", "dtype", "shape",
 * "trained"}], "units": [{"name", "class", "parameters": [names], "inputs": [names of values], "outputs": [names of
 * values], "segments": n}], "nodes": [{"name", "target", "module", "outputs": [names of values]}], "symbols": [{"name",
 * "min", "max"}]}. Sizes that are not fixed are given by the symbol's name, or null where they follow from others or
 * are not known. An output of what was recorded by oar_model_trace has dtype "tensor" and shape null if its shape
 * depends on what tensors hold.
 *
 * @param[in]  model  borrowed; a program.
 * @param[out] out    owned; UTF-8 text; end with oar_bytes_release. Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_describe(const oar_model *model, OAR_OUT OAR_OWNED oar_bytes **out) OAR_NOEXCEPT;

/**
 * Begin to measure units: time of forward and backward, calls, memory. What was measured before is forgotten.
 *
 * Memory of a backward is measured in those of oar_accelerator_backward, all of it only where no other profiler of
 * libtorch is at work on the thread.
 *
 * @param[in] model  borrowed; a program.
 *
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_profile_start(oar_model *model) OAR_NOEXCEPT;

/**
 * End the measurement; what was measured stays.
 *
 * @param[in] model  borrowed; a program.
 *
 * @return OAR_E_STATE        no measurement was begun.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_model_profile_stop(oar_model *model) OAR_NOEXCEPT;

/**
 * Give what was measured as a table: one line per unit, that with the most time first, columns aligned. Times of the
 * root are those of the whole model, its units included.
 *
 * @param[in]  model  borrowed; a program.
 * @param[out] out    owned; UTF-8 text; end with oar_bytes_release. Untouched on failure.
 *
 * @return OAR_E_STATE        no measurement was begun.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_profile_table(const oar_model *model, OAR_OUT OAR_OWNED oar_bytes **out) OAR_NOEXCEPT;

/**
 * Write what was measured as a Chrome trace (chrome://tracing, ui.perfetto.dev).
 *
 * @param[in] model  borrowed; a program.
 * @param[in] path   the file: old or new, whatever happens.
 *
 * @return OAR_E_STATE        no measurement was begun.
 * @return OAR_E_IO           it cannot be written; the text says why.
 * @return OAR_E_UNSUPPORTED  the model is foreign.
 * @threads serial(model)
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_model_profile_save_trace(const oar_model *model, const char *path) OAR_NOEXCEPT;

#endif
