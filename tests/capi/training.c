/* Models, optimizers, schedules and the accelerator from plain C, each step against its closed formula. */
#include <math.h>

#include "digits.h"

static const char kBias[] = "fc2.bias";

static oar_tensor *forward_loss(oar_model *model, oar_loader *loader) {
  oar_tree *batch = NULL, *outputs = NULL;
  oar_tensor *loss = NULL;
  EXPECT_OK(oar_loader_next(loader, &batch));
  EXPECT(batch != NULL);
  EXPECT_OK(oar_model_forward(model, batch, &outputs));
  EXPECT_OK(oar_tree_get_tensor(outputs, "loss", &loss));
  oar_tree_release(outputs);
  oar_tree_release(batch);
  return loss;
}

static void backward_of_next_batch(oar_accelerator *accelerator, oar_model *model, oar_loader *loader) {
  oar_tensor *loss = forward_loss(model, loader);
  EXPECT_OK(oar_accelerator_backward(accelerator, loss));
  oar_tensor_release(loss);
}

static oar_loader *open_loader(digits *self, oar_accelerator *accelerator) {
  oar_loader *loader = NULL;
  EXPECT_OK(oar_loader_create(self->dataset, "{\"batch_size\": 32}", &loader));
  EXPECT_OK(oar_accelerator_prepare_loader(accelerator, loader));
  return loader;
}

/* The ten values of a float tensor that the model shares. */
static void read_ten(oar_tensor *tensor, float *values) {
  void *data = NULL;
  int64_t numel = 0;
  EXPECT_OK(oar_tensor_numel(tensor, &numel));
  EXPECT(numel == 10);
  EXPECT_OK(oar_tensor_data(tensor, &data));
  memcpy(values, data, 10 * sizeof *values);
}

static void read_bias(const oar_model *model, float *values) {
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_model_tensor(model, kBias, &tensor));
  read_ten(tensor, values);
  oar_tensor_release(tensor);
}

static void read_gradient(const oar_model *model, float *values) {
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_model_gradient(model, kBias, &tensor));
  EXPECT(tensor != NULL);
  read_ten(tensor, values);
  oar_tensor_release(tensor);
}

static int has_gradient(const oar_model *model) {
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_model_gradient(model, kBias, &tensor));
  oar_tensor_release(tensor);
  return tensor != NULL;
}

/* torch.optim.SGD: v = momentum v + g (v = g at first), p = p - lr v. */
static void sgd_steps_by_its_formula(digits *self) {
  oar_accelerator *accelerator = NULL;
  oar_optimizer *optimizer = NULL;
  oar_loader *loader;
  float before[10], gradient[10], after[10], velocity[10] = {0};
  int64_t steps = -1;
  int step, i;
  EXPECT_OK(oar_accelerator_create(self->state, NULL, &accelerator));
  EXPECT_OK(oar_accelerator_prepare_model(accelerator, self->model));
  EXPECT_OK(oar_optimizer_create(self->model, "sgd", "{\"lr\": 0.1, \"momentum\": 0.9}", &optimizer));
  loader = open_loader(self, accelerator);
  for (step = 0; step < 3; ++step) {
    read_bias(self->model, before);
    backward_of_next_batch(accelerator, self->model, loader);
    read_gradient(self->model, gradient);
    EXPECT_OK(oar_optimizer_step(optimizer));
    read_bias(self->model, after);
    for (i = 0; i < 10; ++i) {
      velocity[i] = step == 0 ? gradient[i] : 0.9f * velocity[i] + gradient[i];
      EXPECT(fabsf(after[i] - (before[i] - 0.1f * velocity[i])) < 1e-6f);
    }
    EXPECT(has_gradient(self->model)); /* oar_optimizer_step leaves them */
    EXPECT_OK(oar_optimizer_zero_grad(optimizer));
    EXPECT(!has_gradient(self->model));
  }
  EXPECT_OK(oar_optimizer_num_steps(optimizer, &steps));
  EXPECT(steps == 3);
  EXPECT_OK(oar_loader_close(loader));
  oar_loader_release(loader);
  oar_optimizer_release(optimizer);
  oar_accelerator_release(accelerator);
}

/* The first step of Adam moves each value by lr g / (|g| + eps), after the decay p (1 - lr weight_decay). */
static void adamw_begins_with_a_step_of_lr(digits *self) {
  oar_accelerator *accelerator = NULL;
  oar_optimizer *optimizer = NULL;
  oar_loader *loader;
  float before[10], gradient[10], after[10];
  int i;
  EXPECT_OK(oar_accelerator_create(self->state, NULL, &accelerator));
  EXPECT_OK(oar_accelerator_prepare_model(accelerator, self->model));
  EXPECT_OK(oar_optimizer_create(self->model, "adamw", "{\"lr\": 0.01, \"weight_decay\": 0.5}", &optimizer));
  EXPECT_OK(oar_accelerator_prepare_optimizer(accelerator, optimizer));
  loader = open_loader(self, accelerator);
  read_bias(self->model, before);
  backward_of_next_batch(accelerator, self->model, loader);
  read_gradient(self->model, gradient);
  EXPECT_OK(oar_accelerator_step(accelerator, optimizer, NULL));
  read_bias(self->model, after);
  for (i = 0; i < 10; ++i) {
    const float decayed = before[i] * (1 - 0.01f * 0.5f);
    EXPECT(fabsf(after[i] - (decayed - 0.01f * gradient[i] / (fabsf(gradient[i]) + 1e-8f))) < 1e-6f);
  }
  EXPECT(!has_gradient(self->model)); /* the accelerator's step drops them */
  EXPECT_OK(oar_loader_close(loader));
  oar_loader_release(loader);
  oar_optimizer_release(optimizer);
  oar_accelerator_release(accelerator);
}

/* scheduler.h: n / w while n < w, then (T - n) / (T - w), then 0. */
static void linear_schedule_by_its_formula(digits *self) {
  const double expected[] = {0, 0.05, 0.1, 0.1 * 3 / 4, 0.1 * 2 / 4, 0.1 * 1 / 4, 0, 0};
  oar_optimizer *optimizer = NULL;
  oar_scheduler *scheduler = NULL;
  double rate = -1;
  int64_t steps = -1;
  int n;
  EXPECT_OK(oar_optimizer_create(self->model, "sgd", "{\"lr\": 0.1}", &optimizer));
  EXPECT_OK(oar_scheduler_create(optimizer, "linear", "{\"warmup_steps\": 2, \"total_steps\": 6}", &scheduler));
  for (n = 0; n < 8; ++n) {
    EXPECT_OK(oar_optimizer_learning_rate(optimizer, &rate));
    EXPECT(fabs(rate - expected[n]) < 1e-15);
    EXPECT_OK(oar_scheduler_step(scheduler));
  }
  EXPECT_OK(oar_scheduler_num_steps(scheduler, &steps));
  EXPECT(steps == 8);
  oar_optimizer_release(optimizer); /* the schedule keeps it */
  EXPECT_OK(oar_scheduler_step(scheduler));
  oar_scheduler_release(scheduler);
}

static void bad_optimizers_are_refused_by_name(digits *self) {
  oar_optimizer *optimizer = NULL;
  oar_scheduler *scheduler = NULL;
  double rate = -1;
  EXPECT(oar_optimizer_create(self->model, "adamv", NULL, &optimizer) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "adamw");
  EXPECT(oar_optimizer_create(self->model, "sgd", "{\"momentun\": 0.9}", &optimizer) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "momentum");
  EXPECT(oar_optimizer_create(self->model, "sgd", "{\"betas\": [0.9, 0.99]}", &optimizer) == OAR_E_ARGUMENT);
  EXPECT(oar_optimizer_create(self->model, "sgd", "{\"lr\": -1}", &optimizer) == OAR_E_ARGUMENT);
  EXPECT(oar_optimizer_create(self->model, "sgd", "{\"lr\": ", &optimizer) == OAR_E_ARGUMENT);
  EXPECT(optimizer == NULL);
  EXPECT_OK(oar_optimizer_create(self->model, "sgd", "{\"lr\": 0.25}", &optimizer));
  EXPECT(oar_scheduler_create(optimizer, "cosine", NULL, &scheduler) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "total_steps");
  EXPECT(oar_optimizer_set_learning_rate(optimizer, NAN) == OAR_E_ARGUMENT);
  EXPECT(oar_optimizer_set_learning_rate(optimizer, -0.5) == OAR_E_ARGUMENT);
  EXPECT(oar_optimizer_learning_rate(optimizer, &rate) == OAR_OK && rate == 0.25);
  EXPECT(scheduler == NULL);
  oar_optimizer_release(optimizer);
}

static void a_model_tells_its_inputs_and_parameters(digits *self) {
  char name[64];
  size_t len = sizeof name;
  int64_t number = 0, index;
  int32_t training = -1;
  int found = 0;
  oar_tensor *tensor = NULL;
  EXPECT(oar_model_num_inputs(self->model, &number) == OAR_OK && number == 2);
  EXPECT(oar_model_input_name(self->model, 0, name, &len) == OAR_OK && strcmp(name, "images") == 0);
  len = sizeof name;
  EXPECT(oar_model_input_name(self->model, 2, name, &len) == OAR_E_ARGUMENT);
  len = 3;
  EXPECT(oar_model_input_name(self->model, 0, name, &len) == OAR_E_ARGUMENT && len == 7);
  EXPECT_OK(oar_model_num_parameters(self->model, &number));
  for (index = 0; index < number; ++index) {
    len = sizeof name;
    EXPECT_OK(oar_model_parameter_name(self->model, index, name, &len));
    found += strcmp(name, kBias) == 0;
  }
  EXPECT(found == 1);
  EXPECT(oar_model_tensor(self->model, "fc2.bios", &tensor) == OAR_E_NOT_FOUND && tensor == NULL);
  EXPECT_CONTAINS(oar_last_error(), kBias);
  EXPECT_OK(oar_model_set_training(self->model, 0));
  EXPECT(oar_model_is_training(self->model, &training) == OAR_OK && training == 0);
  EXPECT_OK(oar_model_set_training(self->model, 1));
}

static void wrong_batches_are_refused_by_input(digits *self) {
  static float images[2 * 64];
  static int64_t labels[2];
  const int64_t flat[2] = {2, 64}, two[1] = {2};
  oar_tensor *tensor = NULL;
  oar_tree *batch = NULL, *outputs = NULL;
  EXPECT_OK(oar_tree_create_map(&batch));
  EXPECT_OK(oar_tensor_from_memory(labels, OAR_INT64, two, NULL, 1, NULL, NULL, &tensor));
  EXPECT_OK(oar_tree_set_tensor(batch, "labels", tensor));
  oar_tensor_release(tensor);
  EXPECT(oar_model_forward(self->model, batch, &outputs) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "images");
  EXPECT_OK(oar_tensor_from_memory(images, OAR_FLOAT32, flat, NULL, 2, NULL, NULL, &tensor));
  EXPECT_OK(oar_tree_set_tensor(batch, "images", tensor));
  oar_tensor_release(tensor);
  EXPECT(oar_model_forward(self->model, batch, &outputs) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "images");
  EXPECT(outputs == NULL);
  oar_tree_release(batch);
}

int main(void) {
  digits self;
  digits_open(&self, NULL);
  a_model_tells_its_inputs_and_parameters(&self);
  wrong_batches_are_refused_by_input(&self);
  bad_optimizers_are_refused_by_name(&self);
  linear_schedule_by_its_formula(&self);
  sgd_steps_by_its_formula(&self);
  adamw_begins_with_a_step_of_lr(&self);
  digits_close(&self);
  return 0;
}
