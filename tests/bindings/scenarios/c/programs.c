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
