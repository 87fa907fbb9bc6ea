// A program as plain data: ATen operator calls over numbered slots, and the tensors that stand behind it.
//
// Invariants, established by the reader and kept by every pass:
//  1. Every slot number is in [0, slots.size()), or kNoSlot where the field says that it may be.
//  2. A slot is written once: by the caller (graph inputs) or by one node that stands before every use.
//  3. A node's arguments are in the order of its operator's schema, one per schema argument, defaults filled in.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "graph/size_expression.h"

namespace oarlock {

using SlotId = std::int32_t;
inline constexpr SlotId kNoSlot = -1;

// One dimension of an exported shape.
struct ExportedDim {
  static constexpr std::int32_t kFixed = -1;       // exactly `value`
  static constexpr std::int32_t kExpression = -2;  // `value`: of Graph::expressions, or kNoExpression: not checked
  static constexpr std::int64_t kNoExpression = -1;
  std::int64_t value = 0;
  std::int32_t symbol = kFixed;  // or an index into Graph::symbols: any size, the same wherever the symbol stands
};

struct ExportedTensor {
  at::ScalarType dtype = at::ScalarType::Undefined;
  std::vector<ExportedDim> shape;
  bool requires_grad = false;
};

enum class SlotKind : std::uint8_t { kTensor, kInt, kFloat, kBool };

struct Slot {
  std::string name;  // of the exported value, for messages
  SlotKind kind = SlotKind::kTensor;
  std::optional<ExportedTensor> exported;
  std::int32_t symbol = ExportedDim::kFixed;  // of an integer input: the symbol that it gives a value
};

// A size that is not fixed. Bounds are those of range_constraints.
struct Symbol {
  std::string name;
  std::int64_t min = 0;
  std::int64_t max = INT64_MAX;
};

// A number that guards read of an input.
enum class MeasureKind : std::uint8_t { kValue, kSize };
struct Measure {
  SlotId slot = kNoSlot;
  MeasureKind kind = MeasureKind::kValue;
  std::int64_t dim = 0;
  std::string text;  // "x.size()[0]"
};

// What the exporter assumed of the inputs. The condition's variables are Graph::measures; it holds unless it gives 0.
struct Guard {
  SizeExpression condition;
  std::string text;  // "x.size()[0] % 4 == 0"
};

// A value inside an argument: a constant, or whatever a slot holds when the node runs.
struct ArgumentItem {
  c10::IValue constant;
  SlotId slot = kNoSlot;
};

enum class ArgumentKind : std::uint8_t {
  kConstant,            // `constant`, as it is
  kSlot,                // the value of the slot
  kNumberAsTensor,      // the number in the slot as a wrapped 0-dim tensor (takes no part in dtype promotion)
  kNumberAsFloat,       // the number in the slot as double
  kTensorList,          // from here on: `items`
  kOptionalTensorList,  // an item with no slot is None
  kIntList,
  kFloatList,
  kBoolList,
  kTensorLists,       // the first item is the list of their lengths, then the tensors of all of them
  kTensorDictionary,  // the first item is the list of the keys, then the tensors
};

struct Argument {
  ArgumentKind kind = ArgumentKind::kConstant;
  c10::IValue constant;
  SlotId slot = kNoSlot;
  std::vector<ArgumentItem> items;
};

// What a node does. Regions are brackets around the nodes between them; they nest.
enum class Opcode : std::uint8_t {
  kOperator,
  kSymbolic,       // arithmetic on sizes, symeval.h
  kEnterGradMode,  // arguments: enabled
  kExitGradMode,
  kEnterAutocast,  // arguments: device type (as int), dtype (int or None), enabled, cache enabled (bool or None)
  kExitAutocast,
  kConditional,  // arguments: a bool or a tensor of one element, then the operands; bodies: if true, if false
};

enum class SymbolicOp : std::uint8_t {
  kSize,
  kStride,
  kNumel,
  kStorageOffset,
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kTrueDiv,
  kMod,
  kPow,
  kNeg,
  kPos,
  kShiftLeft,
  kShiftRight,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
  kNot,
  kMax,
  kMin,
  kIte,
  kSqrt,
  kToInt,
  kToFloat,
  kTrunc,
  kFloor,
  kCeil,
  kRound,
};

// One return of the operator: a value, or a list spread over slots. kNoSlot: nobody uses it.
struct NodeOutput {
  bool is_list = false;
  std::vector<SlotId> slots;
};

struct Graph;

// A module that is called more than once in one forward: which of its calls a node belongs to, counted from 0.
struct ModuleCall {
  std::string path;
  std::int32_t call = 0;
};

struct Node {
  Opcode opcode = Opcode::kOperator;
  SymbolicOp symbolic = SymbolicOp::kAdd;  // for kSymbolic
  std::optional<c10::OperatorHandle> op;   // for kOperator
  std::vector<Argument> arguments;
  std::vector<NodeOutput> outputs;
  std::string name;                        // of the node in the program
  std::string target;                      // "torch.ops.aten.linear.default"
  std::string module_path;                 // "encoder.0.fc1"; "" is the root
  std::string module_class;                // "torch.nn.modules.linear.Linear"; "" if nobody knows where the node stands
  std::vector<ModuleCall> repeated_calls;  // the modules around the node whose call is not their first, outermost first
  // Graphs that the node runs, with slots of their own: their inputs are the operands, their outputs the node's, one
  // for one. Whoever walks the nodes of a graph walks these too.
  std::vector<Graph> bodies;
};

struct Graph {
  std::vector<Slot> slots;
  std::vector<Symbol> symbols;
  std::vector<SizeExpression> expressions;  // over symbols, for exported shapes
  std::vector<Measure> measures;
  std::vector<Guard> guards;
  std::size_t num_user_inputs = 0;  // of the caller's, whose guards are due when all have been seen; 0: no guards
  std::vector<Node> nodes;
  std::vector<SlotId> inputs;   // set by whoever runs the graph
  std::vector<SlotId> outputs;  // kept to the end
  // Class of every module path that a node stands in, itself or deeper: {"encoder.0", "models.Block"}.
  std::map<std::string, std::string> module_classes;
};

enum class TensorRole : std::uint8_t { kParameter, kBuffer, kConstant };

// A tensor that belongs to the program. Tied names share one at::Tensor.
struct ProgramTensor {
  std::string name;  // fully qualified
  TensorRole role = TensorRole::kParameter;
  bool persistent = true;
  SlotId slot = kNoSlot;
  at::Tensor tensor;
};

struct ProgramInput {
  std::string name;
  SlotId slot = kNoSlot;
};

// The shape of what a call returns: leaves in order, under names or positions.
struct OutputTree {
  enum class Kind { kLeaf, kList, kMap } kind = Kind::kLeaf;
  std::vector<std::string> keys;  // of a map
  std::vector<OutputTree> children;
};

// The new value of a buffer, for programs that were made functional.
struct BufferUpdate {
  std::size_t tensor = 0;  // index into Program::tensors
  SlotId slot = kNoSlot;
};

struct Program {
  Graph graph;
  std::vector<ProgramTensor> tensors;
  std::vector<ProgramInput> inputs;
  // Of the call, in order, those that hold inputs: an input's name is one of these, or begins with one and a dot. Empty
  // when the file does not tell.
  std::vector<std::string> arguments;
  std::vector<ArgumentItem> outputs;  // the leaves of output_tree
  OutputTree output_tree;             // its root is a list or a map
  std::vector<BufferUpdate> buffer_updates;
  std::int64_t revision = 0;  // counts the rewritings of a model's program: what was made of an earlier one is stale
  std::string loss;           // path of the output leaf that is the loss; "": nobody says which
};

// The leaves' paths in order: "loss", "0", "hidden.1".
std::vector<std::string> output_names(const OutputTree& tree);

// "node linear_1 (torch.ops.aten.linear.default) in module encoder.fc1"
std::string describe_node(const Node& node);

// Calls visit(slot) for every slot that the node reads, repeats included.
template <class Visit>
void for_each_use(const Node& node, const Visit& visit) {
  for (const Argument& argument : node.arguments) {
    if (argument.slot != kNoSlot) visit(argument.slot);
    for (const ArgumentItem& item : argument.items) {
      if (item.slot != kNoSlot) visit(item.slot);
    }
  }
}

}  // namespace oarlock
