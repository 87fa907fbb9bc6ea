/* Checkpoints, weights, trackers and progress from plain C: what was saved comes back, and damage is named. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw, truncate */
#include <unistd.h>

#include "digits.h"
#include "folder.h"

/* Ten floats that the model shares. */
static float *bias_of(const oar_model *model, oar_tensor **tensor) {
  void *data = NULL;
  EXPECT_OK(oar_model_tensor(model, "fc2.bias", tensor));
  EXPECT_OK(oar_tensor_data(*tensor, &data));
  return data;
}

static void set_bias(const oar_model *model, float value) {
  oar_tensor *tensor = NULL;
  float *bias = bias_of(model, &tensor);
  int i;
  for (i = 0; i < 10; ++i) bias[i] = value + (float)i;
  oar_tensor_release(tensor);
}

static int bias_is(const oar_model *model, float value) {
  oar_tensor *tensor = NULL;
  const float *bias = bias_of(model, &tensor);
  int i, same = 1;
  for (i = 0; i < 10; ++i) same &= bias[i] == value + (float)i;
  oar_tensor_release(tensor);
  return same;
}

/* Inverts the byte in the middle of a file; returns the number of bytes. */
static long damage(const char *path) {
  FILE *file = fopen(path, "r+b");
  long size;
  int byte;
  EXPECT(file != NULL && fseek(file, 0, SEEK_END) == 0);
  size = ftell(file);
  EXPECT(fseek(file, size / 2, SEEK_SET) == 0 && (byte = fgetc(file)) != EOF);
  EXPECT(fseek(file, size / 2, SEEK_SET) == 0 && fputc(byte ^ 0xff, file) != EOF && fclose(file) == 0);
  return size;
}

static void truncate_to(const char *path, long size) { EXPECT(truncate(path, size) == 0); }

static void a_save_is_found_read_and_loaded(digits *self, oar_accelerator *accelerator) {
  int64_t num_tensors = 0, index;
  char path[1024], text[4096];
  size_t len = sizeof path, need = 0;
  oar_checkpoint *checkpoint = NULL;
  oar_tensor *tensor = NULL;
  void *data = NULL;
  EXPECT(oar_accelerator_last_checkpoint(accelerator, path, &len) == OAR_E_NOT_FOUND);
  set_bias(self->model, 3);
  EXPECT_OK(oar_accelerator_save(accelerator, NULL, "{\"note\": \"first\"}"));
  EXPECT_OK(oar_accelerator_last_checkpoint(accelerator, path, &len));
  EXPECT(strcmp(path, inside("checkpoints/checkpoint_0")) == 0);
  len = sizeof path;
  set_bias(self->model, 5);
  EXPECT_OK(oar_accelerator_save(accelerator, NULL, NULL));
  EXPECT_OK(oar_checkpoint_find_latest(inside("checkpoints"), path, &len));
  EXPECT(strcmp(path, inside("checkpoints/checkpoint_1")) == 0 && len == strlen(path) + 1);

  EXPECT_OK(oar_checkpoint_open(inside("checkpoints/checkpoint_0"), &checkpoint));
  EXPECT_OK(oar_checkpoint_verify(checkpoint));
  len = sizeof text;
  EXPECT_OK(oar_checkpoint_user_json(checkpoint, text, &len));
  EXPECT_CONTAINS(text, "first");
  len = sizeof text;
  EXPECT_OK(oar_checkpoint_manifest(checkpoint, text, &len));
  EXPECT(len == strlen(text) + 1);
  EXPECT_CONTAINS(text, "\"oarlock.checkpoint\"");
  EXPECT_CONTAINS(text, "\"model.safetensors\"");
  EXPECT(oar_checkpoint_manifest(checkpoint, NULL, &need) == OAR_OK && need == len);
  len = 3;
  EXPECT(oar_checkpoint_manifest(checkpoint, text, &len) == OAR_E_ARGUMENT && len == need);
  len = sizeof text;
  EXPECT_OK(oar_checkpoint_num_tensors(checkpoint, &num_tensors));
  for (index = 0; index < num_tensors; ++index) { /* one of them is fc2.bias */
    len = sizeof text;
    EXPECT_OK(oar_checkpoint_tensor_name(checkpoint, index, text, &len));
    if (strcmp(text, "fc2.bias") == 0) break;
  }
  EXPECT(index < num_tensors && len == sizeof "fc2.bias");
  EXPECT(oar_checkpoint_tensor_name(checkpoint, num_tensors, text, &len) == OAR_E_ARGUMENT);
  EXPECT(oar_checkpoint_tensor_name(checkpoint, -1, text, &len) == OAR_E_ARGUMENT);
  EXPECT(oar_checkpoint_tensor(checkpoint, "fc2.bios", &tensor) == OAR_E_NOT_FOUND && tensor == NULL);
  EXPECT_OK(oar_checkpoint_tensor(checkpoint, "fc2.bias", &tensor));
  oar_checkpoint_release(checkpoint);
  EXPECT_OK(oar_tensor_data(tensor, &data)); /* outlives the checkpoint */
  EXPECT(((const float *)data)[0] == 3 && ((const float *)data)[9] == 12);
  oar_tensor_release(tensor);

  EXPECT_OK(oar_accelerator_load(accelerator, inside("checkpoints/checkpoint_0")));
  EXPECT(bias_is(self->model, 3));
  EXPECT_OK(oar_accelerator_load(accelerator, NULL));
  EXPECT(bias_is(self->model, 5));
}

static void what_exists_is_never_written_over(digits *self, oar_accelerator *accelerator) {
  set_bias(self->model, 7);
  EXPECT(oar_accelerator_save(accelerator, inside("checkpoints/checkpoint_0"), NULL) == OAR_E_EXISTS);
  EXPECT(oar_accelerator_save(accelerator, NULL, "{not json") == OAR_E_ARGUMENT);
  EXPECT_OK(oar_accelerator_load(accelerator, NULL));
  EXPECT(bias_is(self->model, 5));
}

static void damage_is_named_and_changes_nothing(digits *self, oar_accelerator *accelerator) {
  oar_checkpoint *checkpoint = NULL;
  set_bias(self->model, 9);
  damage(inside("checkpoints/checkpoint_1/model.safetensors"));
  EXPECT_OK(oar_checkpoint_open(inside("checkpoints/checkpoint_1"), &checkpoint)); /* the sizes are right */
  EXPECT(oar_checkpoint_verify(checkpoint) == OAR_E_CORRUPT);
  EXPECT_CONTAINS(oar_last_error(), "model.safetensors");
  oar_checkpoint_release(checkpoint);
  EXPECT(oar_accelerator_load(accelerator, NULL) == OAR_E_CORRUPT);
  EXPECT_CONTAINS(oar_last_error(), "model.safetensors");
  EXPECT(bias_is(self->model, 9));

  checkpoint = NULL;
  truncate_to(inside("checkpoints/checkpoint_1/model.safetensors"), 100);
  EXPECT(oar_checkpoint_open(inside("checkpoints/checkpoint_1"), &checkpoint) == OAR_E_CORRUPT);
  damage(inside("checkpoints/checkpoint_1/manifest.json"));
  EXPECT(oar_checkpoint_open(inside("checkpoints/checkpoint_1"), &checkpoint) == OAR_E_CORRUPT);
  EXPECT_CONTAINS(oar_last_error(), "manifest.json");
  EXPECT(oar_checkpoint_open(inside("checkpoints/checkpoint_8"), &checkpoint) == OAR_E_NOT_FOUND);
  EXPECT(checkpoint == NULL);
}

static void weights_go_to_a_file_and_back(digits *self) {
  set_bias(self->model, 11);
  EXPECT_OK(oar_model_save_weights(self->model, inside("weights.safetensors")));
  set_bias(self->model, 0);
  EXPECT_OK(oar_model_load_weights(self->model, inside("weights.safetensors")));
  EXPECT(bias_is(self->model, 11));
  EXPECT(oar_model_save_weights(self->model, inside("missing/weights.safetensors")) != OAR_OK);
  EXPECT(oar_model_load_weights(self->model, inside("missing.safetensors")) == OAR_E_NOT_FOUND);
  truncate_to(inside("weights.safetensors"), 1000);
  set_bias(self->model, 13);
  EXPECT(oar_model_load_weights(self->model, inside("weights.safetensors")) == OAR_E_CORRUPT);
  EXPECT(bias_is(self->model, 13));
}

static void weights_of_a_file_replace_the_programs(digits *self) {
  char path[4096], options[1100];
  oar_model *model = NULL;
  set_bias(self->model, 17);
  EXPECT_OK(oar_model_save_weights(self->model, inside("other.safetensors")));
  digits_path(path, sizeof path, "digits.pt2");
  snprintf(options, sizeof options, "{\"weights\": \"%s\"}", inside("other.safetensors"));
  EXPECT_OK(oar_model_load(self->state, path, options, &model));
  EXPECT(bias_is(model, 17));
  oar_model_release(model);
  model = NULL;
  snprintf(options, sizeof options, "{\"weights\": \"%s\"}", inside("missing.safetensors"));
  EXPECT(oar_model_load(self->state, path, options, &model) == OAR_E_NOT_FOUND && model == NULL);
  EXPECT_CONTAINS(oar_last_error(), "missing.safetensors");
}

/* model.weights and tracker.path of the state's config, where the calls' own options do not name them. */
static void a_state_hands_its_options_on(void) {
  const char *const name = "loss";
  const double value = 0.5;
  char options[2200];
  digits self;
  oar_tracker *tracker = NULL;
  snprintf(options, sizeof options, "{\"model.weights\": \"%s\", \"tracker.path\": \"%s\"}",
           inside("other.safetensors"), inside("of_the_state.jsonl"));
  digits_open(&self, options);
  EXPECT(bias_is(self.model, 17));
  EXPECT_OK(oar_tracker_create(self.state, "jsonl", NULL, &tracker));
  EXPECT_OK(oar_tracker_log(tracker, 1, &name, &value, 1));
  EXPECT_OK(oar_tracker_close(tracker));
  oar_tracker_release(tracker);
  EXPECT(access(inside("of_the_state.jsonl"), F_OK) == 0);
  snprintf(options, sizeof options, "{\"path\": \"%s\"}", inside("of_the_call.jsonl"));
  EXPECT_OK(oar_tracker_create(self.state, "jsonl", options, &tracker));
  EXPECT_OK(oar_tracker_close(tracker));
  oar_tracker_release(tracker);
  EXPECT(access(inside("of_the_call.jsonl"), F_OK) == 0);
  digits_close(&self);
}

static void a_tracker_writes_a_line_for_each_call(digits *self) {
  const char *const names[] = {"loss", "accuracy"}, *const taken[] = {"step", "loss"};
  const double values[] = {0.5, 0.25};
  char options[1100], line[256];
  oar_tracker *tracker = NULL;
  FILE *file;
  snprintf(options, sizeof options, "{\"path\": \"%s\"}", inside("metrics.jsonl"));
  EXPECT(oar_tracker_create(self->state, "jsonm", options, &tracker) == OAR_E_NOT_FOUND);
  EXPECT(oar_tracker_create(self->state, "jsonl", "{\"pat\": \"x\"}", &tracker) == OAR_E_ARGUMENT);
  EXPECT(tracker == NULL);
  EXPECT_OK(oar_tracker_create(self->state, "jsonl", options, &tracker));
  EXPECT_OK(oar_tracker_log(tracker, 4, names, values, 2));
  EXPECT(oar_tracker_log(tracker, 5, taken, values, 2) == OAR_E_ARGUMENT);
  EXPECT(oar_tracker_log_json(tracker, 5, "[1]") == OAR_E_ARGUMENT);
  EXPECT_OK(oar_tracker_log_json(tracker, 6, "{\"note\": \"end\"}"));
  EXPECT_OK(oar_tracker_close(tracker));
  EXPECT_OK(oar_tracker_close(tracker));
  EXPECT(oar_tracker_log(tracker, 7, names, values, 2) == OAR_E_STATE);
  oar_tracker_release(tracker);
  file = fopen(inside("metrics.jsonl"), "r");
  EXPECT(file != NULL && fgets(line, sizeof line, file) != NULL);
  EXPECT_CONTAINS(line, "\"step\":4");
  EXPECT_CONTAINS(line, "\"loss\":0.5");
  EXPECT(fgets(line, sizeof line, file) != NULL);
  EXPECT_CONTAINS(line, "\"note\":\"end\"");
  EXPECT(fgets(line, sizeof line, file) == NULL);
  fclose(file);
}

static int num_released;
static void count_release(void *user_data) {
  (void)user_data;
  ++num_released;
}

static int32_t keep_line(const char *text, void *user_data) { return snprintf(user_data, 256, "%s", text) < 0; }

static int32_t fail_with_7(const char *text, void *user_data) {
  (void)text, (void)user_data;
  return 7;
}


static void progress_goes_to_a_callback(digits *self) {
  char last[256] = "";
  int32_t training = -1;
  oar_progress *progress = NULL;
  EXPECT(oar_progress_create(self->state, "epoch 1", -1, "samples", &progress) == OAR_E_ARGUMENT && progress == NULL);
  EXPECT_OK(oar_progress_create(self->state, "epoch 1", 100, "samples", &progress));
  EXPECT(oar_progress_set_callback(NULL, keep_line, last, count_release) == OAR_E_HANDLE);
  EXPECT(num_released == 1); /* also when the call fails */
  EXPECT_OK(oar_progress_set_callback(progress, keep_line, last, count_release));
  EXPECT_OK(oar_progress_advance(progress, 100, "loss 0.5"));
  EXPECT(oar_progress_advance(progress, -1, NULL) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_progress_close(progress));
  EXPECT_CONTAINS(last, "epoch 1");
  EXPECT_CONTAINS(last, "100/100");
  EXPECT_CONTAINS(last, "loss 0.5");
  oar_progress_release(progress);
  EXPECT_OK(oar_model_is_training(self->model, &training)); /* the next call ends what the release left */
  EXPECT(num_released == 2);
}

static oar_progress *replaced;
static int32_t replace_itself(const char *text, void *user_data) {
  (void)text, (void)user_data;
  EXPECT_OK(oar_progress_set_callback(replaced, NULL, NULL, NULL));
  return 0;
}

static void a_callback_may_replace_itself(digits *self) {
  num_released = 0;
  EXPECT_OK(oar_progress_create(self->state, "epoch 1", 10, "samples", &replaced));
  EXPECT_OK(oar_progress_set_callback(replaced, replace_itself, &num_released, count_release));
  EXPECT_OK(oar_progress_advance(replaced, 5, NULL));
  EXPECT(num_released == 1);
  oar_progress_release(replaced);
}

static void a_callbacks_failure_ends_the_call_that_ran_it(digits *self) {
  oar_progress *progress = NULL;
  oar_error *error = NULL;
  int64_t value = 0;
  EXPECT_OK(oar_progress_create(self->state, "epoch 1", 10, "samples", &progress));
  EXPECT_OK(oar_progress_set_callback(progress, fail_with_7, NULL, NULL));
  EXPECT(oar_progress_advance(progress, 5, NULL) == OAR_E_CALLBACK);
  EXPECT_OK(oar_error_take(&error));
  EXPECT(oar_error_vendor_code(error, &value) == OAR_OK && value == 7);
  oar_error_release(error);
  EXPECT(oar_progress_close(progress) == OAR_E_CALLBACK);
  EXPECT_OK(oar_progress_close(progress));
  oar_progress_release(progress);
  EXPECT_OK(oar_state_set_print_callback(self->state, fail_with_7, NULL, NULL));
  EXPECT(oar_state_print(self->state, "text") == OAR_E_CALLBACK);
  EXPECT_OK(oar_state_set_print_callback(self->state, NULL, NULL, NULL));
}

int main(void) {
  digits self;
  oar_accelerator *accelerator = NULL;
  char options[1024];
  make_folder();
  snprintf(options, sizeof options, "{\"project_dir\": \"%s\"}", folder);
  digits_open(&self, options);
  EXPECT_OK(oar_accelerator_create(self.state, NULL, &accelerator));
  EXPECT_OK(oar_accelerator_prepare_model(accelerator, self.model));
  a_save_is_found_read_and_loaded(&self, accelerator);
  what_exists_is_never_written_over(&self, accelerator);
  damage_is_named_and_changes_nothing(&self, accelerator);
  weights_go_to_a_file_and_back(&self);
  weights_of_a_file_replace_the_programs(&self);
  a_tracker_writes_a_line_for_each_call(&self);
  progress_goes_to_a_callback(&self);
  a_callback_may_replace_itself(&self);
  a_callbacks_failure_ends_the_call_that_ran_it(&self);
  EXPECT_OK(oar_accelerator_close(accelerator));
  oar_accelerator_release(accelerator);
  digits_close(&self);
  a_state_hands_its_options_on();
  return 0;
}
