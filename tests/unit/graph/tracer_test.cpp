#include "graph/tracer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "graph/executor.h"
#include "graph/input_check.h"
#include "tensor/dtype.h"

namespace oarlock {
namespace {

EagerArgument given(c10::IValue value) { return {"", {false, {{std::move(value), kNoSlot}}}}; }

EagerArgument sizes(std::vector<std::int64_t> values) {
  EagerArgument argument{"", {true, {}}};
  for (const std::int64_t value : values) argument.value.items.push_back({value, kNoSlot});
  return argument;
}

EagerArgument tensors(const std::vector<at::Tensor>& values) {
  EagerArgument argument{"", {true, {}}};
  for (const at::Tensor& value : values) argument.value.items.push_back({value, kNoSlot});
  return argument;
}

at::Tensor call(const char* name, std::vector<EagerArgument> arguments) {
  Result<std::vector<at::Tensor>> results = call_operator(name, arguments, at::kCPU, nullptr);
  EXPECT_TRUE(results.is_ok()) << results.status().message();
  return results.is_ok() ? results.value().at(0) : at::Tensor();
}

// Runs of one forward over x [n, 3], and what they make together.
class Traces : public testing::Test {
 protected:
  template <class Forward>
  Status run(const at::Tensor& x, const Forward& forward) {
    Tracer tracer(subject_, {x}, recordings_);
    const CallScope scope(true, &tracer);
    Result<Recording> recording = tracer.finish(Tree(Tree::List{Tree(forward(x))}));
    if (!recording.is_ok()) return std::move(recording).status();
    recording.value().sizes = {x.size(0)};
    recordings_.push_back(std::move(recording).value());
    return Status::ok();
  }

  template <class Forward>
  Result<Program> trace(const Forward& forward) {
    for (const std::int64_t n : {4, 5, 7}) OAR_TRY(run(at::ones({n, 3}), forward));
    return program_of_recordings(subject_, {"n"}, {{0, 0, 0}}, recordings_);
  }

  static at::Tensor evaluate(const Program& program, const at::Tensor& x) {
    const Executor executor = Executor::compile(program.graph);
    Frame frame = executor.make_frame();
    frame.set(program.inputs[0].slot, x);
    for (const ProgramTensor& entry : program.tensors) frame.set(entry.slot, entry.tensor);
    EXPECT_TRUE(executor.run(frame).is_ok());
    return frame.get(program.outputs[0].slot).toTensor();
  }

  std::vector<ModuleScope> scopes_;
  TraceSubject subject_{{"x"}, {at::ones({4, 3})}, {}, &scopes_};
  std::vector<Recording> recordings_;
};

TEST_F(Traces, ASizeIsComputedOnceAtTheTop) {
  const auto forward = [](const at::Tensor& x) {
    const std::int64_t n = x.size(0);
    const at::Tensor y = call("aten::view", {given(x), sizes({3 * n})});
    return call("aten::view", {given(y), sizes({n, 3})});
  };
  const Program program = trace(forward).value();
  ASSERT_EQ(program.graph.nodes.size(), 4U);  // size, 3 * size, view, view
  EXPECT_EQ(program.graph.nodes[0].symbolic, SymbolicOp::kSize);
  EXPECT_EQ(program.graph.nodes[1].symbolic, SymbolicOp::kMul);
  EXPECT_EQ(program.graph.nodes[2].target, "torch.ops.aten.view.default");
  EXPECT_EQ(evaluate(program, at::ones({0, 3})).sizes(), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(evaluate(program, at::ones({9, 3})).sizes(), (std::vector<std::int64_t>{9, 3}));
}

TEST_F(Traces, AResultInPlaceIsWhatLaterCallsSee) {
  const auto forward = [](const at::Tensor& x) {
    const at::Tensor y = call("aten::add", {given(x), given(1)});
    call("aten::mul_", {given(y), given(2)});
    return call("aten::add", {given(y), given(0)});
  };
  const Program program = trace(forward).value();
  EXPECT_EQ(program.graph.nodes[2].arguments[0].slot, program.graph.nodes[1].outputs[0].slots[0]);
  EXPECT_EQ(evaluate(program, at::ones({2, 3})).sum().item<float>(), 24);
}

TEST_F(Traces, AConstantIsItsValueWhenItWasMet) {
  const at::Tensor mask = at::ones({3});
  const auto forward = [&](const at::Tensor& x) {
    const at::Tensor y = call("aten::mul", {given(x), given(mask)});
    mask.fill_(1);
    return y;
  };
  const Program program = trace(forward).value();
  mask.zero_();
  ASSERT_EQ(program.tensors.size(), 1U);
  EXPECT_EQ(program.tensors[0].role, TensorRole::kConstant);
  EXPECT_EQ(evaluate(program, at::ones({2, 3})).sum().item<float>(), 6);
}

TEST_F(Traces, ANodeStandsInTheInnermostScope) {
  const auto forward = [&](const at::Tensor& x) {
    scopes_ = {{"blocks.0", "Block", 0}, {"blocks.0.fc", "Linear", 1}};
    const at::Tensor y = call("aten::relu", {given(x)});
    scopes_.clear();
    return y;
  };
  const Program program = trace(forward).value();
  const Node& node = program.graph.nodes[0];
  EXPECT_EQ(node.module_path, "blocks.0.fc");
  EXPECT_EQ(node.module_class, "Linear");
  ASSERT_EQ(node.repeated_calls.size(), 1U);  // the second call of fc, the first of the block
  EXPECT_EQ(node.repeated_calls[0].path, "blocks.0.fc");
  EXPECT_EQ(program.graph.module_classes.at("blocks.0"), "Block");
}

TEST_F(Traces, ASquareThatFitsALineThroughTwoSizesIsSeenAtTheThird) {
  const auto forward = [](const at::Tensor& x) {
    const at::Tensor y = call("aten::zeros", {sizes({x.size(0) * x.size(0)})});
    return call("aten::add", {given(call("aten::sum", {given(x)})), given(y)});
  };
  const Status status = trace(forward).status();
  EXPECT_EQ(status.code(), OAR_E_ARGUMENT);
  EXPECT_NE(status.message().find("argument size is 16 where n is 4, 25 where n is 5, 49 where n is 7"),
            std::string::npos)
      << status.message();
}

// "float32 [n, 3]", of the program's only output.
std::string output_text(const Program& program) {
  const Slot& slot = program.graph.slots[program.outputs[0].slot];
  if (!slot.exported) return "unknown";
  return fmt::format("{} {}", dtype_name(slot.exported->dtype),
                     exported_shape_text(slot.exported->shape, program.graph));
}

TEST_F(Traces, OutputsHaveTheShapesThatFollowFromTheDeclaredSizes) {
  const auto forward = [](const at::Tensor& x) {
    const at::Tensor twice = call("aten::cat", {tensors({x, x})});
    return call("aten::gt", {given(call("aten::t", {given(twice)})), given(0)});
  };
  EXPECT_EQ(output_text(trace(forward).value()), "bool [3, 2*n]");
}

TEST_F(Traces, OutputsOfNoLinearShapeHaveItOpen) {
  const auto forward = [](const at::Tensor& x) {
    return call("aten::reshape", {given(call("aten::cov", {given(x)})), sizes({-1})});  // n * n
  };
  EXPECT_EQ(output_text(trace(forward).value()), "float32 [?]");
}

at::Tensor slice(const at::Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end, std::int64_t step = 1) {
  return call("aten::slice", {given(x), given(dim), given(start), given(end), given(step)});
}

std::vector<at::Tensor> items(const char* name, const std::vector<EagerArgument>& arguments) {
  Result<std::vector<at::Tensor>> results = call_operator(name, arguments, at::kCPU, nullptr);
  EXPECT_TRUE(results.is_ok()) << results.status().message();
  return results.is_ok() ? std::move(results).value() : std::vector<at::Tensor>();
}

at::Tensor item(const char* name, const std::vector<EagerArgument>& arguments, std::size_t index) {
  return items(name, arguments).at(index);
}

struct SizeCase {
  const char* name;
  std::function<at::Tensor(const at::Tensor& x)> forward;
  const char* text;                                // of its result; x is [n, 3]
  std::vector<std::int64_t> others = {200, 3, 1};  // n that it was not traced with, and that it runs at
};

class TracedSizes : public Traces, public testing::WithParamInterface<SizeCase> {};

TEST_P(TracedSizes, AreThoseAtSizesThatWereNotRun) {
  const Program program = trace(GetParam().forward).value();
  EXPECT_EQ(output_text(program), GetParam().text);
  const Slot& slot = program.graph.slots[program.outputs[0].slot];
  for (const std::int64_t n : GetParam().others) {
    const at::Tensor result = GetParam().forward(at::ones({n, 3}));
    if (!slot.exported) continue;
    ASSERT_EQ(slot.exported->shape.size(), result.dim()) << "n is " << n;
    for (std::int64_t dim = 0; dim < result.dim(); ++dim) {
      const ExportedDim& known = slot.exported->shape[static_cast<std::size_t>(dim)];
      if (known.symbol == ExportedDim::kExpression) continue;
      EXPECT_EQ(result.size(dim), known.symbol == 0 ? n : known.value) << "n is " << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, TracedSizes,
    testing::Values(
        SizeCase{"cut by a large number", [](const at::Tensor& x) { return slice(x, 0, 0, 100); }, "float32 [?, 3]"},
        SizeCase{"cut, then together",
                 [](const at::Tensor& x) { return call("aten::flatten", {given(slice(x, 0, 0, 2))}); }, "unknown"},
        SizeCase{"cut, then beside itself",
                 [](const at::Tensor& x) {
                   const at::Tensor part = slice(x, 0, 0, 2);
                   return call("aten::cat", {tensors({part, part})});
                 },
                 "unknown"},
        SizeCase{"every second row", [](const at::Tensor& x) { return slice(x, 0, 0, INT64_MAX, 2); },
                 "float32 [?, 3]"},
        SizeCase{"without the first", [](const at::Tensor& x) { return slice(x, 0, 2, INT64_MAX); }, "float32 [?, 3]"},
        SizeCase{"all of it", [](const at::Tensor& x) { return slice(x, 0, 0, INT64_MAX); }, "float32 [n, 3]"},
        SizeCase{"of a fixed dimension", [](const at::Tensor& x) { return slice(x, 1, 1, 100); }, "float32 [n, 2]"},
        SizeCase{"a mask of all sizes, cut to this one",
                 [](const at::Tensor& x) {
                   const at::Tensor mask = call("aten::ones", {sizes({150, 1})});
                   return call("aten::mul", {given(x), given(slice(mask, 0, 0, x.size(0)))});
                 },
                 "float32 [n, 3]",
                 {150, 3, 1}},
        SizeCase{"a cut size next to 1",
                 [](const at::Tensor& x) {
                   const at::Tensor one = call("aten::ones", {sizes({1, 3})});
                   return call("aten::mul", {given(one), given(slice(x, 0, 0, 100))});
                 },
                 "float32 [?, 3]"},
        SizeCase{"a number of a cut", [](const at::Tensor& x) { return call("aten::sum", {given(slice(x, 0, 0, 2))}); },
                 "float32 []"},
        SizeCase{"squeeze of all", [](const at::Tensor& x) { return call("aten::squeeze", {given(x)}); }, "unknown"},
        SizeCase{"squeeze of a fixed dimension",
                 [](const at::Tensor& x) {
                   return call("aten::squeeze", {given(x), given(1)});
                 },
                 "float32 [n, 3]"},
        SizeCase{"squeeze of a dynamic one",
                 [](const at::Tensor& x) {
                   return call("aten::squeeze", {given(x), given(0)});
                 },
                 "unknown"},
        SizeCase{"pooling by four",
                 [](const at::Tensor& x) {
                   return call("aten::max_pool1d", {given(call("aten::t", {given(x)})), sizes({4})});
                 },
                 "unknown",
                 {200}},
        SizeCase{"pooling of what is fixed",
                 [](const at::Tensor& x) {
                   return call("aten::max_pool1d", {given(x), sizes({2}), sizes({1})});
                 },
                 "float32 [n, 2]"},
        SizeCase{
            "convolution by stride four",
            [](const at::Tensor& x) {
              const at::Tensor columns = call("aten::t", {given(x)}), kernel = call("aten::ones", {sizes({2, 3, 4})});
              return call("aten::conv1d", {given(columns), given(kernel), given(c10::IValue()), sizes({4})});
            },
            "unknown",
            {200}},
        SizeCase{
            "convolution by stride one",
            [](const at::Tensor& x) {
              const at::Tensor columns = call("aten::t", {given(x)}), kernel = call("aten::ones", {sizes({2, 3, 1})});
              return call("aten::conv1d", {given(columns), given(kernel)});
            },
            "float32 [2, n]"},
        SizeCase{"windows",
                 [](const at::Tensor& x) {
                   return call("aten::unfold", {given(x), given(0), given(1), given(8)});
                 },
                 "unknown"},
        SizeCase{"numbers by eight",
                 [](const at::Tensor& x) {
                   return call("aten::add", {given(call("aten::arange", {given(0), given(x.size(0)), given(8)})),
                                             given(call("aten::sum", {given(x)}))});
                 },
                 "unknown"},
        SizeCase{"the last of four parts",
                 [](const at::Tensor& x) {
                   return item("aten::tensor_split", {given(x), given(4)}, 3);
                 },
                 "unknown"},
        SizeCase{"differences",
                 [](const at::Tensor& x) {
                   return call("aten::diff", {given(x), given(2), given(0)});
                 },
                 "unknown"},
        SizeCase{"the diagonal", [](const at::Tensor& x) { return call("aten::diagonal", {given(x)}); }, "unknown"},
        SizeCase{"tau of geqrf", [](const at::Tensor& x) { return item("aten::geqrf", {given(x)}, 1); }, "unknown"},
        SizeCase{"L of lu_unpack",
                 [](const at::Tensor& x) {
                   const auto factors = items("aten::linalg_lu_factor_ex", {given(x)});
                   return item("aten::lu_unpack", {given(factors.at(0)), given(factors.at(1))}, 1);
                 },
                 "unknown"},
        SizeCase{"as often as values say",
                 [](const at::Tensor& x) {
                   const at::Tensor times = call(
                       "aten::to", {given(call("aten::select", {given(x), given(1), given(0)})), given(at::kLong)});
                   return call("aten::repeat_interleave", {given(x), given(times), given(0)});
                 },
                 "unknown"},
        SizeCase{"where it holds", [](const at::Tensor& x) { return item("aten::where", {given(x)}, 0); }, "unknown"},
        SizeCase{"nonzero in parts", [](const at::Tensor& x) { return item("aten::nonzero_numpy", {given(x)}, 0); },
                 "unknown"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

// Two rows of 4, 5 or 7 would be one at n = 1.
TEST_F(Traces, ASizeThatASliceCutsIsOpen) {
  const auto forward = [](const at::Tensor& x) {
    return call("aten::neg", {given(call("aten::slice", {given(x), given(0), given(0), given(2)}))});
  };
  EXPECT_EQ(output_text(trace(forward).value()), "float32 [?, 3]");
}

TEST_F(Traces, WhatDependsOnValuesHasNoShape) {
  const auto forward = [](const at::Tensor& x) {
    const at::Tensor found = call("aten::nonzero", {given(call("aten::select", {given(x), given(0), given(0)}))});
    return call("aten::neg", {given(found)});
  };
  EXPECT_EQ(output_text(trace(forward).value()), "unknown");
}

at::Tensor call_no_grad(const char* name, std::vector<EagerArgument> arguments) {
  const CallScope no_grad(false, CallScope::current_recorder());
  return call(name, std::move(arguments));
}

// y = x * f(x) with f(x) = x + x without history: dy/dx = f(x), not 2 f(x).
TEST_F(Traces, WhatACallRecordsNotTheProgramDoesNotEither) {
  const auto forward = [](const at::Tensor& x) {
    return call("aten::mul", {given(x), given(call_no_grad("aten::add", {given(x), given(x)}))});
  };
  const Program program = trace(forward).value();
  const at::Tensor x = at::full({2, 3}, 3.0F).set_requires_grad(true);
  const at::Tensor y = evaluate(program, x);
  EXPECT_EQ(y.sum().item<float>(), 6 * 3 * 6);
  y.sum().backward();
  EXPECT_TRUE(at::equal(x.grad(), at::full({2, 3}, 6.0F)));
}

TEST_F(Traces, ACallRecordsAtAllSizesOrAtNone) {
  const auto forward = [](const at::Tensor& x) {
    return x.size(0) == 4 ? call("aten::relu", {given(x)}) : call_no_grad("aten::relu", {given(x)});
  };
  EXPECT_NE(trace(forward).status().message().find("aten::relu in the root scope: it records autograd at some sizes"),
            std::string::npos);
}

TEST_F(Traces, CallsOutsideAreNotRecorded) {
  const auto forward = [](const at::Tensor& x) { return call("aten::relu", {given(x)}); };
  ASSERT_TRUE(run(at::ones({4, 3}), forward).is_ok());
  EXPECT_EQ(CallScope::current_recorder(), nullptr);
  call("aten::relu", {given(at::ones({1}))});
  EXPECT_EQ(recordings_[0].calls.size(), 1U);
}

}  // namespace
}  // namespace oarlock
