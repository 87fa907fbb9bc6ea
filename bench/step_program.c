/*
 * Our side of step_*, first_step and rss_rank: trains an exported program on one fixed batch.
 *
 *   step_program PROGRAM WARM_UP STEPS [--recompute=PATHS] NAME=DTYPE:SHAPE:FILE ...
 *                                                          e.g. x=float32:32,64:x.bin, row-major bytes
 *
 * --recompute=blocks.*: the modules at these paths are units, with activation checkpointing.
 *
 * Under bench/memory_count.c it also tells, in bytes, what is live between steps and the most that was live above that
 * in a step. Prints "first step", then microseconds per step, the peak resident set in KiB and the losses of the first ten steps
 * and of the last.
 */
#define _GNU_SOURCE
#include <oarlock/oarlock.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { LOSSES = 10, DIMS_MAX = 8 };

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

static int32_t dtype_of(const char *name) {
  if (strcmp(name, "int64") == 0) return OAR_INT64;
  if (strcmp(name, "uint8") == 0) return OAR_UINT8;
  return strcmp(name, "float32") == 0 ? OAR_FLOAT32 : -1;
}

/* text: NAME=DTYPE:SHAPE:FILE */
static oar_status add_input(run *r, const char *text) {
  char name[64], dtype[16], dims[64], file[1024], *dim;
  int64_t shape[DIMS_MAX], numel;
  size_t num_dims = 0, size;
  oar_tensor *tensor;
  void *data;
  FILE *stream;
  if (sscanf(text, "%63[^=]=%15[^:]:%63[^:]:%1023s", name, dtype, dims, file) != 4) return OAR_E_ARGUMENT;
  for (dim = strtok(dims, ","); dim != NULL && num_dims < DIMS_MAX; dim = strtok(NULL, ",")) {
    shape[num_dims++] = strtol(dim, NULL, 10);
  }
  TRY(oar_tensor_zeros(dtype_of(dtype), shape, num_dims, &tensor));
  TRY(oar_tensor_data(tensor, &data));
  TRY(oar_tensor_numel(tensor, &numel));
  TRY(oar_dtype_size(dtype_of(dtype), &size));
  stream = fopen(file, "rb");
  if (stream == NULL || fread(data, size, (size_t)numel, stream) != (size_t)numel) return OAR_E_IO;
  fclose(stream);
  TRY(oar_tree_set_tensor(r->batch, name, tensor));
  oar_tensor_release(tensor);
  return OAR_OK;
}

/* paths: of the units; NULL: none. */
static oar_status set_recompute(run *r, const char *paths) {
  char policy[256];
  if (paths == NULL) return OAR_OK;
  snprintf(policy, sizeof policy, "{\"paths\":[\"%s\"]}", paths);
  TRY(oar_model_set_units(r->model, policy));
  return oar_model_set_recompute(r->model, "*", 1);
}

static oar_status prepare(run *r, const char *program, const char *recompute) {
  TRY(oar_state_create(NULL, &r->state));
  TRY(oar_state_rank(r->state, &r->rank));
  TRY(oar_accelerator_create(r->state, NULL, &r->accelerator));
  TRY(oar_model_load(r->state, program, NULL, &r->model));
  TRY(set_recompute(r, recompute));
  TRY(oar_accelerator_prepare_model(r->accelerator, r->model));
  TRY(oar_optimizer_create(r->model, "adamw", NULL, &r->optimizer));
  TRY(oar_accelerator_prepare_optimizer(r->accelerator, r->optimizer));
  TRY(oar_model_set_training(r->model, 1));
  return oar_tree_create_map(&r->batch);
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

/* One more step, if the allocation counter is there. */
static oar_status count_memory(run *r) {
  void (*mark)(void);
  long long (*live)(void), (*peak)(void), between;
  double loss;
  *(void **)&mark = dlsym(RTLD_DEFAULT, "memory_count_mark");
  *(void **)&live = dlsym(RTLD_DEFAULT, "memory_count_live");
  *(void **)&peak = dlsym(RTLD_DEFAULT, "memory_count_peak");
  if (mark == NULL || live == NULL || peak == NULL) return OAR_OK;
  between = live();
  mark();
  TRY(step(r, &loss));
  printf("memory_bytes %lld %lld\n", between, peak() - between);
  return OAR_OK;
}

static oar_status train(run *r, int warm_up, int steps) {
  double losses[LOSSES] = {0}, last = 0, begin, us;
  int i;
  TRY(step(r, &losses[0]));
  if (r->rank == 0) printf("first step\n");
  fflush(stdout);
  for (i = 1; i < warm_up; ++i) TRY(step(r, i < LOSSES ? &losses[i] : &last));
  TRY(oar_state_barrier(r->state, 0));
  begin = seconds();
  for (i = 0; i < steps; ++i) TRY(step(r, &last));
  us = 1e6 * (seconds() - begin) / (steps > 0 ? steps : 1);
  TRY(count_memory(r));
  if (r->rank == 0 && steps > 0) {
    printf("us_per_step %.3f\nvm_hwm_kib %ld\nlosses", us, peak_resident_kib());
    for (i = 0; i < LOSSES && i < warm_up; ++i) printf(" %.9g", losses[i]);
    printf(" %.9g\n", last);
  }
  return oar_state_close(r->state);
}

int main(int argc, char **argv) {
  static const char option[] = "--recompute=";
  const char *recompute = NULL;
  run r;
  oar_status status;
  int i = 4;
  memset(&r, 0, sizeof r);
  if (argc < 5) return fputs("usage: step_program PROGRAM WARM_UP STEPS [--recompute=PATHS] NAME=DTYPE:SHAPE:FILE ...\n", stderr), 2;
  if (strncmp(argv[i], option, strlen(option)) == 0) recompute = argv[i++] + strlen(option);
  status = prepare(&r, argv[1], recompute);
  for (; status == OAR_OK && i < argc; ++i) status = add_input(&r, argv[i]);
  if (status == OAR_OK) status = train(&r, atoi(argv[2]), atoi(argv[3]));
  if (status != OAR_OK) return fprintf(stderr, "step_program: status %d: %s\n", (int)status, oar_last_error()), 1;
  return 0;
}
