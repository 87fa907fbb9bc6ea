/**
 * Operators of libtorch by name, one by one, with autograd: for building models without Python (foreign.h).
 *
 *     oar_value arguments[] = {oar_value_tensor(x), oar_value_tensor(weight), oar_value_tensor(bias)};
 *     size_t count = 1;
 *     oar_op_call(state, "aten::linear", arguments, 3, &y, &count);
 *
 * Names and arguments are those of torch.ops in Python: oar_op_signatures tells them. What does not fit is an error: of
 * the operator's own checks, and of ours for those that models call and that would end the process (aten::lstm,
 * aten::ctc_loss, ...). But libtorch has operators that trust what they are given, as they do in Python, and a wrong
 * argument may end the process there: those of private names ("aten::_..."), those that autograd calls
 * ("aten::..._backward"), those that write to an "out" argument, those of sparse and quantized tensors, and those that
 * make tensors of raw memory (aten::set_, aten::from_file).
 */
#ifndef OARLOCK_OP_H
#define OARLOCK_OP_H

#include <oarlock/types.h>

/* What an oar_value holds, and in which of its fields. */
#define OAR_VALUE_NONE 0     /* nothing: None */
#define OAR_VALUE_TENSOR 1   /* data: an oar_tensor; NULL is None */
#define OAR_VALUE_INT 2      /* integer */
#define OAR_VALUE_FLOAT 3    /* real */
#define OAR_VALUE_BOOL 4     /* integer: 0 or 1 */
#define OAR_VALUE_STRING 5   /* data: const char *, UTF-8 */
#define OAR_VALUE_DTYPE 6    /* integer: OAR_FLOAT32, ... */
#define OAR_VALUE_INTS 7     /* data: const int64_t *; integer: how many */
#define OAR_VALUE_FLOATS 8   /* data: const double *; integer: how many */
#define OAR_VALUE_BOOLS 9    /* data: const int32_t *; integer: how many */
#define OAR_VALUE_TENSORS 10 /* data: oar_tensor *const *, NULL is None; integer: how many */

/** One argument of an operator. Make it by the functions below; what it points to is borrowed. */
typedef struct oar_value {
  int32_t size;     /* sizeof(oar_value); in an array that of its first element counts for all */
  int32_t kind;     /* OAR_VALUE_INT, ... */
  int64_t integer;  /* a number, or how many elements */
  double real;      /* a number */
  const void *data; /* a handle, a text or an array */
  const char *name; /* of an argument that is given by keyword; NULL: by position */
} oar_value;

static inline oar_value oar_value_make(int32_t kind, int64_t integer, double real, const void *data) {
  oar_value value;
  value.size = (int32_t)sizeof(oar_value);
  value.kind = kind;
  value.integer = integer;
  value.real = real;
  value.data = data;
  value.name = NULL;
  return value;
}

static inline oar_value oar_value_none(void) { return oar_value_make(OAR_VALUE_NONE, 0, 0, NULL); }
static inline oar_value oar_value_tensor(const oar_tensor *tensor) {
  return oar_value_make(OAR_VALUE_TENSOR, 0, 0, tensor);
}
static inline oar_value oar_value_int(int64_t value) { return oar_value_make(OAR_VALUE_INT, value, 0, NULL); }
static inline oar_value oar_value_float(double value) { return oar_value_make(OAR_VALUE_FLOAT, 0, value, NULL); }
static inline oar_value oar_value_bool(int32_t value) { return oar_value_make(OAR_VALUE_BOOL, value != 0, 0, NULL); }
static inline oar_value oar_value_string(const char *text) { return oar_value_make(OAR_VALUE_STRING, 0, 0, text); }
static inline oar_value oar_value_dtype(int32_t dtype) { return oar_value_make(OAR_VALUE_DTYPE, dtype, 0, NULL); }
static inline oar_value oar_value_ints(const int64_t *values, size_t count) {
  return oar_value_make(OAR_VALUE_INTS, (int64_t)count, 0, values);
}
static inline oar_value oar_value_floats(const double *values, size_t count) {
  return oar_value_make(OAR_VALUE_FLOATS, (int64_t)count, 0, values);
}
static inline oar_value oar_value_bools(const int32_t *values, size_t count) {
  return oar_value_make(OAR_VALUE_BOOLS, (int64_t)count, 0, values);
}
static inline oar_value oar_value_tensors(oar_tensor *const *tensors, size_t count) {
  return oar_value_make(OAR_VALUE_TENSORS, (int64_t)count, 0, tensors);
}
/* The same value by keyword: oar_value_named("alpha", oar_value_float(2)). */
static inline oar_value oar_value_named(const char *name, oar_value value) {
  value.name = name;
  return value;
}

/**
 * Call an operator.
 *
 * Without an overload ("aten::add") the first one that takes the arguments runs, in the order in which Python tries
 * them. Values are brought to what the signature asks for: an integer serves for a float, a number for a tensor, one
 * integer for a list of a fixed length, a text for a dtype, layout, memory format or device; arguments that are left
 * out have their defaults, the device that of the state. In a region of oar_accelerator_autocast_begin, and in the
 * forward of a model that was prepared with mixed precision, operators compute in 16 bits what they can.
 *
 * Autograd records, so that results lead back to the parameters they come from; not in the forward of a model in
 * evaluation mode, nor by oar_op_call_no_grad. Operators whose names end in "_" write to their first argument.
 *
 * @param[in]     state          borrowed; gives the device.
 * @param[in]     name           "aten::linear", or with an overload "aten::add.Tensor".
 * @param[in]     arguments      borrowed; those by position, then those by keyword. NULL only if there are none.
 * @param[in]     num_arguments  how many.
 * @param[out]    outputs        owned; filled with the results, end each with oar_tensor_release. Lists of tensors are
 *                               spread in order; numbers are tensors of no dimensions (int64, float64, bool); NULL
 *                               stands for no tensor. NULL drops the results. Untouched on failure.
 * @param[in,out] count          in: room in `outputs`; out: number of results, also when the room is too little. NULL
 *                               only if `outputs` is.
 *
 * @return OAR_E_ARGUMENT     an argument is missing, unknown or not what the signature takes; the text names it, what
 *                            is taken and what was given. Also what the operator itself refuses. Too little room;
 *                            nothing was run unless the operator gives a list.
 * @return OAR_E_UNSUPPORTED  no such operator (the text has the nearest name), or one that gives neither tensor nor
 *                            number.
 * @threads serial(state)
 * @source  PyTorch 2.11 torch.ops.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_op_call(oar_state *state, const char *name, OAR_NULLABLE const oar_value *arguments, size_t num_arguments,
            OAR_OUT OAR_OWNED OAR_NULLABLE OAR_MAYBE_NULL oar_tensor **outputs,
            OAR_NULLABLE size_t *count) OAR_NOEXCEPT;

/**
 * Call an operator as oar_op_call does, but without recording autograd.
 *
 * The results lead back to nothing, so that what they were computed from may be freed. Operators may write to the
 * parameters of a model (oar_model_parameter): aten::sub_ makes a step of an optimizer of the host's own. It is this
 * call alone: nothing is switched that would have to be switched back, and other calls and threads are as before. In a
 * forward that is traced, the program does not record it either.
 *
 * @param[in]     state          borrowed; gives the device.
 * @param[in]     name           as for oar_op_call.
 * @param[in]     arguments      as for oar_op_call.
 * @param[in]     num_arguments  how many.
 * @param[out]    outputs        owned; as for oar_op_call.
 * @param[in,out] count          as for oar_op_call.
 *
 * @return OAR_E_ARGUMENT     as of oar_op_call.
 * @return OAR_E_UNSUPPORTED  as of oar_op_call.
 * @threads serial(state)
 * @source  PyTorch 2.11 torch.no_grad.
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_op_call_no_grad(oar_state *state, const char *name, OAR_NULLABLE const oar_value *arguments, size_t num_arguments,
                    OAR_OUT OAR_OWNED OAR_NULLABLE OAR_MAYBE_NULL oar_tensor **outputs,
                    OAR_NULLABLE size_t *count) OAR_NOEXCEPT;

/**
 * Tell the signatures of an operator, as JSON: for generators of bindings, and for people.
 *
 * A list with an object for each overload, in the order in which oar_op_call tries them:
 * {"name","overload","arguments":[{"name","type","default","keyword_only","is_written"}],"returns":[{"name","type"}],
 * "schema"}. "default" is left out where there is none; sizes that may be symbolic are "int".
 *
 * @param[in]  name  as for oar_op_call; with an overload the list has that one.
 * @param[out] out   owned; end with oar_bytes_release. Untouched on failure.
 *
 * @return OAR_E_UNSUPPORTED  no such operator; the text has the nearest name.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_op_signatures(const char *name, OAR_OUT OAR_OWNED oar_bytes **out) OAR_NOEXCEPT;

/**
 * Tell the names of all operators, as a JSON list of texts, sorted, without overloads.
 *
 * @param[in]  name_space  "aten", or that of a library of custom operators. NULL: all.
 * @param[out] out         owned; end with oar_bytes_release. Untouched on failure.
 *
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status
oar_op_names(OAR_NULLABLE const char *name_space, OAR_OUT OAR_OWNED oar_bytes **out) OAR_NOEXCEPT;

/**
 * Load a library of custom operators (TORCH_LIBRARY), before a program that calls them is loaded.
 *
 * The operators that it registers may then be called by oar_op_call and by programs. It stays loaded until the process
 * ends, and a second call for the same file does nothing. The library's code runs when it is loaded: load what you
 * trust. An exception there would end the process, so another process loads it first (/bin/echo with LD_PRELOAD, a
 * child of the host for a moment, given 60 seconds).
 *
 * @param[in] path  of the file, not searched for. No colon and no white space in its real path.
 *
 * @return OAR_E_NOT_FOUND  there is no such file.
 * @return OAR_E_ARGUMENT   anybody may write to the file, or it does not load; the text has the loader's reason or that
 *         of the exception.
 * @threads any
 * @since   0.1
 */
OAR_API OAR_SINCE(0, 1) oar_status oar_load_library(const char *path) OAR_NOEXCEPT;

#endif
