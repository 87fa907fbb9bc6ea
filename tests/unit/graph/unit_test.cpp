#include "graph/unit.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "unit/support/graph_builder.h"

namespace oarlock {
namespace {

using test::GraphBuilder;
using test::of;
using test::of_value;

std::vector<std::string> paths_of(const Units& units) {
  std::vector<std::string> paths;
  for (const Unit& unit : units) paths.push_back(unit.path);
  return paths;
}

using Paths = std::vector<std::string>;

// x -> embed (root) -> layers.0 -> layers.1 -> head; every module uses one weight, embed and head the same one.
class Layers : public testing::Test {
 protected:
  Layers() {
    const at::Tensor tied = trained(8);
    const SlotId embed = parameter("embed.weight", tied), head = parameter("head.weight", tied);
    const SlotId first = parameter("layers.0.fc.weight", trained(2));
    const SlotId second = parameter("layers.1.fc.weight", trained(4));
    parameter("unused", trained(1));
    const SlotId x = builder_.input("x");
    program_.inputs.push_back({"x", x});
    const SlotId embedded = call("embed", "nn.Embedding", "aten::mul.Tensor", x, embed, "embedded");
    const SlotId a = call("layers.0.fc", "nn.Linear", "aten::mul.Tensor", embedded, first, "a");
    const SlotId b = call("layers.0", "models.Block", "aten::add.Tensor", a, embedded, "b");
    const SlotId c = call("layers.1.fc", "nn.Linear", "aten::mul.Tensor", b, second, "c");
    const SlotId d = call("layers.1", "models.Block", "aten::add.Tensor", c, b, "d");
    builder_.graph.outputs = {call("head", "nn.Linear", "aten::mul.Tensor", d, head, "out")};
    builder_.graph.module_classes = {{"", "models.Net"}};
    program_.graph = builder_.graph;
  }
  SlotId parameter(const char* name, at::Tensor tensor) {
    const SlotId slot = builder_.input(name);
    program_.tensors.push_back({name, TensorRole::kParameter, true, slot, std::move(tensor)});
    return slot;
  }
  static at::Tensor trained(std::int64_t numel) { return at::ones({numel}).set_requires_grad(true); }
  SlotId call(const char* module, const char* class_name, const char* op, SlotId a, SlotId b, const char* name) {
    builder_.module = module;
    builder_.module_class = class_name;
    return builder_.call(op, {of(a), of(b)}, name);
  }
  SlotId slot(std::string_view name) const {
    for (std::size_t i = 0; i < program_.graph.slots.size(); ++i) {
      if (program_.graph.slots[i].name == name) return static_cast<SlotId>(i);
    }
    return kNoSlot;
  }
  Paths chosen(const UnitPolicy& policy) const { return paths_of(choose_units(program_, policy).value()); }
  std::string refusal(const UnitPolicy& policy) const {
    const Result<Units> units = choose_units(program_, policy);
    EXPECT_EQ(units.status().code(), OAR_E_ARGUMENT);
    return units.status().message();
  }

  GraphBuilder builder_;
  Program program_;
};

TEST_F(Layers, NoPolicyLeavesTheRootOnly) {
  EXPECT_EQ(chosen({}), Paths{""});
  EXPECT_EQ(choose_units(program_, {}).value()[0].class_name, "models.Net");
}

TEST_F(Layers, AreChosenByClassByItsLastPartAndByPath) {
  const Paths expected{"", "layers.0", "layers.1"};
  EXPECT_EQ(chosen({{"models.Block"}, {}, 0}), expected);
  EXPECT_EQ(chosen({{"Block"}, {}, 0}), expected);
  EXPECT_EQ(chosen({{}, {"layers.*"}, 0}), expected);
  EXPECT_EQ(chosen({{}, {"layers.1", "head"}, 0}), (Paths{"", "layers.1", "head"}));
}

// The meaning of adapter.h's patterns: one for all names.
TEST_F(Layers, AStarOfAPathStandsForAnyCharacters) {
  EXPECT_EQ(chosen({{}, {"*.fc"}, 0}), (Paths{"", "layers.0.fc", "layers.1.fc"}));
  EXPECT_EQ(chosen({{}, {"**.fc"}, 0}), (Paths{"", "layers.0.fc", "layers.1.fc"}));
  EXPECT_EQ(chosen({{}, {"lay*1"}, 0}), (Paths{"", "layers.1"}));
  EXPECT_EQ(refusal({{}, {"*.f"}, 0}).find("no module of the program has the path '*.f'"), 0u);
}

TEST_F(Layers, AModuleInsideAUnitIsNone) {
  EXPECT_EQ(chosen({{"Linear"}, {"layers.0"}, 0}), (Paths{"", "layers.0", "layers.1.fc", "head"}));
}

TEST_F(Layers, TheSmallestSubtreesThatAreLargeEnoughAreUnits) {
  EXPECT_EQ(chosen({{}, {}, 4}), (Paths{"", "embed", "layers.1.fc", "head"}));
  EXPECT_EQ(chosen({{}, {}, 2}), (Paths{"", "embed", "layers.0.fc", "layers.1.fc", "head"}));
  EXPECT_EQ(chosen({{}, {}, 100}), Paths{""});
}

TEST_F(Layers, WhatFitsNothingIsRefusedWithTheNearest) {
  EXPECT_EQ(refusal({{"Blok"}, {}, 0}), "no module of the program has the class 'Blok'; did you mean 'Block'?");
  EXPECT_EQ(refusal({{}, {"layer.*"}, 0}).find("no module of the program has the path 'layer.*'"), 0u);
  EXPECT_EQ(refusal({{"Attention"}, {}, 0}).find("no module of the program has the class 'Attention'; there are "), 0u);
}

TEST_F(Layers, ParametersBelongToTheUnitThatUsesThemSharedAndUnusedOnesToTheRoot) {
  const Units units = choose_units(program_, {{}, {"embed", "layers.*"}, 0}).value();
  ASSERT_EQ(units.size(), 4u);
  const auto names = [&](std::size_t unit) {
    Paths result;
    for (const std::size_t index : units[unit].parameters) result.push_back(program_.tensors[index].name);
    return result;
  };
  EXPECT_EQ(names(0), (Paths{"embed.weight", "unused"}));  // head uses it too, and holds no unit
  EXPECT_EQ(names(1), Paths{});
  EXPECT_EQ(names(2), Paths{"layers.0.fc.weight"});
  EXPECT_EQ(names(3), Paths{"layers.1.fc.weight"});
}

TEST_F(Layers, SegmentsTellWhatFlowsInAndOut) {
  const Units units = choose_units(program_, {{}, {"layers.*"}, 0}).value();
  const UnitPlan plan = plan_units(program_, program_.graph, units);
  ASSERT_EQ(plan.segments.size(), 2u);
  EXPECT_EQ(plan.segments[0].begin, 1u);
  EXPECT_EQ(plan.segments[0].end, 3u);
  EXPECT_EQ(plan.segments[0].tensors, std::vector<std::size_t>{2});
  EXPECT_EQ(plan.segments[0].live_in, std::vector<SlotId>{slot("embedded")});
  EXPECT_EQ(plan.segments[0].live_out, std::vector<SlotId>{slot("b")});
  EXPECT_EQ(plan.segments[1].live_in, std::vector<SlotId>{slot("b")});
  EXPECT_EQ(plan.segments[1].live_out, std::vector<SlotId>{slot("d")});
  EXPECT_EQ(plan.whole.end, 6u);
  EXPECT_EQ(plan.whole.live_in, std::vector<SlotId>{slot("x")});
  EXPECT_EQ(plan.whole.live_out, std::vector<SlotId>{slot("out")});
}

TEST_F(Layers, WhatIsKeptFlowsOut) {
  const Units units = choose_units(program_, {{}, {"layers.*"}, 0}).value();
  const UnitPlan plan = plan_units(program_, program_.graph, units, {slot("a")});
  EXPECT_EQ(plan.segments[0].live_out, (std::vector<SlotId>{slot("a"), slot("b")}));
}

TEST_F(Layers, AreFoundByPattern) {
  const Units units = choose_units(program_, {{}, {"layers.*"}, 0}).value();
  for (const char* pattern : {"*", "**", "layers.*", "lay*"}) {
    EXPECT_EQ(find_units(units, pattern).value(), (std::vector<std::size_t>{1, 2})) << pattern;
  }
  EXPECT_EQ(find_units(units, "layers.2").status().message(), "no unit fits 'layers.2'; did you mean 'layers.0'?");
  EXPECT_EQ(find_units(units, "encoder.block.*").status().message(),
            "no unit fits 'encoder.block.*'; there are layers.0, layers.1");
}

std::vector<std::pair<std::size_t, std::size_t>> ranges(const Program& program, const UnitPolicy& policy) {
  const Units units = choose_units(program, policy).value();
  std::vector<std::pair<std::size_t, std::size_t>> result;
  for (const Segment& segment : plan_units(program, program.graph, units).segments) {
    result.emplace_back(segment.begin, segment.end);
  }
  return result;
}

using Ranges = std::vector<std::pair<std::size_t, std::size_t>>;

TEST(PlanUnits, EachCallOfAModuleIsASegment) {
  GraphBuilder builder;
  SlotId value = builder.input("x");
  for (int call = 0; call < 3; ++call) {
    builder.module_call = call;
    value = builder.call("aten::neg", {of(value)}, "v");
    value = builder.call("aten::relu", {of(value)}, "v");
  }
  builder.graph.outputs = {value};
  Program program;
  program.graph = builder.graph;
  EXPECT_EQ(ranges(program, {{"Block"}, {}, 0}), (Ranges{{0, 2}, {2, 4}, {4, 6}}));
}

TEST(PlanUnits, ARegionThatAUnitOpensIsTheUnitsToItsEnd) {
  GraphBuilder builder;
  SlotId value = builder.call("aten::neg", {of(builder.input("x"))}, "v");
  builder.region(Opcode::kEnterGradMode, false);
  builder.graph.nodes.back().module_path = "block.0";
  builder.graph.nodes.back().module_class = "Block";
  builder.module = "elsewhere";
  value = builder.call("aten::neg", {of(value)}, "v");
  builder.region(Opcode::kExitGradMode, false);
  builder.graph.outputs = {builder.call("aten::neg", {of(value)}, "v")};
  Program program;
  program.graph = builder.graph;
  EXPECT_EQ(ranges(program, {{}, {"block.0"}, 0}), (Ranges{{0, 4}}));
}

TEST(PlanUnits, AUnitLiesInsideTheRootsRegion) {
  GraphBuilder builder;
  const SlotId x = builder.input("x");
  builder.region(Opcode::kEnterGradMode, false);
  const SlotId value = builder.call("aten::neg", {of(x)}, "v");
  builder.region(Opcode::kExitGradMode, false);
  builder.graph.outputs = {value};
  Program program;
  program.graph = builder.graph;
  EXPECT_EQ(ranges(program, {{}, {"block.0"}, 0}), (Ranges{{1, 2}}));
}

TEST(PlanUnits, NodesOfUnknownPlaceBelongToWhatStandsAroundThem) {
  GraphBuilder builder;
  SlotId value = builder.call("aten::neg", {of(builder.input("x"))}, "v");
  for (const char* module : {"", "block.0", ""}) {
    builder.module = module;
    builder.module_class = *module == 0 ? "" : "Block";
    value = builder.call("aten::neg", {of(value)}, "v");
  }
  builder.graph.outputs = {value};
  Program program;
  program.graph = builder.graph;
  EXPECT_EQ(ranges(program, {{}, {"block.0"}, 0}), (Ranges{{0, 3}}));
}

TEST(UnitPolicy, IsReadFromJson) {
  const UnitPolicy policy =
      parse_unit_policy(R"({"classes": ["Block"], "paths": ["a.*"], "min_parameters": 7})").value();
  EXPECT_EQ(policy.classes, Paths{"Block"});
  EXPECT_EQ(policy.paths, Paths{"a.*"});
  EXPECT_EQ(policy.min_parameters, 7);
}

TEST(UnitPolicy, RefusesWhatItDoesNotKnow) {
  for (const char* text :
       {"[]", R"({"class": []})", R"({"classes": "Block"})", R"({"paths": [1]})", R"({"min_parameters": 0})", "{"}) {
    EXPECT_EQ(parse_unit_policy(text).status().code(), OAR_E_ARGUMENT) << text;
  }
}

}  // namespace
}  // namespace oarlock
