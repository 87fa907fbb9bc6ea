/* Life of handles: references, stale and foreign pointers, any order of release, release inside a callback, flat memory. */
#define _POSIX_C_SOURCE 200112L /* unsetenv */
#include <oarlock/oarlock.h>
#include <stdlib.h>

#include "expect.h"

static int64_t live(void) {
  oar_function fn = NULL;
  int64_t count = -1;
  EXPECT_OK(oar_experimental_get("live_handle_count", &fn));
  EXPECT_OK(((oar_live_handle_count_fn)fn)(&count));
  return count;
}

static void references_are_counted(void) {
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT_OK(oar_config_retain(config));
  oar_config_release(config);
  EXPECT_OK(oar_config_set_int64(config, "loader.batch_size", 2)); /* one reference is left */
  oar_config_release(config);
  EXPECT(oar_config_set_int64(config, "loader.batch_size", 2) == OAR_E_HANDLE);
  EXPECT_CONTAINS(oar_last_error(), "released");
  oar_config_release(config); /* harmless */
  oar_config_release(NULL);
}

static void another_kind_is_named(void) {
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT(oar_tree_retain((oar_tree *)config) == OAR_E_HANDLE);
  EXPECT_CONTAINS(oar_last_error(), "oar_config");
  EXPECT_CONTAINS(oar_last_error(), "oar_tree");
  oar_tree_release((oar_tree *)config); /* the wrong release leaves it alone */
  EXPECT_OK(oar_config_retain(config));
  oar_config_release(config);
  oar_config_release(config);
}

static void children_keep_their_parents(void) {
  const float values[2] = {1, 2};
  const int64_t shape[1] = {2};
  double sum = 0;
  oar_tensor *tensor = NULL, *first = NULL;
  oar_tree *list = NULL;
  EXPECT_OK(oar_tensor_from_memory((void *)(uintptr_t)values, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &tensor));
  EXPECT_OK(oar_tree_create_list(&list));
  EXPECT_OK(oar_tree_append_tensor(list, tensor));
  oar_tensor_release(tensor);
  EXPECT_OK(oar_tree_get_tensor(list, "0", &first));
  oar_tree_release(list);
  EXPECT(oar_tensor_item(first, &sum) == OAR_E_ARGUMENT); /* alive, but has two elements */
  oar_tensor_release(first);
}

struct counted {
  int runs;
  oar_config *config;
};

static void count_release(void *user_data) { ++((struct counted *)user_data)->runs; }

static void memory_is_released_once(void) {
  float values[2] = {1, 2};
  const int64_t good[1] = {2}, bad[1] = {-1};
  struct counted counted = {0, NULL};
  oar_tensor *tensor = NULL;
  EXPECT(oar_tensor_from_memory(values, OAR_FLOAT32, bad, NULL, 1, &counted, count_release, &tensor) == OAR_E_ARGUMENT);
  EXPECT(counted.runs == 1 && tensor == NULL); /* also when the call fails */
  EXPECT_CONTAINS(oar_last_error(), "-1");
  EXPECT_OK(oar_tensor_from_memory(values, OAR_FLOAT32, good, NULL, 1, &counted, count_release, &tensor));
  EXPECT(counted.runs == 1);
  oar_tensor_release(tensor);
  EXPECT(counted.runs == 2);
}

static void release_own_config(void *user_data) {
  struct counted *counted = user_data;
  oar_config *other = NULL;
  ++counted->runs;
  EXPECT(oar_config_create(NULL) == OAR_E_ARGUMENT); /* its text must not replace that of the call around */
  EXPECT_OK(oar_config_create(&other));
  oar_config_release(other);
  oar_config_release(counted->config);
}

static void a_release_inside_a_callback_is_safe(void) {
  float value = 1;
  const int64_t bad[1] = {-1};
  struct counted counted = {0, NULL};
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_config_create(&counted.config));
  EXPECT(oar_tensor_from_memory(&value, OAR_FLOAT32, bad, NULL, 1, &counted, release_own_config, &tensor) == OAR_E_ARGUMENT);
  EXPECT(counted.runs == 1);
  EXPECT_CONTAINS(oar_last_error(), "-1");
  EXPECT(oar_config_retain(counted.config) == OAR_E_HANDLE);
}

/* The one owner lets go twice while a call is inside: the call goes on with the object, and no other enters it. */
static int32_t make_after_releases(int64_t index, oar_tree **out_sample, void *user_data) {
  oar_dataset *dataset = *(oar_dataset **)user_data;
  oar_tree *sample = NULL;
  oar_dataset_release(dataset);
  oar_dataset_release(dataset);
  EXPECT(oar_dataset_retain(dataset) == OAR_E_HANDLE);
  EXPECT(oar_dataset_get(dataset, &index, 1, &sample) == OAR_E_HANDLE);
  EXPECT_CONTAINS(oar_last_error(), "released");
  return oar_tree_from_int64(index, out_sample);
}

static void a_handle_without_owner_is_kept_by_its_call_alone(void) {
  const int64_t index = 2, before = live();
  oar_dataset *dataset = NULL;
  oar_tree *batch = NULL;
  EXPECT_OK(oar_dataset_from_samples(3, 0, make_after_releases, &dataset, NULL, &dataset));
  EXPECT_OK(oar_dataset_get(dataset, &index, 1, &batch));
  EXPECT(oar_dataset_get(dataset, &index, 1, &batch) == OAR_E_HANDLE);
  oar_tree_release(batch);
  EXPECT(live() == before);
}

static void count_message(int32_t level, const char *component, const char *message, void *user_data) {
  (void)level, (void)component, (void)message, (void)user_data;
}

static void a_replaced_log_callback_is_released_once(void) {
  struct counted first = {0, NULL}, second = {0, NULL}, none = {0, NULL};
  EXPECT_OK(oar_log_set_callback(0, count_message, &first, count_release));
  EXPECT(first.runs == 0);
  EXPECT_OK(oar_log_set_callback(0, count_message, &second, count_release));
  EXPECT(first.runs == 1 && second.runs == 0);
  EXPECT_OK(oar_log_set_callback(0, NULL, &none, count_release)); /* standard error again; nobody keeps `none` */
  EXPECT(first.runs == 1 && second.runs == 1 && none.runs == 1);
  EXPECT(oar_log_set_level(11) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_log_set_level(OAR_LOG_WARNING));
}

static long resident_kib(void) {
  long total = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  EXPECT(file != NULL && fscanf(file, "%ld %ld", &total, &resident) == 2);
  fclose(file);
  return resident * 4;
}

static void churn(int count) {
  const int64_t shape[1] = {16};
  int i;
  for (i = 0; i < count; ++i) {
    oar_tensor *tensor = NULL;
    oar_tree *tree = NULL;
    EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, shape, 1, &tensor));
    EXPECT_OK(oar_tree_create_list(&tree));
    EXPECT_OK(oar_tree_append_tensor(tree, tensor));
    EXPECT(oar_tensor_retain((oar_tensor *)tree) == OAR_E_HANDLE); /* failures must not leak either */
    oar_tensor_release(tensor);
    oar_tree_release(tree);
  }
}

/* Without armor: with it, released handles are kept recognisable on purpose, 64 bytes each, up to 64 MiB. */
static void a_hundred_thousand_rounds_leave_memory_flat(void) {
  long before, grown;
  churn(20000);
  before = resident_kib();
  churn(100000);
  grown = resident_kib() - before;
  if (grown > 2048) fprintf(stderr, "grew by %ld KiB\n", grown);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* sanitizers keep what is freed, and find leaks themselves */
  EXPECT(grown <= 2048);
#endif
}

int main(void) {
  int64_t at_start;
  unsetenv("OARLOCK_ARMOR");
  at_start = live();
  references_are_counted();
  another_kind_is_named();
  children_keep_their_parents();
  memory_is_released_once();
  a_release_inside_a_callback_is_safe();
  a_handle_without_owner_is_kept_by_its_call_alone();
  a_replaced_log_callback_is_released_once();
  a_hundred_thousand_rounds_leave_memory_flat();
  EXPECT(live() == at_start);
  return 0;
}
