/* Trees and loaders. */
#include "scenario.h"

#define BEYOND_DOUBLE (INT64_C(9007199254740993)) /* 2^53 + 1 */

static int set(scenario *t, oar_tree *map, const char *key, oar_tree *item) {
  OK(oar_tree_set(map, key, item));
  oar_tree_release(item);
  return 0;
}

/* {"images": tensor, "list": [2^53 + 1, {"rate": 0.1, "on": true}, null], "name": "digits"} */
static int plant(scenario *t, oar_tensor *tensor, oar_tree **tree) {
  oar_tree *list, *map, *item;
  OK(oar_tree_create_map(tree));
  OK(oar_tree_set_tensor(*tree, "images", tensor));
  OK(oar_tree_create_list(&list));
  OK(oar_tree_from_int64(BEYOND_DOUBLE, &item));
  OK(oar_tree_append(list, item));
  oar_tree_release(item);
  OK(oar_tree_create_map(&map));
  OK(oar_tree_from_double(0.1, &item));
  TRY(set(t, map, "rate", item));
  OK(oar_tree_from_bool(1, &item));
  TRY(set(t, map, "on", item));
  OK(oar_tree_append(list, map));
  oar_tree_release(map);
  OK(oar_tree_from_none(&item));
  OK(oar_tree_append(list, item));
  oar_tree_release(item);
  TRY(set(t, *tree, "list", list));
  OK(oar_tree_from_string("digits", &item));
  return set(t, *tree, "name", item);
}

static int kind_and_size(scenario *t, const oar_tree *tree, const char *path, int32_t kind, int64_t size) {
  oar_tree *part;
  int32_t found_kind = -1;
  int64_t found_size = -1;
  OK(oar_tree_get(tree, path, &part));
  OK(oar_tree_kind(part, NULL, &found_kind));
  OK(oar_tree_size(part, NULL, &found_size));
  oar_tree_release(part);
  EXPECT(found_kind == kind && found_size == size);
  return 0;
}

int scenario_tree_values(scenario *t) {
  float values[3] = {1, 2, 3};
  const int64_t shape[1] = {3};
  oar_tensor *tensor;
  oar_tree *tree;
  int64_t integer = 0;
  double number = 0;
  int32_t on = 0;
  char text[16];
  size_t len = sizeof text;
  void *data;
  OK(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &tensor));
  TRY(plant(t, tensor, &tree));
  oar_tensor_release(tensor);
  TRY(kind_and_size(t, tree, NULL, OAR_TREE_MAP, 3));
  TRY(kind_and_size(t, tree, "list", OAR_TREE_LIST, 3));
  TRY(kind_and_size(t, tree, "list.2", OAR_TREE_NONE, 0));
  OK(oar_tree_get_int64(tree, "list.0", &integer));
  EXPECT(integer == BEYOND_DOUBLE);
  OK(oar_tree_get_double(tree, "list.1.rate", &number));
  EXPECT(number == 0.1);
  OK(oar_tree_get_bool(tree, "list.1.on", &on));
  EXPECT(on == 1);
  OK(oar_tree_key(tree, 2, text, &len));
  EXPECT(strcmp(text, "name") == 0);
  len = sizeof text;
  OK(oar_tree_get_string(tree, "name", text, &len));
  EXPECT(strcmp(text, "digits") == 0);
  OK(oar_tree_get_tensor(tree, "images", &tensor));
  OK(oar_tensor_data(tensor, &data));
  EXPECT(data == values);
  oar_tensor_release(tensor);
  REFUSED(OAR_E_NOT_FOUND, "labels", oar_tree_get_tensor(tree, "labels", &tensor));
  EXPECT(strstr(oar_last_error(), "images") != NULL);
  oar_tree_release(tree);
  return 0;
}

static int same_batch(scenario *t, const oar_tree *one, const oar_tree *other, int *same) {
  static const char *const names[] = {"images", "labels"};
  int i;
  for (*same = 1, i = 0; i < 2; ++i) {
    oar_tensor *mine, *theirs;
    OK(oar_tree_get_tensor(one, names[i], &mine));
    OK(oar_tree_get_tensor(other, names[i], &theirs));
    *same = *same && same_values(mine, theirs);
    oar_tensor_release(mine);
    oar_tensor_release(theirs);
  }
  return 0;
}

/* Whether `batch` is `size` rows of the test set from row `begin` on. */
static int are_rows(scenario *t, const oar_tree *batch, int64_t begin, size_t size, int *same) {
  int64_t indices[32];
  oar_dataset *dataset;
  oar_tree *rows;
  size_t i;
  EXPECT(size <= 32);
  for (i = 0; i < size; ++i) indices[i] = begin + (int64_t)i;
  OK(oar_dataset_from_safetensors(digits_file("test.safetensors"), NULL, 0, &dataset));
  OK(oar_dataset_get(dataset, indices, size, &rows));
  TRY(same_batch(t, batch, rows, same));
  oar_tree_release(rows);
  oar_dataset_release(dataset);
  return 0;
}

static int check_batch(scenario *t, const oar_tree *batch, int64_t index) {
  const int64_t size = index < 11 ? 32 : 8; /* 360 = 11 * 32 + 8 */
  int64_t shape[3] = {0, 0, 0};
  size_t num_dims = 3;
  oar_tensor *images;
  int same = 0;
  OK(oar_tree_get_tensor(batch, "images", &images));
  OK(oar_tensor_shape(images, shape, &num_dims));
  EXPECT(num_dims == 3 && shape[0] == size && shape[1] == 8 && shape[2] == 8);
  oar_tensor_release(images);
  TRY(are_rows(t, batch, 32 * index, (size_t)size, &same));
  EXPECT(same);
  return 0;
}

int scenario_loader_loop(scenario *t) {
  oar_loader *loader;
  oar_tree *batch;
  int64_t epoch, now = -1, num_batches;
  TRY(open_test_set(t, "{\"batch_size\": 32}", &loader));
  for (epoch = 0; epoch < 2; ++epoch) {
    OK(oar_loader_epoch(loader, &now));
    EXPECT(now == epoch);
    for (num_batches = 0;; ++num_batches) {
      OK(oar_loader_next(loader, &batch));
      if (batch == NULL) break;
      TRY(check_batch(t, batch, num_batches));
      oar_tree_release(batch);
    }
    EXPECT(num_batches == 12);
  }
  OK(oar_loader_close(loader));
  oar_loader_release(loader);
  return 0;
}

int scenario_loader_seek(scenario *t) {
  static const char options[] = "{\"batch_size\": 32, \"shuffle\": true, \"seed\": 42, \"num_workers\": 2}";
  oar_loader *sought, *walked;
  oar_tree *here, *there = NULL;
  int64_t position = -1;
  int same = 0, ordered = 1, i;
  TRY(open_test_set(t, options, &sought));
  TRY(open_test_set(t, options, &walked));
  OK(oar_loader_seek(sought, 1, 3));
  OK(oar_loader_next(sought, &here));
  OK(oar_loader_position(sought, &position));
  EXPECT(position == 4);
  for (i = 0; i < 13 + 4; ++i) { /* an epoch and its end, then batches 0 to 3 */
    oar_tree_release(there);
    OK(oar_loader_next(walked, &there));
    EXPECT((there == NULL) == (i == 12));
  }
  TRY(same_batch(t, here, there, &same));
  EXPECT(same);
  TRY(are_rows(t, here, 3 * 32, 32, &ordered));
  EXPECT(!ordered);
  oar_tree_release(here);
  oar_tree_release(there);
  oar_loader_release(sought);
  oar_loader_release(walked);
  return 0;
}
