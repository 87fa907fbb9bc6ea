#include "model/session.h"

#include <ATen/ATen.h>
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
  const char* name() const override { return "operator change"; }
  Status run(Program& program) override {
    program.graph.nodes[0].op = find_operator("aten::abs").value();
    return Status::ok();
  }
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
  OperatorChange change;
  ASSERT_TRUE(model->apply(change).is_ok());
  EXPECT_TRUE(at::equal(result(*session, x), x.abs()));
}

}  // namespace
}  // namespace oarlock
