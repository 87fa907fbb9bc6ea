#include "graph/op_call.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/frontend/function_schema_parser.h>

#include <string>

#include "graph/operator_index.h"

namespace oarlock {
namespace {

const std::vector<Slot> kSlots = {{"tensor", SlotKind::kTensor, {}}, {"int", SlotKind::kInt, {}}};

const c10::Argument& schema_of(const char* op, const char* argument) {
  const c10::FunctionSchema& schema = find_operator(op).value().schema();
  return schema.arguments().at(static_cast<std::size_t>(*schema.argumentIndexWithName(argument)));
}

Result<Argument> bind_value(const char* op, const char* argument, c10::IValue constant) {
  return bind_argument({false, {{std::move(constant), kNoSlot}}}, schema_of(op, argument), kSlots);
}

TEST(FindOperator, TakesTheNamesOfExportsAndOfSchemas) {
  EXPECT_EQ(find_operator("torch.ops.aten.add.Tensor").value().schema().overload_name(), "Tensor");
  EXPECT_EQ(find_operator("aten::linear").value().schema().name(), "aten::linear");
}

TEST(FindOperator, NamesWhatThisLibtorchLacks) {
  const auto result = find_operator("torch.ops.aten.no_such_thing.default");
  ASSERT_FALSE(result.is_ok());
  EXPECT_EQ(result.status().code(), OAR_E_UNSUPPORTED);
  EXPECT_NE(result.status().message().find("aten::no_such_thing"), std::string::npos);
  EXPECT_EQ(find_operator("garbage").status().code(), OAR_E_UNSUPPORTED);
}

TEST(BindArgument, ANumberForATensorTakesNoPartInPromotion) {
  const Argument argument = bind_value("aten::add.Tensor", "other", 1).value();
  ASSERT_TRUE(argument.constant.isTensor());
  const at::Tensor sum = at::zeros({}, at::kByte) + argument.constant.toTensor();
  EXPECT_EQ(sum.scalar_type(), at::kByte);  // an int64 tensor of no dimensions would have given int64
  EXPECT_TRUE(argument.constant.toTensor().unsafeGetTensorImpl()->is_wrapped_number());
}

TEST(BindArgument, AnIntegerForAFloatBecomesOne) {
  EXPECT_EQ(bind_value("aten::dropout", "p", 1).value().constant.toDouble(), 1.0);
}

TEST(BindArgument, OneNumberStandsForAWholeList) {
  const Argument argument = bind_value("aten::conv2d", "stride", 2).value();
  EXPECT_EQ(argument.constant.toIntVector(), (std::vector<std::int64_t>{2, 2}));
}

TEST(BindArgument, AnEmptyListTakesItsTypeFromTheSchema) {
  const Argument ints = bind_argument({true, {}}, schema_of("aten::view", "size"), kSlots).value();
  EXPECT_TRUE(ints.constant.isIntList());
  const Argument tensors = bind_argument({true, {}}, schema_of("aten::cat", "tensors"), kSlots).value();
  EXPECT_TRUE(tensors.constant.isTensorList());
}

TEST(BindArgument, AListWithRunTimeSizesKeepsItsConstants) {
  const Argument argument =
      bind_argument({true, {{c10::IValue(3), kNoSlot}, {{}, 1}}}, schema_of("aten::view", "size"), kSlots).value();
  EXPECT_EQ(argument.kind, ArgumentKind::kIntList);
  ASSERT_EQ(argument.items.size(), 2u);
  EXPECT_EQ(argument.items[0].constant.toInt(), 3);
  EXPECT_EQ(argument.items[1].slot, 1);
}

TEST(BindArgument, OptionalTensorListsHoldNone) {
  const Argument argument =
      bind_argument({true, {{{}, kNoSlot}, {{}, 0}}}, schema_of("aten::index.Tensor", "indices"), kSlots).value();
  EXPECT_EQ(argument.kind, ArgumentKind::kOptionalTensorList);
}

TEST(BindArgument, ARunTimeNumberForATensorIsWrappedWhenItRuns) {
  const Argument argument = bind_argument({false, {{{}, 1}}}, schema_of("aten::add.Tensor", "other"), kSlots).value();
  EXPECT_EQ(argument.kind, ArgumentKind::kNumberAsTensor);
}

TEST(BindArgument, WrongKindsAreRefusedWithBothSides) {
  const auto text = bind_value("aten::dropout", "p", std::string("half"));
  ASSERT_FALSE(text.is_ok());
  EXPECT_EQ(text.status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(text.status().message(), "argument p takes a number, the text 'half' given");
  EXPECT_FALSE(bind_value("aten::dropout", "train", 2).is_ok());
  EXPECT_FALSE(bind_value("aten::relu", "self", c10::IValue()).is_ok());
  EXPECT_FALSE(bind_argument({false, {{{}, 0}}}, schema_of("aten::dropout", "p"), kSlots).is_ok());
  EXPECT_FALSE(bind_argument({true, {{{}, 0}}}, schema_of("aten::view", "size"), kSlots).is_ok());
}

// Dict(str, element) named, with these items under the keys a, b, ...
Result<Argument> bind_dictionary(const std::string& element, std::vector<ArgumentItem> items) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < items.size(); ++i) keys.emplace_back(1, static_cast<char>('a' + i));
  const c10::FunctionSchema schema = torch::jit::parseSchema("test::call(Dict(str, " + element + ") named) -> ()");
  return bind_argument({true, std::move(items), {}, std::move(keys)}, schema.arguments()[0], kSlots);
}

TEST(BindArgument, DictionariesHoldTensorsOrConstants) {
  const Argument tensors = bind_dictionary("Tensor", {{{}, 0}, {{}, 0}}).value();
  EXPECT_EQ(tensors.kind, ArgumentKind::kTensorDictionary);
  EXPECT_EQ(tensors.items.size(), 3u);
  const Argument numbers = bind_dictionary("float", {{c10::IValue(2), kNoSlot}}).value();
  EXPECT_EQ(numbers.constant.toGenericDict().at("a").toDouble(), 2.0);
  EXPECT_TRUE(bind_dictionary("Tensor", {}).value().constant.toGenericDict().empty());
}

TEST(BindArgument, OtherDictionariesAreRefused) {
  EXPECT_EQ(bind_dictionary("int", {{{}, 1}}).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(bind_dictionary("int", {{{}, 0}}).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(bind_dictionary("Tensor", {{{}, 0}, {{}, kNoSlot}}).status().code(), OAR_E_ARGUMENT);
  EXPECT_EQ(bind_dictionary("int", {{c10::IValue("x"), kNoSlot}}).status().code(), OAR_E_ARGUMENT);
  EXPECT_FALSE(
      bind_argument({true, {{{}, 0}}, {}, std::vector<std::string>{"a"}}, schema_of("aten::cat", "tensors"), kSlots)
          .is_ok());
}

TEST(BindArgument, NamesStandForDtypesLayoutsFormatsAndDevices) {
  EXPECT_EQ(bind_value("aten::zeros", "dtype", "float64").value().constant.toScalarType(), at::kDouble);
  EXPECT_EQ(bind_value("aten::zeros", "layout", "sparse_coo").value().constant.toLayout(), at::kSparse);
  EXPECT_EQ(bind_value("aten::clone", "memory_format", "channels_last").value().constant.toMemoryFormat(),
            at::MemoryFormat::ChannelsLast);
  EXPECT_EQ(bind_value("aten::zeros", "device", "cpu").value().constant.toDevice(), at::kCPU);
  for (const char* argument : {"dtype", "layout", "device"}) {
    EXPECT_EQ(bind_value("aten::zeros", argument, "no such").status().code(), OAR_E_ARGUMENT) << argument;
  }
}

TEST(DefaultArgument, ComesFromTheSchema) {
  EXPECT_EQ(default_argument(schema_of("aten::add.Tensor", "alpha")).value().constant.toScalar().toLong(), 1);
  EXPECT_TRUE(default_argument(schema_of("aten::linear", "bias")).value().constant.isNone());
  EXPECT_EQ(default_argument(schema_of("aten::relu", "self")).status().code(), OAR_E_ARGUMENT);
}

}  // namespace
}  // namespace oarlock
