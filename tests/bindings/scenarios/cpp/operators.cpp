// Operators by name, and models that are written in them.
#include "scenario.h"

namespace scenario {

using oarlock::named;
using oarlock::op;
using oarlock::ops;

static float x[4] = {1, 2, 3, 4}, weight[6] = {1, 0, 0, 1, 1, 1}, bias[3] = {0, 0, 1};

static std::vector<float> floats(const oarlock::Tensor& tensor) {
  const auto values = oarlock::values<const float>(tensor);
  return {values.begin(), values.end()};
}

void operator_call() {
  const oarlock::State state = make_state();
  const oarlock::Tensor input = oarlock::tensor_over(x, {2, 2}), weights = oarlock::tensor_over(weight, {3, 2});
  const oarlock::Tensor offsets = oarlock::tensor_over(bias, {3});
  const std::vector<float> expected = {1, 2, 4, 3, 4, 8};
  EXPECT(floats(op(state, "aten::linear", {input, weights, offsets})) == expected);
  float columns[4] = {1, 3, 2, 4};
  const oarlock::Tensor by_columns = oarlock::tensor_over(columns, {2, 2}, {1, 2});
  EXPECT(floats(op(state, "aten::linear", {by_columns, weights, named("bias", offsets)})) == expected);
  const std::vector<oarlock::Tensor> largest = ops(state, "aten::topk", {input, 1});
  EXPECT(largest.size() == 2 && floats(largest[0]) == (std::vector<float>{2, 4}));
  const std::vector<oarlock::Tensor> rows = ops(state, "aten::split", {input, 1});
  EXPECT(rows.size() == 2 && oarlock::values<const float>(rows[1])[0] == 3);
  const oarlock::Tensor sums = op(state, "aten::sum", {input, {1}, true, named("dtype", oarlock::Dtype{OAR_FLOAT64})});
  EXPECT(oarlock::values<const double>(sums)[1] == 7);
  EXPECT(call(oar_tensor_shape, op(state, "aten::cat", {oarlock::tensors(input, input), 0}))[0] == 4);
  EXPECT(floats(op(state, "aten::clamp", {input, nullptr, 2.5})) == (std::vector<float>{1, 2, 2.5f, 2.5f}));
  EXPECT(contains(oarlock::text(call(oar_op_signatures, "aten::add")), "aten::add.Tensor"));
  EXPECT(contains(oarlock::text(call(oar_op_names, "aten")), "aten::linear"));
}

void operator_refused() {
  const oarlock::State state = make_state();
  const oarlock::Tensor input = oarlock::tensor_over(x, {2, 2});
  REFUSED(OAR_E_UNSUPPORTED, "aten::linear", op(state, "aten::liner", {input}));
  REFUSED(OAR_E_ARGUMENT, "weight", op(state, "aten::linear", {input}));
  REFUSED(OAR_E_ARGUMENT, "argument k", ops(state, "aten::topk", {input, "all"}));
  REFUSED(OAR_E_ARGUMENT, "gave 2 results", op(state, "aten::topk", {input, 1}));
  const float fixed[2] = {1, 2};
  REFUSED(OAR_E_ARGUMENT, "read-only", op(state, "aten::add_", {oarlock::tensor_over(fixed, {2}), 1}));
  EXPECT(fixed[0] == 1 && fixed[1] == 2);
}

void operator_no_grad() {
  const oarlock::State state = make_state();
  float w[2] = {1, -2};
  const oarlock::Model model = call(oar_model_create_foreign, state);
  call(oar_model_register_parameter, model, "weight", oarlock::tensor_over(w, {2}));
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  call(oar_accelerator_prepare_model, accelerator, model);
  const oarlock::Tensor parameter = call(oar_model_parameter, model, "weight");
  oarlock::Tensor fixed;
  {
    const oarlock::NoGrad no_grad;
    fixed = op(state, "aten::sum", {parameter});
    {
      const oarlock::NoGrad again;
      op(state, "aten::sub_", {parameter, 0.5});
    }
    op(state, "aten::mul_", {parameter, 2});
    REFUSED(OAR_E_UNSUPPORTED, "aten::linear", op(state, "aten::liner", {parameter}));
  }
  EXPECT(floats(fixed)[0] == -1 && w[0] == 1 && w[1] == -5);
  REFUSED(OAR_E_STATE, "no graph", call(oar_accelerator_backward, accelerator, fixed));
  REFUSED(OAR_E_ARGUMENT, "in-place", op(state, "aten::sub_", {parameter, 0.5}));
  const oarlock::Tensor squares = op(state, "aten::mul", {parameter, parameter});
  call(oar_accelerator_backward, accelerator, op(state, "aten::sum", {squares}));
  EXPECT(floats(call(oar_model_gradient, model, "weight")) == (std::vector<float>{2, -10}));
  EXPECT(w[0] == 1 && w[1] == -5);
}

void forward_callback() {
  const oarlock::State state = make_state();
  float w[2] = {1, -2}, four_one[2] = {4, 1}, one[1] = {1};
  const oarlock::Tree inputs = call(oar_tree_create_map);
  call(oar_tree_set_tensor, inputs, "x", oarlock::tensor_over(four_one, {1, 2}));
  call(oar_tree_set_tensor, inputs, "target", oarlock::tensor_over(one, {1, 1}));
  const auto squared_error = [&](const oarlock::Model& model, const oarlock::Tree& batch) {
    oarlock::Tensor y;
    {
      const oarlock::Scope fc(model, "fc", "Linear");
      y = op(state, "aten::linear",
             {call(oar_tree_get_tensor, batch, "x"), call(oar_model_parameter, model, "weight")});
    }
    const oarlock::Tensor error = op(state, "aten::sub", {y, call(oar_tree_get_tensor, batch, "target")});
    const oarlock::Tensor sum = op(state, "aten::sum", {op(state, "aten::mul", {error, error})});
    oarlock::Tree outputs = call(oar_tree_create_map);
    call(oar_tree_set_tensor, outputs, "loss", op(state, "aten::mul", {sum, 0.5}));
    call(oar_tree_set_tensor, outputs, "y", y);
    return outputs;
  };
  const oarlock::Model model = call(oar_model_create_foreign, state);
  {
    const oarlock::Scope fc(model, "fc");
    call(oar_model_register_parameter, model, "weight", oarlock::tensor_over(w, {1, 2}));
  }
  oarlock::set_forward(model, squared_error);
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  const oarlock::Optimizer optimizer = call(oar_optimizer_create, model, "sgd", R"({"lr": 0.125})");
  call(oar_accelerator_prepare_model, accelerator, model);
  call(oar_accelerator_prepare_optimizer, accelerator, optimizer);
  const oarlock::Tree outputs = call(oar_model_forward, model, inputs);
  EXPECT(call(oar_tree_get_double, outputs, "y") == 2 && call(oar_tree_get_double, outputs, "loss") == 0.5);
  call(oar_accelerator_backward, accelerator, call(oar_tree_get_tensor, outputs, "loss"));
  EXPECT(floats(call(oar_model_gradient, model, "fc.weight")) == (std::vector<float>{4, 1}));
  call(oar_accelerator_step, accelerator, optimizer, nullptr);
  EXPECT(w[0] == 0.5f && w[1] == -2.125f);

  oarlock::set_forward(model, [](const oarlock::Model& own, const oarlock::Tree&) -> oarlock::Tree {
    const oarlock::Scope fc(own, "fc");
    call(oar_model_parameter, own, "bias");
    return {};
  });
  REFUSED(OAR_E_NOT_FOUND, "fc.bias", call(oar_model_forward, model, inputs));
  oarlock::set_forward(model, [](const oarlock::Model&, const oarlock::Tree&) -> oarlock::Tree { throw 7; });
  EXPECT(thrown_by<int>([&] { call(oar_model_forward, model, inputs); }) == 7);
  oarlock::set_forward(model, squared_error);
  call(oar_model_set_training, model, 0);
  EXPECT(call(oar_tree_get_double, oarlock::Tree(call(oar_model_forward, model, inputs)), "y") == -0.125);
  oarlock::set_forward(model, nullptr);
  REFUSED(OAR_E_UNSUPPORTED, "foreign", call(oar_model_forward, model, inputs));
}

static oarlock::Tree batch_of(float* inputs, float* targets, std::int64_t rows) {
  oarlock::Tree batch = call(oar_tree_create_map);
  call(oar_tree_set_tensor, batch, "x", oarlock::tensor_over(inputs, {rows, 2}));
  call(oar_tree_set_tensor, batch, "target", oarlock::tensor_over(targets, {rows, 1}));
  return batch;
}

void traced_model() {
  const oarlock::State state = make_state();
  float w[2] = {1, -2}, two[4] = {4, 1, 1, 3}, two_targets[2] = {1, 3};
  float three[6] = {2, 0, 0, 8, 4, 4}, three_targets[3] = {2, 6, 8.5f};
  const oarlock::Tree rows = batch_of(two, two_targets, 2), others = batch_of(three, three_targets, 3);
  const char* dynamic = R"({"x": {"0": "batch"}, "target": {"0": "batch"}})";
  const oarlock::Model written = call(oar_model_create_foreign, state);
  call(oar_model_register_parameter, written, "fc.weight", oarlock::tensor_over(w, {1, 2}));
  oarlock::set_forward(written, [&](const oarlock::Model& model, const oarlock::Tree& batch) {
    oarlock::Tensor y;
    {
      const oarlock::Scope fc(model, "fc", "Linear");
      y = op(state, "aten::linear",
             {call(oar_tree_get_tensor, batch, "x"), call(oar_model_parameter, model, "weight")});
    }
    oarlock::Tree outputs = call(oar_tree_create_map);
    call(oar_tree_set_tensor, outputs, "loss",
         op(state, "aten::mse_loss", {y, call(oar_tree_get_tensor, batch, "target")}));
    call(oar_tree_set_tensor, outputs, "y", y);
    return outputs;
  });
  const oarlock::Model model = call(oar_model_trace, written, rows, dynamic);
  oarlock::set_forward(written, nullptr);
  EXPECT(call(oar_model_num_parameters, model) == 1 && call(oar_model_parameter_name, model, 0) == "fc.weight");
  EXPECT(call(oar_tensor_data, oarlock::Tensor(call(oar_model_tensor, model, "fc.weight"))) == w);
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  const oarlock::Optimizer optimizer = call(oar_optimizer_create, model, "sgd", R"({"lr": 0.125})");
  call(oar_accelerator_prepare_model, accelerator, model);
  call(oar_accelerator_prepare_optimizer, accelerator, optimizer);
  const oarlock::Tensor loss = call(oar_tree_get_tensor, oarlock::Tree(call(oar_model_forward, model, rows)), "loss");
  EXPECT(call(oar_tensor_item, loss) == 32.5);
  call(oar_accelerator_backward, accelerator, loss);
  call(oar_accelerator_step, accelerator, optimizer, nullptr);
  EXPECT(w[0] == 1.5f && w[1] == 0.875f);
  call(oar_model_set_training, model, 0);
  EXPECT(call(oar_tree_get_double, oarlock::Tree(call(oar_model_forward, model, others)), "loss") == 1);
  REFUSED(OAR_E_UNSUPPORTED, "program", call(oar_model_trace, model, rows, dynamic));
  oarlock::set_forward(written, [&](const oarlock::Model&, const oarlock::Tree& batch) {
    oarlock::Tree outputs = call(oar_tree_create_map);
    call(oar_tree_set_tensor, outputs, "y", op(state, "aten::relu", {call(oar_tree_get_tensor, batch, "x")}));
    return outputs;
  });
  REFUSED(OAR_E_ARGUMENT, "target", call(oar_model_trace, written, rows, dynamic));
  oarlock::set_forward(written, [](const oarlock::Model&, const oarlock::Tree&) -> oarlock::Tree { throw 7; });
  EXPECT(thrown_by<int>([&] { call(oar_model_trace, written, rows, nullptr); }) == 7);
}

void backward_callback() {
  const oarlock::State state = make_state();
  float w[2] = {1, -2}, input[2] = {4, 1}, y[1], gradient[2];
  const oarlock::Tree inputs = call(oar_tree_create_map);
  call(oar_tree_set_tensor, inputs, "x", oarlock::tensor_over(input, {2}));
  const oarlock::Model model = call(oar_model_create_foreign, state);
  call(oar_model_register_parameter, model, "weight", oarlock::tensor_over(w, {2}));
  const oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  oarlock::set_forward(model, [&](const oarlock::Model&, const oarlock::Tree&) {
    y[0] = w[0] * input[0] + w[1] * input[1];
    oarlock::Tree outputs = call(oar_tree_create_map);
    call(oar_tree_set_tensor, outputs, "y", oarlock::tensor_over(y, {1}));
    return outputs;
  });
  oarlock::set_backward(model, [&](const oarlock::Model& own, const oarlock::Tree& gradients) {
    const auto slope = static_cast<float>(call(oar_tree_get_double, gradients, "y"));
    for (int i = 0; i < 2; ++i) gradient[i] = slope * input[i];
    call(oar_accelerator_gradient_ready, accelerator, own, "weight", oarlock::tensor_over(gradient, {2}));
  });
  const oarlock::Optimizer optimizer = call(oar_optimizer_create, model, "sgd", R"({"lr": 0.125})");
  call(oar_accelerator_prepare_model, accelerator, model);
  call(oar_accelerator_prepare_optimizer, accelerator, optimizer);
  const auto backward = [&] {
    const oarlock::Tree outputs = call(oar_model_forward, model, inputs);
    const oarlock::Tensor loss = op(state, "aten::mul", {call(oar_tree_get_tensor, outputs, "y"), 3.0});
    call(oar_accelerator_backward, accelerator, loss);
    return call(oar_tree_get_double, outputs, "y");
  };
  EXPECT(backward() == 2);
  call(oar_accelerator_step, accelerator, optimizer, nullptr);
  EXPECT(w[0] == -0.5f && w[1] == -2.375f);
  oarlock::set_backward(model, [](const oarlock::Model&, const oarlock::Tree&) { throw 7; });
  EXPECT(thrown_by<int>(backward) == 7);
}

}  // namespace scenario
