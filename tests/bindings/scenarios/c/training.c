/* Training: a program, a foreign model, checkpoints. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "scenario.h"

enum { NUM_PARAMETERS = 48202, NUM_TENSORS_MAX = 16, RATE_INVERSE = 8 };

/* Every parameter of the digits' model, or every gradient, one after another. */
typedef struct {
  float values[NUM_PARAMETERS];
  int64_t numel;
} flat;

static int append(scenario *t, flat *all, oar_tensor *tensor) {
  int64_t numel = 0;
  void *data;
  EXPECT(tensor != NULL);
  OK(oar_tensor_numel(tensor, &numel));
  EXPECT(all->numel + numel <= NUM_PARAMETERS);
  OK(oar_tensor_data(tensor, &data));
  memcpy(all->values + all->numel, data, (size_t)numel * sizeof(float));
  all->numel += numel;
  oar_tensor_release(tensor);
  return 0;
}

static int read_all(scenario *t, const oar_model *model, int gradients, flat *all) {
  int64_t num_tensors, i;
  all->numel = 0;
  OK(oar_model_num_parameters(model, &num_tensors));
  for (i = 0; i < num_tensors; ++i) {
    oar_tensor *tensor;
    char name[64];
    size_t len = sizeof name;
    OK(oar_model_parameter_name(model, i, name, &len));
    OK(gradients ? oar_model_gradient(model, name, &tensor) : oar_model_tensor(model, name, &tensor));
    TRY(append(t, all, tensor));
  }
  EXPECT(all->numel == NUM_PARAMETERS); /* examples/digits/README.md */
  return 0;
}

static int run_forward(scenario *t, oar_model *model, const char *output, oar_tensor **tensor) {
  oar_loader *loader;
  oar_tree *batch, *outputs;
  TRY(open_test_set(t, "{\"batch_size\": 32}", &loader));
  OK(oar_loader_next(loader, &batch));
  OK(oar_model_forward(model, batch, &outputs));
  OK(oar_tree_get_tensor(outputs, output, tensor));
  oar_tree_release(outputs);
  oar_tree_release(batch);
  oar_loader_release(loader);
  return 0;
}

static int evaluation_is_repeatable(scenario *t, oar_model *model) {
  oar_tensor *once, *twice;
  OK(oar_model_set_training(model, 0));
  TRY(run_forward(t, model, "logits", &once));
  TRY(run_forward(t, model, "logits", &twice));
  EXPECT(same_values(once, twice));
  oar_tensor_release(once);
  oar_tensor_release(twice);
  return 0;
}

static int prepare(scenario *t, oar_state *state, oar_model *model, oar_accelerator **accelerator,
                   oar_optimizer **optimizer) {
  OK(oar_accelerator_create(state, NULL, accelerator));
  OK(oar_accelerator_prepare_model(*accelerator, model));
  OK(oar_optimizer_create(model, "sgd", "{\"lr\": 0.125}", optimizer));
  OK(oar_accelerator_prepare_optimizer(*accelerator, *optimizer));
  return 0;
}

int scenario_training_step(scenario *t) {
  static flat before, gradients, after;
  oar_state *state;
  oar_model *model;
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  oar_tensor *loss;
  int i, num_moved = 0;
  TRY(open_digits(t, "{\"seed\": 7}", &state, &model));
  TRY(prepare(t, state, model, &accelerator, &optimizer));
  TRY(read_all(t, model, 0, &before));
  TRY(run_forward(t, model, "loss", &loss));
  OK(oar_accelerator_backward(accelerator, loss));
  oar_tensor_release(loss);
  TRY(read_all(t, model, 1, &gradients));
  TRY(read_all(t, model, 0, &after));
  EXPECT(memcmp(&before, &after, sizeof before) == 0);
  OK(oar_accelerator_step(accelerator, optimizer, NULL));
  TRY(read_all(t, model, 0, &after));
  for (i = 0; i < NUM_PARAMETERS; ++i) {
    EXPECT(after.values[i] == before.values[i] - gradients.values[i] / RATE_INVERSE);
    num_moved += after.values[i] != before.values[i];
  }
  EXPECT(num_moved > NUM_PARAMETERS / 2);
  TRY(evaluation_is_repeatable(t, model));
  OK(oar_accelerator_close(accelerator));
  oar_accelerator_release(accelerator);
  oar_optimizer_release(optimizer);
  oar_model_release(model);
  return close_state(t, state);
}

/* y = w x; the loss is (y - target)^2 / 2 for one x, so that the gradient of w is (y - target) x. In small binary
 * fractions, which float32 holds exactly. */
typedef struct {
  float weight[2], gradient[2];
  oar_model *model;
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
} linear;

static int open_linear(scenario *t, linear *self, oar_state *state) {
  const int64_t shape[1] = {2};
  oar_tensor *weight;
  oar_tree *inputs, *outputs;
  self->weight[0] = 1;
  self->weight[1] = -2;
  OK(oar_model_create_foreign(state, &self->model));
  OK(oar_tensor_from_memory(self->weight, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &weight));
  OK(oar_model_register_parameter(self->model, "weight", weight));
  oar_tensor_release(weight);
  OK(oar_tree_create_map(&inputs));
  EXPECT(oar_model_forward(self->model, inputs, &outputs) == OAR_E_UNSUPPORTED);
  oar_tree_release(inputs);
  return prepare(t, state, self->model, &self->accelerator, &self->optimizer);
}

static int train_on(scenario *t, linear *self, float x0, float x1, float target) {
  const int64_t shape[1] = {2};
  const float error = self->weight[0] * x0 + self->weight[1] * x1 - target;
  oar_tensor *gradient;
  OK(oar_accelerator_accumulate_begin(self->accelerator, self->model));
  self->gradient[0] = error * x0;
  self->gradient[1] = error * x1;
  OK(oar_tensor_from_memory(self->gradient, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &gradient));
  OK(oar_accelerator_gradient_ready(self->accelerator, self->model, "weight", gradient));
  oar_tensor_release(gradient);
  OK(oar_accelerator_gradients_done(self->accelerator, self->model));
  OK(oar_accelerator_step(self->accelerator, self->optimizer, NULL));
  OK(oar_accelerator_accumulate_end(self->accelerator));
  return 0;
}

static void close_linear(linear *self) {
  oar_accelerator_release(self->accelerator);
  oar_optimizer_release(self->optimizer);
  oar_model_release(self->model);
}

int scenario_foreign_model(scenario *t) {
  linear once, twice;
  oar_config *config;
  oar_state *state;
  int64_t steps = -1;
  OK(oar_state_create(NULL, &state));
  TRY(open_linear(t, &once, state));
  TRY(train_on(t, &once, 4, 1, 1)); /* error 4 - 2 - 1 = 1: gradient (4, 1) */
  EXPECT(once.weight[0] == 0.5f && once.weight[1] == -2.125f);
  close_linear(&once);
  TRY(close_state(t, state));

  OK(oar_config_create(&config));
  OK(oar_config_set_int64(config, "accelerator.gradient_accumulation_steps", 2));
  OK(oar_state_create(config, &state));
  oar_config_release(config);
  TRY(open_linear(t, &twice, state));
  TRY(train_on(t, &twice, 4, 1, 1)); /* gradient (4, 1), as above */
  EXPECT(twice.weight[0] == 1 && twice.weight[1] == -2);
  TRY(train_on(t, &twice, 1, 3, 3)); /* error 1 - 6 - 3 = -8: gradient (-8, -24); the mean (-2, -11.5) */
  EXPECT(twice.weight[0] == 1.25f && twice.weight[1] == -0.5625f);
  OK(oar_optimizer_num_steps(twice.optimizer, &steps));
  EXPECT(steps == 1);
  close_linear(&twice);
  return close_state(t, state);
}

/* --- an optimizer and a schedule of one's own */

typedef struct {
  oar_accelerator *accelerator;
  oar_model *model;
  float a[2], b[1], gradients[3];
  int is_broken;
} own_training;

static int32_t descend(const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *kept,
                       const oar_tree *options, void *user_data) {
  const own_training *self = user_data;
  oar_tree *count = NULL;
  void *values, *slopes;
  double lr;
  int64_t numel, updates = 0, i;
  (void)name;
  if (self->is_broken) return 5;
  if (oar_tree_get_double(options, "lr", &lr) != OAR_OK || oar_tensor_numel(parameter, &numel) != OAR_OK ||
      oar_tensor_data(parameter, &values) != OAR_OK || oar_tensor_data(gradient, &slopes) != OAR_OK)
    return 1;
  for (i = 0; i < numel; ++i) ((float *)values)[i] -= (float)lr * ((const float *)slopes)[i];
  if (oar_tree_get_int64(kept, "updates", &updates) != OAR_OK) updates = 0;
  if (oar_tree_from_int64(updates + 1, &count) != OAR_OK) return 1;
  i = oar_tree_set(kept, "updates", count);
  oar_tree_release(count);
  return (int32_t)i;
}

static int32_t halves(int64_t step, int64_t group_index, double *out_factor, void *user_data) {
  (void)group_index, (void)user_data;
  for (*out_factor = 1; step > 0; --step) *out_factor /= 2;
  return 0;
}

static int32_t hand_over_ones(double *out_loss, void *user_data) {
  static const char *const names[2] = {"a", "b"};
  own_training *self = user_data;
  int p;
  self->gradients[0] = self->gradients[1] = self->gradients[2] = 1;
  for (p = 0; p < 2; ++p) {
    const int64_t shape = 2 - p;
    oar_tensor *gradient = NULL;
    oar_status status = oar_tensor_from_memory(self->gradients + 2 * p, OAR_FLOAT32, &shape, NULL, 1, NULL, NULL, &gradient);
    if (status == OAR_OK) status = oar_accelerator_gradient_ready(self->accelerator, self->model, names[p], gradient);
    oar_tensor_release(gradient);
    if (status != OAR_OK) return 1;
  }
  *out_loss = 3;
  return oar_accelerator_gradients_done(self->accelerator, self->model) == OAR_OK ? 0 : 1;
}

static int32_t no_loss(double *out_loss, void *user_data) {
  (void)out_loss, (void)user_data;
  return 6;
}

static int register_vector(scenario *t, oar_model *model, const char *name, float *values, int64_t size) {
  oar_tensor *tensor;
  OK(oar_tensor_from_memory(values, OAR_FLOAT32, &size, NULL, 1, NULL, NULL, &tensor));
  OK(oar_model_register_parameter(model, name, tensor));
  oar_tensor_release(tensor);
  return 0;
}

int scenario_own_optimizer(scenario *t) {
  own_training self = {NULL, NULL, {1, -2}, {4}, {0, 0, 0}, 0};
  oar_state *state;
  oar_optimizer *optimizer;
  oar_scheduler *scheduler;
  oar_tree *dict;
  double loss;
  int64_t first, second;
  int step;
  OK(oar_state_create(NULL, &state));
  OK(oar_model_create_foreign(state, &self.model));
  TRY(register_vector(t, self.model, "a", self.a, 2));
  TRY(register_vector(t, self.model, "b", self.b, 1));
  OK(oar_accelerator_create(state, NULL, &self.accelerator));
  OK(oar_accelerator_prepare_model(self.accelerator, self.model));
  OK(oar_optimizer_create_foreign(self.model, "descend", "{\"lr\":0.5,\"groups\":[{\"params\":[\"b\"],\"lr\":0.25}]}",
                                  descend, &self, NULL, &optimizer));
  OK(oar_scheduler_from_factors(optimizer, "lambda", halves, NULL, NULL, &scheduler));
  OK(oar_accelerator_prepare_optimizer(self.accelerator, optimizer));
  OK(oar_accelerator_prepare_scheduler(self.accelerator, scheduler));
  for (step = 0; step < 2; ++step) {
    EXPECT(hand_over_ones(&loss, &self) == 0);
    OK(oar_accelerator_step(self.accelerator, optimizer, scheduler));
  }
  EXPECT(self.a[0] == 0.25f && self.a[1] == -2.75f && self.b[0] == 3.625f);
  OK(oar_accelerator_step_closure(self.accelerator, optimizer, scheduler, hand_over_ones, &self, NULL, &loss));
  EXPECT(loss == 3);
  REFUSED(OAR_E_CALLBACK, "closure returned 6",
          oar_accelerator_step_closure(self.accelerator, optimizer, scheduler, no_loss, NULL, NULL, NULL));
  self.is_broken = 1;
  REFUSED(OAR_E_CALLBACK, "function returned 5",
          oar_accelerator_step_closure(self.accelerator, optimizer, scheduler, hand_over_ones, &self, NULL, NULL));
  EXPECT(self.a[0] == 0.125f && self.a[1] == -2.875f && self.b[0] == 3.5625f);
  OK(oar_optimizer_state_dict(optimizer, &dict));
  OK(oar_tree_get_int64(dict, "state.0.updates", &first));
  OK(oar_tree_get_int64(dict, "state.1.updates", &second));
  EXPECT(first == 3 && second == 3);
  oar_tree_release(dict);
  oar_scheduler_release(scheduler);
  oar_optimizer_release(optimizer);
  oar_accelerator_release(self.accelerator);
  oar_model_release(self.model);
  return close_state(t, state);
}

static int look_at_checkpoint(scenario *t, const char *directory, oar_model *model) {
  static const char name[] = "fc2.weight";
  oar_checkpoint *checkpoint;
  oar_tensor *stored, *now;
  char text[64];
  size_t len = sizeof text;
  OK(oar_checkpoint_open(directory, &checkpoint));
  OK(oar_checkpoint_verify(checkpoint));
  OK(oar_checkpoint_user_json(checkpoint, text, &len));
  EXPECT(strstr(text, "note") != NULL && strstr(text, "before the storm") != NULL);
  OK(oar_checkpoint_tensor(checkpoint, name, &stored));
  OK(oar_model_tensor(model, name, &now));
  EXPECT(same_values(stored, now));
  oar_checkpoint_release(checkpoint);
  oar_tensor_release(stored);
  oar_tensor_release(now);
  return 0;
}

static int wipe(scenario *t, oar_model *model) {
  const int64_t shape[2] = {10, 48};
  oar_tensor *weight, *zeros;
  OK(oar_model_tensor(model, "fc2.weight", &weight));
  OK(oar_tensor_zeros(OAR_FLOAT32, shape, 2, &zeros));
  OK(oar_tensor_copy_from(weight, zeros));
  oar_tensor_release(weight);
  oar_tensor_release(zeros);
  return 0;
}

int scenario_save_load(scenario *t) {
  static const char note[] = "{\"note\": \"before the storm\"}";
  static flat before, after;
  const char *directory = inside(t, "saved"), *empty = inside(t, "empty");
  oar_state *state;
  oar_model *model;
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  TRY(open_digits(t, NULL, &state, &model));
  TRY(prepare(t, state, model, &accelerator, &optimizer));
  TRY(read_all(t, model, 0, &before));
  OK(oar_accelerator_save(accelerator, directory, note));
  TRY(look_at_checkpoint(t, directory, model));
  TRY(wipe(t, model));
  REFUSED(OAR_E_EXISTS, directory, oar_accelerator_save(accelerator, directory, "{}"));
  EXPECT(mkdir(empty, 0700) == 0);
  REFUSED(OAR_E_NOT_FOUND, empty, oar_accelerator_load(accelerator, empty));
  TRY(read_all(t, model, 0, &after));
  EXPECT(memcmp(&before, &after, sizeof before) != 0);
  OK(oar_accelerator_load(accelerator, directory));
  TRY(read_all(t, model, 0, &after));
  EXPECT(memcmp(&before, &after, sizeof before) == 0);
  TRY(look_at_checkpoint(t, directory, model));
  oar_accelerator_release(accelerator);
  oar_optimizer_release(optimizer);
  oar_model_release(model);
  return close_state(t, state);
}
