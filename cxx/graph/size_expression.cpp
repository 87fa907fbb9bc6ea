#include "graph/size_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace oarlock {
namespace {

std::optional<std::int64_t> power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return std::nullopt;
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return std::nullopt;
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return std::nullopt;
  }
  return result;
}

// Rounded down; the remainder has the sign of b.
std::optional<std::int64_t> divide(SizeOp op, std::int64_t a, std::int64_t b) {
  if (b == 0 || (b == -1 && a == INT64_MIN)) return std::nullopt;
  const std::int64_t remainder = a % b;
  const bool round_down = remainder != 0 && (remainder < 0) != (b < 0);
  if (op == SizeOp::kMod) return round_down ? remainder + b : remainder;
  return a / b - (round_down ? 1 : 0);
}

std::optional<std::int64_t> apply(SizeOp op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case SizeOp::kAdd:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case SizeOp::kSub:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case SizeOp::kMul:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case SizeOp::kFloorDiv:
    case SizeOp::kMod:
      return divide(op, a, b);
    case SizeOp::kPow:
      return power(a, b);
    case SizeOp::kMax:
      return std::max(a, b);
    case SizeOp::kMin:
      return std::min(a, b);
    case SizeOp::kEq:
      return a == b;
    case SizeOp::kNe:
      return a != b;
    case SizeOp::kLt:
      return a < b;
    case SizeOp::kLe:
      return a <= b;
    case SizeOp::kGt:
      return a > b;
    case SizeOp::kGe:
      return a >= b;
    case SizeOp::kAnd:
      return a != 0 && b != 0;
    case SizeOp::kOr:
      return a != 0 || b != 0;
    default:
      return std::nullopt;
  }
}

const char* symbol_of(SizeOp op) {
  constexpr const char* kSymbols[] = {"",   "",   "+", "-",  "*", "//", "%",   "**", "",  "",
                                      "==", "!=", "<", "<=", ">", ">=", "and", "or", "-", "not "};
  return kSymbols[static_cast<std::size_t>(op)];
}

// How tightly an operator binds, as in Python.
int binding(SizeOp op) {
  switch (op) {
    case SizeOp::kOr:
      return 1;
    case SizeOp::kAnd:
      return 2;
    case SizeOp::kNot:
      return 3;
    case SizeOp::kAdd:
    case SizeOp::kSub:
      return 5;
    case SizeOp::kMul:
    case SizeOp::kFloorDiv:
    case SizeOp::kMod:
      return 6;
    case SizeOp::kNeg:
      return 7;
    case SizeOp::kPow:
      return 8;
    case SizeOp::kConstant:
    case SizeOp::kVariable:
    case SizeOp::kMax:
    case SizeOp::kMin:
      return 9;
    default:
      return 4;  // comparisons
  }
}

}  // namespace

bool SizeExpression::append(SizeTerm term) {
  const std::size_t operands = term.op <= SizeOp::kVariable ? 0 : term.op >= SizeOp::kNeg ? 1 : 2;
  if (terms_.size() >= kSizeTermsMax || depth_ < operands) return false;
  depth_ += 1 - operands;
  if (depth_ > kSizeStackMax) return false;
  terms_.push_back(term);
  return true;
}

bool SizeExpression::append(const SizeExpression& other) {
  return std::all_of(other.terms_.begin(), other.terms_.end(), [&](const SizeTerm& term) { return append(term); });
}

std::optional<std::int64_t> SizeExpression::evaluate(std::span<const std::int64_t> variables) const {
  std::array<std::int64_t, kSizeStackMax> stack{};
  std::size_t depth = 0;
  if (!is_complete()) return std::nullopt;
  for (const SizeTerm& term : terms_) {
    if (term.op == SizeOp::kConstant) {
      stack[depth++] = term.value;
    } else if (term.op == SizeOp::kVariable) {
      const auto index = static_cast<std::size_t>(term.value);
      if (index >= variables.size() || variables[index] == kSizeUnknown) return std::nullopt;
      stack[depth++] = variables[index];
    } else if (term.op == SizeOp::kNot) {
      stack[depth - 1] = stack[depth - 1] == 0 ? 1 : 0;
    } else {
      const bool negate = term.op == SizeOp::kNeg;
      const std::int64_t left = negate ? 0 : stack[depth - 2];
      const std::optional<std::int64_t> result = apply(negate ? SizeOp::kSub : term.op, left, stack[depth - 1]);
      if (!result) return std::nullopt;
      if (!negate) --depth;
      stack[depth - 1] = *result;
    }
  }
  return stack[0];
}

std::string SizeExpression::text(const std::function<std::string(std::int64_t)>& name_of_variable) const {
  struct Part {
    std::string text;
    int binding;
  };
  std::vector<Part> parts;
  const auto pop = [&](int at_least) {
    Part part = std::move(parts.back());
    parts.pop_back();
    return part.binding < at_least ? "(" + part.text + ")" : part.text;
  };
  for (const SizeTerm& term : terms_) {
    const int own = binding(term.op);
    if (term.op == SizeOp::kConstant) {
      parts.push_back({fmt::format("{}", term.value), term.value < 0 ? binding(SizeOp::kNeg) : own});
    } else if (term.op == SizeOp::kVariable) {
      parts.push_back({name_of_variable(term.value), own});
    } else if (term.op >= SizeOp::kNeg) {
      parts.push_back({symbol_of(term.op) + pop(own), own});
    } else if (term.op == SizeOp::kMax || term.op == SizeOp::kMin) {
      const std::string right = pop(0), left = pop(0);
      parts.push_back({fmt::format("{}({}, {})", term.op == SizeOp::kMax ? "max" : "min", left, right), own});
    } else {
      const bool is_from_left = own != 4 && term.op != SizeOp::kPow;  // a - b - c is (a - b) - c
      const std::string right = pop(own + 1), left = pop(is_from_left ? own : own + 1);
      const char* space = own >= 6 && term.op != SizeOp::kFloorDiv && term.op != SizeOp::kMod ? "" : " ";
      parts.push_back({left + space + symbol_of(term.op) + space + right, own});
    }
  }
  return parts.size() == 1 ? parts[0].text : "?";
}

}  // namespace oarlock
