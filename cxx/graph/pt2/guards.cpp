#include "graph/pt2/guards.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/pt2/expressions.h"

namespace oarlock::pt2 {
namespace {

using Terms = std::span<const SizeTerm>;

// The terms of the expression that the whole ends with.
std::size_t last_operand_begin(Terms terms) {
  std::size_t wanted = 1, position = terms.size();
  while (wanted > 0) {
    const SizeTerm& term = terms[--position];
    const std::size_t operands = term.op <= SizeOp::kVariable ? 0 : term.op >= SizeOp::kNeg ? 1 : 2;
    wanted += operands - 1;
  }
  return position;
}

// What an expression is at least, all sizes being 2 and more; nullopt: it may fall where a size grows, or is no number.
std::optional<std::int64_t> least(Terms terms, const std::vector<Measure>& measures) {
  SizeExpression expression;
  for (SizeTerm term : terms) {
    const bool grows =
        term.op <= SizeOp::kAdd || term.op == SizeOp::kMul || term.op == SizeOp::kMax || term.op == SizeOp::kMin;
    const bool is_negative = term.op == SizeOp::kConstant && term.value < 0;
    if (!grows || is_negative) return std::nullopt;
    if (term.op == SizeOp::kVariable) {
      if (measures[static_cast<std::size_t>(term.value)].kind != MeasureKind::kSize) return std::nullopt;
      term = {SizeOp::kConstant, 2};
    }
    expression.append(term);
  }
  return expression.evaluate({});
}

std::optional<std::int64_t> constant_of(Terms terms) {
  if (terms.size() != 1 || terms[0].op != SizeOp::kConstant) return std::nullopt;
  return terms[0].value;
}

// Whether a comparison only keeps sizes away from 0 and 1: where they are 2 and more it holds.
bool keeps_from_zero_or_one(Terms terms, const std::vector<Measure>& measures) {
  SizeOp op = terms.back().op;
  if (op <= SizeOp::kVariable || op >= SizeOp::kNeg) return false;
  const Terms operands = terms.first(terms.size() - 1);
  const std::size_t middle = last_operand_begin(operands);
  Terms left = operands.first(middle), right = operands.subspan(middle);
  if (op == SizeOp::kLe || op == SizeOp::kLt || (op == SizeOp::kNe && constant_of(left))) {
    std::swap(left, right);
    op = op == SizeOp::kLe ? SizeOp::kGe : op == SizeOp::kLt ? SizeOp::kGt : op;
  }
  const std::optional<std::int64_t> bound = constant_of(right), smallest = least(left, measures);
  if (!bound || !smallest) return false;
  return op == SizeOp::kGe ? *smallest >= *bound : (op == SizeOp::kGt || op == SizeOp::kNe) && *smallest > *bound;
}

void add_guards(Terms terms, Graph& graph) {
  if (terms.back().op == SizeOp::kAnd) {
    const Terms operands = terms.first(terms.size() - 1);
    const std::size_t middle = last_operand_begin(operands);
    add_guards(operands.first(middle), graph);
    add_guards(operands.subspan(middle), graph);
    return;
  }
  if (keeps_from_zero_or_one(terms, graph.measures)) return;
  Guard guard;
  for (const SizeTerm& term : terms) guard.condition.append(term);
  guard.text =
      guard.condition.text([&](std::int64_t index) { return graph.measures[static_cast<std::size_t>(index)].text; });
  graph.guards.push_back(std::move(guard));
}

// Finds inputs and measures by key: a file may have any number of both, and of guards that name them.
class Measures {
 public:
  explicit Measures(Program& program) : program_(program) {
    for (const ProgramInput& input : program.inputs) inputs_.emplace(input.name, &input);
  }

  std::optional<std::int64_t> index_of(const GuardTerm& term) {
    const auto found = inputs_.find(term.path);
    if (found == inputs_.end()) return std::nullopt;
    const ProgramInput& input = *found->second;
    std::vector<Measure>& measures = program_.graph.measures;
    const auto [known, is_new] = known_.try_emplace({input.slot, term.kind, term.dim}, measures.size());
    if (is_new) {
      const bool is_size = term.kind == MeasureKind::kSize;
      measures.push_back(
          {input.slot, term.kind, term.dim, is_size ? fmt::format("{}.size()[{}]", input.name, term.dim) : input.name});
    }
    return static_cast<std::int64_t>(known->second);
  }

 private:
  Program& program_;
  std::map<std::string, const ProgramInput*, std::less<>> inputs_;
  std::map<std::tuple<SlotId, MeasureKind, std::int64_t>, std::size_t> known_;
};

}  // namespace

void read_guards(const JsonValue& document, Program& program) {
  const JsonValue* guards = document.find("guards_code");
  if (guards == nullptr) return;
  Measures measures(program);
  for (const JsonValue& guard : guards->items()) {
    if (!guard.is_string()) continue;
    const std::optional<SizeExpression> parsed =
        parse_guard(guard.text(), [&](const GuardTerm& term) { return measures.index_of(term); });
    if (parsed && parsed->is_complete()) add_guards(parsed->terms(), program.graph);
  }
}

}  // namespace oarlock::pt2
