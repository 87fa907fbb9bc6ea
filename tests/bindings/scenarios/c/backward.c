/* A model whose forward and backward are callbacks in plain C. */
#include "scenario.h"

typedef struct {
  scenario *t;
  oar_accelerator *accelerator;
  float weight[2], x[2], y[1], gradient[2];
  int32_t failure; /* what the backward is told to return */
} linear;

static int over(scenario *t, float *data, int64_t size, oar_tensor **tensor) {
  OK(oar_tensor_from_memory(data, OAR_FLOAT32, &size, NULL, 1, NULL, NULL, tensor));
  return 0;
}

static int map_of(scenario *t, const char *key, float *data, int64_t size, oar_tree **map) {
  oar_tensor *tensor;
  TRY(over(t, data, size, &tensor));
  OK(oar_tree_create_map(map));
  OK(oar_tree_set_tensor(*map, key, tensor));
  oar_tensor_release(tensor);
  return 0;
}

static int32_t forward(oar_model *model, const oar_tree *inputs, oar_tree **out_outputs, void *user_data) {
  linear *self = user_data;
  (void)model;
  (void)inputs;
  self->y[0] = self->weight[0] * self->x[0] + self->weight[1] * self->x[1];
  return map_of(self->t, "y", self->y, 1, out_outputs);
}

static int hand_over(scenario *t, linear *self, oar_model *model, const oar_tree *output_gradients) {
  oar_tensor *gradient;
  double slope = 0;
  OK(oar_tree_get_double(output_gradients, "y", &slope));
  self->gradient[0] = (float)slope * self->x[0];
  self->gradient[1] = (float)slope * self->x[1];
  TRY(over(t, self->gradient, 2, &gradient));
  OK(oar_accelerator_gradient_ready(self->accelerator, model, "weight", gradient));
  oar_tensor_release(gradient);
  return 0;
}

static int32_t backward(oar_model *model, const oar_tree *output_gradients, void *user_data) {
  linear *self = user_data;
  return self->failure != 0 ? self->failure : hand_over(self->t, self, model, output_gradients);
}

/* The loss 3 y, of which the accelerator's backward gave `status`. */
static int run_backward(scenario *t, const linear *self, oar_state *state, oar_model *model, const oar_tree *inputs,
                        oar_status expected) {
  oar_value arguments[2];
  oar_tensor *y, *loss;
  oar_tree *outputs;
  size_t count = 1;
  OK(oar_model_forward(model, inputs, &outputs));
  OK(oar_tree_get_tensor(outputs, "y", &y));
  arguments[0] = oar_value_tensor(y);
  arguments[1] = oar_value_float(3);
  OK(oar_op_call(state, "aten::mul", arguments, 2, &loss, &count));
  EXPECT(oar_accelerator_backward(self->accelerator, loss) == expected);
  oar_tensor_release(y);
  oar_tensor_release(loss);
  oar_tree_release(outputs);
  return 0;
}

int scenario_backward_callback(scenario *t) {
  linear self = {NULL, NULL, {1, -2}, {4, 1}, {0}, {0}, 0};
  oar_state *state;
  oar_model *model;
  oar_optimizer *optimizer;
  oar_tensor *weight;
  oar_tree *inputs;
  self.t = t;
  OK(oar_state_create(NULL, &state));
  OK(oar_accelerator_create(state, NULL, &self.accelerator));
  OK(oar_model_create_foreign(state, &model));
  TRY(over(t, self.weight, 2, &weight));
  OK(oar_model_register_parameter(model, "weight", weight));
  oar_tensor_release(weight);
  OK(oar_model_set_forward(model, forward, &self, NULL));
  OK(oar_model_set_backward(model, backward, &self, NULL));
  OK(oar_accelerator_prepare_model(self.accelerator, model));
  OK(oar_optimizer_create(model, "sgd", "{\"lr\": 0.125}", &optimizer));
  OK(oar_accelerator_prepare_optimizer(self.accelerator, optimizer));
  TRY(map_of(t, "x", self.x, 2, &inputs));
  TRY(run_backward(t, &self, state, model, inputs, OAR_OK));
  EXPECT(self.y[0] == 2);
  OK(oar_accelerator_step(self.accelerator, optimizer, NULL));
  EXPECT(self.weight[0] == -0.5f && self.weight[1] == -2.375f);
  self.failure = 7;
  TRY(run_backward(t, &self, state, model, inputs, OAR_E_CALLBACK));
  oar_tree_release(inputs);
  oar_optimizer_release(optimizer);
  oar_accelerator_release(self.accelerator);
  oar_model_release(model);
  return close_state(t, state);
}
