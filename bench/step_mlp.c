/*
 * Our side of step_mlp_*, first_step and rss_rank: trains an exported program on one fixed batch.
 *
 *   step_mlp PROGRAM WARM_UP STEPS     prints "first step", then microseconds per step and the peak resident set in KiB
 */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { BATCH = 32, WIDTH = 64, CLASSES = 10 };

typedef struct {
  oar_state *state;
  oar_accelerator *accelerator;
  oar_model *model;
  oar_optimizer *optimizer;
  oar_tree *batch;
  int32_t rank;
} run;

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static long peak_resident_kib(void) {
  char line[256];
  long kib = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, "VmHWM:", 6) == 0) kib = strtol(line + 6, NULL, 10);
  }
  if (status != NULL) fclose(status);
  return kib;
}

static oar_status make_batch(run *r) {
  const int64_t x_shape[] = {BATCH, WIDTH}, y_shape[] = {BATCH};
  oar_tensor *x, *y;
  void *data;
  uint32_t noise = 1;
  int i;
  TRY(oar_tensor_zeros(OAR_FLOAT32, x_shape, 2, &x));
  TRY(oar_tensor_data(x, &data));
  for (i = 0; i < BATCH * WIDTH; ++i) {
    noise = noise * 1664525u + 1013904223u;
    ((float *)data)[i] = (float)(noise >> 8) / 8388608.0f - 1.0f;
  }
  TRY(oar_tensor_zeros(OAR_INT64, y_shape, 1, &y));
  TRY(oar_tensor_data(y, &data));
  for (i = 0; i < BATCH; ++i) ((int64_t *)data)[i] = i % CLASSES;
  TRY(oar_tree_create_map(&r->batch));
  TRY(oar_tree_set_tensor(r->batch, "x", x));
  TRY(oar_tree_set_tensor(r->batch, "y", y));
  oar_tensor_release(x);
  oar_tensor_release(y);
  return OAR_OK;
}

static oar_status prepare(run *r, const char *program) {
  TRY(oar_state_create(NULL, &r->state));
  TRY(oar_state_rank(r->state, &r->rank));
  TRY(oar_accelerator_create(r->state, NULL, &r->accelerator));
  TRY(oar_model_load(r->state, program, NULL, &r->model));
  TRY(oar_accelerator_prepare_model(r->accelerator, r->model));
  TRY(oar_optimizer_create(r->model, "adamw", NULL, &r->optimizer));
  TRY(oar_accelerator_prepare_optimizer(r->accelerator, r->optimizer));
  TRY(oar_model_set_training(r->model, 1));
  return make_batch(r);
}

static oar_status step(run *r, double *loss_value) {
  oar_tree *outputs;
  oar_tensor *loss;
  TRY(oar_model_forward(r->model, r->batch, &outputs));
  TRY(oar_tree_get_tensor(outputs, "loss", &loss));
  TRY(oar_accelerator_backward(r->accelerator, loss));
  TRY(oar_accelerator_step(r->accelerator, r->optimizer, NULL));
  TRY(oar_tensor_item(loss, loss_value));
  oar_tensor_release(loss);
  oar_tree_release(outputs);
  return OAR_OK;
}

static oar_status train(run *r, int warm_up, int steps) {
  double first = 0, last = 0, begin;
  int i;
  TRY(step(r, &first));
  if (r->rank == 0) printf("first step\n");
  fflush(stdout);
  for (i = 1; i < warm_up; ++i) TRY(step(r, &last));
  TRY(oar_state_barrier(r->state, 0));
  begin = seconds();
  for (i = 0; i < steps; ++i) TRY(step(r, &last));
  if (r->rank == 0 && steps > 0) {
    printf("us_per_step %.3f\nvm_hwm_kib %ld\nlosses %.6f %.6f\n", 1e6 * (seconds() - begin) / steps,
           peak_resident_kib(), first, last);
  }
  return oar_state_close(r->state);
}

int main(int argc, char **argv) {
  run r;
  memset(&r, 0, sizeof r);
  if (argc != 4) return fputs("usage: step_mlp PROGRAM WARM_UP STEPS\n", stderr), 2;
  if (prepare(&r, argv[1]) != OAR_OK || train(&r, atoi(argv[2]), atoi(argv[3])) != OAR_OK) {
    return fprintf(stderr, "step_mlp: %s\n", oar_last_error()), 1;
  }
  return 0;
}
