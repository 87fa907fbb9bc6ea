#include "graph/pt2/expressions.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace oarlock::pt2 {
namespace {

constexpr int kDepthMax = 64;
using Parsed = std::optional<SizeExpression>;

// The text from left to right. Nothing is consumed by what fails.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool at_end() {
    skip_space();
    return position_ == text_.size();
  }
  bool accept(std::string_view symbol) {
    skip_space();
    if (text_.substr(position_, symbol.size()) != symbol) return false;
    position_ += symbol.size();
    return true;
  }
  // A whole word.
  bool accept_word(std::string_view word) {
    const std::size_t before = position_;
    if (identifier() == word) return true;
    position_ = before;
    return false;
  }
  std::string_view identifier() {  // "": none
    skip_space();
    std::size_t end = position_;
    while (end < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_'))
      ++end;
    if (end > position_ && std::isdigit(static_cast<unsigned char>(text_[position_])) != 0) return {};
    return take(end);
  }
  std::optional<std::int64_t> digits() {
    skip_space();
    std::int64_t value = 0;
    std::size_t end = position_;
    for (; end < text_.size() && text_[end] >= '0' && text_[end] <= '9'; ++end) {
      if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text_[end] - '0', &value))
        return std::nullopt;
    }
    if (end == position_) return std::nullopt;
    if (end < text_.size() && (text_[end] == '.' || text_[end] == 'e')) return std::nullopt;  // a float
    take(end);
    return value;
  }
  std::optional<std::string> quoted() {  // 'x'; escapes are not known
    skip_space();
    if (position_ >= text_.size() || text_[position_] != '\'') return std::nullopt;
    const std::size_t end = text_.find('\'', position_ + 1);
    if (end == text_.npos) return std::nullopt;
    const std::string_view inner = text_.substr(position_ + 1, end - position_ - 1);
    if (inner.find('\\') != inner.npos) return std::nullopt;
    position_ = end + 1;
    return std::string(inner);
  }

 private:
  std::string_view take(std::size_t end) {
    const std::string_view taken = text_.substr(position_, end - position_);
    position_ = end;
    return taken;
  }
  void skip_space() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
  }
  std::string_view text_;
  std::size_t position_ = 0;
};

Parsed constant(std::int64_t value) {
  SizeExpression expression;
  if (value == kSizeUnknown || !expression.append({SizeOp::kConstant, value})) return std::nullopt;
  return expression;
}

Parsed variable(std::int64_t index) {
  SizeExpression expression;
  if (!expression.append({SizeOp::kVariable, index})) return std::nullopt;
  return expression;
}

Parsed combine(SizeOp op, Parsed left, const Parsed& right) {
  if (!left || !right || !left->append(*right) || !left->append({op, 0})) return std::nullopt;
  return left;
}

Parsed apply(SizeOp op, Parsed operand) {
  if (!operand || !operand->append({op, 0})) return std::nullopt;
  return operand;
}

// Functions by name, in both languages. Those of two arguments or more are folded from the left.
struct Function {
  std::string_view name;
  SizeOp op;
  bool takes_many;
};
constexpr Function kFunctions[] = {
    {"Add", SizeOp::kAdd, true},
    {"Mul", SizeOp::kMul, true},
    {"Max", SizeOp::kMax, true},
    {"Min", SizeOp::kMin, true},
    {"max", SizeOp::kMax, true},
    {"min", SizeOp::kMin, true},
    {"And", SizeOp::kAnd, true},
    {"Or", SizeOp::kOr, true},
    {"FloorDiv", SizeOp::kFloorDiv, false},
    {"CleanDiv", SizeOp::kFloorDiv, false},
    {"Mod", SizeOp::kMod, false},
    {"PythonMod", SizeOp::kMod, false},
    {"Pow", SizeOp::kPow, false},
    {"PowByNatural", SizeOp::kPow, false},
    {"Eq", SizeOp::kEq, false},
    {"Ne", SizeOp::kNe, false},
};

Parsed call(std::string_view name, std::vector<SizeExpression> arguments) {
  if (name == "Identity" && arguments.size() == 1) return std::move(arguments[0]);
  if (name == "Not" && arguments.size() == 1) return apply(SizeOp::kNot, std::move(arguments[0]));
  if (name == "CeilDiv" && arguments.size() == 2) {  // -(-a // b)
    Parsed negative = apply(SizeOp::kNeg, std::move(arguments[0]));
    return apply(SizeOp::kNeg, combine(SizeOp::kFloorDiv, std::move(negative), std::move(arguments[1])));
  }
  const auto found = std::find_if(std::begin(kFunctions), std::end(kFunctions),
                                  [&](const Function& function) { return function.name == name; });
  if (found == std::end(kFunctions) || arguments.empty()) return std::nullopt;
  if (!found->takes_many && arguments.size() != 2) return std::nullopt;
  Parsed result = std::move(arguments[0]);
  for (std::size_t i = 1; i < arguments.size(); ++i) result = combine(found->op, std::move(result), arguments[i]);
  return result;
}

class SympyParser {
 public:
  SympyParser(std::string_view text, const std::function<std::int64_t(const std::string&)>& symbol_index)
      : cursor_(text), symbol_index_(symbol_index) {}

  Parsed parse() {
    Parsed expression = node(0);
    return cursor_.at_end() ? expression : std::nullopt;
  }

 private:
  Parsed node(int depth) {
    const std::string_view name = cursor_.identifier();
    if (depth > kDepthMax || name.empty() || !cursor_.accept("(")) return std::nullopt;
    if (name == "Symbol") return symbol();
    if (name == "Integer") {
      const bool is_negative = cursor_.accept("-");
      const std::optional<std::int64_t> value = cursor_.digits();
      if (!value || !cursor_.accept(")")) return std::nullopt;
      return constant(is_negative ? -*value : *value);
    }
    std::vector<SizeExpression> arguments;
    do {
      Parsed argument = node(depth + 1);
      if (!argument) return std::nullopt;
      arguments.push_back(std::move(*argument));
    } while (cursor_.accept(","));
    if (!cursor_.accept(")")) return std::nullopt;
    return call(name, std::move(arguments));
  }
  // 's77', positive=True, integer=True)
  Parsed symbol() {
    const std::optional<std::string> name = cursor_.quoted();
    if (!name || name->empty()) return std::nullopt;
    while (cursor_.accept(",")) {
      if (cursor_.identifier().empty() || !cursor_.accept("=") || cursor_.identifier().empty()) return std::nullopt;
    }
    if (!cursor_.accept(")")) return std::nullopt;
    return variable(symbol_index_(*name));
  }

  Cursor cursor_;
  const std::function<std::int64_t(const std::string&)>& symbol_index_;
};

class GuardParser {
 public:
  using MeasureIndex = std::function<std::optional<std::int64_t>(const GuardTerm&)>;
  GuardParser(std::string_view text, const MeasureIndex& measure_index)
      : cursor_(text), measure_index_(measure_index) {}

  Parsed parse() {
    Parsed expression = disjunction(0);
    return cursor_.at_end() ? expression : std::nullopt;
  }

 private:
  Parsed disjunction(int depth) {
    if (depth > kDepthMax) return std::nullopt;
    Parsed left = conjunction(depth);
    while (left && cursor_.accept_word("or")) left = combine(SizeOp::kOr, std::move(left), conjunction(depth));
    return left;
  }
  Parsed conjunction(int depth) {
    Parsed left = negation(depth);
    while (left && cursor_.accept_word("and")) left = combine(SizeOp::kAnd, std::move(left), negation(depth));
    return left;
  }
  Parsed negation(int depth) {
    if (depth > kDepthMax) return std::nullopt;
    if (cursor_.accept_word("not")) return apply(SizeOp::kNot, negation(depth + 1));
    return comparison(depth);
  }
  // a < b <= c is (a < b) and (b <= c).
  Parsed comparison(int depth) {
    Parsed left = sum(depth), result;
    bool is_chain = false;
    while (left) {
      const std::optional<SizeOp> op = comparison_operator();
      if (!op) break;
      Parsed right = sum(depth);
      Parsed one = combine(*op, left, right);
      result = is_chain ? combine(SizeOp::kAnd, std::move(result), one) : std::move(one);
      is_chain = true;
      left = std::move(right);
    }
    return is_chain && left ? result : left;
  }
  std::optional<SizeOp> comparison_operator() {
    constexpr std::pair<std::string_view, SizeOp> kOperators[] = {{"==", SizeOp::kEq}, {"!=", SizeOp::kNe},
                                                                  {"<=", SizeOp::kLe}, {">=", SizeOp::kGe},
                                                                  {"<", SizeOp::kLt},  {">", SizeOp::kGt}};
    for (const auto& [symbol, op] : kOperators) {
      if (cursor_.accept(symbol)) return op;
    }
    return std::nullopt;
  }
  Parsed sum(int depth) {
    Parsed left = product(depth);
    while (left) {
      if (cursor_.accept("+")) {
        left = combine(SizeOp::kAdd, std::move(left), product(depth));
      } else if (cursor_.accept("-")) {
        left = combine(SizeOp::kSub, std::move(left), product(depth));
      } else {
        break;
      }
    }
    return left;
  }
  Parsed product(int depth) {
    Parsed left = unary(depth);
    while (left) {
      if (cursor_.accept("//")) {
        left = combine(SizeOp::kFloorDiv, std::move(left), unary(depth));
      } else if (cursor_.accept("*")) {  // never **: unary() takes that
        left = combine(SizeOp::kMul, std::move(left), unary(depth));
      } else if (cursor_.accept("%")) {
        left = combine(SizeOp::kMod, std::move(left), unary(depth));
      } else {
        break;
      }
    }
    return left;
  }
  Parsed unary(int depth) {
    if (depth > kDepthMax) return std::nullopt;
    if (cursor_.accept("-")) return apply(SizeOp::kNeg, unary(depth + 1));
    Parsed base = atom(depth);
    if (base && cursor_.accept("**")) return combine(SizeOp::kPow, std::move(base), unary(depth + 1));
    return base;
  }
  Parsed atom(int depth) {
    if (cursor_.accept("(")) {
      Parsed inner = disjunction(depth + 1);
      return cursor_.accept(")") ? inner : std::nullopt;
    }
    if (const std::optional<std::int64_t> number = cursor_.digits()) return constant(*number);
    const std::string_view name = cursor_.identifier();
    if (name.empty()) return std::nullopt;
    if (name == "L") return reference();
    if (!cursor_.accept("(")) return std::nullopt;
    std::vector<SizeExpression> arguments;
    do {
      Parsed argument = disjunction(depth + 1);
      if (!argument) return std::nullopt;
      arguments.push_back(std::move(*argument));
    } while (cursor_.accept(","));
    return cursor_.accept(")") ? call(name, std::move(arguments)) : std::nullopt;
  }
  // ['x'], ['x'][0].mask, and then what is read of it
  Parsed reference() {
    GuardTerm term;
    const auto go = [&](std::string_view part) {
      if (!term.path.empty()) term.path += '.';
      term.path += part;
    };
    while (true) {
      if (cursor_.accept("[")) {
        const std::optional<std::string> key = cursor_.quoted();
        const std::optional<std::int64_t> index = key ? std::nullopt : cursor_.digits();
        if ((!key && !index) || !cursor_.accept("]")) return std::nullopt;
        go(key ? *key : std::to_string(*index));
      } else if (cursor_.accept(".")) {
        const std::string_view name = cursor_.identifier();
        if (name.empty()) return std::nullopt;
        if (cursor_.accept("()")) return method(name, term);
        go(name);
      } else {
        return measure(term);
      }
    }
  }
  Parsed method(std::string_view name, GuardTerm& term) {
    if (name != "size" || !cursor_.accept("[")) return std::nullopt;
    term.kind = MeasureKind::kSize;
    const std::optional<std::int64_t> dim = cursor_.digits();
    if (!dim || !cursor_.accept("]")) return std::nullopt;
    term.dim = *dim;
    return measure(term);
  }
  Parsed measure(const GuardTerm& term) {
    const std::optional<std::int64_t> index = measure_index_(term);
    return index ? variable(*index) : std::nullopt;
  }

  Cursor cursor_;
  const MeasureIndex& measure_index_;
};

}  // namespace

std::optional<SizeExpression> parse_sympy(std::string_view text,
                                          const std::function<std::int64_t(const std::string& symbol)>& symbol_index) {
  return SympyParser(text, symbol_index).parse();
}

std::optional<SizeExpression> parse_guard(
    std::string_view text, const std::function<std::optional<std::int64_t>(const GuardTerm& term)>& measure_index) {
  return GuardParser(text, measure_index).parse();
}

}  // namespace oarlock::pt2
