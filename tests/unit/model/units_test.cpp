#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <map>
#include <thread>
#include <utility>

#include "model/providers/graph.h"
#include "tensor/exceptions.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;

using Log = std::vector<std::string>;

// Writes down what it is told, under its name.
class Recorder : public UnitObserver {
 public:
  Recorder(std::string name, std::shared_ptr<Log> log, bool backward = true)
      : name_(std::move(name)), log_(std::move(log)), backward_(backward) {}
  bool watches_units() const override { return true; }
  bool watches_backward() const override { return backward_; }
  Status before_forward(const UnitRun& run) override { return note(">", run); }
  Status after_forward(const UnitRun& run) override { return note("<", run); }
  Status before_backward(const UnitRun& run) override { return note("(", run); }
  Status after_backward(const UnitRun& run) override { return note(")", run); }
  std::string fails_at;

 private:
  Status note(const char* mark, const UnitRun& run) {
    const std::string text = name_ + mark + (run.unit.path.empty() ? "root" : run.unit.path);
    log_->push_back(text);
    return text == fails_at ? unsupported("{} has had enough", text) : Status::ok();
  }
  const std::string name_;
  const std::shared_ptr<Log> log_;
  const bool backward_;
};

at::Tensor leaf(double value) { return at::full({2}, value).set_requires_grad(true); }

// x -> a: x * wa -> b: neg (no parameters) -> c, called twice: * wc; frozen: * wf (no gradient). out: sum.
class Events : public testing::Test {
 protected:
  std::unique_ptr<GraphModel> model(bool train_a = true) {
    GraphBuilder builder;
    Program program;
    const auto parameter = [&](const char* name, at::Tensor tensor) {
      const SlotId slot = builder.input(name);
      program.tensors.push_back({name, TensorRole::kParameter, true, slot, std::move(tensor)});
      return slot;
    };
    const SlotId wa = parameter("wa", train_a ? leaf(2) : at::full({2}, 2.0)), wc = parameter("wc", leaf(3));
    const SlotId x = builder.input("x");
    program.inputs.push_back({"x", x});
    const auto at_module = [&](const char* module, int call) {
      builder.module = module;
      builder.module_call = call;
    };
    at_module("a", 0);
    SlotId value = builder.call("aten::mul.Tensor", {of(x), of(wa)}, "a");
    at_module("b", 0);
    value = builder.call("aten::neg", {of(value)}, "b");
    for (int call = 0; call < 2; ++call) {
      at_module("c", call);
      value = builder.call("aten::mul.Tensor", {of(value), of(wc)}, "c");
    }
    at_module("", 0);
    builder.module_class = "Net";
    value = builder.call("aten::sum", {of(value)}, "out");
    program.outputs.push_back({c10::IValue(), value});
    program.output_tree.kind = OutputTree::Kind::kList;
    program.output_tree.children.emplace_back();
    builder.graph.outputs = {value};
    program.graph = builder.graph;
    auto made = std::make_unique<GraphModel>(std::move(program), at::kCPU);
    EXPECT_TRUE(made->set_units({{}, {"a", "b", "c"}, 0}).is_ok());
    return made;
  }
  static at::Tensor loss(GraphModel& model) {
    Tree inputs;
    inputs.append(Tree(at::ones({2})));
    const Result<Tree> outputs = model.forward(inputs);
    EXPECT_TRUE(outputs.is_ok()) << outputs.status().message();
    return outputs.is_ok() ? *outputs.value().at(0).value()->tensor() : at::Tensor();
  }
  Log take() { return std::exchange(*log_, {}); }
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

const Log kForward{"1>root", "1>a", "1<a", "1>b", "1<b", "1>c", "1<c", "1>c", "1<c", "1<root"};
// c's parameter has its gradient after both calls; b has none and ends with the backward, as the root.
const Log kBackward{"1(root", "1(c", "1)c", "1(b", "1(a", "1)a", "1)b", "1)root"};

TEST_F(Events, EachComesOncePerUnitAndBackward) {
  const auto owner = model();
  const auto observer = std::make_shared<Recorder>("1", log_);
  owner->add_observer(observer);
  const at::Tensor value = loss(*owner);
  EXPECT_EQ(take(), kForward);
  value.backward();
  Log backward = take();
  std::sort(backward.begin(), backward.end());
  Log expected = kBackward;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(backward, expected);
}

TEST_F(Events, ComeInTheOrderOfTheBackward) {
  const auto owner = model();
  const auto observer = std::make_shared<Recorder>("1", log_);
  owner->add_observer(observer);
  const at::Tensor value = loss(*owner);
  take();
  value.backward();
  const Log log = take();
  const auto place = [&](const char* text) { return std::find(log.begin(), log.end(), text) - log.begin(); };
  EXPECT_EQ(place("1(root"), 0);
  EXPECT_LT(place("1(c"), place("1)c"));
  EXPECT_LT(place("1(c"), place("1(b"));
  EXPECT_LT(place("1(b"), place("1(a"));
  EXPECT_LT(place("1(a"), place("1)a"));
  EXPECT_LT(place("1)b"), place("1)root"));
  EXPECT_EQ(place("1)root"), static_cast<std::ptrdiff_t>(log.size()) - 1);
}

TEST_F(Events, ARetainedGraphTellsThemAgain) {
  const auto owner = model();
  const auto observer = std::make_shared<Recorder>("1", log_);
  owner->add_observer(observer);
  const at::Tensor value = loss(*owner);
  take();
  value.backward({}, /*retain_graph=*/true);
  const Log first = take();
  value.backward();
  EXPECT_EQ(first.size(), kBackward.size());
  EXPECT_EQ(take(), first);
}

TEST_F(Events, AUnitThatNoGradientReachesHasNone) {
  const auto owner = model(/*train_a=*/false);
  const auto observer = std::make_shared<Recorder>("1", log_);
  owner->add_observer(observer);
  const at::Tensor value = loss(*owner);
  take();
  value.backward();
  EXPECT_EQ(take(), (Log{"1(root", "1(c", "1)c", "1)root"}));
}

TEST_F(Events, TwoModelsInOneBackwardEachHaveTheirs) {
  const auto first = model(), second = model();
  const auto log2 = std::make_shared<Log>();
  const auto one = std::make_shared<Recorder>("1", log_), two = std::make_shared<Recorder>("1", log2);
  first->add_observer(one);
  second->add_observer(two);
  const at::Tensor value = loss(*first) + loss(*second);
  take();
  log2->clear();
  value.backward();
  EXPECT_EQ(take().size(), kBackward.size());
  EXPECT_EQ(log2->size(), kBackward.size());
}

TEST_F(Events, ObserversAreToldInOrderAndBackwards) {
  const auto owner = model();
  const auto one = std::make_shared<Recorder>("1", log_, false), two = std::make_shared<Recorder>("2", log_, false);
  owner->add_observer(one);
  owner->add_observer(two);
  loss(*owner);
  const Log log = take();
  EXPECT_EQ(Log(log.begin(), log.begin() + 6), (Log{"1>root", "2>root", "1>a", "2>a", "2<a", "1<a"}));
}

TEST_F(Events, RecomputedUnitsHaveTheSame) {
  const auto owner = model();
  ASSERT_TRUE(owner->set_recompute("*", true).is_ok());
  const auto observer = std::make_shared<Recorder>("1", log_);
  owner->add_observer(observer);
  const at::Tensor value = loss(*owner);
  EXPECT_EQ(take(), kForward);
  value.backward();
  EXPECT_EQ(take().size(), kBackward.size());
  // d/dwc of sum(-x * wa * wc^2) = -2 * wa * wc = -12; d/dwa = -wc^2 = -9
  EXPECT_TRUE(at::equal(owner->gradient("wc").value(), at::full({2}, -12.0)));
  EXPECT_TRUE(at::equal(owner->gradient("wa").value(), at::full({2}, -9.0)));
}

TEST_F(Events, AFailureEndsTheForwardWithItsText) {
  const auto owner = model();
  const auto observer = std::make_shared<Recorder>("1", log_);
  observer->fails_at = "1>b";
  owner->add_observer(observer);
  Tree inputs;
  inputs.append(Tree(at::ones({2})));
  const Status status = owner->forward(inputs).status();
  EXPECT_EQ(status.code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(status.message(), "1>b has had enough");
  EXPECT_EQ(take(), (Log{"1>root", "1>a", "1<a", "1>b"}));
}

Status backward_status(const at::Tensor& loss) {
  return caught([&]() -> Status {
    torch::autograd::backward({loss}, {});
    return Status::ok();
  });
}

TEST_F(Events, AFailureEndsTheBackwardWithItsTextAndTheNextIsWhole) {
  for (const char* where : {"1(c", "1)c", "1)root"}) {
    const auto owner = model();
    const auto observer = std::make_shared<Recorder>("1", log_);
    observer->fails_at = where;
    owner->add_observer(observer);
    const Status status = backward_status(loss(*owner));
    EXPECT_EQ(status.code(), OAR_E_UNSUPPORTED) << where;
    EXPECT_EQ(status.message(), std::string(where) + " has had enough");
    observer->fails_at.clear();
    const at::Tensor value = loss(*owner);
    take();
    EXPECT_TRUE(backward_status(value).is_ok());
    EXPECT_EQ(take().size(), kBackward.size());
  }
}

TEST_F(Events, NobodyHoldsAGradientSlotForObserversThatDoNotAsk) {
  const auto owner = model();
  const auto observer = std::make_shared<Recorder>("1", log_, false);
  owner->add_observer(observer);
  const at::Tensor value = loss(*owner);
  take();
  value.backward();
  EXPECT_TRUE(take().empty());
}

// Gradients with a history of their own. Not by backward(): a parameter and such a gradient would hold each other.
Status differentiate_twice(const GraphModel& model, const at::Tensor& value) {
  torch::autograd::variable_list parameters;
  for (const auto& [name, parameter] : model.parameters()) parameters.push_back(parameter);
  return caught([&]() -> Status {
    (void)torch::autograd::grad({value}, parameters, {}, true, /*create_graph=*/true);
    return Status::ok();
  });
}

// "a" is no module any more.
class WithoutA : public GraphPass {
 public:
  const char* name() const override { return "without a"; }
  Status run(Program& program) override {
    program.graph.module_classes.erase("a");
    for (Node& node : program.graph.nodes) {
      if (node.module_path == "a") node.module_path.clear();
    }
    return Status::ok();
  }
};

TEST_F(Events, APassMovesRecomputingToNoOtherUnit) {
  const auto owner = model();
  ASSERT_TRUE(owner->set_units({{}, {}, 2}).is_ok());  // a and c
  ASSERT_TRUE(owner->set_recompute("a", true).is_ok());
  EXPECT_EQ(differentiate_twice(*owner, loss(*owner)).code(), OAR_E_UNSUPPORTED);
  WithoutA pass;
  ASSERT_TRUE(owner->apply(pass).is_ok());
  ASSERT_EQ(owner->units().size(), 2u);
  EXPECT_TRUE(differentiate_twice(*owner, loss(*owner)).is_ok());
}

TEST_F(Events, APassThatTakesAUnitOfThePolicyAwayChangesNothing) {
  const auto owner = model();
  WithoutA pass;
  EXPECT_EQ(owner->apply(pass).code(), OAR_E_ARGUMENT);
  EXPECT_EQ(owner->units().size(), 4u);
  EXPECT_TRUE(loss(*owner).defined());
}

TEST_F(Events, GradientsOfGradientsAreRefusedWhereUnitsAreRecomputed) {
  const auto owner = model();
  ASSERT_TRUE(owner->set_recompute("a", true).is_ok());
  const Status status = differentiate_twice(*owner, loss(*owner));
  EXPECT_EQ(status.code(), OAR_E_UNSUPPORTED);
  EXPECT_EQ(status.message().find("gradients of gradients do not go through recomputed units"), 0u);
}

TEST_F(Events, TwoThreadsRunTwoRecomputedModels) {
  const auto first = model(), second = model();
  const auto train = [](GraphModel& model) {
    EXPECT_TRUE(model.set_recompute("*", true).is_ok());
    for (int i = 0; i < 50; ++i) loss(model).backward();
  };
  // Makes libtorch's default generator: ThreadSanitizer does not see inside how a second thread waits for that.
  (void)at::detail::getDefaultCPUGenerator();
  std::thread other([&] { train(*second); });
  train(*first);
  other.join();
  EXPECT_TRUE(at::equal(first->gradient("wc").value(), at::full({2}, -600.0)));
  EXPECT_TRUE(at::equal(second->gradient("wc").value(), at::full({2}, -600.0)));
}

TEST_F(Events, TwoThreadsEvaluateWithOnePlan) {
  GraphBuilder builder;
  SlotId value = builder.input("x");
  for (int i = 0; i < 4; ++i) value = builder.call("aten::neg", {of(value)}, "v");
  builder.graph.outputs = {value};
  const Executor executor = Executor::compile(builder.graph);
  const auto run = [&](double number) {
    const c10::AutoGradMode no_grad(false);
    for (int i = 0; i < 200; ++i) {
      Frame frame = executor.make_frame();
      frame.set(0, at::full({3}, number));
      EXPECT_TRUE(executor.run(frame).is_ok());
      EXPECT_TRUE(at::equal(frame.get(value).toTensor(), at::full({3}, number)));
    }
  };
  std::thread other([&] { run(1); });
  run(2);
  other.join();
}

// A complete observer, as docs/graph-engine.md shows it.
class Counter : public UnitObserver {
 public:
  bool watches_units() const override { return true; }
  bool watches_backward() const override { return true; }
  Status after_forward(const UnitRun& run) override {
    ++forwards[run.unit.path];
    return Status::ok();
  }
  Status after_backward(const UnitRun& run) override {
    ++backwards[run.unit.path];
    return Status::ok();
  }
  std::map<std::string, int> forwards, backwards;
};

TEST_F(Events, ForwardsAreToldPerCallBackwardsOnce) {
  const auto owner = model();
  const auto counter = std::make_shared<Counter>();
  owner->add_observer(counter);
  loss(*owner).backward();
  EXPECT_EQ(counter->forwards, (std::map<std::string, int>{{"", 1}, {"a", 1}, {"b", 1}, {"c", 2}}));
  EXPECT_EQ(counter->backwards, (std::map<std::string, int>{{"", 1}, {"a", 1}, {"b", 1}, {"c", 1}}));
}

}  // namespace
}  // namespace oarlock
