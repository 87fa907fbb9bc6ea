#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <utility>

#include "model/providers/graph.h"
#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;

// A complete pass, as docs/graph-engine.md shows it: every relu becomes a gelu.
class GeluForRelu : public GraphPass {
 public:
  const char* name() const override { return "gelu_for_relu"; }
  Status run(Program& program) override {
    OAR_ASSIGN(const c10::OperatorHandle gelu, find_operator("aten::gelu"));
    for (Node& node : program.graph.nodes) {
      if (node.opcode != Opcode::kOperator || node.op->schema().name() != "aten::relu") continue;
      OAR_ASSIGN(Argument approximate, default_argument(gelu.schema().arguments()[1]));
      node.op = gelu;
      node.target = "aten::gelu";
      node.arguments.push_back(std::move(approximate));
    }
    return Status::ok();
  }
};

GraphModel relu_model() {
  GraphBuilder builder;
  Program program;
  const SlotId x = builder.input("x");
  program.inputs.push_back({"x", x});
  const SlotId out = builder.call("aten::relu", {of(x)}, "out");
  builder.graph.outputs = {out};
  program.outputs.push_back({c10::IValue(), out});
  program.output_tree.kind = OutputTree::Kind::kList;
  program.output_tree.children.emplace_back();
  program.graph = builder.graph;
  return {std::move(program), at::kCPU};
}

TEST(GraphPass, RewritesBothPlans) {
  GraphModel model = relu_model();
  GeluForRelu pass;
  ASSERT_TRUE(model.apply(pass).is_ok());
  const at::Tensor x = at::tensor({-1.0f, 2.0f});
  Tree inputs;
  inputs.append(Tree(x));
  for (const bool training : {true, false}) {
    model.set_training(training);
    EXPECT_TRUE(at::equal(*model.forward(inputs).value().at(0).value()->tensor(), at::gelu(x)));
  }
}

class Breaking : public GraphPass {
 public:
  const char* name() const override { return "breaking"; }
  Status run(Program& program) override {
    program.graph.nodes[0].arguments.clear();
    return Status::ok();
  }
};

TEST(GraphPass, WhatBreaksAnInvariantChangesNothing) {
  GraphModel model = relu_model();
  Breaking pass;
  const Status status = model.apply(pass);
  EXPECT_EQ(status.code(), OAR_E_CORRUPT);
  EXPECT_EQ(
      status.message(),
      "after the pass breaking: node out (aten::relu) in module block.0: it has 0 arguments, the operator takes 1");
  Tree inputs;
  inputs.append(Tree(at::ones({2})));
  EXPECT_TRUE(model.forward(inputs).is_ok());
}

}  // namespace
}  // namespace oarlock
