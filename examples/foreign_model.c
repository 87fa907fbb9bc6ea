/* Trains a model whose mathematics are written here in plain C: digits by a network of two layers, data parallel over
 * all ranks.
 *
 *   oarlock launch -n 2 foreign_model --train train.safetensors --test test.safetensors --project run --epochs 8
 *
 * The gradients of the second layer are averaged over the ranks while those of the first are computed. */
#include <math.h>
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { PIXELS = 64, HIDDEN = 48, DIGITS = 10, ROWS_MAX = 64 };

/* loss = mean cross entropy of softmax(relu(x W1' + b1) W2' + b2). Oarlock writes the weights, in place. */
typedef struct {
  float w1[HIDDEN][PIXELS], b1[HIDDEN], w2[DIGITS][HIDDEN], b2[DIGITS];
  float dw1[HIDDEN][PIXELS], db1[HIDDEN], dw2[DIGITS][HIDDEN], db2[DIGITS]; /* gradients */
  float x[ROWS_MAX][PIXELS], hidden[ROWS_MAX][HIDDEN], logits[ROWS_MAX][DIGITS], loss; /* of the last forward */
  int64_t labels[ROWS_MAX], rows;
  oar_accelerator *accelerator;
} network;

static oar_status over(void *data, const int64_t *shape, size_t num_dims, oar_tensor **out) {
  return oar_tensor_from_memory(data, OAR_FLOAT32, shape, NULL, num_dims, NULL, NULL, out);
}

static oar_status read_batch(network *n, const oar_tree *batch) {
  oar_tensor *images, *labels;  void *pixels, *digits;  int64_t i;
  TRY(oar_tree_get_tensor(batch, "images", &images)); TRY(oar_tensor_data(images, &pixels));
  TRY(oar_tree_get_tensor(batch, "labels", &labels)); TRY(oar_tensor_data(labels, &digits));
  TRY(oar_tensor_numel(labels, &n->rows)); /* at most the loader's batch size */
  for (i = 0; i < n->rows * PIXELS; ++i) n->x[i / PIXELS][i % PIXELS] = (float)((const uint8_t *)pixels)[i] / 16;
  memcpy(n->labels, digits, (size_t)n->rows * sizeof *n->labels);
  oar_tensor_release(images); oar_tensor_release(labels);
  return OAR_OK;
}

static int32_t forward(oar_model *model, const oar_tree *inputs, oar_tree **outputs, void *user_data) {
  network *n = (network *)user_data;  int64_t r, i, k, shape[2] = {0, DIGITS};  oar_tensor *loss, *logits;
  (void)model;
  TRY(read_batch(n, inputs));
  for (n->loss = 0, r = 0; r < n->rows; ++r) {
    float largest = -INFINITY, sum = 0;
    for (i = 0; i < HIDDEN; ++i) {
      float value = n->b1[i];
      for (k = 0; k < PIXELS; ++k) value += n->w1[i][k] * n->x[r][k];
      n->hidden[r][i] = value > 0 ? value : 0;
    }
    for (i = 0; i < DIGITS; ++i) {
      n->logits[r][i] = n->b2[i];
      for (k = 0; k < HIDDEN; ++k) n->logits[r][i] += n->w2[i][k] * n->hidden[r][k];
      largest = n->logits[r][i] > largest ? n->logits[r][i] : largest;
    }
    for (i = 0; i < DIGITS; ++i) sum += expf(n->logits[r][i] - largest);
    n->loss += (largest + logf(sum) - n->logits[r][n->labels[r]]) / (float)n->rows;
  }
  shape[0] = n->rows;
  TRY(over(&n->loss, NULL, 0, &loss)); TRY(over(n->logits, shape, 2, &logits));
  TRY(oar_tree_create_map(outputs));
  TRY(oar_tree_set_tensor(*outputs, "loss", loss)); TRY(oar_tree_set_tensor(*outputs, "logits", logits));
  oar_tensor_release(loss); oar_tensor_release(logits);
  return OAR_OK;
}

static oar_status give(network *n, oar_model *model, const char *name, void *gradient, int64_t rows, int64_t columns) {
  const int64_t shape[2] = {rows, columns};  oar_tensor *tensor;
  TRY(over(gradient, shape, columns == 0 ? 1 : 2, &tensor));
  TRY(oar_accelerator_gradient_ready(n->accelerator, model, name, tensor)); /* its average may travel at once */
  oar_tensor_release(tensor);
  return OAR_OK;
}

static int32_t backward(oar_model *model, const oar_tree *output_gradients, void *user_data) {
  network *n = (network *)user_data;  int64_t r, i, k;  double scale;  oar_tensor *of_loss;
  static float back[ROWS_MAX][DIGITS]; /* gradients of the logits: softmax - 1 at the label */
  TRY(oar_tree_get_tensor(output_gradients, "loss", &of_loss));
  TRY(oar_tensor_item(of_loss, &scale)); oar_tensor_release(of_loss); /* 1 / gradient_accumulation_steps */
  memset(n->dw1, 0, sizeof n->dw1); memset(n->db1, 0, sizeof n->db1);
  memset(n->dw2, 0, sizeof n->dw2); memset(n->db2, 0, sizeof n->db2);
  for (r = 0; r < n->rows; ++r) {
    float largest = n->logits[r][0], sum = 0;
    for (i = 1; i < DIGITS; ++i) largest = n->logits[r][i] > largest ? n->logits[r][i] : largest;
    for (i = 0; i < DIGITS; ++i) sum += expf(n->logits[r][i] - largest);
    for (i = 0; i < DIGITS; ++i) {
      const float probability = expf(n->logits[r][i] - largest) / sum;
      back[r][i] = (probability - (float)(i == n->labels[r])) * (float)scale / (float)n->rows;
      n->db2[i] += back[r][i];
      for (k = 0; k < HIDDEN; ++k) n->dw2[i][k] += back[r][i] * n->hidden[r][k];
    }
  }
  TRY(give(n, model, "layer2.bias", n->db2, DIGITS, 0));
  TRY(give(n, model, "layer2.weight", n->dw2, DIGITS, HIDDEN));
  for (r = 0; r < n->rows; ++r) {
    for (i = 0; i < HIDDEN; ++i) {
      float value = 0;
      if (n->hidden[r][i] <= 0) continue; /* relu */
      for (k = 0; k < DIGITS; ++k) value += back[r][k] * n->w2[k][i];
      n->db1[i] += value;
      for (k = 0; k < PIXELS; ++k) n->dw1[i][k] += value * n->x[r][k];
    }
  }
  TRY(give(n, model, "layer1.bias", n->db1, HIDDEN, 0));
  return give(n, model, "layer1.weight", n->dw1, HIDDEN, PIXELS);
}

static oar_status add(oar_model *model, const char *name, void *values, int64_t rows, int64_t columns) {
  const int64_t shape[2] = {rows, columns};  oar_tensor *tensor;
  TRY(over(values, shape, columns == 0 ? 1 : 2, &tensor));
  TRY(oar_model_register_parameter(model, name, tensor)); /* the model shares the array */
  oar_tensor_release(tensor);
  return OAR_OK;
}

static oar_status make_model(network *n, oar_state *state, oar_model **model) {
  uint32_t random = 1;  int64_t i;
  float *const weights[2] = {&n->w1[0][0], &n->w2[0][0]};  const int64_t sizes[2] = {HIDDEN * PIXELS, DIGITS * HIDDEN};
  for (i = 0; i < sizes[0] + sizes[1]; ++i) { /* uniform in [-0.1, 0.1) */
    random = random * 1664525u + 1013904223u;
    weights[i >= sizes[0]][i >= sizes[0] ? i - sizes[0] : i] = ((float)(random >> 8) / (1 << 24) - 0.5f) / 5;
  }
  TRY(oar_model_create_foreign(state, model));
  TRY(add(*model, "layer1.weight", n->w1, HIDDEN, PIXELS)); TRY(add(*model, "layer1.bias", n->b1, HIDDEN, 0));
  TRY(add(*model, "layer2.weight", n->w2, DIGITS, HIDDEN)); TRY(add(*model, "layer2.bias", n->b2, DIGITS, 0));
  TRY(oar_model_set_forward(*model, forward, n, NULL));
  return oar_model_set_backward(*model, backward, n, NULL);
}

static oar_status open_loader(oar_accelerator *accelerator, const char *path, const char *options, oar_loader **out) {
  oar_dataset *dataset;
  TRY(oar_dataset_from_safetensors(path, NULL, 0, &dataset));
  TRY(oar_loader_create(dataset, options, out)); oar_dataset_release(dataset);
  return oar_accelerator_prepare_loader(accelerator, *out);
}

static oar_status train_epoch(oar_accelerator *accelerator, oar_model *model, oar_optimizer *optimizer,
                              oar_loader *loader, double *mean_loss) {
  oar_tree *batch, *outputs;  oar_tensor *loss;  double value, sum = 0;  int64_t num_batches = 0;
  TRY(oar_model_set_training(model, 1));
  for (;; ++num_batches) {
    TRY(oar_loader_next(loader, &batch)); if (batch == NULL) break;
    TRY(oar_model_forward(model, batch, &outputs));
    TRY(oar_tree_get_tensor(outputs, "loss", &loss));
    TRY(oar_accelerator_backward(accelerator, loss)); /* runs backward() above */
    TRY(oar_accelerator_step(accelerator, optimizer, NULL));
    TRY(oar_tensor_item(loss, &value)); sum += value;
    oar_tensor_release(loss); oar_tree_release(outputs); oar_tree_release(batch);
  }
  return oar_accelerator_reduce_mean(accelerator, sum / (double)num_batches, mean_loss);
}

/* The share of test images whose largest logit is their digit's. */
static oar_status evaluate(network *n, oar_model *model, oar_loader *loader, double *accuracy) {
  oar_tree *batch, *outputs;  int64_t r, i, best, total = 0, shape;  float hit[ROWS_MAX];
  oar_tensor *mine, *all;     void *hits;  double sum = 0;
  TRY(oar_model_set_training(model, 0));
  for (;; total += shape) {
    TRY(oar_loader_next(loader, &batch)); if (batch == NULL) break;
    TRY(oar_model_forward(model, batch, &outputs));
    for (r = 0; r < n->rows; ++r) {
      for (best = 0, i = 1; i < DIGITS; ++i) if (n->logits[r][i] > n->logits[r][best]) best = i;
      hit[r] = best == n->labels[r];
    }
    TRY(over(hit, &n->rows, 1, &mine));
    TRY(oar_accelerator_gather_for_metrics(n->accelerator, mine, &all)); /* each image of all ranks once */
    TRY(oar_tensor_numel(all, &shape)); TRY(oar_tensor_data(all, &hits));
    for (i = 0; i < shape; ++i) sum += ((const float *)hits)[i];
    oar_tensor_release(mine); oar_tensor_release(all); oar_tree_release(outputs); oar_tree_release(batch);
  }
  *accuracy = sum / (double)total;
  return OAR_OK;
}

static oar_status run(const char *train_path, const char *test_path, const char *project, int epochs) {
  static network n;  oar_config *config;  oar_state *state;  oar_model *model;  oar_optimizer *optimizer;
  oar_loader *train, *test;  double loss, accuracy;  int epoch;  char text[80];
  TRY(oar_config_create(&config)); TRY(oar_config_set_string(config, "project_dir", project));
  TRY(oar_state_create(config, &state)); oar_config_release(config);
  TRY(oar_accelerator_create(state, NULL, &n.accelerator));
  TRY(open_loader(n.accelerator, train_path, "{\"batch_size\": 32, \"shuffle\": true, \"seed\": 1}", &train));
  TRY(open_loader(n.accelerator, test_path, "{\"batch_size\": 32}", &test));
  TRY(make_model(&n, state, &model));
  TRY(oar_accelerator_prepare_model(n.accelerator, model));
  TRY(oar_optimizer_create(model, "adamw", "{\"lr\": 0.01}", &optimizer));
  TRY(oar_accelerator_prepare_optimizer(n.accelerator, optimizer));
  for (epoch = 1; epoch <= epochs; ++epoch) {
    TRY(train_epoch(n.accelerator, model, optimizer, train, &loss));
    TRY(evaluate(&n, model, test, &accuracy));
    snprintf(text, sizeof text, "epoch %d: loss %.4f, test accuracy %.4f", epoch, loss, accuracy);
    TRY(oar_state_print(state, text));
    TRY(oar_accelerator_save(n.accelerator, NULL, NULL)); /* run/checkpoints/checkpoint_<n> */
  }
  TRY(oar_accelerator_close(n.accelerator)); TRY(oar_loader_close(train)); TRY(oar_loader_close(test));
  return oar_state_close(state);
}

int main(int argc, char **argv) {
  if (argc != 9 || strcmp(argv[1], "--train") != 0 || strcmp(argv[3], "--test") != 0 ||
      strcmp(argv[5], "--project") != 0 || strcmp(argv[7], "--epochs") != 0)
    return fputs("usage: foreign_model --train T --test T --project DIR --epochs N\n", stderr), 2;
  if (run(argv[2], argv[4], argv[6], atoi(argv[8])) != OAR_OK)
    return fprintf(stderr, "foreign_model: %s\n", oar_last_error()), 1;
  return 0;
}
