// A model over a program, built by hand: y = drop(x * weight + shift), with what the test adds.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <thread>

#include "base/log.h"
#include "model/providers/graph.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

class ProgramBuilder : public GraphBuilder {
 public:
  SlotId user_input(const char* name) {
    const SlotId slot = input(name);
    graph.slots[static_cast<std::size_t>(slot)].exported =
        ExportedTensor{at::kFloat, {{3, ExportedDim::kFixed}}, false};
    program.inputs.push_back({name, slot});
    return slot;
  }
  SlotId tensor(const char* name, TensorRole role, at::Tensor value, bool persistent = true) {
    const SlotId slot = input(name);
    program.tensors.push_back({name, role, persistent, slot, std::move(value)});
    return slot;
  }
  void output(const char* name, SlotId slot) {
    program.outputs.push_back({c10::IValue(), slot});
    program.output_tree.kind = OutputTree::Kind::kMap;
    program.output_tree.keys.emplace_back(name);
    program.output_tree.children.emplace_back();
    graph.outputs.push_back(slot);
  }
  GraphModel model() {
    program.graph = graph;
    return {program, at::kCPU};
  }
  Program program;
};

at::Tensor leaf(std::vector<float> values) { return at::tensor(values).set_requires_grad(true); }

// x is written to, so is y's sum.
ProgramBuilder writing_program() {
  ProgramBuilder builder;
  const SlotId weight = builder.tensor("weight", TensorRole::kParameter, leaf({1, 2, 3}));
  const SlotId x = builder.user_input("x");
  const SlotId y = builder.user_input("batch.y");
  const SlotId shifted = builder.call("aten::sub_.Tensor", {of(x), of_value(1)}, "shifted");
  const SlotId product = builder.call("aten::mul.Tensor", {of(shifted), of(weight)}, "product");
  builder.output("out", builder.call("aten::add.Tensor", {of(product), of(y)}, "sum"));
  return builder;
}

Tree by_name(at::Tensor x, at::Tensor y) {
  Tree tree;
  tree.set("x", Tree(std::move(x)));
  tree.set("batch.y", Tree(std::move(y)));
  return tree;
}

at::Tensor output_of(const Result<Tree>& outputs, const char* name) {
  EXPECT_TRUE(outputs.is_ok()) << outputs.status().message();
  return outputs.is_ok() ? *outputs.value().find(name)->tensor() : at::Tensor();
}

const at::Tensor kTwos = at::full({3}, 2.0f);
const at::Tensor kTens = at::full({3}, 10.0f);

class GraphModelMode : public testing::TestWithParam<bool> {};

TEST_P(GraphModelMode, LeavesItsInputsAsTheyWere) {
  GraphModel model = writing_program().model();
  model.set_training(GetParam());
  const at::Tensor x = kTwos.clone();
  EXPECT_TRUE(at::equal(output_of(model.forward(by_name(x, kTens)), "out"), at::tensor({11.0f, 12.0f, 13.0f})));
  EXPECT_TRUE(at::equal(x, kTwos));
}

TEST_P(GraphModelMode, TakesReadOnlyMemory) {
  GraphModel model = writing_program().model();
  model.set_training(GetParam());
  void* const page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  const at::Tensor zeros = at::from_blob(page, {3}, at::kFloat);
  EXPECT_TRUE(at::equal(output_of(model.forward(by_name(zeros, kTens)), "out"), at::tensor({9.0f, 8.0f, 7.0f})));
  ::munmap(page, 4096);
}

TEST_P(GraphModelMode, DecidesWhetherOutputsTakeGradients) {
  GraphModel model = writing_program().model();
  model.set_training(GetParam());
  EXPECT_EQ(output_of(model.forward(by_name(kTwos, kTens)), "out").requires_grad(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Table, GraphModelMode, testing::Bool());

TEST(GraphModel, TakesInputsByPathNestedOrByPosition) {
  GraphModel model = writing_program().model();
  Tree batch, nested, positions;
  batch.set("y", Tree(kTens));
  nested.set("batch", std::move(batch));
  nested.set("x", Tree(kTwos));
  positions.append(Tree(kTwos));
  positions.append(Tree(kTens));
  const at::Tensor expected = at::tensor({11.0f, 12.0f, 13.0f});
  for (const Tree& inputs : {by_name(kTwos, kTens), nested, positions}) {
    EXPECT_TRUE(at::equal(output_of(model.forward(inputs), "out"), expected));
  }
}

std::string refusal(const Tree& inputs) {
  GraphModel model = writing_program().model();
  const Result<Tree> outputs = model.forward(inputs);
  EXPECT_EQ(outputs.status().code(), OAR_E_ARGUMENT);
  return outputs.status().message();
}

TEST(GraphModel, NamesTheInputThatIsMissing) {
  Tree inputs;
  inputs.set("x", Tree(kTwos));
  EXPECT_EQ(refusal(inputs), "input batch.y is missing; the model takes x, batch.y");
}

TEST(GraphModel, NamesTheInputThatItDoesNotHaveAndTheNearest) {
  Tree inputs = by_name(kTwos, kTens);
  inputs.set("batch.z", Tree(kTwos));
  EXPECT_EQ(refusal(inputs), "the model has no input batch.z; did you mean 'batch.y'? It takes x, batch.y");
}

TEST(GraphModel, CountsInputsByPosition) {
  Tree inputs;
  inputs.append(Tree(kTwos));
  EXPECT_EQ(refusal(inputs), "the model takes 2 inputs (x, batch.y), 1 given");
}

// weight and tied are one tensor; frozen needs no gradient; shift is not saved.
ProgramBuilder tied_program() {
  ProgramBuilder builder;
  const at::Tensor weight = leaf({1, 2, 3});
  const SlotId first = builder.tensor("weight", TensorRole::kParameter, weight);
  const SlotId second = builder.tensor("tied", TensorRole::kParameter, weight);
  const SlotId frozen = builder.tensor("frozen", TensorRole::kParameter, at::tensor({4.0f, 5.0f, 6.0f}));
  builder.tensor("shift", TensorRole::kBuffer, at::zeros({3}), false);
  const SlotId sum = builder.call("aten::add.Tensor", {of(first), of(second)}, "sum");
  builder.output("out", builder.call("aten::mul.Tensor", {of(sum), of(frozen)}, "product"));
  return builder;
}

std::vector<std::string> names_of(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const NamedTensor& entry : tensors) names.push_back(entry.name);
  return names;
}

TEST(GraphModel, TrainsTiedParametersOnceAndSavesThemUnderEveryName) {
  const GraphModel model = tied_program().model();
  EXPECT_EQ(names_of(model.parameters()), std::vector<std::string>{"weight"});
  EXPECT_EQ(names_of(model.buffers()), std::vector<std::string>{"shift"});
  EXPECT_EQ(names_of(model.state_dict()), (std::vector<std::string>{"weight", "tied", "frozen"}));
  for (const NamedTensor& entry : model.state_dict()) EXPECT_FALSE(entry.tensor.requires_grad()) << entry.name;
}

TEST(GraphModel, LoadsAStateDictInPlace) {
  GraphModel model = tied_program().model();
  const at::Tensor weight = model.parameters()[0].tensor;
  ASSERT_TRUE(model.load_state_dict({{"weight", kTwos}, {"tied", kTwos}, {"frozen", kTens}}).is_ok());
  EXPECT_TRUE(at::equal(weight, kTwos));
  EXPECT_TRUE(weight.requires_grad());
  EXPECT_TRUE(at::equal(output_of(model.forward(Tree(Tree::Map{})), "out"), at::full({3}, 40.0f)));
}

// A functional program: total_new = total + x is what total is next.
TEST(GraphModel, RebindsTheBuffersOfAFunctionalProgram) {
  ProgramBuilder builder;
  const SlotId total = builder.tensor("total", TensorRole::kBuffer, at::zeros({3}));
  const SlotId x = builder.user_input("x");
  const SlotId next = builder.call("aten::add.Tensor", {of(total), of(x)}, "next");
  builder.output("out", next);
  builder.program.buffer_updates.push_back({0, next});
  GraphModel model = builder.model();
  Tree inputs;
  inputs.set("x", Tree(kTwos));
  for (const bool training : {true, true, false}) {
    model.set_training(training);
    ASSERT_TRUE(model.forward(inputs).is_ok());
  }
  EXPECT_TRUE(at::equal(model.buffers()[0].tensor, at::full({3}, 4.0f)));
  EXPECT_TRUE(at::equal(model.tensor("total").value(), at::full({3}, 4.0f)));
  EXPECT_TRUE(at::equal(model.state_dict()[0].tensor, at::full({3}, 4.0f)));
}

class CountingObserver : public UnitObserver {
 public:
  explicit CountingObserver(bool fails = false) : fails_(fails) {}
  Status before_forward(const UnitRun&) override {
    ++num_calls;
    return fails_ ? invalid_state("not now") : Status::ok();
  }
  int num_calls = 0;

 private:
  bool fails_;
};

TEST(GraphModel, AFailingObserverEndsTheForwardBeforeItsBuffersChange) {
  ProgramBuilder builder;
  const SlotId count = builder.tensor("count", TensorRole::kBuffer, at::zeros({3}));
  builder.output("out", builder.call("aten::add_.Tensor", {of(count), of_value(1)}, "next"));
  GraphModel model = builder.model();
  const auto failing = std::make_shared<CountingObserver>(true);
  model.add_observer(failing);
  EXPECT_EQ(model.forward(Tree(Tree::Map{})).status().code(), OAR_E_STATE);
  EXPECT_TRUE(at::equal(model.buffers()[0].tensor, at::zeros({3})));
}

TEST(GraphModel, ForgetsObserversThatAreGone) {
  GraphModel model = tied_program().model();
  auto gone = std::make_shared<CountingObserver>(true);
  const auto stays = std::make_shared<CountingObserver>();
  model.add_observer(gone);
  model.add_observer(stays);
  gone.reset();
  EXPECT_TRUE(model.forward(Tree(Tree::Map{})).is_ok());
  EXPECT_EQ(stays->num_calls, 1);
}

TEST(GraphModel, WarnsOnceOfRandomNumbersThatEvaluationKeeps) {
  ProgramBuilder builder;
  const SlotId x = builder.user_input("x");
  builder.output("out", builder.call("aten::rand_like", {of(x)}, "noise"));
  GraphModel model = builder.model();
  std::vector<std::string> messages;
  const auto keep = [](int, const char*, const char* message, void* list) {
    static_cast<std::vector<std::string>*>(list)->emplace_back(message);
  };
  set_log_sink(keep, &messages, nullptr);
  model.set_training(true);
  EXPECT_TRUE(messages.empty());
  for (int i = 0; i < 2; ++i) model.set_training(false);
  set_log_sink(nullptr, nullptr, nullptr);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_NE(messages[0].find("node noise (aten::rand_like) in module block.0"), std::string::npos) << messages[0];
}

// Steps of SGD with rate 1/8 on (sum of out)^2: two models, each with its own thread.
at::Tensor trained(GraphModel& model, int num_steps) {
  for (int i = 0; i < num_steps; ++i) {
    output_of(model.forward(Tree(Tree::Map{})), "out").sum().pow(2).backward();
    at::NoGradGuard no_grad;
    at::Tensor weight = model.parameters()[0].tensor;
    weight.sub_(weight.grad() * 1e-4);
    weight.mutable_grad().reset();
  }
  return model.parameters()[0].tensor.detach();
}

TEST(GraphModel, TwoThreadsTrainTwoModelsAsOneWould) {
  GraphModel alone = tied_program().model(), first = tied_program().model(), second = tied_program().model();
  const at::Tensor expected = trained(alone, 200);
  std::thread other([&] { trained(second, 200); });
  trained(first, 200);
  other.join();
  EXPECT_TRUE(at::equal(first.parameters()[0].tensor, expected));
  EXPECT_TRUE(at::equal(second.parameters()[0].tensor, expected));
}

}  // namespace
}  // namespace oarlock
