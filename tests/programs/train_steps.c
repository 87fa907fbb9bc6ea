/*
 * Trains a program for a number of micro-batches and writes what tests compare: this rank's losses and the final weights.
 *
 *   train_steps program=P data=D out=DIR micro=N [key=value ...]     keys and defaults: see kDefaults
 *
 * With save_at=N it saves a checkpoint to save=DIR after N micro-batches and ends there; with load=DIR it begins from that one.
 * With saves=DIR it saves DIR/checkpoint_<i> after micro-batch i, prints "save <i>: <status>", and goes on whatever that is.
 * With weights_each=1 every rank writes its weights, to weights-<rank>.safetensors.
 */
#include <oarlock/oarlock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { PROGRAM, DATA, OUT, MICRO, LOADER, OPTIMIZER, OPTIMIZER_JSON, SCHEDULER, SCHEDULER_JSON, CONFIG, SEED, SEED_EACH,
       CLIP, SAVE, SAVE_AT, LOAD, SAVES, WEIGHTS_EACH, NUM_KEYS };
static const char *const kKeys[NUM_KEYS] = {"program", "data", "out", "micro", "loader", "optimizer", "optimizer_json",
    "scheduler", "scheduler_json", "config", "seed", "seed_each", "clip", "save", "save_at", "load",
    "saves", "weights_each"};
static const char *const kDefaults[NUM_KEYS] = {NULL, NULL, NULL, "10", "{\"batch_size\": 16}", "sgd", "{}",
    NULL, "{}", "{}", "7", "0", "1.0", NULL, "-1", NULL, NULL, "0"};

typedef struct {
  const char *values[NUM_KEYS];
  oar_state *state;
  oar_accelerator *accelerator;
  oar_model *model;
  oar_optimizer *optimizer;
  oar_scheduler *scheduler;
  oar_loader *loader;
  int32_t rank, world_size;
  FILE *losses;
} run;

static int parse(int argc, char **argv, run *r) {
  int i, k;
  for (k = 0; k < NUM_KEYS; ++k) r->values[k] = kDefaults[k];
  for (i = 1; i < argc; ++i) {
    for (k = 0; k < NUM_KEYS; ++k) {
      size_t length = strlen(kKeys[k]);
      if (strncmp(argv[i], kKeys[k], length) == 0 && argv[i][length] == '=') break;
    }
    if (k == NUM_KEYS) return 0;
    r->values[k] = strchr(argv[i], '=') + 1;
  }
  return r->values[PROGRAM] && r->values[DATA] && r->values[OUT];
}

static oar_status prepare(run *r) {
  const char **v = r->values;
  oar_config *config;
  oar_dataset *dataset;
  TRY(oar_config_create(&config));
  TRY(oar_config_merge_json(config, v[CONFIG]));
  TRY(oar_state_create(config, &r->state));
  oar_config_release(config);
  TRY(oar_state_rank(r->state, &r->rank));
  TRY(oar_state_world_size(r->state, &r->world_size));
  TRY(oar_accelerator_create(r->state, NULL, &r->accelerator));
  TRY(oar_dataset_from_safetensors(v[DATA], NULL, 0, &dataset));
  TRY(oar_loader_create(dataset, v[LOADER], &r->loader));
  oar_dataset_release(dataset);
  TRY(oar_accelerator_prepare_loader(r->accelerator, r->loader));
  TRY(oar_model_load(r->state, v[PROGRAM], NULL, &r->model));
  TRY(oar_accelerator_prepare_model(r->accelerator, r->model));
  TRY(oar_optimizer_create(r->model, v[OPTIMIZER], v[OPTIMIZER_JSON], &r->optimizer));
  TRY(oar_accelerator_prepare_optimizer(r->accelerator, r->optimizer));
  if (v[SCHEDULER] != NULL) {
    TRY(oar_scheduler_create(r->optimizer, v[SCHEDULER], v[SCHEDULER_JSON], &r->scheduler));
    TRY(oar_accelerator_prepare_scheduler(r->accelerator, r->scheduler));
  }
  TRY(oar_model_set_training(r->model, 1));
  return oar_state_seed(r->state, strtoll(v[SEED], NULL, 10));
}

static oar_status train_micro_batch(run *r, long index) {
  oar_tree *batch, *outputs;
  oar_tensor *loss;
  double value, norm, clip = strtod(r->values[CLIP], NULL);
  TRY(oar_loader_next(r->loader, &batch));
  if (batch == NULL) TRY(oar_loader_next(r->loader, &batch)); /* the next epoch's first */
  if (strcmp(r->values[SEED_EACH], "1") == 0) {
    TRY(oar_state_seed(r->state, 1000 + index * r->world_size + r->rank));
  }
  TRY(oar_accelerator_accumulate_begin(r->accelerator, r->model));
  TRY(oar_model_forward(r->model, batch, &outputs));
  TRY(oar_tree_get_tensor(outputs, "loss", &loss));
  TRY(oar_accelerator_backward(r->accelerator, loss));
  if (clip > 0) TRY(oar_accelerator_clip_grad_norm(r->accelerator, r->model, clip, 2.0, &norm));
  TRY(oar_accelerator_step(r->accelerator, r->optimizer, r->scheduler));
  TRY(oar_accelerator_accumulate_end(r->accelerator));
  TRY(oar_tensor_item(loss, &value));
  fprintf(r->losses, "%.9g\n", value);
  oar_tensor_release(loss);
  oar_tree_release(outputs);
  oar_tree_release(batch);
  return OAR_OK;
}

static void save_and_go_on(run *r, long index) {
  char path[4096];
  oar_status status;
  snprintf(path, sizeof path, "%s/checkpoint_%ld", r->values[SAVES], index);
  status = oar_accelerator_save(r->accelerator, path, NULL);
  printf("save %ld: %s %s\n", index, oar_status_name(status), status == OAR_OK ? "" : oar_last_error());
}

static oar_status train(run *r) {
  const long num_micro = strtol(r->values[MICRO], NULL, 10), save_at = strtol(r->values[SAVE_AT], NULL, 10);
  char path[4096];
  long i;
  if (r->values[LOAD] != NULL) TRY(oar_accelerator_load(r->accelerator, r->values[LOAD]));
  for (i = 0; i < num_micro; ++i) {
    if (i == save_at) return oar_accelerator_save(r->accelerator, r->values[SAVE], NULL);
    TRY(train_micro_batch(r, i));
    if (r->values[SAVES] != NULL) save_and_go_on(r, i);
  }
  if (strcmp(r->values[WEIGHTS_EACH], "1") == 0) {
    snprintf(path, sizeof path, "%s/weights-%d.safetensors", r->values[OUT], (int)r->rank);
    TRY(oar_model_save_weights(r->model, path));
  }
  if (r->rank != 0) return OAR_OK;
  snprintf(path, sizeof path, "%s/weights.safetensors", r->values[OUT]);
  return oar_model_save_weights(r->model, path);
}

static oar_status finish(run *r) {
  TRY(oar_accelerator_close(r->accelerator));
  TRY(oar_loader_close(r->loader));
  TRY(oar_state_close(r->state));
  oar_scheduler_release(r->scheduler);
  oar_optimizer_release(r->optimizer);
  oar_model_release(r->model);
  oar_loader_release(r->loader);
  oar_accelerator_release(r->accelerator);
  oar_state_release(r->state);
  return OAR_OK;
}

int main(int argc, char **argv) {
  run r;
  char path[4096];
  memset(&r, 0, sizeof r);
  if (!parse(argc, argv, &r)) return fputs("train_steps: bad arguments\n", stderr), 2;
  if (prepare(&r) != OAR_OK) return fprintf(stderr, "train_steps: %s\n", oar_last_error()), 1;
  snprintf(path, sizeof path, "%s/losses-%d.txt", r.values[OUT], (int)r.rank);
  r.losses = fopen(path, "w");
  if (r.losses == NULL) return perror(path), 1;
  if (train(&r) != OAR_OK || fclose(r.losses) != 0 || finish(&r) != OAR_OK) {
    return fprintf(stderr, "train_steps: %s\n", oar_last_error()), 1;
  }
  return 0;
}
