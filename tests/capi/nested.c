/* Whole trees between two ranks from plain C, as an evaluation uses them: gather, reduce, broadcast, pad, copy, objects;
   what differs between ranks is named on both, and the group goes on. */
#define _POSIX_C_SOURCE 200809L
#include "world_of_threads.h"

static oar_tensor *tensor_of(const float *values, const int64_t *shape, size_t num_dims) {
  oar_tensor *tensor = NULL;
  void *data = NULL;
  size_t i, numel = 1;
  for (i = 0; i < num_dims; ++i) numel *= (size_t)shape[i];
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, shape, num_dims, &tensor));
  EXPECT_OK(oar_tensor_data(tensor, &data));
  if (numel > 0) memcpy(data, values, numel * sizeof(float));
  return tensor;
}

static void put(oar_tree *map, const char *key, float value, int64_t num_rows) {
  float values[8];
  oar_tensor *tensor;
  int64_t i;
  for (i = 0; i < num_rows; ++i) values[i] = value + (float)i;
  tensor = tensor_of(values, &num_rows, 1);
  EXPECT_OK(oar_tree_set_tensor(map, key, tensor));
  oar_tensor_release(tensor);
}

static void expect_floats(const oar_tree *tree, const char *path, const float *values, size_t count) {
  oar_tensor *tensor = NULL;
  int64_t numel = -1;
  void *data = NULL;
  EXPECT_OK(oar_tree_get_tensor(tree, path, &tensor));
  EXPECT_OK(oar_tensor_numel(tensor, &numel));
  EXPECT(numel == (int64_t)count);
  EXPECT_OK(oar_tensor_data(tensor, &data));
  EXPECT(memcmp(data, values, count * sizeof(float)) == 0);
  oar_tensor_release(tensor);
}

/* {"loss": one number, "parts": {"rows": two rows}} */
static oar_tree *make_results(int32_t rank) {
  oar_tree *map = NULL, *parts = NULL;
  const float loss = (float)(10 * rank);
  oar_tensor *tensor = tensor_of(&loss, NULL, 0);
  EXPECT_OK(oar_tree_create_map(&map));
  EXPECT_OK(oar_tree_create_map(&parts));
  EXPECT_OK(oar_tree_set_tensor(map, "loss", tensor));
  put(parts, "rows", (float)(100 * rank), 2);
  EXPECT_OK(oar_tree_set(map, "parts", parts));
  oar_tensor_release(tensor);
  oar_tree_release(parts);
  return map;
}

static void *results_of_all_ranks_are_gathered_and_reduced(void *argument) {
  thread_rank *self = argument;
  const float losses[] = {0, 10}, rows[] = {0, 1, 100, 101}, sums[] = {100, 102}, mean_loss = 5;
  oar_tree *results, *gathered = NULL, *sum = NULL, *mean = NULL;
  open_rank(self);
  results = make_results(self->rank);
  EXPECT_OK(oar_group_gather_tree(self->group, results, 60000, &gathered));
  expect_floats(gathered, "loss", losses, 2);
  expect_floats(gathered, "parts.rows", rows, 4);
  EXPECT_OK(oar_group_reduce_tree(self->group, results, OAR_REDUCE_SUM, 60000, &sum));
  expect_floats(sum, "parts.rows", sums, 2);
  EXPECT_OK(oar_group_reduce_tree(self->group, results, OAR_REDUCE_AVERAGE, 60000, &mean));
  expect_floats(mean, "loss", &mean_loss, 1);
  oar_tree_release(results);
  oar_tree_release(gathered);
  oar_tree_release(sum);
  oar_tree_release(mean);
  close_rank(self);
  return NULL;
}

static void *the_roots_values_arrive_in_place(void *argument) {
  thread_rank *self = argument;
  const float rows[] = {100, 101}, loss = 10;
  oar_tree *results;
  open_rank(self);
  results = make_results(self->rank);
  EXPECT_OK(oar_group_broadcast_tree(self->group, results, 1, 60000));
  expect_floats(results, "parts.rows", rows, 2);
  expect_floats(results, "loss", &loss, 1);
  EXPECT(oar_group_broadcast_tree(self->group, results, 2, 60000) == OAR_E_ARGUMENT);
  oar_tree_release(results);
  close_rank(self);
  return NULL;
}

/* Rank 0 has one row, rank 1 three. */
static void *ragged_rows_are_an_error_on_both_ranks_until_they_are_padded(void *argument) {
  thread_rank *self = argument;
  const float last[] = {0, -1, -1, 10, 11, 12}, first[] = {-1, -1, 0, 10, 11, 12};
  oar_tree *batch = NULL, *padded = NULL, *gathered = NULL;
  open_rank(self);
  EXPECT_OK(oar_tree_create_map(&batch));
  put(batch, "rows", (float)(10 * self->rank), self->rank == 0 ? 1 : 3);
  EXPECT(oar_group_gather_tree(self->group, batch, 60000, &gathered) == OAR_E_MISMATCH && gathered == NULL);
  EXPECT_CONTAINS(oar_last_error(), "gather_tree: 'rows' differs between ranks (rank 0: float32 [1]; rank 1: float32 [3])");

  EXPECT_OK(oar_group_pad_tree(self->group, batch, 0, -1.0, 0, 60000, &padded));
  EXPECT_OK(oar_group_gather_tree(self->group, padded, 60000, &gathered));
  expect_floats(gathered, "rows", last, 6);
  oar_tree_release(padded);
  oar_tree_release(gathered);
  EXPECT_OK(oar_group_pad_tree(self->group, batch, -1, -1.0, 1, 60000, &padded));
  EXPECT_OK(oar_group_gather_tree(self->group, padded, 60000, &gathered));
  expect_floats(gathered, "rows", first, 6);
  oar_tree_release(padded);
  oar_tree_release(gathered);
  oar_tree_release(batch);
  close_rank(self);
  return NULL;
}

static void *a_number_among_tensors_is_named_on_both_ranks(void *argument) {
  thread_rank *self = argument;
  oar_tree *results, *number = NULL, *out = NULL;
  open_rank(self);
  results = make_results(self->rank);
  EXPECT_OK(oar_tree_from_int64(3, &number));
  if (self->rank == 1) EXPECT_OK(oar_tree_set(results, "count", number));
  EXPECT(oar_group_reduce_tree(self->group, results, OAR_REDUCE_SUM, 60000, &out) == OAR_E_ARGUMENT && out == NULL);
  EXPECT_CONTAINS(oar_last_error(), "reduce_tree takes tensors only; 'count' is of kind int");
  if (self->rank == 0) EXPECT_CONTAINS(oar_last_error(), "rank 1");
  EXPECT_OK(oar_tree_set(results, "count", number));
  EXPECT(oar_group_gather_tree(self->group, results, 60000, &out) == OAR_E_ARGUMENT);
  oar_tree_release(number);
  oar_tree_release(results);
  close_rank(self);
  return NULL;
}

static void expect_json(const oar_tree *tree, const char *json) {
  char text[256];
  size_t len = sizeof text;
  EXPECT_OK(oar_tree_to_json(tree, text, &len));
  if (strcmp(text, json) != 0) {
    fprintf(stderr, "expected %s, got %s\n", json, text);
    exit(1);
  }
}

static void *objects_travel_as_json_text(void *argument) {
  thread_rank *self = argument;
  oar_tree *mine = NULL, *all = NULL, *settings = NULL, *copied = NULL;
  open_rank(self);
  EXPECT_OK(oar_tree_from_json(self->rank == 0 ? "[{\"file\": \"a\", \"score\": 0.5}]" : "[9007199254740993, null, 1.0]", &mine));
  EXPECT_OK(oar_group_gather_objects(self->group, mine, 60000, &all));
  expect_json(all, "[{\"file\":\"a\",\"score\":0.5},9007199254740993,null,1.0]");
  EXPECT_OK(oar_group_broadcast_object(self->group, self->rank == 1 ? mine : NULL, 1, 60000, &settings));
  expect_json(settings, "[9007199254740993,null,1.0]");
  EXPECT_OK(oar_group_copy_tree(self->group, self->rank == 0 ? mine : NULL, 60000, &copied));
  expect_json(copied, "[{\"file\":\"a\",\"score\":0.5}]");
  EXPECT(oar_group_copy_tree(self->group, mine, 60000, &mine) == OAR_E_MISMATCH);
  EXPECT_CONTAINS(oar_last_error(), "ranks 0, 1 gave one");
  EXPECT(oar_group_copy_tree(self->group, NULL, 60000, &mine) == OAR_E_MISMATCH);
  EXPECT_CONTAINS(oar_last_error(), "no rank gave one");
  EXPECT(oar_group_broadcast_object(self->group, NULL, 0, 60000, &mine) == OAR_E_ARGUMENT);
  oar_tree_release(mine);
  oar_tree_release(all);
  oar_tree_release(settings);
  oar_tree_release(copied);
  close_rank(self);
  return NULL;
}

static void *a_tree_of_one_rank_arrives_with_its_tensors(void *argument) {
  thread_rank *self = argument;
  const float rows[] = {100, 101};
  oar_tree *mine = self->rank == 1 ? make_results(1) : NULL, *copied = NULL;
  open_rank(self);
  EXPECT_OK(oar_group_copy_tree(self->group, mine, 60000, &copied));
  expect_floats(copied, "parts.rows", rows, 2);
  oar_tree_release(mine);
  oar_tree_release(copied);
  close_rank(self);
  return NULL;
}

static void *a_flag_of_one_rank_is_seen_once_by_all(void *argument) {
  thread_rank *self = argument;
  oar_accelerator *accelerator = NULL;
  int32_t is_set = -1;
  open_rank(self);
  EXPECT_OK(oar_accelerator_create(self->state, NULL, &accelerator));
  EXPECT(oar_accelerator_check_trigger(accelerator, &is_set) == OAR_OK && is_set == 0);
  if (self->rank == 1) EXPECT_OK(oar_accelerator_set_trigger(accelerator));
  EXPECT(oar_accelerator_check_trigger(accelerator, &is_set) == OAR_OK && is_set == 1);
  EXPECT(oar_accelerator_check_trigger(accelerator, &is_set) == OAR_OK && is_set == 0);
  EXPECT_OK(oar_accelerator_close(accelerator));
  EXPECT(oar_accelerator_set_trigger(accelerator) == OAR_E_STATE);
  EXPECT(oar_accelerator_check_trigger(accelerator, &is_set) == OAR_E_STATE);
  oar_accelerator_release(accelerator);
  close_rank(self);
  return NULL;
}

static void *what_ranks_measured_is_gathered_tensors_and_texts(void *argument) {
  thread_rank *self = argument;
  oar_accelerator *accelerator = NULL;
  const float losses[] = {0, 10}, rows[] = {0, 1, 100, 101};
  oar_tree *results, *texts = NULL, *gathered = NULL, *numbers = NULL;
  open_rank(self);
  EXPECT_OK(oar_accelerator_create(self->state, NULL, &accelerator));
  results = make_results(self->rank);
  EXPECT_OK(oar_accelerator_gather_tree_for_metrics(accelerator, results, 0, &gathered));
  expect_floats(gathered, "loss", losses, 2);
  expect_floats(gathered, "parts.rows", rows, 4);
  oar_tree_release(gathered);
  EXPECT_OK(oar_tree_from_json(self->rank == 0 ? "[\"a\", \"b\"]" : "[\"c\"]", &texts));
  EXPECT_OK(oar_tree_set(results, "names", texts));
  EXPECT_OK(oar_accelerator_gather_tree_for_metrics(accelerator, results, 0, &gathered));
  EXPECT_OK(oar_tree_to_numbers(gathered, &numbers));
  expect_json(numbers, "{\"loss\":[0.0,10.0],\"parts\":{\"rows\":[0.0,1.0,100.0,101.0]},\"names\":[\"a\",\"b\",\"c\"]}");
  oar_tree_release(results);
  oar_tree_release(texts);
  oar_tree_release(gathered);
  oar_tree_release(numbers);
  EXPECT_OK(oar_accelerator_close(accelerator));
  oar_accelerator_release(accelerator);
  close_rank(self);
  return NULL;
}

int main(void) {
  run_ranks(results_of_all_ranks_are_gathered_and_reduced);
  run_ranks(the_roots_values_arrive_in_place);
  run_ranks(ragged_rows_are_an_error_on_both_ranks_until_they_are_padded);
  run_ranks(a_number_among_tensors_is_named_on_both_ranks);
  run_ranks(objects_travel_as_json_text);
  run_ranks(a_tree_of_one_rank_arrives_with_its_tensors);
  run_ranks(a_flag_of_one_rank_is_seen_once_by_all);
  run_ranks(what_ranks_measured_is_gathered_tensors_and_texts);
  return 0;
}
