// Training: a program, a foreign model, checkpoints.
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "scenario.h"

namespace scenario {

static constexpr std::size_t kNumParameters = 48202;  // examples/digits/README.md
static constexpr float kRate = 0.125f;

// All parameters of a model, or all gradients, one after another.
static std::vector<float> read_all(const oarlock::Model& model, decltype(&oar_model_tensor) part) {
  std::vector<float> all;
  for (std::int64_t i = 0; i < call(oar_model_num_parameters, model); ++i) {
    const oarlock::Tensor tensor = call(part, model, call(oar_model_parameter_name, model, i));
    const auto values = oarlock::values<const float>(tensor);
    all.insert(all.end(), values.begin(), values.end());
  }
  EXPECT(all.size() == kNumParameters);
  return all;
}

static oarlock::Tensor run_forward(const oarlock::Model& model, const char* output) {
  const oarlock::Tree batch = call(oar_loader_next, test_loader(R"({"batch_size": 32})"));
  return call(oar_tree_get_tensor, call(oar_model_forward, model, batch), output);
}

struct Trainer {
  oarlock::Accelerator accelerator;
  oarlock::Optimizer optimizer;

  Trainer(const oarlock::State& state, const oarlock::Model& model)
      : accelerator(call(oar_accelerator_create, state, nullptr)) {
    call(oar_accelerator_prepare_model, accelerator, model);
    optimizer = call(oar_optimizer_create, model, "sgd", R"({"lr": 0.125})");
    call(oar_accelerator_prepare_optimizer, accelerator, optimizer);
  }
};

void training_step() {
  const oarlock::State state = make_state(R"({"seed": 7})");
  const oarlock::Model model = load_digits(state);
  const Trainer trainer(state, model);
  const std::vector<float> before = read_all(model, oar_model_tensor);
  call(oar_accelerator_backward, trainer.accelerator, run_forward(model, "loss"));
  const std::vector<float> gradients = read_all(model, oar_model_gradient);
  EXPECT(read_all(model, oar_model_tensor) == before);
  call(oar_accelerator_step, trainer.accelerator, trainer.optimizer, nullptr);
  const std::vector<float> after = read_all(model, oar_model_tensor);
  std::size_t num_moved = 0;
  for (std::size_t i = 0; i < kNumParameters; ++i) {
    EXPECT(after[i] == before[i] - kRate * gradients[i]);
    num_moved += after[i] != before[i];
  }
  EXPECT(num_moved > kNumParameters / 2);
  call(oar_model_set_training, model, 0);
  EXPECT(same_values(run_forward(model, "logits"), run_forward(model, "logits")));
  call(oar_accelerator_close, trainer.accelerator);
  call(oar_state_close, state);
}

// y = w x; the loss is (y - target)^2 / 2 for one x, so that the gradient of w is (y - target) x. In small binary
// fractions, which float32 holds exactly.
class Linear {
 public:
  explicit Linear(const oarlock::State& state) : model_(make_model(state)), trainer_(state, model_) {}

  void train_on(float x0, float x1, float target) {
    const float error = weight_[0] * x0 + weight_[1] * x1 - target;
    call(oar_accelerator_accumulate_begin, trainer_.accelerator, model_);
    gradient_[0] = error * x0;
    gradient_[1] = error * x1;
    const oarlock::Tensor gradient = oarlock::tensor_over(gradient_, {2});
    call(oar_accelerator_gradient_ready, trainer_.accelerator, model_, "weight", gradient);
    call(oar_accelerator_gradients_done, trainer_.accelerator, model_);
    call(oar_accelerator_step, trainer_.accelerator, trainer_.optimizer, nullptr);
    call(oar_accelerator_accumulate_end, trainer_.accelerator);
  }

  bool is(float w0, float w1) const { return weight_[0] == w0 && weight_[1] == w1; }
  std::int64_t num_steps() const { return call(oar_optimizer_num_steps, trainer_.optimizer); }
  const oarlock::Model& model() const { return model_; }

 private:
  oarlock::Model make_model(const oarlock::State& state) {
    oarlock::Model model = call(oar_model_create_foreign, state);
    call(oar_model_register_parameter, model, "weight", oarlock::tensor_over(weight_, {2}));
    return model;
  }

  float weight_[2] = {1, -2}, gradient_[2] = {};
  oarlock::Model model_;
  Trainer trainer_;
};

void foreign_model() {
  const oarlock::State plain = make_state();
  Linear once(plain);
  REFUSED(OAR_E_UNSUPPORTED, "foreign",
          call(oar_model_forward, once.model(), oarlock::Tree(call(oar_tree_create_map))));
  once.train_on(4, 1, 1);  // error 4 - 2 - 1 = 1: gradient (4, 1)
  EXPECT(once.is(0.5f, -2.125f));

  const oarlock::State accumulating = make_state(R"({"accelerator": {"gradient_accumulation_steps": 2}})");
  Linear twice(accumulating);
  twice.train_on(4, 1, 1);  // gradient (4, 1), as above
  EXPECT(twice.is(1, -2));
  twice.train_on(1, 3, 3);  // error 1 - 6 - 3 = -8: gradient (-8, -24); the mean is (-2, -11.5)
  EXPECT(twice.is(1.25f, -0.5625f));
  EXPECT(twice.num_steps() == 1);
}

void own_optimizer() {
  const oarlock::State state = make_state();
  std::vector<float> a = {1, -2}, b = {4}, ones = {1, 1}, one = {1};
  const oarlock::Model model = call(oar_model_create_foreign, state);
  call(oar_model_register_parameter, model, "a", oarlock::tensor_over(a.data(), {2}));
  call(oar_model_register_parameter, model, "b", oarlock::tensor_over(b.data(), {1}));
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  call(oar_accelerator_prepare_model, accelerator, model);
  bool broken = false;
  const auto descend = [&](const oarlock::Update& update) {
    if (broken) throw std::out_of_range(update.name);
    const auto lr = static_cast<float>(call(oar_tree_get_double, update.options, "lr"));
    const auto parameter = oarlock::values<float>(update.parameter), gradient = oarlock::values<float>(update.gradient);
    auto slope = gradient.begin();
    for (float& value : parameter) value -= lr * *slope++;
    const bool is_first = call(oar_tree_size, update.state, nullptr) == 0;
    const std::int64_t updates = is_first ? 0 : call(oar_tree_get_int64, update.state, "updates");
    call(oar_tree_set, update.state, "updates", oarlock::Tree(call(oar_tree_from_int64, updates + 1)));
  };
  const oarlock::Optimizer optimizer =
      oarlock::create_optimizer(model, "descend", R"({"lr": 0.5, "groups": [{"params": ["b"], "lr": 0.25}]})", descend);
  const oarlock::Scheduler scheduler = oarlock::create_scheduler(
      optimizer, "lambda", [](std::int64_t step, std::int64_t) { return std::ldexp(1.0, -static_cast<int>(step)); });
  call(oar_accelerator_prepare_optimizer, accelerator, optimizer);
  call(oar_accelerator_prepare_scheduler, accelerator, scheduler);
  const auto hand_over = [&] {
    ones = {1, 1}, one = {1};
    call(oar_accelerator_gradient_ready, accelerator, model, "a", oarlock::tensor_over(ones.data(), {2}));
    call(oar_accelerator_gradient_ready, accelerator, model, "b", oarlock::tensor_over(one.data(), {1}));
    call(oar_accelerator_gradients_done, accelerator, model);
    return 3.0;
  };
  for (int step = 0; step < 2; ++step) {
    hand_over();
    call(oar_accelerator_step, accelerator, optimizer, scheduler);
  }
  EXPECT((a == std::vector<float>{0.25f, -2.75f}) && b[0] == 3.625f);
  EXPECT(oarlock::step(accelerator, optimizer, scheduler, hand_over) == 3);
  bool thrown = false;
  try {
    oarlock::step(accelerator, optimizer, scheduler, []() -> double { throw std::domain_error("no loss"); });
  } catch (const std::domain_error&) {
    thrown = true;
  }
  EXPECT(thrown);
  broken = true;
  try {
    oarlock::step(accelerator, optimizer, scheduler, hand_over);
  } catch (const std::out_of_range&) {
    thrown = false;
  }
  EXPECT(!thrown);
  EXPECT((a == std::vector<float>{0.125f, -2.875f}) && b[0] == 3.5625f);
  const oarlock::Tree dict = call(oar_optimizer_state_dict, optimizer);
  EXPECT(call(oar_tree_get_int64, dict, "state.0.updates") == 3 &&
         call(oar_tree_get_int64, dict, "state.1.updates") == 3);
  EXPECT(call(oar_optimizer_num_steps, optimizer) == 3);
}

static void look_at_checkpoint(const std::string& directory, const oarlock::Model& model) {
  const oarlock::Checkpoint checkpoint = call(oar_checkpoint_open, directory);
  call(oar_checkpoint_verify, checkpoint);
  EXPECT(contains(call(oar_checkpoint_user_json, checkpoint), "before the storm"));
  EXPECT(
      same_values(call(oar_checkpoint_tensor, checkpoint, "fc2.weight"), call(oar_model_tensor, model, "fc2.weight")));
}

void save_load() {
  const std::string directory = inside("saved"), empty = inside("empty");
  const oarlock::State state = make_state();
  const oarlock::Model model = load_digits(state);
  const Trainer trainer(state, model);
  const std::vector<float> before = read_all(model, oar_model_tensor);
  call(oar_accelerator_save, trainer.accelerator, directory, R"({"note": "before the storm"})");
  look_at_checkpoint(directory, model);
  for (float& value : oarlock::values<float>(call(oar_model_tensor, model, "fc2.weight"))) value = 0;
  REFUSED(OAR_E_EXISTS, directory, call(oar_accelerator_save, trainer.accelerator, directory, "{}"));
  std::filesystem::create_directory(empty);
  REFUSED(OAR_E_NOT_FOUND, empty, call(oar_accelerator_load, trainer.accelerator, empty));
  EXPECT(read_all(model, oar_model_tensor) != before);
  call(oar_accelerator_load, trainer.accelerator, directory);
  EXPECT(read_all(model, oar_model_tensor) == before);
  look_at_checkpoint(directory, model);
}

}  // namespace scenario
