// Trees and loaders.
#include <numeric>

#include "scenario.h"

namespace scenario {

static constexpr std::int64_t kBeyondDouble = (std::int64_t{1} << 53) + 1;

// {"images": tensor, "list": [2^53 + 1, {"rate": 0.1, "on": true}, null], "name": "digits"}
static oarlock::Tree plant(const oarlock::Tensor& tensor) {
  oarlock::Tree tree = call(oar_tree_create_map), list = call(oar_tree_create_list), map = call(oar_tree_create_map);
  call(oar_tree_set, map, "rate", call(oar_tree_from_double, 0.1));
  call(oar_tree_set, map, "on", call(oar_tree_from_bool, true));
  call(oar_tree_append, list, call(oar_tree_from_int64, kBeyondDouble));
  call(oar_tree_append, list, map);
  call(oar_tree_append, list, call(oar_tree_from_none));
  call(oar_tree_set_tensor, tree, "images", tensor);
  call(oar_tree_set, tree, "list", list);
  call(oar_tree_set, tree, "name", call(oar_tree_from_string, "digits"));
  return tree;
}

void tree_values() {
  float values[] = {1, 2, 3};
  const oarlock::Tree tree = plant(oarlock::tensor_over(values, {3}));
  EXPECT(call(oar_tree_kind, tree, nullptr) == OAR_TREE_MAP && call(oar_tree_size, tree, nullptr) == 3);
  EXPECT(call(oar_tree_key, tree, 2) == "name");
  EXPECT(call(oar_tree_get_int64, tree, "list.0") == kBeyondDouble);
  EXPECT(call(oar_tree_get_double, tree, "list.1.rate") == 0.1);
  EXPECT(call(oar_tree_get_bool, tree, "list.1.on") == 1);
  const oarlock::Tree list = call(oar_tree_get, tree, "list");
  EXPECT(call(oar_tree_kind, list, "") == OAR_TREE_LIST && call(oar_tree_size, list, "") == 3);
  EXPECT(call(oar_tree_kind, list, "2") == OAR_TREE_NONE);
  EXPECT(call(oar_tree_get_string, tree, "name") == "digits");
  EXPECT(call(oar_tensor_data, call(oar_tree_get_tensor, tree, "images")) == values);
  REFUSED(OAR_E_NOT_FOUND, "labels", call(oar_tree_get_tensor, tree, "labels"));
  REFUSED(OAR_E_NOT_FOUND, "images", call(oar_tree_get_tensor, tree, "labels"));
}

static bool same_batch(const oarlock::Tree& one, const oarlock::Tree& other) {
  const auto same = [&](const char* name) {
    return same_values(call(oar_tree_get_tensor, one, name), call(oar_tree_get_tensor, other, name));
  };
  return same("images") && same("labels");
}

// `size` rows of the test set from row `begin` on.
static oarlock::Tree rows(std::int64_t begin, std::int64_t size) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(size));
  std::iota(indices.begin(), indices.end(), begin);
  return call(oar_dataset_get, test_set(), indices.data(), indices.size());
}

void loader_loop() {
  const oarlock::Loader loader = test_loader(R"({"batch_size": 32})");
  for (std::int64_t number = 0; number < 2; ++number) {
    std::int64_t num_batches = 0;
    EXPECT(call(oar_loader_epoch, loader) == number);
    for (const oarlock::Tree& batch : oarlock::epoch(loader)) {
      const std::int64_t size = num_batches < 11 ? 32 : 8;  // 360 = 11 * 32 + 8
      const std::vector<std::int64_t> shape = call(oar_tensor_shape, call(oar_tree_get_tensor, batch, "images"));
      EXPECT((shape == std::vector<std::int64_t>{size, 8, 8}));
      EXPECT(same_batch(batch, rows(32 * num_batches, size)));
      ++num_batches;
    }
    EXPECT(num_batches == 12);
  }
  for (const char* batch_size : {R"({"batch_size": 120})", R"({"batch_size": 180})"}) {  // three and two batches
    const oarlock::Loader nested = test_loader(batch_size);
    std::int64_t num_samples = 0;
    for (const oarlock::Tree& outer : oarlock::epoch(nested)) {
      num_samples += call(oar_tensor_shape, call(oar_tree_get_tensor, outer, "images"))[0];
      for (const oarlock::Tree& inner : oarlock::epoch(nested)) {
        num_samples += call(oar_tensor_shape, call(oar_tree_get_tensor, inner, "images"))[0];
        break;
      }
      if (num_samples > 360) break;
    }
    EXPECT(num_samples == 360 && call(oar_loader_epoch, nested) == 1 && call(oar_loader_position, nested) == 0);
  }
  call(oar_loader_close, loader);
}

void loader_seek() {
  const char* options = R"({"batch_size": 32, "shuffle": true, "seed": 42, "num_workers": 2})";
  const oarlock::Loader sought = test_loader(options), walked = test_loader(options);
  call(oar_loader_seek, sought, 1, 3);
  const oarlock::Tree here = call(oar_loader_next, sought);
  EXPECT(call(oar_loader_epoch, sought) == 1 && call(oar_loader_position, sought) == 4);
  int num_batches = 0;
  for (const oarlock::Tree& batch : oarlock::epoch(walked)) num_batches += static_cast<bool>(batch);
  EXPECT(num_batches == 12);
  oarlock::Tree there;
  for (num_batches = 0; num_batches < 4; ++num_batches) there = call(oar_loader_next, walked);
  EXPECT(same_batch(here, there));
  EXPECT(!same_batch(here, rows(3 * 32, 32)));
}

}  // namespace scenario
