// What is done with programs beside training them: adapters, runs on the caller's arrays, units.
#include <cmath>

#include "scenario.h"

namespace scenario {

static oarlock::Model digits(const oarlock::State& state) {
  oarlock::Model model = load_digits(state);
  call(oar_model_set_training, model, 0);
  return model;
}

static oarlock::Tree first_rows(std::int64_t count) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < count; ++row) rows.push_back(row);
  return call(oar_dataset_get, test_set(), rows.data(), rows.size());
}

static std::vector<float> logits_of(const oarlock::Model& model, const oarlock::Tree& batch) {
  const oarlock::Tensor logits =
      call(oar_tree_get_tensor, oarlock::Tree(call(oar_model_forward, model, batch)), "logits");
  const auto values = oarlock::values<const float>(logits);
  return {values.begin(), values.end()};
}

static bool close_to(const std::vector<float>& values, const std::vector<float>& others, float tolerance) {
  float largest = 0, distance = 0;
  for (std::size_t i = 0; i < others.size(); ++i) {
    largest = std::max(largest, std::fabs(others[i]));
    distance = std::max(distance, std::fabs(values.at(i) - others[i]));
  }
  return distance <= tolerance * largest;
}

void lora_round_trip() {
  const oarlock::State state = make_state();
  const oarlock::Model model = digits(state);
  const oarlock::Tree batch = first_rows(8);
  const std::string directory = inside("adapter");
  const std::vector<float> before = logits_of(model, batch);
  REFUSED(OAR_E_ARGUMENT, "fc1", call(oar_model_add_lora, model, R"({"targets": ["fc7"]})"));
  call(oar_model_add_lora, model, R"({"targets": ["fc*"], "rank": 2, "alpha": 4})");
  EXPECT(call(oar_model_num_parameters, model) == 4 && logits_of(model, batch) == before);
  for (const char* name : {"fc1.lora_B.weight", "fc2.lora_B.weight"})
    for (float& value : oarlock::values<float>(call(oar_model_tensor, model, name))) value = 0.5f;
  const std::vector<float> changed = logits_of(model, batch);
  EXPECT(changed != before);
  call(oar_model_save_lora, model, directory);
  REFUSED(OAR_E_EXISTS, directory, call(oar_model_save_lora, model, directory));
  const oarlock::Model other = digits(state);
  call(oar_model_load_lora, other, directory);
  EXPECT(logits_of(other, batch) == changed);
  call(oar_model_merge_lora, model);
  EXPECT(close_to(logits_of(model, batch), changed, 1e-4f));
  REFUSED(OAR_E_STATE, "adapter", call(oar_model_merge_lora, model));
  EXPECT(call(oar_model_num_parameters, model) == 0 && call(oar_model_freeze, model, "fc*", 0) == 4);
}

void session_run() {
  const oarlock::State state = make_state();
  const oarlock::Model model = digits(state);
  const oarlock::Tree batch = first_rows(8);
  const oarlock::Tensor images = call(oar_tree_get_tensor, batch, "images"), unwanted;
  const std::vector<float> expected = logits_of(model, batch);
  call(oar_model_set_training, model, 1);
  const oarlock::Session session = call(oar_session_create, model);
  std::vector<float> logits(80);
  const oarlock::Tensor output = oarlock::tensor_over(logits.data(), {8, 10});
  oarlock::run(session, {images, unwanted}, {unwanted, output});
  EXPECT(logits == expected);
  std::vector<std::uint8_t> by_columns(512);
  std::vector<float> columns(80), rows(80);
  const oarlock::Tensor turned = oarlock::tensor_over(by_columns.data(), {8, 8, 8}, {1, 8, 64});
  call(oar_tensor_copy_from, turned, images);
  const oarlock::Tensor turned_output = oarlock::tensor_over(columns.data(), {8, 10}, {1, 8});
  oarlock::run(session, {turned, unwanted}, {unwanted, turned_output});
  call(oar_tensor_copy_from, oarlock::tensor_over(rows.data(), {8, 10}), turned_output);
  EXPECT(close_to(rows, expected, 1e-5f));
  logits.assign(80, 0);
  oarlock::run(model, {images, unwanted}, {unwanted, output});
  EXPECT(logits == expected && call(oar_session_writes_in_place, session, 1) <= 1);
  const oarlock::Tensor flat = oarlock::tensor_over(by_columns.data(), {64, 8});
  REFUSED(OAR_E_ARGUMENT, "images", oarlock::run(session, {flat, unwanted}, {unwanted, output}));
  EXPECT(logits == expected);
  for (float& value : oarlock::values<float>(call(oar_model_tensor, model, "fc2.bias"))) value += 1;
  oarlock::run(session, {images, unwanted}, {unwanted, output});
  EXPECT(logits[0] != expected[0] && logits[79] != expected[79]);
}

}  // namespace scenario
