/* Trees from plain C: lists and maps, paths, values, sharing, and what is refused. */
#include <oarlock/error.h>
#include <oarlock/tensor.h>
#include <oarlock/tree.h>

#include "expect.h"

static oar_tensor *make_tensor(double value) {
  const int64_t one[1] = {1};
  oar_tensor *tensor = NULL;
  void *data = NULL;
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT64, one, 1, &tensor));
  EXPECT_OK(oar_tensor_data(tensor, &data));
  *(double *)data = value;
  return tensor;
}

static int32_t kind_of(const oar_tree *tree) {
  int32_t kind = -1;
  EXPECT_OK(oar_tree_kind(tree, NULL, &kind));
  return kind;
}

static double number_at(const oar_tree *tree, const char *path) {
  double value = -1;
  EXPECT_OK(oar_tree_get_double(tree, path, &value));
  return value;
}

/* {"inputs": [1.5, 2.5], "name": "x", "count": 3} */
static oar_tree *make_sample(void) {
  oar_tree *map = NULL, *list = NULL, *text = NULL, *count = NULL;
  oar_tensor *first = make_tensor(1.5), *second = make_tensor(2.5);
  EXPECT_OK(oar_tree_create_map(&map));
  EXPECT_OK(oar_tree_create_list(&list));
  EXPECT_OK(oar_tree_append_tensor(list, first));
  EXPECT_OK(oar_tree_append_tensor(list, second));
  EXPECT_OK(oar_tree_set(map, "inputs", list));
  EXPECT_OK(oar_tree_from_string("x", &text));
  EXPECT_OK(oar_tree_set(map, "name", text));
  EXPECT_OK(oar_tree_from_int64(3, &count));
  EXPECT_OK(oar_tree_set(map, "count", count));
  oar_tensor_release(first);
  oar_tensor_release(second);
  oar_tree_release(list);
  oar_tree_release(text);
  oar_tree_release(count);
  return map;
}

static void paths_lead_to_leaves(void) {
  oar_tree *tree = make_sample(), *part = NULL;
  char text[8];
  size_t len = sizeof text;
  int64_t count = 0, size = 0;
  EXPECT(number_at(tree, "inputs.0") == 1.5);
  EXPECT(number_at(tree, "inputs.1") == 2.5);
  EXPECT(oar_tree_get_int64(tree, "count", &count) == OAR_OK && count == 3);
  EXPECT(oar_tree_get_string(tree, "name", text, &len) == OAR_OK && strcmp(text, "x") == 0 && len == 2);
  EXPECT_OK(oar_tree_get(tree, "inputs", &part));
  oar_tree_release(tree); /* a part lives on its own */
  EXPECT(kind_of(part) == OAR_TREE_LIST);
  EXPECT(oar_tree_size(part, NULL, &size) == OAR_OK && size == 2);
  EXPECT(number_at(part, "1") == 2.5);
  oar_tree_release(part);
}

static void keys_come_in_the_order_they_were_set(void) {
  static const char *const expected[3] = {"inputs", "name", "count"};
  oar_tree *tree = make_sample();
  int64_t i;
  for (i = 0; i < 3; ++i) {
    char key[8];
    size_t len = sizeof key;
    EXPECT(oar_tree_key(tree, i, key, &len) == OAR_OK && strcmp(key, expected[i]) == 0);
  }
  oar_tree_release(tree);
}

static void entries_are_had_by_their_place_too(void) {
  oar_tree *map = NULL, *entry = NULL, *inner = NULL;
  double value = 0;
  EXPECT_OK(oar_tree_create_map(&map));
  EXPECT_OK(oar_tree_from_double(2.5, &entry));
  EXPECT_OK(oar_tree_set(map, "", entry)); /* a key that no path reaches */
  oar_tree_release(entry);
  EXPECT_OK(oar_tree_at(map, 0, &inner));
  EXPECT(oar_tree_get_double(inner, NULL, &value) == OAR_OK && value == 2.5);
  oar_tree_release(map);
  oar_tree_release(inner);
}

static void every_kind_is_told(void) {
  oar_tree *tree = NULL;
  int32_t truth = -1;
  oar_tensor *tensor = make_tensor(4);
  EXPECT_OK(oar_tree_from_double(2.5, &tree));
  EXPECT(kind_of(tree) == OAR_TREE_DOUBLE && number_at(tree, NULL) == 2.5);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_from_bool(7, &tree));
  EXPECT(kind_of(tree) == OAR_TREE_BOOL && number_at(tree, "") == 1);
  EXPECT(oar_tree_get_bool(tree, NULL, &truth) == OAR_OK && truth == 1);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_from_bool(0, &tree));
  EXPECT(oar_tree_get_bool(tree, NULL, &truth) == OAR_OK && truth == 0);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_from_none(&tree));
  EXPECT(kind_of(tree) == OAR_TREE_NONE);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_from_int64(INT64_MAX, &tree));
  EXPECT(kind_of(tree) == OAR_TREE_INT);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_from_string("", &tree));
  EXPECT(kind_of(tree) == OAR_TREE_STRING);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_from_tensor(tensor, &tree));
  EXPECT(kind_of(tree) == OAR_TREE_TENSOR && number_at(tree, NULL) == 4);
  oar_tree_release(tree);
  EXPECT_OK(oar_tree_create_map(&tree));
  EXPECT(kind_of(tree) == OAR_TREE_MAP);
  oar_tree_release(tree);
  oar_tensor_release(tensor);
}

static void tensors_are_shared_and_structure_is_not(void) {
  oar_tree *tree = make_sample(), *copy = NULL;
  oar_tensor *inside = NULL, *nine = make_tensor(9);
  int64_t size = 0;
  EXPECT_OK(oar_tree_get(tree, NULL, &copy));
  EXPECT_OK(oar_tree_set_tensor(copy, "extra", nine));
  EXPECT(oar_tree_size(tree, NULL, &size) == OAR_OK && size == 3);
  EXPECT_OK(oar_tree_get_tensor(copy, "inputs.0", &inside));
  EXPECT_OK(oar_tensor_copy_from(inside, nine));
  EXPECT(number_at(tree, "inputs.0") == 9);
  oar_tensor_release(inside);
  oar_tensor_release(nine);
  oar_tree_release(copy);
  oar_tree_release(tree);
}

static void wrong_paths_and_kinds_are_named(void) {
  oar_tree *tree = make_sample(), *list = NULL, *out = NULL;
  oar_tensor *tensor = NULL;
  double number = -1;
  int64_t integer = -1;
  int32_t truth = -1;
  char text[2];
  size_t len = sizeof text;
  EXPECT(oar_tree_get(tree, "inputs.2", &out) == OAR_E_NOT_FOUND && strstr(oar_last_error(), "2 items") != NULL);
  EXPECT(oar_tree_get(tree, "outputs", &out) == OAR_E_NOT_FOUND && strstr(oar_last_error(), "'inputs'") != NULL);
  EXPECT(oar_tree_get_tensor(tree, "name", &tensor) == OAR_E_ARGUMENT && strstr(oar_last_error(), "string") != NULL);
  EXPECT(oar_tree_get_double(tree, "name", &number) == OAR_E_ARGUMENT);
  EXPECT(oar_tree_get_int64(tree, "inputs.0", &integer) == OAR_E_ARGUMENT);
  EXPECT(oar_tree_get_bool(tree, "count", &truth) == OAR_E_ARGUMENT && strstr(oar_last_error(), "int") != NULL);
  EXPECT(oar_tree_get_string(tree, "count", text, &len) == OAR_E_ARGUMENT);
  EXPECT(oar_tree_append(tree, tree) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_tree_create_list(&list));
  EXPECT(oar_tree_set(list, "key", tree) == OAR_E_ARGUMENT);
  EXPECT(oar_tree_key(list, 0, text, &len) == OAR_E_ARGUMENT);
  EXPECT(oar_tree_at(list, 0, &out) == OAR_E_ARGUMENT); /* it is empty */
  EXPECT(oar_tree_at(tree, -1, &out) == OAR_E_ARGUMENT);
  EXPECT(out == NULL && tensor == NULL && number == -1 && integer == -1 && truth == -1);
  oar_tree_release(list);
  oar_tree_release(tree);
}

static void a_tree_that_grows_into_itself_is_stopped(void) {
  oar_tree *list = NULL;
  oar_status status = OAR_OK;
  int depth = 0;
  EXPECT_OK(oar_tree_create_list(&list));
  while (depth < 100) {
    oar_tree *above = NULL;
    EXPECT_OK(oar_tree_create_list(&above));
    status = oar_tree_append(above, list);
    oar_tree_release(list);
    list = above;
    if (status != OAR_OK) break;
    ++depth;
  }
  EXPECT(status == OAR_E_ARGUMENT && depth == 64);
  oar_tree_release(list);
}

int main(void) {
  paths_lead_to_leaves();
  keys_come_in_the_order_they_were_set();
  entries_are_had_by_their_place_too();
  every_kind_is_told();
  tensors_are_shared_and_structure_is_not();
  wrong_paths_and_kinds_are_named();
  a_tree_that_grows_into_itself_is_stopped();
  return 0;
}
