/* Data sets, loaders, owned bytes and the accelerator's own numbers from plain C, on one rank. */
#include <oarlock/oarlock.h>

#include "digits.h"

static oar_dataset *count_to(int64_t *numbers, int64_t size) {
  const char *const name = "x";
  oar_tensor *tensor = NULL;
  oar_dataset *dataset = NULL;
  int64_t i;
  for (i = 0; i < size; ++i) numbers[i] = i;
  EXPECT_OK(oar_tensor_from_memory(numbers, OAR_INT64, &size, NULL, 1, NULL, NULL, &tensor));
  EXPECT_OK(oar_dataset_from_tensors(&name, &tensor, 1, &dataset));
  oar_tensor_release(tensor);
  return dataset;
}

static int64_t number_of(oar_status (*read)(const oar_loader *, int64_t *), const oar_loader *loader) {
  int64_t number = -1;
  EXPECT_OK(read(loader, &number));
  return number;
}

/* 0: the epoch is over. */
static int take(oar_loader *loader) {
  oar_tree *batch = NULL;
  EXPECT_OK(oar_loader_next(loader, &batch));
  oar_tree_release(batch);
  return batch != NULL;
}

static void a_data_set_tells_its_size(void) {
  int64_t numbers[10], size = -1;
  oar_dataset *dataset = count_to(numbers, 10);
  EXPECT(oar_dataset_size(dataset, &size) == OAR_OK && size == 10);
  oar_dataset_release(dataset);
  dataset = count_to(numbers, 0);
  EXPECT(oar_dataset_size(dataset, &size) == OAR_OK && size == 0);
  oar_dataset_release(dataset);
}

static void a_loader_tells_where_it_is(void) {
  const int64_t samples[] = {4, 4, 2};
  int64_t numbers[10], i;
  oar_dataset *dataset = count_to(numbers, 10);
  oar_loader *loader = NULL;
  EXPECT_OK(oar_loader_create(dataset, "{\"batch_size\": 4}", &loader));
  EXPECT(number_of(oar_loader_epoch, loader) == 0);
  EXPECT(number_of(oar_loader_position, loader) == 0);
  EXPECT(number_of(oar_loader_samples_in_round, loader) == 0);
  for (i = 0; i < 3; ++i) {
    EXPECT(take(loader));
    EXPECT(number_of(oar_loader_epoch, loader) == 0);
    EXPECT(number_of(oar_loader_position, loader) == i + 1);
    EXPECT(number_of(oar_loader_samples_in_round, loader) == samples[i]);
  }
  EXPECT(!take(loader));
  EXPECT(number_of(oar_loader_epoch, loader) == 1);
  EXPECT(number_of(oar_loader_position, loader) == 0);
  EXPECT_OK(oar_loader_seek(loader, 5, 2));
  EXPECT(number_of(oar_loader_epoch, loader) == 5);
  EXPECT(number_of(oar_loader_position, loader) == 2);
  EXPECT_OK(oar_loader_close(loader));
  oar_loader_release(loader);
  oar_dataset_release(dataset);
}

static void columns_of_a_file_are_chosen_by_name(void) {
  const char *const labels = "labels", *const two[] = {"labels", "images"}, *const wrong = "label";
  const int64_t indices[2] = {0, 359};
  char path[4096], key[16];
  size_t len = sizeof key;
  int64_t size = -1;
  oar_dataset *dataset = NULL;
  oar_tree *batch = NULL;
  digits_path(path, sizeof path, "test.safetensors");
  EXPECT_OK(oar_dataset_from_safetensors(path, &labels, 1, &dataset));
  EXPECT(oar_dataset_size(dataset, &size) == OAR_OK && size == 360);
  EXPECT_OK(oar_dataset_get(dataset, indices, 2, &batch));
  EXPECT(oar_tree_size(batch, NULL, &size) == OAR_OK && size == 1);
  EXPECT(oar_tree_key(batch, 0, key, &len) == OAR_OK && strcmp(key, "labels") == 0);
  oar_tree_release(batch);
  oar_dataset_release(dataset);
  EXPECT_OK(oar_dataset_from_safetensors(path, two, 2, &dataset));
  EXPECT_OK(oar_dataset_get(dataset, indices, 2, &batch));
  EXPECT(oar_tree_size(batch, NULL, &size) == OAR_OK && size == 2);
  oar_tree_release(batch);
  oar_dataset_release(dataset);
  dataset = NULL;
  EXPECT(oar_dataset_from_safetensors(path, &wrong, 1, &dataset) == OAR_E_NOT_FOUND && dataset == NULL);
  EXPECT_CONTAINS(oar_last_error(), "images");
  EXPECT_CONTAINS(oar_last_error(), "labels");
}

static void bytes_are_copied_and_end_with_a_nul(void) {
  char source[3] = {'a', '\0', 'c'};
  oar_bytes *bytes = NULL;
  const void *data = NULL;
  size_t size = 99;
  EXPECT_OK(oar_bytes_create(source, 3, &bytes));
  source[0] = 'x';
  EXPECT_OK(oar_bytes_view(bytes, &data, &size));
  EXPECT(size == 3 && memcmp(data, "a\0c\0", 4) == 0);
  oar_bytes_release(bytes);
  EXPECT_OK(oar_bytes_create(NULL, 0, &bytes));
  EXPECT(oar_bytes_view(bytes, &data, &size) == OAR_OK && size == 0 && data != NULL);
  oar_bytes_release(bytes);
  bytes = NULL;
  EXPECT(oar_bytes_create(NULL, 1, &bytes) == OAR_E_ARGUMENT && bytes == NULL);
}

static void a_state_tells_its_device(const oar_state *state) {
  char device[8];
  size_t len = sizeof device;
  EXPECT(oar_state_device(state, device, &len) == OAR_OK && strcmp(device, "cpu") == 0 && len == 4);
  len = 2;
  EXPECT(oar_state_device(state, device, &len) == OAR_E_ARGUMENT && len == 4);
}

static void the_mean_of_one_rank_is_its_number(oar_state *state) {
  oar_accelerator *accelerator = NULL;
  double mean = -1;
  EXPECT_OK(oar_accelerator_create(state, NULL, &accelerator));
  EXPECT(oar_accelerator_reduce_mean(accelerator, 0.1, &mean) == OAR_OK && mean == 0.1);
  oar_accelerator_release(accelerator);
}

/* Micro-batches 2 and 4 of an accumulation of two, and the last of the epoch, which has five. */
static void every_second_micro_batch_and_the_last_synchronise(oar_state *state, oar_model *model) {
  const int32_t expected[] = {0, 1, 0, 1, 1};
  int64_t numbers[10], i;
  int32_t sync = -1;
  oar_config *config = NULL;
  oar_accelerator *accelerator = NULL;
  oar_dataset *dataset = count_to(numbers, 10);
  oar_loader *loader = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT_OK(oar_config_set_int64(config, "accelerator.gradient_accumulation_steps", 2));
  EXPECT_OK(oar_accelerator_create(state, config, &accelerator));
  oar_config_release(config);
  EXPECT_OK(oar_loader_create(dataset, "{\"batch_size\": 2}", &loader));
  EXPECT_OK(oar_accelerator_prepare_loader(accelerator, loader));
  EXPECT_OK(oar_accelerator_prepare_model(accelerator, model));
  EXPECT(oar_accelerator_sync_gradients(accelerator, &sync) == OAR_OK && sync == 1);
  for (i = 0; i < 5; ++i) {
    EXPECT(take(loader));
    EXPECT_OK(oar_accelerator_accumulate_begin(accelerator, model));
    EXPECT(oar_accelerator_sync_gradients(accelerator, &sync) == OAR_OK && sync == expected[i]);
    EXPECT_OK(oar_accelerator_accumulate_end(accelerator));
  }
  EXPECT_OK(oar_loader_close(loader));
  oar_loader_release(loader);
  oar_dataset_release(dataset);
  oar_accelerator_release(accelerator);
}

int main(void) {
  digits self;
  a_data_set_tells_its_size();
  a_loader_tells_where_it_is();
  columns_of_a_file_are_chosen_by_name();
  bytes_are_copied_and_end_with_a_nul();
  digits_open(&self, NULL);
  a_state_tells_its_device(self.state);
  the_mean_of_one_rank_is_its_number(self.state);
  every_second_micro_batch_and_the_last_synchronise(self.state, self.model);
  digits_close(&self);
  return 0;
}
