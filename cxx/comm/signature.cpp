#include "comm/signature.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "tensor/dtype.h"

namespace oarlock {
namespace {

std::string_view name_of(std::int8_t dtype) { return dtype_name(static_cast<at::ScalarType>(dtype)); }

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
  const std::string_view dtype = name_of(signature.dtype);
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
