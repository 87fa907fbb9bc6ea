// Arithmetic over the sizes of a program's inputs: what the exporter knows of a dimension ("2*s77"), and what it
// assumed while it traced ("x.size()[0] % 4 == 0"). Integers only, with Python's rounding; no allocation when
// evaluated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace oarlock {

enum class SizeOp : std::uint8_t {
  kConstant,  // value
  kVariable,  // value: its index
  kAdd,
  kSub,
  kMul,
  kFloorDiv,
  kMod,
  kPow,
  kMax,
  kMin,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
  kNeg,  // from here on: one operand
  kNot,
};

struct SizeTerm {
  SizeOp op = SizeOp::kConstant;
  std::int64_t value = 0;
};

inline constexpr std::size_t kSizeTermsMax = 1024;
inline constexpr std::size_t kSizeStackMax = 64;
inline constexpr std::int64_t kSizeUnknown = INT64_MIN;  // the value of a variable that nobody knows

// In postfix order. Made by append(): never empty when complete, and evaluation needs at most kSizeStackMax places.
class SizeExpression {
 public:
  // False when the term finds too few operands, or a bound above is passed; the expression is of no use then.
  bool append(SizeTerm term);
  bool append(const SizeExpression& other);

  bool is_complete() const { return depth_ == 1; }
  std::span<const SizeTerm> terms() const { return terms_; }
  // nullopt: a variable is unknown, a division by zero, or something does not fit 64 bits. Comparisons give 0 or 1.
  std::optional<std::int64_t> evaluate(std::span<const std::int64_t> variables) const;
  // As Python writes it.
  std::string text(const std::function<std::string(std::int64_t)>& name_of_variable) const;

 private:
  std::vector<SizeTerm> terms_;
  std::size_t depth_ = 0;
};

}  // namespace oarlock
