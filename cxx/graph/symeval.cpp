#include "graph/symeval.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace oarlock {
namespace {

constexpr std::pair<std::string_view, SymbolicOp> kTargets[] = {
    {"torch.ops.aten.sym_size.int", SymbolicOp::kSize},
    {"torch.ops.aten.sym_stride.int", SymbolicOp::kStride},
    {"torch.ops.aten.sym_numel.default", SymbolicOp::kNumel},
    {"torch.ops.aten.sym_storage_offset.default", SymbolicOp::kStorageOffset},
    {"_operator.add", SymbolicOp::kAdd},
    {"_operator.sub", SymbolicOp::kSub},
    {"_operator.mul", SymbolicOp::kMul},
    {"_operator.floordiv", SymbolicOp::kFloorDiv},
    {"_operator.truediv", SymbolicOp::kTrueDiv},
    {"_operator.mod", SymbolicOp::kMod},
    {"_operator.pow", SymbolicOp::kPow},
    {"_operator.neg", SymbolicOp::kNeg},
    {"_operator.pos", SymbolicOp::kPos},
    {"_operator.lshift", SymbolicOp::kShiftLeft},
    {"_operator.rshift", SymbolicOp::kShiftRight},
    {"_operator.eq", SymbolicOp::kEq},
    {"_operator.ne", SymbolicOp::kNe},
    {"_operator.lt", SymbolicOp::kLt},
    {"_operator.le", SymbolicOp::kLe},
    {"_operator.gt", SymbolicOp::kGt},
    {"_operator.ge", SymbolicOp::kGe},
    {"_operator.and_", SymbolicOp::kAnd},
    {"_operator.or_", SymbolicOp::kOr},
    {"torch.sym_not", SymbolicOp::kNot},
    {"torch.sym_max", SymbolicOp::kMax},
    {"torch.sym_min", SymbolicOp::kMin},
    {"torch.sym_ite", SymbolicOp::kIte},
    {"torch._sym_sqrt", SymbolicOp::kSqrt},
    {"torch.sym_sqrt", SymbolicOp::kSqrt},
    {"torch.sym_int", SymbolicOp::kToInt},
    {"torch.sym_float", SymbolicOp::kToFloat},
    {"math.trunc", SymbolicOp::kTrunc},
    {"math.floor", SymbolicOp::kFloor},
    {"math.ceil", SymbolicOp::kCeil},
    {"builtins.round", SymbolicOp::kRound},
};

bool is_number(const c10::IValue& value) { return value.isInt() || value.isDouble() || value.isBool(); }
bool is_whole(const c10::IValue& value) { return value.isInt() || value.isBool(); }
std::int64_t whole(const c10::IValue& value) { return value.isBool() ? (value.toBool() ? 1 : 0) : value.toInt(); }
double real(const c10::IValue& value) {
  return value.isDouble() ? value.toDouble() : static_cast<double>(whole(value));
}
bool truth(const c10::IValue& value) { return value.isDouble() ? value.toDouble() != 0 : whole(value) != 0; }

Status overflow() { return invalid_argument("a size does not fit 64 bits"); }

Result<c10::IValue> to_whole(double value) {
  // 2^63 is exact in double; anything at or above it, and NaN, has no int64.
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return overflow();
  return c10::IValue(static_cast<std::int64_t>(value));
}

Result<c10::IValue> whole_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return overflow();
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return overflow();
  }
  return c10::IValue(result);
}

Result<c10::IValue> shift(SymbolicOp op, std::int64_t value, std::int64_t bits) {
  if (bits < 0) return invalid_argument("a shift by {} bits", bits);
  if (op == SymbolicOp::kShiftRight) return c10::IValue(value >> std::min<std::int64_t>(bits, 63));
  std::int64_t result = 0;
  if (value == 0) return c10::IValue(result);
  if (bits > 62 || __builtin_mul_overflow(value, std::int64_t{1} << bits, &result)) return overflow();
  return c10::IValue(result);
}

Result<c10::IValue> on_whole(SymbolicOp op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case SymbolicOp::kAdd:
      if (__builtin_add_overflow(a, b, &result)) return overflow();
      return c10::IValue(result);
    case SymbolicOp::kSub:
      if (__builtin_sub_overflow(a, b, &result)) return overflow();
      return c10::IValue(result);
    case SymbolicOp::kMul:
      if (__builtin_mul_overflow(a, b, &result)) return overflow();
      return c10::IValue(result);
    case SymbolicOp::kFloorDiv:
    case SymbolicOp::kMod: {
      if (b == 0) return invalid_argument("a size is divided by zero");
      if (b == -1) return on_whole(op == SymbolicOp::kMod ? SymbolicOp::kMul : SymbolicOp::kSub, 0, a);
      const std::int64_t remainder = a % b;
      const bool round_down = remainder != 0 && (remainder < 0) != (b < 0);
      if (op == SymbolicOp::kMod) return c10::IValue(round_down ? remainder + b : remainder);
      return c10::IValue(a / b - (round_down ? 1 : 0));
    }
    case SymbolicOp::kPow:
      if (b < 0) return c10::IValue(std::pow(static_cast<double>(a), static_cast<double>(b)));
      return whole_power(a, b);
    case SymbolicOp::kShiftLeft:
    case SymbolicOp::kShiftRight:
      return shift(op, a, b);
    default:
      return invalid_argument("a size operator takes no integers");
  }
}

Result<c10::IValue> on_real(SymbolicOp op, double a, double b) {
  switch (op) {
    case SymbolicOp::kAdd:
      return c10::IValue(a + b);
    case SymbolicOp::kSub:
      return c10::IValue(a - b);
    case SymbolicOp::kMul:
      return c10::IValue(a * b);
    case SymbolicOp::kPow:
      return c10::IValue(std::pow(a, b));
    case SymbolicOp::kFloorDiv:
    case SymbolicOp::kMod: {
      if (b == 0) return invalid_argument("a size is divided by zero");
      double remainder = std::fmod(a, b);
      if (remainder != 0 && (remainder < 0) != (b < 0)) remainder += b;
      if (op == SymbolicOp::kMod) return c10::IValue(remainder);
      return c10::IValue(std::floor((a - remainder) / b + 0.5));
    }
    default:
      return invalid_argument("a size operator takes no floats");
  }
}

template <class T>
bool compare(SymbolicOp op, T a, T b) {
  switch (op) {
    case SymbolicOp::kEq:
      return a == b;
    case SymbolicOp::kNe:
      return a != b;
    case SymbolicOp::kLt:
      return a < b;
    case SymbolicOp::kLe:
      return a <= b;
    case SymbolicOp::kGt:
      return a > b;
    default:
      return a >= b;
  }
}

Result<c10::IValue> of_tensor(SymbolicOp op, std::span<const c10::IValue> arguments) {
  if (!arguments[0].isTensor() || !arguments[0].toTensor().defined()) {
    return invalid_argument("a size is asked of what is no tensor");
  }
  const at::Tensor& tensor = arguments[0].toTensor();
  if (op == SymbolicOp::kNumel) return c10::IValue(tensor.numel());
  if (op == SymbolicOp::kStorageOffset) return c10::IValue(tensor.storage_offset());
  if (!arguments[1].isInt()) return invalid_argument("a dimension is no integer");
  std::int64_t dim = arguments[1].toInt();
  if (dim < -tensor.dim() || dim >= tensor.dim()) {
    return invalid_argument("dimension {} is asked of a tensor with {}", dim, tensor.dim());
  }
  if (dim < 0) dim += tensor.dim();
  return c10::IValue(op == SymbolicOp::kSize ? tensor.size(dim) : tensor.stride(dim));
}

Result<c10::IValue> unary(SymbolicOp op, const c10::IValue& a) {
  switch (op) {
    case SymbolicOp::kPos:
      return a;
    case SymbolicOp::kNeg:
      if (a.isDouble()) return c10::IValue(-a.toDouble());
      return on_whole(SymbolicOp::kSub, 0, whole(a));
    case SymbolicOp::kNot:
      return c10::IValue(!truth(a));
    case SymbolicOp::kSqrt:
      if (real(a) < 0) return invalid_argument("the square root of a negative size");
      return c10::IValue(std::sqrt(real(a)));
    case SymbolicOp::kToFloat:
      return c10::IValue(real(a));
    default:
      break;
  }
  if (is_whole(a)) return c10::IValue(whole(a));
  if (op == SymbolicOp::kFloor) return to_whole(std::floor(a.toDouble()));
  if (op == SymbolicOp::kCeil) return to_whole(std::ceil(a.toDouble()));
  if (op == SymbolicOp::kRound) return to_whole(std::nearbyint(a.toDouble()));
  return to_whole(std::trunc(a.toDouble()));
}

Result<c10::IValue> binary(SymbolicOp op, const c10::IValue& a, const c10::IValue& b) {
  const bool both_whole = is_whole(a) && is_whole(b);
  switch (op) {
    case SymbolicOp::kEq:
    case SymbolicOp::kNe:
    case SymbolicOp::kLt:
    case SymbolicOp::kLe:
    case SymbolicOp::kGt:
    case SymbolicOp::kGe:
      return c10::IValue(both_whole ? compare(op, whole(a), whole(b)) : compare(op, real(a), real(b)));
    case SymbolicOp::kAnd:
      if (both_whole && !(a.isBool() && b.isBool())) return c10::IValue(whole(a) & whole(b));
      return c10::IValue(truth(a) && truth(b));
    case SymbolicOp::kOr:
      if (both_whole && !(a.isBool() && b.isBool())) return c10::IValue(whole(a) | whole(b));
      return c10::IValue(truth(a) || truth(b));
    case SymbolicOp::kMax:
    case SymbolicOp::kMin:
      if (both_whole)
        return c10::IValue(op == SymbolicOp::kMax ? std::max(whole(a), whole(b)) : std::min(whole(a), whole(b)));
      return c10::IValue(op == SymbolicOp::kMax ? std::max(real(a), real(b)) : std::min(real(a), real(b)));
    case SymbolicOp::kTrueDiv:
      if (real(b) == 0) return invalid_argument("a size is divided by zero");
      return c10::IValue(real(a) / real(b));
    default:
      return both_whole ? on_whole(op, whole(a), whole(b)) : on_real(op, real(a), real(b));
  }
}

}  // namespace

std::optional<SymbolicOp> symbolic_op_of_target(std::string_view target) {
  for (const auto& [name, op] : kTargets) {
    if (name == target) return op;
  }
  return std::nullopt;
}

std::size_t num_symbolic_arguments(SymbolicOp op) {
  switch (op) {
    case SymbolicOp::kNumel:
    case SymbolicOp::kStorageOffset:
    case SymbolicOp::kNeg:
    case SymbolicOp::kPos:
    case SymbolicOp::kNot:
    case SymbolicOp::kSqrt:
    case SymbolicOp::kToInt:
    case SymbolicOp::kToFloat:
    case SymbolicOp::kTrunc:
    case SymbolicOp::kFloor:
    case SymbolicOp::kCeil:
    case SymbolicOp::kRound:
      return 1;
    case SymbolicOp::kIte:
      return 3;
    default:
      return 2;
  }
}

Result<c10::IValue> evaluate_symbolic(SymbolicOp op, std::span<const c10::IValue> arguments) {
  if (arguments.size() != num_symbolic_arguments(op)) {
    return invalid_argument("a size operator takes {} operands, {} given", num_symbolic_arguments(op),
                            arguments.size());
  }
  if (op <= SymbolicOp::kStorageOffset) return of_tensor(op, arguments);
  for (const c10::IValue& argument : arguments) {
    if (!is_number(argument)) return invalid_argument("a size operator takes numbers, {} given", argument.tagKind());
  }
  if (op == SymbolicOp::kIte) return truth(arguments[0]) ? arguments[1] : arguments[2];
  if (arguments.size() == 1) return unary(op, arguments[0]);
  return binary(op, arguments[0], arguments[1]);
}

}  // namespace oarlock
