/* What is done with programs beside training them: adapters, runs on the caller's arrays, units. */
#include <math.h>

#include "scenario.h"

enum { NUM_ROWS = 8, NUM_LOGITS = NUM_ROWS * 10 };

static int open_program(scenario *t, oar_state *state, oar_model **model) {
  OK(oar_model_load(state, digits_file("digits.pt2"), NULL, model));
  OK(oar_model_set_training(*model, 0));
  return 0;
}

static int first_rows(scenario *t, oar_tree **batch) {
  const int64_t rows[NUM_ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};
  oar_dataset *dataset;
  OK(oar_dataset_from_safetensors(digits_file("test.safetensors"), NULL, 0, &dataset));
  OK(oar_dataset_get(dataset, rows, NUM_ROWS, batch));
  oar_dataset_release(dataset);
  return 0;
}

static int logits_of(scenario *t, oar_model *model, const oar_tree *batch, float *values) {
  oar_tree *outputs;
  oar_tensor *logits;
  int64_t numel = 0;
  void *data;
  OK(oar_model_forward(model, batch, &outputs));
  OK(oar_tree_get_tensor(outputs, "logits", &logits));
  OK(oar_tensor_numel(logits, &numel));
  EXPECT(numel == NUM_LOGITS);
  OK(oar_tensor_data(logits, &data));
  memcpy(values, data, NUM_LOGITS * sizeof *values);
  oar_tensor_release(logits);
  oar_tree_release(outputs);
  return 0;
}

static int are_close(const float *values, const float *others, float tolerance) {
  float largest = 0, distance = 0;
  int i;
  for (i = 0; i < NUM_LOGITS; ++i) {
    largest = fmaxf(largest, fabsf(others[i]));
    distance = fmaxf(distance, fabsf(values[i] - others[i]));
  }
  return distance <= tolerance * largest;
}

static int fill(scenario *t, oar_model *model, const char *name, float value) {
  oar_tensor *tensor;
  int64_t numel = 0, i;
  void *data;
  OK(oar_model_tensor(model, name, &tensor));
  OK(oar_tensor_numel(tensor, &numel));
  OK(oar_tensor_data(tensor, &data));
  for (i = 0; i < numel; ++i) ((float *)data)[i] = value;
  oar_tensor_release(tensor);
  return 0;
}

static int add_adapters(scenario *t, oar_model *model) {
  int64_t count = 0;
  REFUSED(OAR_E_ARGUMENT, "fc1", oar_model_add_lora(model, "{\"targets\": [\"fc7\"]}"));
  OK(oar_model_add_lora(model, "{\"targets\": [\"fc*\"], \"rank\": 2, \"alpha\": 4}"));
  OK(oar_model_num_parameters(model, &count));
  EXPECT(count == 4);
  return 0;
}

int scenario_lora_round_trip(scenario *t) {
  float before[NUM_LOGITS], now[NUM_LOGITS], changed[NUM_LOGITS];
  const char *directory = inside(t, "adapter");
  oar_state *state;
  oar_model *model, *other;
  oar_tree *batch;
  int64_t count = 0;
  OK(oar_state_create(NULL, &state));
  TRY(open_program(t, state, &model));
  TRY(open_program(t, state, &other));
  TRY(first_rows(t, &batch));
  TRY(logits_of(t, model, batch, before));
  TRY(add_adapters(t, model));
  TRY(logits_of(t, model, batch, now));
  EXPECT(memcmp(before, now, sizeof now) == 0);
  TRY(fill(t, model, "fc1.lora_B.weight", 0.5f));
  TRY(fill(t, model, "fc2.lora_B.weight", 0.5f));
  TRY(logits_of(t, model, batch, changed));
  EXPECT(memcmp(before, changed, sizeof changed) != 0);
  OK(oar_model_save_lora(model, directory));
  REFUSED(OAR_E_EXISTS, directory, oar_model_save_lora(model, directory));
  OK(oar_model_load_lora(other, directory));
  TRY(logits_of(t, other, batch, now));
  EXPECT(memcmp(changed, now, sizeof now) == 0);
  OK(oar_model_merge_lora(model));
  TRY(logits_of(t, model, batch, now));
  EXPECT(are_close(now, changed, 1e-4f));
  REFUSED(OAR_E_STATE, "adapter", oar_model_merge_lora(model));
  OK(oar_model_freeze(model, "fc*", 0, &count));
  EXPECT(count == 4);
  oar_tree_release(batch);
  oar_model_release(model);
  oar_model_release(other);
  return close_state(t, state);
}

static int memory(scenario *t, void *data, int32_t dtype, const int64_t *shape, const int64_t *strides, size_t num_dims,
                  oar_tensor **out) {
  OK(oar_tensor_from_memory(data, dtype, shape, strides, num_dims, NULL, NULL, out));
  return 0;
}

/* Images and logits in column-major order. */
static int run_by_columns(scenario *t, oar_session *session, oar_tensor *images, const float *expected) {
  static uint8_t turned[NUM_ROWS * 64];
  static float columns[NUM_LOGITS], rows[NUM_LOGITS];
  const int64_t shape[3] = {NUM_ROWS, 8, 8}, strides[3] = {1, 8, 64}, out_shape[2] = {NUM_ROWS, 10}, out_strides[2] = {1, 8};
  oar_tensor *inputs[2] = {NULL, NULL}, *outputs[2] = {NULL, NULL}, *in_rows;
  TRY(memory(t, turned, OAR_UINT8, shape, strides, 3, &inputs[0]));
  TRY(memory(t, columns, OAR_FLOAT32, out_shape, out_strides, 2, &outputs[1]));
  TRY(memory(t, rows, OAR_FLOAT32, out_shape, NULL, 2, &in_rows));
  OK(oar_tensor_copy_from(inputs[0], images));
  OK(oar_session_run(session, inputs, 2, outputs, 2));
  OK(oar_tensor_copy_from(in_rows, outputs[1]));
  EXPECT(are_close(rows, expected, 1e-5f));
  oar_tensor_release(inputs[0]);
  oar_tensor_release(outputs[1]);
  oar_tensor_release(in_rows);
  return 0;
}

static int refuse_shape(scenario *t, oar_session *session, oar_tensor *const *outputs) {
  static uint8_t flat[NUM_ROWS * 64];
  const int64_t shape[2] = {NUM_ROWS * 8, 8};
  oar_tensor *inputs[2] = {NULL, NULL};
  TRY(memory(t, flat, OAR_UINT8, shape, NULL, 2, &inputs[0]));
  REFUSED(OAR_E_ARGUMENT, "images", oar_session_run(session, inputs, 2, outputs, 2));
  oar_tensor_release(inputs[0]);
  return 0;
}

int scenario_session_run(scenario *t) {
  static float expected[NUM_LOGITS], logits[NUM_LOGITS];
  const int64_t shape[2] = {NUM_ROWS, 10};
  oar_state *state;
  oar_model *model;
  oar_session *session;
  oar_tree *batch;
  oar_tensor *inputs[2] = {NULL, NULL}, *outputs[2] = {NULL, NULL};
  int32_t in_place = -1;
  OK(oar_state_create(NULL, &state));
  TRY(open_program(t, state, &model));
  TRY(first_rows(t, &batch));
  TRY(logits_of(t, model, batch, expected));
  OK(oar_model_set_training(model, 1));
  OK(oar_session_create(model, &session));
  OK(oar_tree_get_tensor(batch, "images", &inputs[0]));
  TRY(memory(t, logits, OAR_FLOAT32, shape, NULL, 2, &outputs[1]));
  OK(oar_session_run(session, inputs, 2, outputs, 2));
  EXPECT(memcmp(logits, expected, sizeof logits) == 0);
  TRY(run_by_columns(t, session, inputs[0], expected));
  memset(logits, 0, sizeof logits);
  OK(oar_model_run(model, inputs, 2, outputs, 2));
  EXPECT(memcmp(logits, expected, sizeof logits) == 0);
  OK(oar_session_writes_in_place(session, 1, &in_place));
  EXPECT(in_place == 0 || in_place == 1);
  TRY(refuse_shape(t, session, outputs));
  EXPECT(memcmp(logits, expected, sizeof logits) == 0);
  TRY(fill(t, model, "fc2.bias", 100));
  OK(oar_session_run(session, inputs, 2, outputs, 2));
  EXPECT(logits[0] != expected[0] && logits[NUM_LOGITS - 1] != expected[NUM_LOGITS - 1]);
  oar_tensor_release(inputs[0]);
  oar_tensor_release(outputs[1]);
  oar_tree_release(batch);
  oar_session_release(session);
  oar_model_release(model);
  return close_state(t, state);
}
