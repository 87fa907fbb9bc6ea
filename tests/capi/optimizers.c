/* Optimizers and schedules of the host's, steps by a closure, and states as Python has them, from plain C. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include <math.h>

#include <oarlock/oarlock.h>

#include "expect.h"
#include "folder.h"

enum { kNumParameters = 2, kSize = 37 };
static const char *const kNames[kNumParameters] = {"first", "second"};

/* A model of two vectors whose gradients the test makes. */
typedef struct {
  oar_state *state;
  oar_model *model;
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  oar_scheduler *scheduler;
  float values[kNumParameters][kSize];
  float gradients[kNumParameters][kSize];
} training;

static oar_tensor *vector_of(float *values) {
  const int64_t shape[1] = {kSize};
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &tensor));
  return tensor;
}

static void begin(training *self, oar_state *state) {
  int p, i;
  memset(self, 0, sizeof *self);
  self->state = state;
  EXPECT_OK(oar_model_create_foreign(state, &self->model));
  for (p = 0; p < kNumParameters; ++p) {
    oar_tensor *tensor;
    for (i = 0; i < kSize; ++i) self->values[p][i] = sinf((float)(p * 100 + i));
    tensor = vector_of(self->values[p]);
    EXPECT_OK(oar_model_register_parameter(self->model, kNames[p], tensor));
    oar_tensor_release(tensor);
  }
  EXPECT_OK(oar_accelerator_create(state, NULL, &self->accelerator));
  EXPECT_OK(oar_accelerator_prepare_model(self->accelerator, self->model));
}

static void prepare(training *self) {
  EXPECT_OK(oar_accelerator_prepare_optimizer(self->accelerator, self->optimizer));
  if (self->scheduler != NULL) EXPECT_OK(oar_accelerator_prepare_scheduler(self->accelerator, self->scheduler));
}

static void end(training *self) {
  EXPECT_OK(oar_accelerator_close(self->accelerator));
  oar_scheduler_release(self->scheduler);
  oar_optimizer_release(self->optimizer);
  oar_accelerator_release(self->accelerator);
  oar_model_release(self->model);
}

static void hand_over(training *self) {
  int p;
  for (p = 0; p < kNumParameters; ++p) {
    oar_tensor *gradient = vector_of(self->gradients[p]);
    EXPECT_OK(oar_accelerator_gradient_ready(self->accelerator, self->model, kNames[p], gradient));
    oar_tensor_release(gradient);
  }
  EXPECT_OK(oar_accelerator_gradients_done(self->accelerator, self->model));
}

static void train(training *self, int step) {
  int p, i;
  for (p = 0; p < kNumParameters; ++p) {
    for (i = 0; i < kSize; ++i) self->gradients[p][i] = cosf((float)(step * 7 + p * 3 + i));
  }
  hand_over(self);
  EXPECT_OK(oar_accelerator_step(self->accelerator, self->optimizer, self->scheduler));
}

/* --- Lion (Chen et al. 2023, program 1) by operators */

static oar_tensor *call(oar_state *state, const char *name, const oar_value *arguments, size_t count) {
  oar_tensor *result = NULL;
  size_t room = 1;
  EXPECT_OK(oar_op_call(state, name, arguments, count, &result, &room));
  return result;
}

/* tensor = tensor + alpha * other, in place. */
static void add(oar_state *state, oar_tensor *tensor, oar_tensor *other, double alpha) {
  oar_value arguments[3];
  arguments[0] = oar_value_tensor(tensor);
  arguments[1] = oar_value_tensor(other);
  arguments[2] = oar_value_named("alpha", oar_value_float(alpha));
  oar_tensor_release(call(state, "aten::add_", arguments, 3));
}

static void scale(oar_state *state, oar_tensor *tensor, double factor) {
  oar_value arguments[2];
  arguments[0] = oar_value_tensor(tensor);
  arguments[1] = oar_value_float(factor);
  oar_tensor_release(call(state, "aten::mul_", arguments, 2));
}

static void begin_state(oar_state *state, oar_tensor *parameter, oar_tree *kept) {
  const oar_value argument = oar_value_tensor(parameter);
  oar_tensor *zeros = call(state, "aten::zeros_like", &argument, 1);
  EXPECT_OK(oar_tree_set_tensor(kept, "exp_avg", zeros));
  oar_tensor_release(zeros);
}

static void count_update(oar_tree *kept) {
  oar_tree *count = NULL;
  int64_t updates = 0;
  if (oar_tree_get_int64(kept, "updates", &updates) != OAR_OK) updates = 0;
  EXPECT_OK(oar_tree_from_int64(updates + 1, &count));
  EXPECT_OK(oar_tree_set(kept, "updates", count));
  oar_tree_release(count);
}

static int32_t lion(const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *kept,
                    const oar_tree *options, void *user_data) {
  oar_state *state = user_data;
  oar_tensor *moment = NULL, *direction;
  oar_value arguments[2];
  double lr, beta1, beta2, decay;
  int64_t size = 0;
  EXPECT(strcmp(name, kNames[0]) == 0 || strcmp(name, kNames[1]) == 0);
  EXPECT_OK(oar_tree_get_double(options, "lr", &lr));
  EXPECT_OK(oar_tree_get_double(options, "betas.0", &beta1));
  EXPECT_OK(oar_tree_get_double(options, "betas.1", &beta2));
  EXPECT_OK(oar_tree_get_double(options, "weight_decay", &decay));
  EXPECT_OK(oar_tree_size(kept, NULL, &size));
  if (size == 0) begin_state(state, parameter, kept);
  EXPECT_OK(oar_tree_get_tensor(kept, "exp_avg", &moment));
  scale(state, parameter, 1 - lr * decay);
  arguments[0] = oar_value_tensor(moment);
  arguments[1] = oar_value_float(beta1);
  direction = call(state, "aten::mul", arguments, 2);
  add(state, direction, gradient, 1 - beta1);
  arguments[0] = oar_value_tensor(direction);
  oar_tensor_release(call(state, "aten::sign_", arguments, 1));
  add(state, parameter, direction, -lr);
  scale(state, moment, beta2);
  add(state, moment, gradient, 1 - beta2);
  count_update(kept);
  oar_tensor_release(direction);
  oar_tensor_release(moment);
  return 0;
}

static const char kLionOptions[] =
    "{\"lr\":0.01,\"betas\":[0.95,0.98],\"weight_decay\":0.1,\"groups\":[{\"params\":[\"second\"],\"lr\":0.003}]}";

static void make_lion(training *self, int is_own) {
  if (is_own)
    EXPECT_OK(oar_optimizer_create_foreign(self->model, "my_lion", kLionOptions, lion, self->state, NULL, &self->optimizer));
  else
    EXPECT_OK(oar_optimizer_create(self->model, "lion", kLionOptions, &self->optimizer));
  EXPECT_OK(oar_scheduler_create(self->optimizer, "linear", "{\"warmup_steps\":2,\"total_steps\":12}", &self->scheduler));
  prepare(self);
}

static void own_lion_is_the_librarys_bitwise(oar_state *state) {
  static training own, theirs, resumed;
  oar_tree *dict = NULL;
  int64_t updates = 0;
  int step;
  make_folder();
  begin(&own, state);
  begin(&theirs, state);
  begin(&resumed, state);
  make_lion(&own, 1);
  make_lion(&theirs, 0);
  make_lion(&resumed, 1);
  for (step = 0; step < 10; ++step) {
    train(&own, step);
    train(&theirs, step);
    EXPECT(memcmp(own.values, theirs.values, sizeof own.values) == 0);
    if (step == 4) EXPECT_OK(oar_accelerator_save(own.accelerator, inside("saved"), NULL));
  }
  EXPECT_OK(oar_accelerator_load(resumed.accelerator, inside("saved")));
  for (step = 5; step < 10; ++step) train(&resumed, step);
  EXPECT(memcmp(own.values, resumed.values, sizeof own.values) == 0);
  EXPECT_OK(oar_optimizer_state_dict(resumed.optimizer, &dict));
  EXPECT_OK(oar_tree_get_int64(dict, "state.1.updates", &updates));
  EXPECT(updates == 10);
  EXPECT(oar_accelerator_load(theirs.accelerator, inside("saved")) == OAR_E_ARGUMENT);
  EXPECT(strstr(oar_last_error(), "my_lion") != NULL);
  oar_tree_release(dict);
  end(&resumed);
  end(&theirs);
  end(&own);
}

static int32_t fail(const char *name, oar_tensor *parameter, oar_tensor *gradient, oar_tree *kept,
                    const oar_tree *options, void *user_data) {
  double nothing;
  (void)name, (void)parameter, (void)gradient, (void)kept, (void)user_data;
  return oar_tree_get_double(options, "gain", &nothing) == OAR_OK ? 0 : 3;
}

static void count_release(void *user_data) { ++*(int *)user_data; }

static void what_an_own_optimizer_does_wrong_is_told(oar_state *state) {
  static training self;
  int released = 0;
  oar_optimizer *refused = NULL;
  int64_t steps = -1;
  begin(&self, state);
  EXPECT(oar_optimizer_create_foreign(self.model, "adamw", NULL, fail, &released, count_release, &refused) == OAR_E_ARGUMENT);
  EXPECT(released == 1 && refused == NULL);
  EXPECT(oar_optimizer_create_foreign(self.model, "x", "{\"lr\":[[1]]}", fail, NULL, NULL, &refused) == OAR_E_ARGUMENT);
  EXPECT(oar_optimizer_create_foreign(self.model, "x", "{\"a\":{}}", fail, NULL, NULL, &refused) == OAR_E_ARGUMENT);
  EXPECT(oar_optimizer_create_foreign(self.model, "x", NULL, NULL, NULL, NULL, &refused) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_optimizer_create_foreign(self.model, "x", NULL, fail, &released, count_release, &self.optimizer));
  prepare(&self);
  hand_over(&self);
  EXPECT(oar_accelerator_step(self.accelerator, self.optimizer, NULL) == OAR_E_CALLBACK);
  EXPECT(strstr(oar_last_error(), "'first'") != NULL && strstr(oar_last_error(), "gain") != NULL);
  EXPECT_OK(oar_optimizer_num_steps(self.optimizer, &steps));
  EXPECT(steps == 0 && released == 1);
  end(&self);
  EXPECT_OK(oar_model_create_foreign(state, &self.model)); /* the next call ends what the release left */
  oar_model_release(self.model);
  EXPECT(released == 2);
}

/* --- steps by a closure */

typedef struct {
  training *training;
  int num_calls;
  int fails_at;
} evaluation;

/* The loss is the sum of (x - 3)^2. */
static int32_t evaluate(double *out_loss, void *user_data) {
  evaluation *self = user_data;
  training *of = self->training;
  double loss = 0;
  int p, i;
  if (++self->num_calls == self->fails_at) return 7;
  for (p = 0; p < kNumParameters; ++p) {
    for (i = 0; i < kSize; ++i) {
      const double rest = of->values[p][i] - 3.0;
      loss += rest * rest;
      of->gradients[p][i] = (float)(2 * rest);
    }
  }
  hand_over(of);
  *out_loss = loss;
  return 0;
}

static void lbfgs_finds_the_minimum_of_a_bowl(oar_state *state) {
  static training self;
  evaluation bowl;
  float before[kNumParameters][kSize];
  double loss = -1, expected = 0;
  int p, i;
  begin(&self, state);
  bowl.training = &self, bowl.num_calls = 0, bowl.fails_at = 0;
  EXPECT_OK(oar_optimizer_create(self.model, "lbfgs", "{\"line_search_fn\":\"strong_wolfe\"}", &self.optimizer));
  prepare(&self);
  for (p = 0; p < kNumParameters; ++p) {
    for (i = 0; i < kSize; ++i) expected += (self.values[p][i] - 3.0) * (self.values[p][i] - 3.0);
  }
  hand_over(&self);
  EXPECT(oar_accelerator_step(self.accelerator, self.optimizer, NULL) == OAR_E_STATE);
  EXPECT(strstr(oar_last_error(), "oar_accelerator_step_closure") != NULL);

  memcpy(before, self.values, sizeof before);
  bowl.fails_at = 3;
  EXPECT(oar_accelerator_step_closure(self.accelerator, self.optimizer, NULL, evaluate, &bowl, NULL, &loss) ==
         OAR_E_CALLBACK);
  EXPECT(bowl.num_calls == 3 && loss == -1);
  EXPECT(memcmp(before, self.values, sizeof before) == 0);

  EXPECT_OK(oar_accelerator_step_closure(self.accelerator, self.optimizer, NULL, evaluate, &bowl, NULL, &loss));
  EXPECT(fabs(loss - expected) < 1e-9 * expected);
  for (p = 0; p < kNumParameters; ++p) {
    for (i = 0; i < kSize; ++i) EXPECT(fabsf(self.values[p][i] - 3.0f) < 1e-5f);
  }
  EXPECT_OK(oar_optimizer_step_closure(self.optimizer, evaluate, &bowl, NULL, NULL));
  EXPECT(oar_optimizer_step_closure(self.optimizer, NULL, NULL, NULL, NULL) == OAR_E_ARGUMENT);

  EXPECT_OK(oar_accelerator_accumulate_begin(self.accelerator, NULL));
  EXPECT(oar_accelerator_step_closure(self.accelerator, self.optimizer, NULL, evaluate, &bowl, NULL, NULL) == OAR_E_STATE);
  EXPECT_OK(oar_accelerator_accumulate_end(self.accelerator));
  end(&self);
}

static void other_optimizers_call_a_closure_once(oar_state *state) {
  static training self;
  evaluation bowl;
  float before;
  begin(&self, state);
  bowl.training = &self, bowl.num_calls = 0, bowl.fails_at = 0;
  EXPECT_OK(oar_optimizer_create(self.model, "sgd", "{\"lr\":0.25}", &self.optimizer));
  prepare(&self);
  before = self.values[1][5];
  EXPECT_OK(oar_accelerator_step_closure(self.accelerator, self.optimizer, NULL, evaluate, &bowl, NULL, NULL));
  EXPECT(bowl.num_calls == 1);
  EXPECT(fabsf(self.values[1][5] - (before + 3) / 2) < 1e-6f);
  end(&self);
}

/* --- schedules by a function */

static int32_t fall(int64_t step, int64_t group_index, double *out_factor, void *user_data) {
  const double *lowest = user_data;
  *out_factor = 1 - (double)step / 10 + (double)group_index;
  return *out_factor < *lowest ? 9 : 0;
}

static void expect_rates(const oar_optimizer *optimizer, double first, double second) {
  char text[1024];
  size_t room = sizeof text;
  double rate = -1;
  EXPECT_OK(oar_optimizer_learning_rate(optimizer, &rate));
  EXPECT(fabs(rate - first) < 1e-12);
  EXPECT_OK(oar_optimizer_group_options(optimizer, 1, text, &room));
  EXPECT(sscanf(strstr(text, "\"lr\":"), "\"lr\":%lf", &rate) == 1 && fabs(rate - second) < 1e-12);
}

static void a_schedule_by_a_function_gives_each_group_its_rate(oar_state *state) {
  static training self;
  double lowest = 0.75;
  int64_t steps = -1;
  oar_scheduler *product = NULL;
  begin(&self, state);
  EXPECT_OK(oar_optimizer_create(self.model, "sgd", "{\"lr\":2,\"groups\":[{\"params\":[\"first\"],\"lr\":1}]}", &self.optimizer));
  EXPECT(oar_scheduler_from_factors(self.optimizer, "lambada", fall, &lowest, NULL, &self.scheduler) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_scheduler_from_factors(self.optimizer, "lambda", fall, &lowest, NULL, &self.scheduler));
  expect_rates(self.optimizer, 1.0, 4.0);
  prepare(&self);
  train(&self, 0);
  expect_rates(self.optimizer, 0.9, 3.8);
  train(&self, 1);
  EXPECT(oar_scheduler_step(self.scheduler) == OAR_E_CALLBACK); /* 0.7 */
  expect_rates(self.optimizer, 0.8, 3.6);
  EXPECT_OK(oar_scheduler_num_steps(self.scheduler, &steps));
  EXPECT(steps == 2);
  lowest = -100;
  EXPECT_OK(oar_scheduler_from_factors(self.optimizer, "multiplicative", fall, &lowest, NULL, &product));
  expect_rates(self.optimizer, 1.0, 2.0);
  EXPECT_OK(oar_scheduler_step(product));
  EXPECT_OK(oar_scheduler_step(product));
  expect_rates(self.optimizer, 0.9 * 0.8, 2 * 1.9 * 1.8);
  oar_scheduler_release(product);
  end(&self);
}

int main(void) {
  oar_state *state = NULL;
  EXPECT_OK(oar_state_create(NULL, &state));
  own_lion_is_the_librarys_bitwise(state);
  what_an_own_optimizer_does_wrong_is_told(state);
  lbfgs_finds_the_minimum_of_a_bowl(state);
  other_optimizers_call_a_closure_once(state);
  a_schedule_by_a_function_gives_each_group_its_rate(state);
  EXPECT_OK(oar_state_close(state));
  oar_state_release(state);
  return 0;
}
