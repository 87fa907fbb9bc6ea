/* Units of a program: recomputed, looked into, measured. */
#include <stdio.h>

#include "scenario.h"

static const char units[] = "{\"paths\": [\"fc1\", \"fc2\"]}";

static int open_units(scenario *t, oar_state **state, oar_model **model, oar_tree **batch) {
  const int64_t rows[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  oar_dataset *dataset;
  char name[16];
  size_t len = sizeof name;
  int64_t count = 0;
  TRY(open_digits(t, NULL, state, model));
  REFUSED(OAR_E_ARGUMENT, "fc9", oar_model_set_units(*model, "{\"paths\": [\"fc9\"]}"));
  OK(oar_model_set_units(*model, units));
  OK(oar_model_num_units(*model, &count));
  OK(oar_model_unit_name(*model, 2, name, &len));
  EXPECT(count == 3 && strcmp(name, "fc2") == 0);
  OK(oar_dataset_from_safetensors(digits_file("test.safetensors"), NULL, 0, &dataset));
  OK(oar_dataset_get(dataset, rows, 8, batch));
  oar_dataset_release(dataset);
  return 0;
}

static int close_units(scenario *t, oar_state *state, oar_model *model, oar_tree *batch) {
  oar_tree_release(batch);
  oar_model_release(model);
  return close_state(t, state);
}

static int gradient_of(scenario *t, int32_t recompute, oar_tensor **gradient) {
  oar_state *state;
  oar_model *model;
  oar_accelerator *accelerator;
  oar_tree *batch, *outputs;
  oar_tensor *loss;
  TRY(open_units(t, &state, &model, &batch));
  OK(oar_model_set_recompute(model, "*", recompute));
  OK(oar_accelerator_create(state, NULL, &accelerator));
  OK(oar_accelerator_prepare_model(accelerator, model));
  OK(oar_state_seed(state, 5));
  OK(oar_model_forward(model, batch, &outputs));
  OK(oar_tree_get_tensor(outputs, "loss", &loss));
  OK(oar_accelerator_backward(accelerator, loss));
  OK(oar_model_gradient(model, "fc1.weight", gradient));
  oar_tensor_release(loss);
  oar_tree_release(outputs);
  oar_accelerator_release(accelerator);
  return close_units(t, state, model, batch);
}

int scenario_recompute_same_gradients(scenario *t) {
  oar_tensor *kept, *recomputed;
  TRY(gradient_of(t, 0, &kept));
  TRY(gradient_of(t, 1, &recomputed));
  EXPECT(same_values(kept, recomputed));
  oar_tensor_release(kept);
  oar_tensor_release(recomputed);
  return 0;
}

static int run_unit(scenario *t, oar_model *model, oar_tensor *input, oar_tensor *logits) {
  oar_tree *inputs, *outputs;
  oar_tensor *output;
  OK(oar_tree_create_map(&inputs));
  OK(oar_tree_set_tensor(inputs, "relu_2", input));
  OK(oar_model_forward_unit(model, "fc2", inputs, &outputs));
  OK(oar_tree_get_tensor(outputs, "linear_1", &output));
  EXPECT(same_values(output, logits));
  oar_tensor_release(output);
  oar_tree_release(inputs);
  oar_tree_release(outputs);
  return 0;
}

static int text_holds(scenario *t, oar_bytes *bytes, const char *part) {
  const void *data;
  size_t size = 0, i, length = strlen(part);
  OK(oar_bytes_view(bytes, &data, &size));
  for (i = 0; i + length <= size && memcmp((const char *)data + i, part, length) != 0; ++i) {}
  EXPECT(i + length <= size);
  return 0;
}

int scenario_intermediate_values(scenario *t) {
  const char *names[2] = {"fc2", "relu_2"}, *unknown[1] = {"fc9"};
  oar_state *state;
  oar_model *model;
  oar_tree *batch, *outputs, *values;
  oar_tensor *logits, *value, *input;
  oar_bytes *bytes;
  TRY(open_units(t, &state, &model, &batch));
  OK(oar_model_set_training(model, 0));
  OK(oar_model_forward_with_values(model, batch, names, 2, &outputs, &values));
  OK(oar_tree_get_tensor(outputs, "logits", &logits));
  OK(oar_tree_get_tensor(values, "fc2", &value));
  OK(oar_tree_get_tensor(values, "relu_2", &input));
  EXPECT(same_values(value, logits));
  TRY(run_unit(t, model, input, logits));
  oar_tensor_release(logits);
  oar_tensor_release(value);
  oar_tensor_release(input);
  oar_tree_release(outputs);
  oar_tree_release(values);
  REFUSED(OAR_E_NOT_FOUND, "fc9", oar_model_forward_with_values(model, batch, unknown, 1, &outputs, &values));
  OK(oar_model_describe(model, &bytes));
  TRY(text_holds(t, bytes, "\"fc2\""));
  oar_bytes_release(bytes);
  return close_units(t, state, model, batch);
}

int scenario_profile_table(scenario *t) {
  const char *path = inside(t, "trace.json");
  oar_state *state;
  oar_model *model;
  oar_tree *batch, *outputs;
  oar_bytes *table;
  FILE *file;
  int first;
  TRY(open_units(t, &state, &model, &batch));
  OK(oar_model_profile_start(model));
  OK(oar_model_forward(model, batch, &outputs));
  OK(oar_model_profile_stop(model));
  oar_tree_release(outputs);
  OK(oar_model_profile_table(model, &table));
  TRY(text_holds(t, table, "fc1"));
  TRY(text_holds(t, table, "fc2"));
  oar_bytes_release(table);
  OK(oar_model_profile_save_trace(model, path));
  file = fopen(path, "r");
  EXPECT(file != NULL);
  first = fgetc(file);
  fclose(file);
  EXPECT(first == '{' || first == '[');
  return close_units(t, state, model, batch);
}
