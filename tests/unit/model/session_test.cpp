#include "model/session.h"

#include <ATen/ATen.h>
#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "model/providers/graph.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;

// Takes another operator for the program's only node.
class OperatorChange : public GraphPass {
 public:
  explicit OperatorChange(const char* op) : op_(op) {}
  const char* name() const override { return "operator change"; }
  Status run(Program& program) override {
    program.graph.nodes[0].op = find_operator(op_).value();
    return Status::ok();
  }

 private:
  const char* op_;
};

// out = -x
std::shared_ptr<GraphModel> negation() {
  GraphBuilder builder;
  Program program;
  const SlotId x = builder.input("x");
  builder.graph.slots[x].exported = ExportedTensor{at::kFloat, {{3, ExportedDim::kFixed}}, false};
  const SlotId out = builder.call("aten::neg", {of(x)}, "out");
  builder.graph.slots[out].exported = builder.graph.slots[x].exported;
  builder.graph.outputs = {out};
  program.graph = builder.graph;
  program.inputs.push_back({"x", x});
  program.outputs.push_back({c10::IValue(), out});
  program.output_tree.kind = OutputTree::Kind::kList;
  program.output_tree.children.emplace_back();
  return std::make_shared<GraphModel>(std::move(program), at::kCPU);
}

at::Tensor result(Session& session, const at::Tensor& x) {
  at::Tensor out = at::zeros({3});
  session.run().refresh();
  session.run().inputs()[0] = &x;
  session.run().outputs()[0] = &out;
  const Status status = session.run().run();
  EXPECT_TRUE(status.is_ok()) << status.message();
  return out;
}

TEST(Session, FollowsAPassThatRewritesItsModel) {
  const auto model = negation();
  const auto session = Session::create(model).value();
  const at::Tensor x = at::tensor({1.0F, -2.0F, 3.0F});
  EXPECT_TRUE(at::equal(result(*session, x), x.neg()));
  OperatorChange change("aten::abs");
  ASSERT_TRUE(model->apply(change).is_ok());
  EXPECT_TRUE(at::equal(result(*session, x), x.abs()));
}

TEST(Session, TellsOfTheRewrittenProgramBeforeItRuns) {
  const auto model = negation();
  const auto session = Session::create(model).value();
  EXPECT_TRUE(session->run().writes_in_place(0).value());
  OperatorChange change("aten::detach");  // gives a view: it writes nowhere
  ASSERT_TRUE(model->apply(change).is_ok());
  EXPECT_FALSE(session->run().writes_in_place(0).value());
}

// While an operator runs: whether the storage below may be resized, as it may before and after.
thread_local const at::Tensor* watched = nullptr;
thread_local int num_looks = 0, num_resizable = 0;

std::unique_ptr<at::ObserverContext> look(const at::RecordFunction&) {
  ++num_looks;
  if (watched->storage().unsafeGetStorageImpl()->resizable()) ++num_resizable;
  return nullptr;
}

// Another thread may be writing to another view of it.
TEST(Session, ARunLeavesTheStorageOfTheCallersArraysAlone) {
  const auto session = Session::create(negation()).value();
  const at::Tensor whole = at::zeros({2, 3}), x = at::tensor({1.0F, -2.0F, 3.0F});
  at::Tensor row = whole[1];
  session->run().inputs()[0] = &x;
  session->run().outputs()[0] = &row;
  watched = &whole;
  const auto handle = at::addThreadLocalCallback(at::RecordFunctionCallback(look).scopes({at::RecordScope::FUNCTION}));
  const Status status = session->run().run();
  at::removeCallback(handle);
  EXPECT_TRUE(status.is_ok()) << status.message();
  EXPECT_GE(num_looks, 1);
  EXPECT_EQ(num_resizable, num_looks);
  EXPECT_TRUE(at::equal(whole, at::stack({at::zeros({3}), x.neg()})));
}

TEST(Session, AnOutputThatIsSeenNegatedIsWrittenByCopy) {
  const auto session = Session::create(negation()).value();
  at::Tensor memory = at::zeros({3}), out = at::_neg_view(memory);
  const at::Tensor x = at::tensor({1.0F, -2.0F, 3.0F});
  session->run().inputs()[0] = &x;
  session->run().outputs()[0] = &out;
  const Status status = session->run().run();
  EXPECT_TRUE(status.is_ok()) << status.message();
  EXPECT_TRUE(at::equal(out, x.neg()));
  EXPECT_TRUE(at::equal(memory, x));
}

}  // namespace
}  // namespace oarlock
