/* Trains a small convnet on handwritten digits, on as many ranks as it is started with:
 *
 *   oarlock launch -n 2 train_digits --program digits.pt2 --train train.safetensors --test test.safetensors
 *       --project run --epochs 8 [--resume]
 *
 * Checkpoints go to run/checkpoints, metrics to run/metrics.jsonl. --resume goes on from the latest checkpoint. */
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

typedef struct {
  oar_state *state;          oar_accelerator *accelerator;
  oar_model *model;          oar_loader *train, *test;
  oar_optimizer *optimizer;  oar_scheduler *scheduler;
  oar_tracker *tracker;
} run;

enum { PROGRAM, TRAIN, TEST, PROJECT, EPOCHS, NUM_OPTIONS };

static int parse(int argc, char **argv, const char **values, int *resume) {
  const char *const names[NUM_OPTIONS] = {"--program", "--train", "--test", "--project", "--epochs"};
  int i, k;
  for (i = 1; i < argc; ++i) {
    for (k = 0; k < NUM_OPTIONS && strcmp(argv[i], names[k]) != 0; ++k) {}
    if (k < NUM_OPTIONS && i + 1 < argc) values[k] = argv[++i];
    else if (strcmp(argv[i], "--resume") == 0) *resume = 1;
    else return 0;
  }
  for (k = 0; k < NUM_OPTIONS; ++k) if (values[k] == NULL) return 0;
  return atoi(values[EPOCHS]) > 0;
}

static oar_status open_loader(run *r, const char *path, const char *options, oar_loader **loader) {
  oar_dataset *dataset;
  TRY(oar_dataset_from_safetensors(path, NULL, 0, &dataset));
  TRY(oar_loader_create(dataset, options, loader));
  oar_dataset_release(dataset); /* the loader keeps it */
  return oar_accelerator_prepare_loader(r->accelerator, *loader); /* each rank gets its share */
}

static oar_status prepare(run *r, const char **values) {
  oar_config *config;  int64_t steps;  char text[4096];
  TRY(oar_config_create(&config)); /* defaults and environment */
  TRY(oar_config_merge_json(config, "{\"seed\": 7, \"checkpoint\": {\"total_limit\": 3}}"));
  TRY(oar_config_set_string(config, "project_dir", values[PROJECT]));
  snprintf(text, sizeof text, "%s/metrics.jsonl", values[PROJECT]);
  TRY(oar_config_set_string(config, "tracker.path", text));
  TRY(oar_state_create(config, &r->state)); oar_config_release(config); /* finds its rank and its peers */
  TRY(oar_accelerator_create(r->state, NULL, &r->accelerator));
  TRY(open_loader(r, values[TRAIN], "{\"batch_size\": 32, \"shuffle\": true, \"seed\": 42}", &r->train));
  TRY(open_loader(r, values[TEST], "{\"batch_size\": 32}", &r->test));
  TRY(oar_model_load(r->state, values[PROGRAM], NULL, &r->model));
  TRY(oar_accelerator_prepare_model(r->accelerator, r->model)); /* data parallel over all ranks */
  TRY(oar_optimizer_create(r->model, "adamw", "{\"lr\": 0.004}", &r->optimizer));
  TRY(oar_accelerator_prepare_optimizer(r->accelerator, r->optimizer));
  TRY(oar_loader_num_batches(r->train, &steps));
  snprintf(text, sizeof text, "{\"warmup_steps\": 20, \"total_steps\": %ld}", (long)steps * atoi(values[EPOCHS]));
  TRY(oar_scheduler_create(r->optimizer, "cosine", text, &r->scheduler));
  TRY(oar_accelerator_prepare_scheduler(r->accelerator, r->scheduler));
  return oar_tracker_create(r->state, "jsonl", NULL, &r->tracker); /* at tracker.path */
}

static oar_status train_epoch(run *r, int64_t epoch, double *mean_loss) {
  double value, rate, sum = 0;  int64_t samples, num_batches = 0;
  oar_tree *batch, *outputs;    oar_tensor *loss;
  oar_progress *progress;       char note[64];
  snprintf(note, sizeof note, "epoch %ld", (long)epoch + 1);
  TRY(oar_loader_num_samples(r->train, &samples));
  TRY(oar_progress_create(r->state, note, samples, "samples", &progress));
  TRY(oar_model_set_training(r->model, 1));
  for (;; ++num_batches) {
    TRY(oar_loader_next(r->train, &batch)); if (batch == NULL) break; /* the epoch is over */
    TRY(oar_model_forward(r->model, batch, &outputs));
    TRY(oar_tree_get_tensor(outputs, "loss", &loss));
    TRY(oar_accelerator_backward(r->accelerator, loss)); /* averages gradients over ranks meanwhile */
    TRY(oar_accelerator_clip_grad_norm(r->accelerator, r->model, 1.0, 2.0, NULL));
    TRY(oar_optimizer_learning_rate(r->optimizer, &rate));
    TRY(oar_accelerator_step(r->accelerator, r->optimizer, r->scheduler));
    TRY(oar_tensor_item(loss, &value));
    TRY(oar_loader_samples_in_round(r->train, &samples));
    snprintf(note, sizeof note, "loss %.3f  lr %.5f", value, rate);
    TRY(oar_progress_advance(progress, samples, note));
    sum += value;
    oar_tensor_release(loss); oar_tree_release(outputs); oar_tree_release(batch);
  }
  TRY(oar_progress_close(progress)); oar_progress_release(progress);
  return oar_accelerator_reduce_mean(r->accelerator, sum / (double)num_batches, mean_loss);
}

/* The tensor `name` of all ranks; each sample once. */
static oar_status gather(run *r, const oar_tree *tree, const char *name, oar_tensor **all) {
  oar_tensor *mine;
  TRY(oar_tree_get_tensor(tree, name, &mine));
  TRY(oar_accelerator_gather_for_metrics(r->accelerator, mine, all));
  oar_tensor_release(mine);
  return OAR_OK;
}

static oar_status evaluate(run *r, double *accuracy) {
  int64_t i, k, best, correct = 0, total = 0, shape[2];  size_t num_dims = 2;
  oar_tree *batch, *outputs;                             oar_tensor *logits, *labels;
  void *logit, *label;
  TRY(oar_model_set_training(r->model, 0));
  for (;; total += shape[0]) {
    TRY(oar_loader_next(r->test, &batch)); if (batch == NULL) break;
    TRY(oar_model_forward(r->model, batch, &outputs));
    TRY(gather(r, outputs, "logits", &logits)); TRY(gather(r, batch, "labels", &labels));
    TRY(oar_tensor_shape(logits, shape, &num_dims));
    TRY(oar_tensor_data(logits, &logit)); TRY(oar_tensor_data(labels, &label));
    for (i = 0; i < shape[0]; ++i) {
      const float *row = (const float *)logit + i * shape[1];
      for (best = 0, k = 1; k < shape[1]; ++k) if (row[k] > row[best]) best = k;
      correct += best == ((const int64_t *)label)[i];
    }
    oar_tensor_release(logits); oar_tensor_release(labels); oar_tree_release(outputs); oar_tree_release(batch);
  }
  *accuracy = (double)correct / (double)total;
  return OAR_OK;
}

static oar_status train(run *r, int64_t num_epochs, int resume) {
  const char *const metric_names[] = {"loss", "accuracy"};  double metrics[2];
  int64_t epoch, step;                                      char text[80];
  if (resume) TRY(oar_accelerator_load(r->accelerator, NULL));
  TRY(oar_loader_epoch(r->train, &epoch));
  for (; epoch < num_epochs; ++epoch) {
    TRY(train_epoch(r, epoch, &metrics[0]));
    TRY(evaluate(r, &metrics[1]));
    TRY(oar_optimizer_num_steps(r->optimizer, &step));
    TRY(oar_tracker_log(r->tracker, step, metric_names, metrics, 2));
    TRY(oar_accelerator_save(r->accelerator, NULL, NULL));
  }
  TRY(evaluate(r, &metrics[1]));
  snprintf(text, sizeof text, "test accuracy %.4f after %ld epochs", metrics[1], (long)num_epochs);
  return oar_state_print(r->state, text);
}

int main(int argc, char **argv) {
  const char *values[NUM_OPTIONS] = {NULL};  int resume = 0;  static run r;
  if (!parse(argc, argv, values, &resume))
    return fputs("usage: train_digits --program P --train T --test T --project DIR --epochs N [--resume]\n", stderr), 2;
  if (prepare(&r, values) != OAR_OK || train(&r, atoi(values[EPOCHS]), resume) != OAR_OK ||
      oar_accelerator_close(r.accelerator) != OAR_OK || oar_tracker_close(r.tracker) != OAR_OK ||
      oar_loader_close(r.train) != OAR_OK || oar_loader_close(r.test) != OAR_OK || oar_state_close(r.state) != OAR_OK)
    return fprintf(stderr, "train_digits: %s\n", oar_last_error()), 1;
  return 0;
}
