/* Operators by name, and models that are written in them. */
#include "scenario.h"

static float x[4] = {1, 2, 3, 4}, weight[6] = {1, 0, 0, 1, 1, 1}, bias[3] = {0, 0, 1};

static int over(scenario *t, float *data, int64_t rows, int64_t columns, oar_tensor **tensor) {
  const int64_t shape[2] = {rows, columns};
  OK(oar_tensor_from_memory(data, OAR_FLOAT32, shape, NULL, 2, NULL, NULL, tensor));
  return 0;
}

/* An operator of one result. */
static int op(scenario *t, oar_state *state, const char *name, const oar_value *arguments, size_t count, oar_tensor **out) {
  size_t room = 1;
  OK(oar_op_call(state, name, arguments, count, out, &room));
  EXPECT(room == 1);
  return 0;
}

static int has_floats(scenario *t, oar_tensor *tensor, const float *values, size_t count) {
  int64_t numel = 0;
  void *data;
  OK(oar_tensor_numel(tensor, &numel));
  OK(oar_tensor_data(tensor, &data));
  EXPECT((size_t)numel == count && memcmp(data, values, count * sizeof *values) == 0);
  oar_tensor_release(tensor);
  return 0;
}

static int call_several(scenario *t, oar_state *state, oar_tensor *input) {
  const float largest[2] = {2, 4};
  const int64_t rows[1] = {1};
  oar_value arguments[4];
  oar_tensor *results[2], *sums;
  void *data;
  size_t count = 2;
  arguments[0] = oar_value_tensor(input);
  arguments[1] = oar_value_int(1);
  OK(oar_op_call(state, "aten::topk", arguments, 2, results, &count));
  EXPECT(count == 2);
  TRY(has_floats(t, results[0], largest, 2));
  oar_tensor_release(results[1]);
  OK(oar_op_call(state, "aten::split", arguments, 2, results, &count));
  EXPECT(count == 2);
  TRY(has_floats(t, results[1], x + 2, 2));
  oar_tensor_release(results[0]);
  arguments[1] = oar_value_ints(rows, 1);
  arguments[2] = oar_value_bool(1);
  arguments[3] = oar_value_named("dtype", oar_value_dtype(OAR_FLOAT64));
  TRY(op(t, state, "aten::sum", arguments, 4, &sums));
  OK(oar_tensor_data(sums, &data));
  EXPECT(((double *)data)[0] == 3 && ((double *)data)[1] == 7);
  oar_tensor_release(sums);
  return 0;
}

static int bytes_hold(scenario *t, oar_bytes *bytes, const char *part) {
  const void *data;
  size_t size = 0, i, length = strlen(part);
  OK(oar_bytes_view(bytes, &data, &size));
  for (i = 0; i + length <= size && memcmp((const char *)data + i, part, length) != 0; ++i) {}
  EXPECT(i + length <= size);
  oar_bytes_release(bytes);
  return 0;
}

int scenario_operator_call(scenario *t) {
  const float expected[6] = {1, 2, 4, 3, 4, 8};
  const int64_t shape[2] = {2, 2}, strides[2] = {1, 2}, three[1] = {3};
  float columns[4] = {1, 3, 2, 4};
  oar_state *state;
  oar_tensor *input, *by_columns, *weights, *offsets, *result;
  oar_value arguments[3];
  oar_bytes *bytes;
  OK(oar_state_create(NULL, &state));
  TRY(over(t, x, 2, 2, &input));
  TRY(over(t, weight, 3, 2, &weights));
  OK(oar_tensor_from_memory(bias, OAR_FLOAT32, three, NULL, 1, NULL, NULL, &offsets));
  OK(oar_tensor_from_memory(columns, OAR_FLOAT32, shape, strides, 2, NULL, NULL, &by_columns));
  arguments[0] = oar_value_tensor(input);
  arguments[1] = oar_value_tensor(weights);
  arguments[2] = oar_value_tensor(offsets);
  TRY(op(t, state, "aten::linear", arguments, 3, &result));
  TRY(has_floats(t, result, expected, 6));
  arguments[0] = oar_value_tensor(by_columns);
  arguments[2] = oar_value_named("bias", arguments[2]);
  TRY(op(t, state, "aten::linear", arguments, 3, &result));
  TRY(has_floats(t, result, expected, 6));
  TRY(call_several(t, state, input));
  OK(oar_op_signatures("aten::add", &bytes));
  TRY(bytes_hold(t, bytes, "aten::add.Tensor"));
  OK(oar_op_names("aten", &bytes));
  TRY(bytes_hold(t, bytes, "aten::linear"));
  oar_tensor_release(input);
  oar_tensor_release(by_columns);
  oar_tensor_release(weights);
  oar_tensor_release(offsets);
  return close_state(t, state);
}

int scenario_operator_refused(scenario *t) {
  const int64_t shape[1] = {4};
  const float fixed[4] = {1, 2, 3, 4};
  oar_state *state;
  oar_tensor *input, *read_only, *result;
  oar_value arguments[2];
  size_t count = 1;
  OK(oar_state_create(NULL, &state));
  TRY(over(t, x, 2, 2, &input));
  OK(oar_tensor_from_read_only_memory(fixed, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &read_only));
  arguments[0] = oar_value_tensor(input);
  arguments[1] = oar_value_string("all");
  REFUSED(OAR_E_UNSUPPORTED, "aten::linear", oar_op_call(state, "aten::liner", arguments, 1, &result, &count));
  REFUSED(OAR_E_ARGUMENT, "weight", oar_op_call(state, "aten::linear", arguments, 1, &result, &count));
  REFUSED(OAR_E_ARGUMENT, "argument k", oar_op_call(state, "aten::topk", arguments, 2, &result, &count));
  arguments[1] = oar_value_int(1);
  REFUSED(OAR_E_ARGUMENT, "room for 1", oar_op_call(state, "aten::topk", arguments, 2, &result, &count));
  arguments[0] = oar_value_tensor(read_only);
  REFUSED(OAR_E_ARGUMENT, "read-only", oar_op_call(state, "aten::add_", arguments, 2, &result, &count));
  EXPECT(fixed[0] == 1 && fixed[3] == 4);
  oar_tensor_release(input);
  oar_tensor_release(read_only);
  return close_state(t, state);
}

/* Without recording, what the operator gives is dropped or in `out`. */
static int op_no_grad(scenario *t, oar_state *state, const char *name, oar_tensor *on, double number, oar_tensor **out) {
  oar_value arguments[2];
  size_t room = 1;
  arguments[0] = oar_value_tensor(on);
  arguments[1] = oar_value_float(number);
  OK(oar_op_call_no_grad(state, name, arguments, out == NULL ? 2 : 1, out, out == NULL ? NULL : &room));
  return 0;
}

int scenario_operator_no_grad(scenario *t) {
  float w[2] = {1, -2};
  const float slope[2] = {2, -10};
  oar_state *state;
  oar_model *model;
  oar_accelerator *accelerator;
  oar_tensor *weights, *parameter, *fixed, *squares, *sum, *gradient;
  oar_value arguments[2];
  double number = 0;
  OK(oar_state_create(NULL, &state));
  OK(oar_model_create_foreign(state, &model));
  TRY(over(t, w, 1, 2, &weights));
  OK(oar_model_register_parameter(model, "weight", weights));
  OK(oar_accelerator_create(state, NULL, &accelerator));
  OK(oar_accelerator_prepare_model(accelerator, model));
  OK(oar_model_parameter(model, "weight", &parameter));
  TRY(op_no_grad(t, state, "aten::sub_", parameter, 0.5, NULL));
  TRY(op_no_grad(t, state, "aten::mul_", parameter, 2, NULL));
  TRY(op_no_grad(t, state, "aten::sum", parameter, 0, &fixed));
  OK(oar_tensor_item(fixed, &number));
  EXPECT(number == -4 && w[0] == 1 && w[1] == -5);
  REFUSED(OAR_E_STATE, "no graph", oar_accelerator_backward(accelerator, fixed));
  arguments[0] = oar_value_tensor(parameter);
  arguments[1] = oar_value_float(0.5);
  REFUSED(OAR_E_UNSUPPORTED, "aten::linear", oar_op_call_no_grad(state, "aten::liner", arguments, 1, NULL, NULL));
  REFUSED(OAR_E_ARGUMENT, "in-place", oar_op_call(state, "aten::sub_", arguments, 2, NULL, NULL));
  arguments[1] = arguments[0];
  TRY(op(t, state, "aten::mul", arguments, 2, &squares));
  arguments[0] = oar_value_tensor(squares);
  TRY(op(t, state, "aten::sum", arguments, 1, &sum));
  OK(oar_accelerator_backward(accelerator, sum));
  OK(oar_model_gradient(model, "weight", &gradient));
  TRY(has_floats(t, gradient, slope, 2));
  EXPECT(w[0] == 1 && w[1] == -5);
  oar_tensor_release(weights);
  oar_tensor_release(parameter);
  oar_tensor_release(fixed);
  oar_tensor_release(squares);
  oar_tensor_release(sum);
  oar_accelerator_release(accelerator);
  oar_model_release(model);
  return close_state(t, state);
}

/* A forward, its loss, and what it is told: to fail with this number, or on a parameter that is not there. */
typedef struct forward_data {
  scenario *t;
  oar_state *state;
  int (*loss)(scenario *t, const struct forward_data *self, oar_tensor *y, oar_tensor *target, oar_tensor **loss);
  const char *parameter;
  int32_t failure;
} forward_data;

static int half_of_squares(scenario *t, const forward_data *self, oar_tensor *y, oar_tensor *target, oar_tensor **loss) {
  oar_tensor *error, *squares, *sum;
  oar_value arguments[2];
  arguments[0] = oar_value_tensor(y);
  arguments[1] = oar_value_tensor(target);
  TRY(op(t, self->state, "aten::sub", arguments, 2, &error));
  arguments[0] = arguments[1] = oar_value_tensor(error);
  TRY(op(t, self->state, "aten::mul", arguments, 2, &squares));
  arguments[0] = oar_value_tensor(squares);
  TRY(op(t, self->state, "aten::sum", arguments, 1, &sum));
  arguments[0] = oar_value_tensor(sum);
  arguments[1] = oar_value_float(0.5);
  TRY(op(t, self->state, "aten::mul", arguments, 2, loss));
  oar_tensor_release(error);
  oar_tensor_release(squares);
  oar_tensor_release(sum);
  return 0;
}

static int mean_of_squares(scenario *t, const forward_data *self, oar_tensor *y, oar_tensor *target, oar_tensor **loss) {
  oar_value arguments[2];
  arguments[0] = oar_value_tensor(y);
  arguments[1] = oar_value_tensor(self->parameter != NULL ? y : target); /* told to leave the target out */
  TRY(op(t, self->state, "aten::mse_loss", arguments, 2, loss));
  return 0;
}

static int run_forward(scenario *t, const forward_data *self, oar_model *model, const oar_tree *inputs, oar_tree **out) {
  oar_tensor *input, *target, *weights, *y, *loss;
  oar_value arguments[2];
  OK(oar_tree_get_tensor(inputs, "x", &input));
  OK(oar_tree_get_tensor(inputs, "target", &target));
  OK(oar_model_enter_scope(model, "fc", "Linear"));
  OK(oar_model_parameter(model, "weight", &weights));
  arguments[0] = oar_value_tensor(input);
  arguments[1] = oar_value_tensor(weights);
  TRY(op(t, self->state, "aten::linear", arguments, 2, &y));
  OK(oar_model_exit_scope(model));
  TRY(self->loss(t, self, y, target, &loss));
  OK(oar_tree_create_map(out));
  OK(oar_tree_set_tensor(*out, "loss", loss));
  OK(oar_tree_set_tensor(*out, "y", y));
  oar_tensor_release(input);
  oar_tensor_release(target);
  oar_tensor_release(weights);
  oar_tensor_release(y);
  oar_tensor_release(loss);
  return 0;
}

static int32_t forward(oar_model *model, const oar_tree *inputs, oar_tree **out_outputs, void *user_data) {
  const forward_data *self = user_data;
  oar_tensor *missing;
  if (self->failure != 0) return self->failure;
  if (self->parameter != NULL) return oar_model_parameter(model, self->parameter, &missing);
  return run_forward(self->t, self, model, inputs, out_outputs);
}

static int make_batch(scenario *t, float *data, float *targets, int64_t rows, oar_tree **batch) {
  oar_tensor *input, *target;
  TRY(over(t, data, rows, 2, &input));
  TRY(over(t, targets, rows, 1, &target));
  OK(oar_tree_create_map(batch));
  OK(oar_tree_set_tensor(*batch, "x", input));
  OK(oar_tree_set_tensor(*batch, "target", target));
  oar_tensor_release(input);
  oar_tensor_release(target);
  return 0;
}

static int register_in_scope(scenario *t, oar_model *model, float *w) {
  oar_tensor *tensor;
  TRY(over(t, w, 1, 2, &tensor));
  OK(oar_model_enter_scope(model, "fc", NULL));
  OK(oar_model_register_parameter(model, "weight", tensor));
  OK(oar_model_exit_scope(model));
  oar_tensor_release(tensor);
  return 0;
}

/* One step of SGD with rate 0.125, from this loss by this gradient. */
static int train_one_step(scenario *t, oar_state *state, oar_model *model, const oar_tree *inputs, double expected_loss,
                          const float *expected_gradient) {
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  oar_tree *outputs;
  oar_tensor *loss, *gradient;
  double number = 0;
  OK(oar_accelerator_create(state, NULL, &accelerator));
  OK(oar_optimizer_create(model, "sgd", "{\"lr\": 0.125}", &optimizer));
  OK(oar_accelerator_prepare_model(accelerator, model));
  OK(oar_accelerator_prepare_optimizer(accelerator, optimizer));
  OK(oar_model_forward(model, inputs, &outputs));
  OK(oar_tree_get_tensor(outputs, "loss", &loss));
  OK(oar_tensor_item(loss, &number));
  EXPECT(number == expected_loss);
  OK(oar_accelerator_backward(accelerator, loss));
  OK(oar_model_gradient(model, "fc.weight", &gradient));
  TRY(has_floats(t, gradient, expected_gradient, 2));
  OK(oar_accelerator_step(accelerator, optimizer, NULL));
  oar_tensor_release(loss);
  oar_tree_release(outputs);
  oar_optimizer_release(optimizer);
  oar_accelerator_release(accelerator);
  return 0;
}

int scenario_forward_callback(scenario *t) {
  float w[2] = {1, -2}, four_one[2] = {4, 1}, one[1] = {1};
  const float slope[2] = {4, 1};
  forward_data data = {0};
  error_details error;
  oar_model *model;
  oar_tree *inputs, *outputs;
  double y = 0;
  data.t = t;
  data.loss = half_of_squares;
  OK(oar_state_create(NULL, &data.state));
  OK(oar_model_create_foreign(data.state, &model));
  TRY(register_in_scope(t, model, w));
  TRY(make_batch(t, four_one, one, 1, &inputs));
  OK(oar_model_set_forward(model, forward, &data, NULL));
  TRY(train_one_step(t, data.state, model, inputs, 0.5, slope));
  EXPECT(w[0] == 0.5f && w[1] == -2.125f);
  data.parameter = "fc.bias";
  REFUSED(OAR_E_CALLBACK, "fc.bias", oar_model_forward(model, inputs, &outputs));
  data.failure = 7;
  EXPECT(oar_model_forward(model, inputs, &outputs) == OAR_E_CALLBACK);
  TRY(take_error(t, &error));
  EXPECT(error.vendor_code == 7);
  data.failure = 0;
  data.parameter = NULL;
  OK(oar_model_set_training(model, 0));
  OK(oar_model_forward(model, inputs, &outputs));
  OK(oar_tree_get_double(outputs, "y", &y));
  EXPECT(y == -0.125);
  oar_tree_release(outputs);
  OK(oar_model_set_forward(model, NULL, NULL, NULL));
  EXPECT(oar_model_forward(model, inputs, &outputs) == OAR_E_UNSUPPORTED);
  oar_tree_release(inputs);
  oar_model_release(model);
  return close_state(t, data.state);
}

static int32_t forward_to_trace(oar_model *model, const oar_tree *inputs, oar_tree **out_outputs, void *user_data) {
  const forward_data *self = user_data;
  return self->failure != 0 ? self->failure : run_forward(self->t, self, model, inputs, out_outputs);
}

static int look_at_program(scenario *t, oar_model *model, const float *w) {
  int64_t count = 0;
  char name[32];
  size_t len = sizeof name;
  oar_tensor *tensor;
  void *data;
  OK(oar_model_num_parameters(model, &count));
  OK(oar_model_parameter_name(model, 0, name, &len));
  EXPECT(count == 1 && strcmp(name, "fc.weight") == 0);
  OK(oar_model_tensor(model, name, &tensor));
  OK(oar_tensor_data(tensor, &data));
  EXPECT(data == (const void *)w);
  oar_tensor_release(tensor);
  return 0;
}

int scenario_traced_model(scenario *t) {
  static const char dynamic[] = "{\"x\": {\"0\": \"batch\"}, \"target\": {\"0\": \"batch\"}}";
  float w[2] = {1, -2}, two[4] = {4, 1, 1, 3}, two_targets[2] = {1, 3};
  float three[6] = {2, 0, 0, 8, 4, 4}, three_targets[3] = {2, 6, 8.5f};
  const float slope[2] = {-4, -23};
  forward_data data = {0};
  error_details error;
  oar_model *written, *model, *none;
  oar_tree *rows, *others, *outputs;
  double loss = 0;
  data.t = t;
  data.loss = mean_of_squares;
  OK(oar_state_create(NULL, &data.state));
  TRY(make_batch(t, two, two_targets, 2, &rows));
  TRY(make_batch(t, three, three_targets, 3, &others));
  OK(oar_model_create_foreign(data.state, &written));
  TRY(register_in_scope(t, written, w));
  OK(oar_model_set_forward(written, forward_to_trace, &data, NULL));
  OK(oar_model_trace(written, rows, dynamic, &model));
  data.parameter = "";
  REFUSED(OAR_E_ARGUMENT, "target", oar_model_trace(written, rows, dynamic, &none));
  data.failure = 7;
  EXPECT(oar_model_trace(written, rows, NULL, &none) == OAR_E_CALLBACK);
  TRY(take_error(t, &error));
  EXPECT(error.vendor_code == 7);
  OK(oar_model_set_forward(written, NULL, NULL, NULL));
  TRY(look_at_program(t, model, w));
  TRY(train_one_step(t, data.state, model, rows, 32.5, slope));
  EXPECT(w[0] == 1.5f && w[1] == 0.875f);
  OK(oar_model_set_training(model, 0));
  OK(oar_model_forward(model, others, &outputs));
  OK(oar_tree_get_double(outputs, "loss", &loss));
  EXPECT(loss == 1);
  REFUSED(OAR_E_UNSUPPORTED, "program", oar_model_trace(model, rows, dynamic, &none));
  oar_tree_release(outputs);
  oar_tree_release(rows);
  oar_tree_release(others);
  oar_model_release(model);
  oar_model_release(written);
  return close_state(t, data.state);
}
