/* Two ranks: collective operations, and what each learns when the other errs, ends or never comes. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "scenario.h"

#define TIMEOUT_MS 60000

static int open_ranks(scenario *t, oar_state **state, oar_group **group, int32_t *rank) {
  int32_t size = 0;
  OK(oar_state_create(NULL, state));
  OK(oar_state_rank(*state, rank));
  OK(oar_state_group(*state, group));
  OK(oar_group_size(*group, &size));
  EXPECT(size == 2);
  return 0;
}

static int floats(scenario *t, float *values, int64_t count, oar_tensor **tensor) {
  OK(oar_tensor_from_memory(values, OAR_FLOAT32, &count, NULL, 1, NULL, NULL, tensor));
  return 0;
}

static int finish(scenario *t, oar_work *work) {
  OK(oar_work_wait(work, TIMEOUT_MS));
  oar_work_release(work);
  return 0;
}

static int reduce(scenario *t, oar_group *group, int32_t rank, int32_t reduce_op, float expected) {
  float value = (float)rank + 1;
  oar_tensor *tensor;
  oar_work *work;
  TRY(floats(t, &value, 1, &tensor));
  OK(oar_group_all_reduce(group, tensor, reduce_op, TIMEOUT_MS, &work));
  TRY(finish(t, work));
  EXPECT(value == expected);
  oar_tensor_release(tensor);
  return 0;
}

int scenario_all_reduce(scenario *t) {
  oar_state *state;
  oar_group *group;
  oar_tensor *mine, *all;
  oar_work *work = NULL;
  int32_t rank, is_done = 0;
  float value, gathered[2] = {0, 0};
  TRY(open_ranks(t, &state, &group, &rank));
  TRY(reduce(t, group, rank, OAR_REDUCE_SUM, 3));
  TRY(reduce(t, group, rank, OAR_REDUCE_AVERAGE, 1.5));
  TRY(reduce(t, group, rank, OAR_REDUCE_MAX, 2));
  value = (float)rank + 1;
  TRY(floats(t, &value, 1, &mine));
  TRY(floats(t, gathered, 2, &all));
  OK(oar_group_all_gather(group, mine, all, TIMEOUT_MS, &work));
  OK(oar_work_wait(work, TIMEOUT_MS));
  OK(oar_work_is_done(work, &is_done));
  EXPECT(is_done == 1 && gathered[0] == 1 && gathered[1] == 2);
  oar_work_release(work);
  OK(oar_group_broadcast(group, mine, 1, TIMEOUT_MS, &work));
  TRY(finish(t, work));
  EXPECT(value == 2);
  work = NULL;
  REFUSED(OAR_E_ARGUMENT, "99", oar_group_all_reduce(group, mine, 99, TIMEOUT_MS, &work));
  EXPECT(work == NULL);
  OK(oar_group_barrier(group, TIMEOUT_MS, &work)); /* the refusal cost no rank its place */
  TRY(finish(t, work));
  oar_tensor_release(mine);
  oar_tensor_release(all);
  oar_group_release(group);
  return close_state(t, state);
}

static int bytes_are(scenario *t, oar_bytes *bytes, const char *expected, size_t size) {
  const void *data;
  size_t found = 0;
  OK(oar_bytes_view(bytes, &data, &found));
  EXPECT(found == size && memcmp(data, expected, size) == 0);
  oar_bytes_release(bytes);
  return 0;
}

/* The operations on lists. */
static int lists(scenario *t, oar_group *group, int32_t rank) {
  float mine = (float)rank + 1, one = mine, ten[2] = {10 * mine, 0}, ones[2] = {0, 0}, tens[4] = {0, 0, 0, 0};
  oar_tensor *given[2], *all[2];
  int i;
  TRY(floats(t, &one, 1, &given[0]));
  TRY(floats(t, ten, 2, &given[1]));
  TRY(floats(t, ones, 2, &all[0]));
  TRY(floats(t, tens, 4, &all[1]));
  OK(oar_group_all_gather_coalesced(group, given, 2, all, 2, TIMEOUT_MS, NULL));
  EXPECT(ones[0] == 1 && ones[1] == 2 && tens[0] == 10 && tens[1] == 0 && tens[2] == 20);
  OK(oar_group_all_reduce_coalesced(group, given, 2, OAR_REDUCE_SUM, TIMEOUT_MS, NULL));
  EXPECT(one == 3 && ten[0] == 30 && ten[1] == 0);
  one += (float)rank;
  OK(oar_group_broadcast_coalesced(group, given, 2, 1, TIMEOUT_MS, NULL));
  EXPECT(one == 4);
  OK(oar_group_reduce_scatter_coalesced(group, given + 1, 1, given, 1, OAR_REDUCE_SUM, TIMEOUT_MS, NULL));
  EXPECT(one == (rank == 0 ? 60 : 0));
  for (i = 0; i < 2; ++i) {
    oar_tensor_release(given[i]);
    oar_tensor_release(all[i]);
  }
  return 0;
}

/* Rows: rank 0 gives its two to rank 1, which gives its one; then both go to all. */
static int rows(scenario *t, oar_group *group, int32_t rank, oar_tensor *one, oar_tensor *two) {
  static const int64_t given[2][2] = {{0, 2}, {1, 0}}, taken[2][2] = {{0, 1}, {2, 0}}, by_rank[2] = {1, 2};
  float got[2] = {0, 0}, all[3] = {0, 0, 0};
  oar_tensor *out, *whole;
  TRY(floats(t, got, rank == 0 ? 1 : 2, &out));
  TRY(floats(t, all, 3, &whole));
  OK(oar_group_all_to_all_rows(group, rank == 0 ? two : one, out, given[rank], 2, taken[rank], 2, TIMEOUT_MS, NULL));
  EXPECT(rank == 0 ? got[0] == 100 : got[0] == 10 && got[1] == 100);
  OK(oar_group_all_gather_rows(group, out, whole, by_rank, 2, TIMEOUT_MS, NULL));
  EXPECT(all[0] == 100 && all[1] == 10 && all[2] == 100);
  oar_tensor_release(out);
  oar_tensor_release(whole);
  return 0;
}

/* Both ranks send to the other; what comes is written into `two`. */
static int pairs(scenario *t, oar_group *group, int32_t rank, oar_tensor *one, oar_tensor *two) {
  oar_work *sent;
  OK(oar_group_send(group, one, 1 - rank, TIMEOUT_MS, &sent));
  OK(oar_group_receive(group, two, 1 - rank, TIMEOUT_MS, NULL));
  TRY(finish(t, sent));
  REFUSED(OAR_E_ARGUMENT, "peer", oar_group_send(group, one, rank, TIMEOUT_MS, NULL));
  return 0;
}

int scenario_parts_and_pairs(scenario *t) {
  oar_state *state;
  oar_group *group;
  oar_tensor *one, *two, *pair, *number;
  int32_t rank;
  int64_t bits, count = 1;
  float mine, value, values[2], got[2] = {0, 0};
  TRY(open_ranks(t, &state, &group, &rank));
  value = mine = (float)rank + 1;
  values[0] = 10 * mine;
  values[1] = 100 * mine;
  bits = rank + 1;
  TRY(floats(t, &value, 1, &one));
  TRY(floats(t, values, 2, &two));
  TRY(floats(t, got, 2, &pair));
  OK(oar_tensor_from_memory(&bits, OAR_INT64, &count, NULL, 1, NULL, NULL, &number));
  OK(oar_group_reduce(group, one, 1, OAR_REDUCE_SUM, TIMEOUT_MS, NULL));
  EXPECT(value == (rank == 0 ? 1 : 3));
  OK(oar_group_reduce_scatter(group, two, one, OAR_REDUCE_SUM, TIMEOUT_MS, NULL));
  EXPECT(value == (rank == 0 ? 30 : 300));
  OK(oar_group_gather(group, one, rank == 1 ? pair : NULL, 1, TIMEOUT_MS, NULL));
  EXPECT(rank == 0 || (got[0] == 30 && got[1] == 300));
  OK(oar_group_scatter(group, rank == 0 ? two : NULL, one, 0, TIMEOUT_MS, NULL));
  EXPECT(value == (rank == 0 ? 10 : 100));
  OK(oar_group_all_to_all(group, two, pair, TIMEOUT_MS, NULL));
  EXPECT(got[0] == (rank == 0 ? 10 : 100) && got[1] == (rank == 0 ? 20 : 200));
  TRY(rows(t, group, rank, one, two));
  TRY(lists(t, group, rank));
  OK(oar_group_all_reduce(group, number, OAR_REDUCE_BITWISE_XOR, TIMEOUT_MS, NULL));
  EXPECT(bits == 3);
  TRY(pairs(t, group, rank, two, pair));
  EXPECT(got[0] == 10 * (3 - mine));
  oar_tensor_release(one);
  oar_tensor_release(two);
  oar_tensor_release(pair);
  oar_tensor_release(number);
  oar_group_release(group);
  return close_state(t, state);
}

int scenario_gather_bytes(scenario *t) {
  oar_state *state;
  oar_group *group;
  oar_accelerator *accelerator;
  oar_bytes *bytes;
  int32_t rank;
  uint64_t sizes[2] = {9, 9};
  size_t count = 2;
  double mean = 0;
  const char *mine;
  TRY(open_ranks(t, &state, &group, &rank));
  OK(oar_group_all_gather_bytes(group, rank == 0 ? NULL : "a\0b", rank == 0 ? 0 : 3, TIMEOUT_MS, sizes, &count,
                                &bytes));
  EXPECT(count == 2 && sizes[0] == 0 && sizes[1] == 3);
  TRY(bytes_are(t, bytes, "a\0b", 3));
  mine = rank == 0 ? "zero" : "one";
  OK(oar_group_all_gather_bytes(group, mine, strlen(mine), TIMEOUT_MS, sizes, &count, &bytes));
  EXPECT(sizes[0] == 4 && sizes[1] == 3);
  TRY(bytes_are(t, bytes, "zeroone", 7));
  OK(oar_group_broadcast_bytes(group, mine, strlen(mine), 1, TIMEOUT_MS, &bytes));
  TRY(bytes_are(t, bytes, "one", 3));
  OK(oar_accelerator_create(state, NULL, &accelerator));
  OK(oar_accelerator_reduce_mean(accelerator, rank == 0 ? 0.5 : 2.25, &mean));
  EXPECT(mean == 1.375);
  oar_accelerator_release(accelerator);
  oar_group_release(group);
  return close_state(t, state);
}

/* The tree's JSON with numbers for tensors; ends the tree. */
static int json_is(scenario *t, oar_tree *tree, const char *expected) {
  oar_tree *numbers;
  char text[128];
  size_t len = sizeof text;
  OK(oar_tree_to_numbers(tree, &numbers));
  OK(oar_tree_to_json(numbers, text, &len));
  EXPECT(strcmp(text, expected) == 0);
  oar_tree_release(numbers);
  oar_tree_release(tree);
  return 0;
}

static int put_floats(scenario *t, oar_tree *map, const char *key, float *values, int64_t count) {
  oar_tensor *tensor;
  TRY(floats(t, values, count, &tensor));
  OK(oar_tree_set_tensor(map, key, tensor));
  oar_tensor_release(tensor);
  return 0;
}

static int objects_come_to_all(scenario *t, oar_group *group, int32_t rank) {
  oar_tree *mine, *map, *got;
  OK(oar_tree_from_json(rank == 0 ? "[0]" : "[1, 1]", &mine));
  OK(oar_tree_from_json("{\"of\":[\"one\",null]}", &map));
  OK(oar_group_gather_objects(group, mine, TIMEOUT_MS, &got));
  TRY(json_is(t, got, "[0,1,1]"));
  OK(oar_group_copy_tree(group, rank == 1 ? map : NULL, TIMEOUT_MS, &got));
  TRY(json_is(t, got, "{\"of\":[\"one\",null]}"));
  OK(oar_group_broadcast_object(group, mine, 1, TIMEOUT_MS, &got));
  TRY(json_is(t, got, "[1,1]"));
  oar_tree_release(mine);
  oar_tree_release(map);
  return 0;
}

static int a_flag_and_texts_come_to_all(scenario *t, oar_state *state, int32_t rank) {
  oar_accelerator *accelerator;
  oar_tree *names, *got;
  int32_t first = -1, second = -1;
  OK(oar_accelerator_create(state, NULL, &accelerator));
  if (rank == 1) OK(oar_accelerator_set_trigger(accelerator));
  OK(oar_accelerator_check_trigger(accelerator, &first));
  OK(oar_accelerator_check_trigger(accelerator, &second));
  EXPECT(first == 1 && second == 0);
  OK(oar_tree_from_json(rank == 0 ? "[\"zero\",\"one\"]" : "[\"one\"]", &names));
  OK(oar_accelerator_gather_tree_for_metrics(accelerator, names, 0, &got));
  TRY(json_is(t, got, "[\"zero\",\"one\",\"one\"]"));
  oar_tree_release(names);
  oar_accelerator_release(accelerator);
  return 0;
}

int scenario_nested_trees(scenario *t) {
  oar_state *state;
  oar_group *group;
  oar_tree *held, *got = NULL, *padded;
  int32_t rank;
  float loss, rows[2];
  TRY(open_ranks(t, &state, &group, &rank));
  loss = (float)rank + 1;
  rows[0] = rows[1] = 10 * (float)rank;
  OK(oar_tree_create_map(&held));
  TRY(put_floats(t, held, "loss", &loss, 1));
  TRY(put_floats(t, held, "rows", rows, rank + 1));
  REFUSED(OAR_E_MISMATCH, "'rows' differs between ranks (rank 0: float32 [1]; rank 1: float32 [2])",
          oar_group_gather_tree(group, held, TIMEOUT_MS, &got));
  OK(oar_group_pad_tree(group, held, 0, -1.0, 0, TIMEOUT_MS, &padded));
  OK(oar_group_reduce_tree(group, padded, OAR_REDUCE_AVERAGE, TIMEOUT_MS, &got));
  TRY(json_is(t, got, "{\"loss\":[1.5],\"rows\":[5.0,4.5]}"));
  OK(oar_group_gather_tree(group, padded, TIMEOUT_MS, &got));
  TRY(json_is(t, got, "{\"loss\":[1.0,2.0],\"rows\":[0.0,-1.0,10.0,10.0]}"));
  OK(oar_group_broadcast_tree(group, padded, 1, TIMEOUT_MS));
  EXPECT(loss == 2);
  TRY(objects_come_to_all(t, group, rank));
  TRY(a_flag_and_texts_come_to_all(t, state, rank));
  oar_tree_release(held);
  oar_tree_release(padded);
  oar_group_release(group);
  return close_state(t, state);
}

int scenario_mismatch_named(scenario *t) {
  float values[3] = {1, 1, 1};
  oar_state *state;
  oar_group *group;
  oar_tensor *tensor;
  oar_work *work;
  int32_t rank;
  int64_t numel = 0;
  TRY(open_ranks(t, &state, &group, &rank));
  TRY(floats(t, values, rank + 2, &tensor));
  OK(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, TIMEOUT_MS, &work));
  REFUSED(OAR_E_MISMATCH, "sum of 2 float32", oar_work_wait(work, TIMEOUT_MS));
  EXPECT(strstr(oar_last_error(), "sum of 3 float32") != NULL);
  OK(oar_tensor_numel(tensor, &numel));
  EXPECT(numel == rank + 2);
  oar_work_release(work);
  EXPECT(oar_group_barrier(group, TIMEOUT_MS, &work) == OAR_E_ABORTED);
  oar_tensor_release(tensor);
  oar_group_release(group);
  return close_state(t, state);
}

int scenario_lost_rank_named(scenario *t) {
  oar_state *state, *smaller = NULL;
  oar_group *group;
  int32_t rank;
  error_details error;
  TRY(open_ranks(t, &state, &group, &rank));
  OK(oar_state_barrier(state, TIMEOUT_MS));
  if (rank == 1) raise(SIGKILL);
  EXPECT(oar_state_barrier(state, TIMEOUT_MS) == OAR_E_PEER_LOST);
  TRY(take_error(t, &error));
  EXPECT(error.rank == 1 && strstr(error.message, "rank 1") != NULL);
  oar_group_release(group);
  REFUSED(OAR_E_PEER_LOST, "1 of 2 came", oar_state_shrink(state, 2, TIMEOUT_MS, &smaller));
  OK(oar_state_shrink(state, 0, TIMEOUT_MS, &smaller));
  oar_state_release(state);
  OK(oar_state_barrier(smaller, TIMEOUT_MS)); /* of one rank */
  return close_state(t, smaller);
}

/* An all-gather by files: rank r writes its block to <name>.<r> and reads everyone's. */
typedef struct {
  const scenario *t;
  const char *name;
  int32_t rank, answer;
  int num_calls, num_released;
} exchange;

static const char *block_path(const exchange *self, int32_t rank, const char *suffix) {
  char name[64];
  snprintf(name, sizeof name, "%s.%d%s", self->name, (int)rank, suffix);
  return inside(self->t, name);
}

/* Whole, once it is there: the name is given to what is written already. */
static int write_block(const exchange *self, const void *mine, size_t size) {
  const char *path = block_path(self, self->rank, ""), *hidden = block_path(self, self->rank, ".part");
  FILE *file = fopen(hidden, "wb");
  if (file == NULL) return 1;
  if (fwrite(mine, 1, size, file) != size) return fclose(file), 1;
  return fclose(file) != 0 || rename(hidden, path) != 0;
}

static int read_block(const exchange *self, int32_t rank, void *block, size_t size) {
  const struct timespec poll = {0, 1000000};
  FILE *file = NULL;
  size_t found;
  int i;
  for (i = 0; i < TIMEOUT_MS && (file = fopen(block_path(self, rank, ""), "rb")) == NULL; ++i) nanosleep(&poll, NULL);
  if (file == NULL) return 1;
  found = fread(block, 1, size, file);
  fclose(file);
  return found != size;
}

static int32_t exchange_by_files(const void *mine, size_t size, void *all, void *user_data) {
  exchange *self = user_data;
  int32_t rank;
  ++self->num_calls;
  if (write_block(self, mine, size) != 0) return 1;
  for (rank = 0; rank < 2; ++rank)
    if (read_block(self, rank, (char *)all + (size_t)rank * size, size) != 0) return 1;
  return self->answer;
}

static void count_release(void *user_data) { ++((exchange *)user_data)->num_released; }

int scenario_exchange_callback(scenario *t) {
  const char *variable = getenv("RANK");
  const int32_t rank = variable != NULL ? atoi(variable) : -1;
  exchange failing = {t, "failing", rank, rank == 1 ? 7 : 0, 0, 0}, working = {t, "working", rank, 0, 0, 0};
  oar_config *config;
  oar_state *state = NULL;
  oar_status status;
  error_details error;
  OK(oar_config_create(&config));
  OK(oar_config_set_int64(config, "comm.connect_timeout_ms", 2000));
  status = oar_state_create_with_exchange(config, rank, 2, exchange_by_files, &failing, count_release, &state);
  EXPECT(rank == 1 ? status == OAR_E_CALLBACK : status == OAR_E_TIMEOUT || status == OAR_E_PEER_LOST);
  TRY(take_error(t, &error));
  EXPECT(rank == 0 || error.vendor_code == 7);
  EXPECT(state == NULL && failing.num_calls == 1 && failing.num_released == 1);
  OK(oar_config_set_int64(config, "comm.connect_timeout_ms", TIMEOUT_MS));
  OK(oar_state_create_with_exchange(config, rank, 2, exchange_by_files, &working, count_release, &state));
  EXPECT(working.num_calls == 1 && working.num_released == 1);
  OK(oar_state_barrier(state, TIMEOUT_MS));
  oar_config_release(config);
  return close_state(t, state);
}
