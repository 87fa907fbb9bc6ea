/* Builds a small transformer in C, without Python and without a file, and teaches it to sort eight digits:
 *
 *   train_transformer FOLDER                             one process; the checkpoint goes to FOLDER
 *   oarlock launch -n 2 train_transformer FOLDER         two, each with its share of every epoch
 *
 * The layers below are functions that call operators of libtorch by name. The forward that they make up is recorded once
 * (oar_model_trace), with the number of rows left open: it is trained on batches of 32 and evaluated on batches of 7. */
#include <oarlock/oarlock.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { LENGTH = 8, VOCABULARY = 10, WIDTH = 32, HEADS = 4, LAYERS = 2, TRAIN_ROWS = 4096, TEST_ROWS = 512, EPOCHS = 4 };

/* ---- Operators. What goes wrong stays in `status`, and later calls do nothing: layers need no error handling. ---- */

typedef struct {
  oar_state *state;  oar_model *model;
  oar_status status;
  oar_tensor *made[512];  int num_made;  /* results, released together at the end of the forward */
} net;

#define T(tensor) oar_value_tensor(tensor)
#define I(number) oar_value_int(number)
#define F(number) oar_value_float(number)

static oar_tensor *keep(net *n, oar_tensor *tensor) {
  if (n->num_made == 512) { fputs("train_transformer: more than 512 results in one forward\n", stderr); exit(1); }
  return n->made[n->num_made++] = tensor;
}

static void release_made(net *n) {
  while (n->num_made > 0) oar_tensor_release(n->made[--n->num_made]);
}

/* Calls an operator with `num` arguments, which are oar_values; gives its `num_results` results. */
static void call(net *n, oar_tensor **results, size_t num_results, const char *name, size_t num, va_list list) {
  oar_value arguments[12];  size_t i, count = num_results;
  for (i = 0; i < num; ++i) arguments[i] = va_arg(list, oar_value);
  for (i = 0; i < num_results; ++i) results[i] = NULL;
  if (n->status != OAR_OK) return;
  n->status = oar_op_call(n->state, name, arguments, num, results, &count);
  for (i = 0; i < num_results; ++i) keep(n, results[i]);
}

static oar_tensor *op(net *n, const char *name, size_t num, ...) {
  oar_tensor *result;  va_list list;
  va_start(list, num); call(n, &result, 1, name, num, list); va_end(list);
  return result;
}

static void ops(net *n, oar_tensor **results, size_t num_results, const char *name, size_t num, ...) {
  va_list list;
  va_start(list, num); call(n, results, num_results, name, num, list); va_end(list);
}

static void enter(net *n, const char *name, const char *class_name) {
  if (n->status == OAR_OK) n->status = oar_model_enter_scope(n->model, name, class_name);
}

static void leave(net *n) {
  if (n->status == OAR_OK) n->status = oar_model_exit_scope(n->model);
}

static oar_tensor *parameter(net *n, const char *name) {
  oar_tensor *tensor = NULL;
  if (n->status == OAR_OK) n->status = oar_model_parameter(n->model, name, &tensor);
  return keep(n, tensor);
}

/* ---- Layers. Each has a scope: its parameters are found relative to it. ---- */

static oar_tensor *linear(net *n, const char *name, oar_tensor *x) {
  enter(n, name, "Linear");
  x = op(n, "aten::linear", 3, T(x), T(parameter(n, "weight")), T(parameter(n, "bias")));
  return leave(n), x;
}

static oar_tensor *norm(net *n, const char *name, oar_tensor *x) {
  const int64_t width = WIDTH;
  enter(n, name, "LayerNorm");
  x = op(n, "aten::layer_norm", 4, T(x), oar_value_ints(&width, 1), T(parameter(n, "weight")), T(parameter(n, "bias")));
  return leave(n), x;
}

static oar_tensor *dropout(net *n, oar_tensor *x) { /* the program knows evaluation: then this does nothing */
  return op(n, "aten::dropout", 3, T(x), F(0.05), oar_value_bool(1));
}

static oar_tensor *attention(net *n, oar_tensor *x) {
  static const int64_t heads_first[] = {2, 0, 3, 1, 4};
  int64_t shape[3] = {0};  size_t count = 3;  oar_tensor *qkv[3];
  if (n->status == OAR_OK) n->status = oar_tensor_shape(x, shape, &count);
  {
    const int64_t apart[] = {shape[0], LENGTH, 3, HEADS, WIDTH / HEADS}, joined[] = {shape[0], LENGTH, WIDTH};
    enter(n, "attention", "Attention");
    x = op(n, "aten::view", 2, T(linear(n, "in", x)), oar_value_ints(apart, 5)); /* rows, places, q/k/v, heads, width */
    x = op(n, "aten::permute", 2, T(x), oar_value_ints(heads_first, 5));
    ops(n, qkv, 3, "aten::unbind", 1, T(x));
    x = op(n, "aten::scaled_dot_product_attention", 3, T(qkv[0]), T(qkv[1]), T(qkv[2]));
    x = op(n, "aten::reshape", 2, T(op(n, "aten::transpose", 3, T(x), I(1), I(2))), oar_value_ints(joined, 3));
    x = linear(n, "out", x);
  }
  return leave(n), x;
}

static oar_tensor *mlp(net *n, oar_tensor *x) {
  enter(n, "mlp", "MLP");
  x = linear(n, "out", op(n, "aten::gelu", 1, T(linear(n, "in", x))));
  return leave(n), x;
}

static oar_tensor *block(net *n, int i, oar_tensor *x) {
  char name[32];
  snprintf(name, sizeof name, "blocks.%d", i);
  enter(n, name, "Block");
  x = op(n, "aten::add", 2, T(x), T(dropout(n, attention(n, norm(n, "norm1", x)))));
  x = op(n, "aten::add", 2, T(x), T(dropout(n, mlp(n, norm(n, "norm2", x)))));
  return leave(n), x;
}

/* tokens, labels [rows, LENGTH] -> logits [rows, LENGTH, VOCABULARY] and their loss. */
static int32_t forward(oar_model *model, const oar_tree *inputs, oar_tree **outputs, void *user_data) {
  net *n = (net *)user_data;  oar_tensor *tokens = NULL, *labels = NULL, *x, *logits, *loss;  int i;
  n->model = model;
  n->status = oar_tree_get_tensor(inputs, "tokens", &tokens); keep(n, tokens);
  if (n->status == OAR_OK) n->status = oar_tree_get_tensor(inputs, "labels", &labels);
  keep(n, labels);
  x = op(n, "aten::embedding", 2, T(parameter(n, "embedding")), T(tokens));
  x = op(n, "aten::add", 2, T(x), T(parameter(n, "positions")));
  for (i = 0; i < LAYERS; ++i) x = block(n, i, x);
  logits = linear(n, "head", norm(n, "norm", x));
  loss = op(n, "aten::cross_entropy_loss", 2, T(op(n, "aten::flatten", 3, T(logits), I(0), I(1))),
            T(op(n, "aten::flatten", 1, T(labels))));
  if (n->status == OAR_OK) n->status = oar_tree_create_map(outputs);
  if (n->status == OAR_OK) n->status = oar_tree_set_tensor(*outputs, "logits", logits);
  if (n->status == OAR_OK) n->status = oar_tree_set_tensor(*outputs, "loss", loss);
  return release_made(n), n->status;
}

/* ---- Parameters: tensors of our own, filled and registered. Columns 0: one dimension. Deviation 0: all are `mean`. ---- */

static oar_status add(net *n, const char *name, int64_t rows, int64_t columns, double mean, double deviation) {
  const int64_t shape[] = {rows, columns};  oar_tensor *tensor;  oar_value arguments[3];
  TRY(oar_tensor_zeros(OAR_FLOAT32, shape, columns > 0 ? 2 : 1, &tensor));
  arguments[0] = T(tensor); arguments[1] = F(mean); arguments[2] = F(deviation);
  TRY(oar_op_call(n->state, "aten::normal_", arguments, 3, NULL, NULL));
  TRY(oar_model_register_parameter(n->model, name, tensor));
  oar_tensor_release(tensor); /* the model keeps it */
  return OAR_OK;
}

static oar_status add_linear(net *n, const char *name, int64_t in, int64_t out) {
  TRY(oar_model_enter_scope(n->model, name, NULL));
  TRY(add(n, "weight", out, in, 0, 0.15)); TRY(add(n, "bias", out, 0, 0, 0));
  return oar_model_exit_scope(n->model);
}

static oar_status add_norm(net *n, const char *name) {
  TRY(oar_model_enter_scope(n->model, name, NULL));
  TRY(add(n, "weight", WIDTH, 0, 1, 0)); TRY(add(n, "bias", WIDTH, 0, 0, 0));
  return oar_model_exit_scope(n->model);
}

static oar_status add_parameters(net *n) {
  char name[32];  int i;
  TRY(add(n, "embedding", VOCABULARY, WIDTH, 0, 1)); TRY(add(n, "positions", LENGTH, WIDTH, 0, 1));
  for (i = 0; i < LAYERS; ++i) {
    snprintf(name, sizeof name, "blocks.%d", i);
    TRY(oar_model_enter_scope(n->model, name, NULL));
    TRY(add_norm(n, "norm1")); TRY(add_linear(n, "attention.in", WIDTH, 3 * WIDTH)); TRY(add_linear(n, "attention.out", WIDTH, WIDTH));
    TRY(add_norm(n, "norm2")); TRY(add_linear(n, "mlp.in", WIDTH, 4 * WIDTH)); TRY(add_linear(n, "mlp.out", 4 * WIDTH, WIDTH));
    TRY(oar_model_exit_scope(n->model));
  }
  TRY(add_norm(n, "norm"));
  return add_linear(n, "head", WIDTH, VOCABULARY);
}

/* ---- Data: rows of random digits, and the same digits sorted. ---- */

static int by_value(const void *a, const void *b) { return (int)(*(const int64_t *)a - *(const int64_t *)b); }

static oar_status make_loader(oar_accelerator *accelerator, int64_t rows, uint32_t seed, const char *options, oar_loader **loader) {
  const char *const names[] = {"tokens", "labels"};  const int64_t shape[] = {rows, LENGTH};
  oar_tensor *columns[2];  oar_dataset *dataset;  void *tokens, *labels;  int64_t i, k;
  TRY(oar_tensor_zeros(OAR_INT64, shape, 2, &columns[0])); TRY(oar_tensor_data(columns[0], &tokens));
  TRY(oar_tensor_zeros(OAR_INT64, shape, 2, &columns[1])); TRY(oar_tensor_data(columns[1], &labels));
  for (i = 0; i < rows; ++i) {
    int64_t *row = (int64_t *)tokens + i * LENGTH, *sorted = (int64_t *)labels + i * LENGTH;
    for (k = 0; k < LENGTH; ++k) {
      seed = seed * 1664525u + 1013904223u; /* Numerical Recipes, 2nd edition, 7.1 */
      sorted[k] = row[k] = (seed >> 16) % VOCABULARY;
    }
    qsort(sorted, LENGTH, sizeof *sorted, by_value);
  }
  TRY(oar_dataset_from_tensors(names, columns, 2, &dataset));
  TRY(oar_loader_create(dataset, options, loader));
  oar_tensor_release(columns[0]); oar_tensor_release(columns[1]); oar_dataset_release(dataset); /* the loader keeps them */
  return oar_accelerator_prepare_loader(accelerator, *loader);
}

/* ---- Training. ---- */

/* Records the forward on two rows; from then on nothing above is called any more. */
static oar_status trace(net *n, oar_loader *train, oar_model **model) {
  oar_tree *example;
  TRY(oar_model_create_foreign(n->state, &n->model));
  TRY(add_parameters(n));
  TRY(oar_model_set_forward(n->model, forward, n, NULL));
  TRY(oar_loader_next(train, &example));
  TRY(oar_model_trace(n->model, example, "{\"tokens\": {\"0\": \"rows\"}, \"labels\": {\"0\": \"rows\"}}", model));
  oar_tree_release(example); oar_model_release(n->model); /* what is traced shares the parameters */
  return OAR_OK;
}

static oar_status train_epoch(oar_accelerator *accelerator, oar_model *model, oar_optimizer *optimizer, oar_loader *train, double *mean) {
  double value, sum = 0;  int64_t num_batches = 0;  oar_tree *batch, *outputs;  oar_tensor *loss;
  TRY(oar_model_set_training(model, 1));
  for (;; ++num_batches) {
    TRY(oar_loader_next(train, &batch)); if (batch == NULL) break; /* the epoch is over */
    TRY(oar_model_forward(model, batch, &outputs));
    TRY(oar_tree_get_tensor(outputs, "loss", &loss));
    TRY(oar_accelerator_backward(accelerator, loss));
    TRY(oar_accelerator_step(accelerator, optimizer, NULL));
    TRY(oar_tensor_item(loss, &value));
    sum += value;
    oar_tensor_release(loss); oar_tree_release(outputs); oar_tree_release(batch);
  }
  return oar_accelerator_reduce_mean(accelerator, sum / (double)num_batches, mean);
}

/* The part of all digits that are in their place. */
static oar_status evaluate(oar_accelerator *accelerator, oar_model *model, oar_loader *test, double *accuracy) {
  int64_t i, k, best, right = 0, total = 0, numel;  oar_tree *batch, *outputs;
  oar_tensor *mine[2], *all[2];  void *logits, *labels;
  TRY(oar_model_set_training(model, 0));
  for (;;) {
    TRY(oar_loader_next(test, &batch)); if (batch == NULL) break;
    TRY(oar_model_forward(model, batch, &outputs));
    TRY(oar_tree_get_tensor(outputs, "logits", &mine[0])); TRY(oar_tree_get_tensor(batch, "labels", &mine[1]));
    for (i = 0; i < 2; ++i) TRY(oar_accelerator_gather_for_metrics(accelerator, mine[i], &all[i])); /* of all ranks, each row once */
    TRY(oar_tensor_data(all[0], &logits)); TRY(oar_tensor_data(all[1], &labels)); TRY(oar_tensor_numel(all[1], &numel));
    for (i = 0; i < numel; ++i) {
      const float *row = (const float *)logits + i * VOCABULARY;
      for (best = 0, k = 1; k < VOCABULARY; ++k) if (row[k] > row[best]) best = k;
      right += best == ((const int64_t *)labels)[i];
    }
    total += numel;
    for (i = 0; i < 2; ++i) { oar_tensor_release(mine[i]); oar_tensor_release(all[i]); }
    oar_tree_release(outputs); oar_tree_release(batch);
  }
  *accuracy = (double)right / (double)total;
  return OAR_OK;
}

static oar_status run(const char *folder) {
  static net n;  char text[80];  double loss, accuracy;  int epoch;
  oar_config *config;  oar_accelerator *accelerator;  oar_model *model;  oar_loader *example, *train, *test;  oar_optimizer *optimizer;
  TRY(oar_config_create(&config)); TRY(oar_config_merge_json(config, "{\"seed\": 7}"));
  TRY(oar_state_create(config, &n.state)); oar_config_release(config); /* finds its rank and its peers */
  TRY(oar_accelerator_create(n.state, NULL, &accelerator));
  TRY(make_loader(accelerator, 2, 1, "{\"batch_size\": 2}", &example));
  TRY(make_loader(accelerator, TRAIN_ROWS, 2, "{\"batch_size\": 32, \"shuffle\": true, \"seed\": 42}", &train));
  TRY(make_loader(accelerator, TEST_ROWS, 3, "{\"batch_size\": 7}", &test));
  TRY(trace(&n, example, &model));
  TRY(oar_accelerator_prepare_model(accelerator, model)); /* data parallel over all ranks, which begin alike */
  TRY(oar_optimizer_create(model, "adamw", "{\"lr\": 0.003}", &optimizer));
  TRY(oar_accelerator_prepare_optimizer(accelerator, optimizer));
  for (epoch = 1; epoch <= EPOCHS; ++epoch) {
    TRY(train_epoch(accelerator, model, optimizer, train, &loss));
    TRY(evaluate(accelerator, model, test, &accuracy));
    snprintf(text, sizeof text, "epoch %d: loss %.4f, %.4f of the digits in their place", epoch, loss, accuracy);
    TRY(oar_state_print(n.state, text));
  }
  TRY(oar_accelerator_save(accelerator, folder, NULL));
  TRY(oar_accelerator_close(accelerator));
  return oar_state_close(n.state);
}

int main(int argc, char **argv) {
  if (argc != 2) return fputs("usage: train_transformer FOLDER\n", stderr), 2;
  if (run(argv[1]) != OAR_OK) return fprintf(stderr, "train_transformer: %s\n", oar_last_error()), 1;
  return 0;
}
