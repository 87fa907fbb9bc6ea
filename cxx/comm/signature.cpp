#include "comm/signature.h"

#include <fmt/format.h>

#include <iterator>

namespace oarlock {
namespace {

const char* dtype_name(std::int8_t dtype) {
  switch (static_cast<c10::ScalarType>(dtype)) {
    case c10::kBool:
      return "bool";
    case c10::kByte:
      return "uint8";
    case c10::kChar:
      return "int8";
    case c10::kShort:
      return "int16";
    case c10::kInt:
      return "int32";
    case c10::kLong:
      return "int64";
    case c10::kHalf:
      return "float16";
    case c10::kBFloat16:
      return "bfloat16";
    case c10::kFloat:
      return "float32";
    case c10::kDouble:
      return "float64";
    case c10::kComplexFloat:
      return "complex64";
    case c10::kComplexDouble:
      return "complex128";
    default:
      return c10::toString(static_cast<c10::ScalarType>(dtype));
  }
}

}  // namespace

std::int64_t Signature::bytes() const {
  if (op == Operator::kBarrier || op == Operator::kAllGatherBytes || op == Operator::kBroadcastBytes) return 0;
  return numel * static_cast<std::int64_t>(c10::elementSize(static_cast<c10::ScalarType>(dtype)));
}

const char* operator_name(Operator op) {
  static constexpr const char* kNames[] = {"nothing", "all_reduce",       "broadcast",      "all_gather",
                                           "barrier", "all_gather_bytes", "broadcast_bytes"};
  const auto index = static_cast<std::size_t>(op);
  return index < std::size(kNames) ? kNames[index] : "an unknown operation";
}

const char* reduce_op_name(std::uint8_t op) {
  static constexpr const char* kNames[] = {"nothing", "sum", "average", "max", "min", "product"};
  return op < std::size(kNames) ? kNames[op] : "an unknown reduction";
}

std::string describe(const Signature& signature) {
  const char* name = operator_name(signature.op);
  const char* dtype = dtype_name(signature.dtype);
  switch (signature.op) {
    case Operator::kAllReduce:
      return fmt::format("{}({} of {} {})", name, reduce_op_name(signature.reduce_op), signature.numel, dtype);
    case Operator::kBroadcast:
      return fmt::format("{}({} {} from rank {})", name, signature.numel, dtype, signature.root);
    case Operator::kAllGather:
      return fmt::format("{}({} {} per rank)", name, signature.numel, dtype);
    case Operator::kBroadcastBytes:
      return fmt::format("{}(from rank {})", name, signature.root);
    default:
      return name;
  }
}

}  // namespace oarlock
