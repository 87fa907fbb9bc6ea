/*
 * Ours of bench_optim.py.
 *
 *   optim_step OPTIMIZER OPTIONS STEPS    ms per step (median and least) over a decoder's 101 M parameters after 2 steps,
 *                                         and the sum of one matrix afterwards
 *
 * Parameter j-th value (j % 97 - 48) / 1000, gradient (j % 89 - 44) / 10000, in every tensor.
 */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CHECK(call) do { if ((call) != OAR_OK) { fprintf(stderr, "%s: %s\n", #call, oar_last_error()); exit(1); } } while (0)

enum { kWidth = 512, kVocabulary = 50257, kLayers = 24, kPerLayer = 12, kWarmUp = 2, kStepsMax = 1000 };

/* Of a layer: attention's two matrices and biases, the feed-forward's, two norms. */
static const int64_t kShapes[kPerLayer][2] = {
    {3 * kWidth, kWidth}, {3 * kWidth, 1}, {kWidth, kWidth}, {kWidth, 1}, {4 * kWidth, kWidth}, {4 * kWidth, 1},
    {kWidth, 4 * kWidth}, {kWidth, 1},     {kWidth, 1},      {kWidth, 1}, {kWidth, 1},          {kWidth, 1}};

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static oar_tensor *make(const int64_t *shape, int64_t period, double unit, float **values) {
  oar_tensor *tensor;
  void *data;
  int64_t numel = shape[0] * shape[1], i;
  CHECK(oar_tensor_zeros(OAR_FLOAT32, shape, shape[1] == 1 ? 1 : 2, &tensor));
  CHECK(oar_tensor_data(tensor, &data));
  *values = data;
  for (i = 0; i < numel; ++i) (*values)[i] = (float)((double)(i % period - period / 2) * unit);
  return tensor;
}

static void add(oar_accelerator *accelerator, oar_model *model, int index, const int64_t *shape, int is_gradient, float **values) {
  char name[32];
  oar_tensor *tensor = is_gradient ? make(shape, 89, 1e-4, values) : make(shape, 97, 1e-3, values);
  sprintf(name, "p%d", index);
  if (is_gradient)
    CHECK(oar_accelerator_gradient_ready(accelerator, model, name, tensor));
  else
    CHECK(oar_model_register_parameter(model, name, tensor));
  oar_tensor_release(tensor);
}

/* Gives the values of the first attention matrix. */
static float *add_all(oar_accelerator *accelerator, oar_model *model, int is_gradient) {
  const int64_t embedding[2] = {kVocabulary, kWidth};
  float *values, *first = NULL;
  int layer, part;
  add(accelerator, model, 0, embedding, is_gradient, &values);
  for (layer = 0; layer < kLayers; ++layer) {
    for (part = 0; part < kPerLayer; ++part) {
      add(accelerator, model, 1 + layer * kPerLayer + part, kShapes[part], is_gradient, &values);
      if (layer == 0 && part == 0) first = values;
    }
  }
  return first;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static double ms[kStepsMax];
  oar_state *state;
  oar_model *model;
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  float *matrix;
  double sum = 0;
  int64_t i;
  const int num_steps = argc == 4 ? atoi(argv[3]) : 0;
  int step;
  if (num_steps < 1 || num_steps > kStepsMax) return 2;
  CHECK(oar_state_create(NULL, &state));
  CHECK(oar_model_create_foreign(state, &model));
  matrix = add_all(NULL, model, 0);
  CHECK(oar_accelerator_create(state, NULL, &accelerator));
  CHECK(oar_accelerator_prepare_model(accelerator, model));
  CHECK(oar_optimizer_create(model, argv[1], argv[2], &optimizer));
  add_all(accelerator, model, 1);
  CHECK(oar_accelerator_gradients_done(accelerator, model));
  for (step = -kWarmUp; step < num_steps; ++step) {
    const double begin = now_ms();
    CHECK(oar_optimizer_step(optimizer));
    if (step >= 0) ms[step] = now_ms() - begin;
  }
  for (i = 0; i < kShapes[0][0] * kShapes[0][1]; ++i) sum += (double)matrix[i];
  qsort(ms, (size_t)num_steps, sizeof *ms, by_size);
  printf("%.4f %.4f %.17g\n", ms[num_steps / 2], ms[0], sum);
  oar_optimizer_release(optimizer);
  oar_accelerator_release(accelerator);
  oar_model_release(model);
  CHECK(oar_state_close(state));
  oar_state_release(state);
  return 0;
}
