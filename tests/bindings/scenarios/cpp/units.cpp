// Units of a program: recomputed, looked into, measured.
#include <fstream>

#include "scenario.h"

namespace scenario {

static constexpr const char* kUnits = R"({"paths": ["fc1", "fc2"]})";

static oarlock::Tree first_rows() {
  const std::int64_t rows[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  return call(oar_dataset_get, test_set(), rows, 8);
}

static std::vector<float> floats(const oarlock::Tensor& tensor) {
  const auto values = oarlock::values<const float>(tensor);
  return {values.begin(), values.end()};
}

static std::vector<float> gradient_of(int recompute) {
  const oarlock::State state = make_state();
  const oarlock::Model model = load_digits(state);
  REFUSED(OAR_E_ARGUMENT, "fc9", call(oar_model_set_units, model, R"({"paths": ["fc9"]})"));
  call(oar_model_set_units, model, kUnits);
  EXPECT(call(oar_model_num_units, model) == 3 && call(oar_model_unit_name, model, 2) == "fc2");
  call(oar_model_set_recompute, model, "*", recompute);
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  call(oar_accelerator_prepare_model, accelerator, model);
  call(oar_state_seed, state, 5);
  const oarlock::Tree outputs = call(oar_model_forward, model, first_rows());
  call(oar_accelerator_backward, accelerator, call(oar_tree_get_tensor, outputs, "loss"));
  return floats(call(oar_model_gradient, model, "fc1.weight"));
}

void recompute_same_gradients() { EXPECT(gradient_of(0) == gradient_of(1)); }

void intermediate_values() {
  const oarlock::State state = make_state();
  const oarlock::Model model = load_digits(state);
  call(oar_model_set_training, model, 0);
  call(oar_model_set_units, model, kUnits);
  const oarlock::Tree batch = first_rows();
  const char *names[2] = {"fc2", "relu_2"}, *unknown[1] = {"fc9"};
  oar_tree *outputs = nullptr, *values = nullptr;
  call(oar_model_forward_with_values, model, batch, names, 2, &outputs, &values);
  const oarlock::Tree given(outputs), between(values);
  const std::vector<float> logits = floats(call(oar_tree_get_tensor, given, "logits"));
  EXPECT(floats(call(oar_tree_get_tensor, between, "fc2")) == logits);
  const oarlock::Tree inputs = call(oar_tree_create_map);
  call(oar_tree_set_tensor, inputs, "relu_2", oarlock::Tensor(call(oar_tree_get_tensor, between, "relu_2")));
  const oarlock::Tree once_more = call(oar_model_forward_unit, model, "fc2", inputs);
  EXPECT(floats(call(oar_tree_get_tensor, once_more, "linear_1")) == logits);
  REFUSED(OAR_E_NOT_FOUND, "fc9", call(oar_model_forward_with_values, model, batch, unknown, 1, &outputs, &values));
  EXPECT(contains(oarlock::text(call(oar_model_describe, model)), "\"fc2\""));
}

void profile_table() {
  const oarlock::State state = make_state();
  const oarlock::Model model = load_digits(state);
  call(oar_model_set_units, model, kUnits);
  call(oar_model_profile_start, model);
  call(oar_model_forward, model, first_rows());
  call(oar_model_profile_stop, model);
  const std::string table = oarlock::text(call(oar_model_profile_table, model));
  EXPECT(contains(table, "fc1") && contains(table, "fc2"));
  call(oar_model_profile_save_trace, model, inside("trace.json"));
  EXPECT(std::ifstream(inside("trace.json")).get() == '{' || std::ifstream(inside("trace.json")).get() == '[');
}

}  // namespace scenario
