/* What several scenarios need: paths, the digits, errors in detail. */
#include "scenario.h"

#include <stdio.h>

int scenario_failed(scenario *t, const char *file, int line, const char *what) {
  const char *name = strrchr(file, '/');
  snprintf(t->text, sizeof t->text, "%s:%d: %s does not hold; last error: %s", name != NULL ? name + 1 : file, line,
           what, oar_last_error());
  return 1;
}

static char *next_path(void) {
  static char paths[8][4096];
  static int next;
  return paths[next = (next + 1) % 8];
}

const char *inside(const scenario *t, const char *name) {
  char *path = next_path();
  snprintf(path, 4096, "%s/%s", t->folder, name);
  return path;
}

const char *digits_file(const char *name) {
  const char *source = getenv("OARLOCK_SOURCE"); /* ctest sets it */
  char *path = next_path();
  snprintf(path, 4096, "%s/examples/digits/%s", source != NULL ? source : ".", name);
  return path;
}

int open_digits(scenario *t, const char *options, oar_state **state, oar_model **model) {
  oar_config *config;
  OK(oar_config_create(&config));
  if (options != NULL) OK(oar_config_merge_json(config, options));
  OK(oar_state_create(config, state));
  oar_config_release(config);
  OK(oar_model_load(*state, digits_file("digits.pt2"), NULL, model));
  return 0;
}

int open_test_set(scenario *t, const char *options, oar_loader **loader) {
  oar_dataset *dataset;
  OK(oar_dataset_from_safetensors(digits_file("test.safetensors"), NULL, 0, &dataset));
  OK(oar_loader_create(dataset, options, loader));
  oar_dataset_release(dataset);
  return 0;
}

int close_state(scenario *t, oar_state *state) {
  OK(oar_state_close(state));
  oar_state_release(state);
  return 0;
}

static size_t size_of(int32_t dtype) {
  switch (dtype) {
    case OAR_UINT8: return 1;
    case OAR_FLOAT32: return 4;
    case OAR_INT64: return 8;
    default: return 0; /* the digits have no others */
  }
}

int same_values(oar_tensor *one, oar_tensor *other) {
  int32_t dtype = 0, other_dtype = -1;
  int64_t numel = 0, other_numel = -1;
  void *data, *other_data;
  return oar_tensor_dtype(one, &dtype) == OAR_OK && oar_tensor_dtype(other, &other_dtype) == OAR_OK &&
         oar_tensor_numel(one, &numel) == OAR_OK && oar_tensor_numel(other, &other_numel) == OAR_OK &&
         oar_tensor_data(one, &data) == OAR_OK && oar_tensor_data(other, &other_data) == OAR_OK &&
         size_of(dtype) != 0 && dtype == other_dtype && numel == other_numel &&
         memcmp(data, other_data, (size_t)numel * size_of(dtype)) == 0;
}

int take_error(scenario *t, error_details *details) {
  oar_error *error;
  const char *message, *component, *operation;
  OK(oar_error_take(&error));
  EXPECT(error != NULL);
  OK(oar_error_code(error, &details->code));
  OK(oar_error_rank(error, &details->rank));
  OK(oar_error_vendor_code(error, &details->vendor_code));
  OK(oar_error_message(error, &message));
  OK(oar_error_component(error, &component));
  OK(oar_error_operation(error, &operation));
  snprintf(details->message, sizeof details->message, "%s", message);
  snprintf(details->component, sizeof details->component, "%s", component);
  snprintf(details->operation, sizeof details->operation, "%s", operation);
  oar_error_release(error);
  return 0;
}

int64_t num_live_handles(void) {
  oar_function function;
  int64_t count = -1;
  if (oar_experimental_get("live_handle_count", &function) == OAR_OK) ((oar_live_handle_count_fn)function)(&count);
  return count;
}
