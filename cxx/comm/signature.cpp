#include "comm/signature.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "tensor/dtype.h"

namespace oarlock {
namespace {

// "1000 float32", and what more is to say of how they are divided.
std::string elements(const Signature& signature) {
  const std::string_view dtype = dtype_name(static_cast<at::ScalarType>(signature.dtype));
  std::string text = fmt::format("{} {}{}", signature.numel, dtype, signature.on_device ? " on a device" : "");
  if (signature.num_parts > 0)
    text += fmt::format(" in {} tensors, sizes #{:08x}", signature.num_parts, signature.layout);
  return text;
}

// Whether ranks may give parts of different sizes.
bool is_ragged(const Signature& signature) { return signature.layout != 0 && signature.num_parts == 0; }

std::string describe_rows(const Signature& signature) {
  if (signature.op == Operator::kAllGather) {
    return fmt::format("all_gather({} in all, rows by rank #{:08x})", elements(signature), signature.layout);
  }
  return fmt::format("all_to_all(rows of {}, as many as the ranks say)", elements(signature));
}

}  // namespace

std::int64_t Signature::bytes() const {
  if (op == Operator::kBarrier || op == Operator::kAllGatherBytes || op == Operator::kBroadcastBytes) return 0;
  return numel * static_cast<std::int64_t>(c10::elementSize(static_cast<c10::ScalarType>(dtype)));
}

std::uint32_t layout_of(const std::vector<std::int64_t>& sizes) {
  std::uint32_t hash = 2166136261u;  // FNV-1a over the bytes of each number, lowest first
  for (const std::int64_t size : sizes) {
    for (int shift = 0; shift < 64; shift += 8) {
      hash = (hash ^ (static_cast<std::uint64_t>(size) >> shift & 0xff)) * 16777619u;
    }
  }
  return hash == 0 ? 1 : hash;
}

const char* operator_name(Operator op) {
  static constexpr const char* kNames[] = {"nothing",        "all_reduce",       "broadcast",       "all_gather",
                                           "barrier",        "all_gather_bytes", "broadcast_bytes", "reduce",
                                           "reduce_scatter", "gather",           "scatter",         "all_to_all",
                                           "send",           "receive"};
  const auto index = static_cast<std::size_t>(op);
  return index < std::size(kNames) ? kNames[index] : "an unknown operation";
}

const char* reduce_op_name(std::uint8_t op) {
  static constexpr const char* kNames[] = {"nothing", "sum",         "average",    "max",        "min",
                                           "product", "bitwise and", "bitwise or", "bitwise xor"};
  return op < std::size(kNames) ? kNames[op] : "an unknown reduction";
}

std::string describe(const Signature& signature) {
  const char* name = operator_name(signature.op);
  if (is_ragged(signature)) return describe_rows(signature);
  switch (signature.op) {
    case Operator::kAllReduce:
      return fmt::format("{}({} of {})", name, reduce_op_name(signature.reduce_op), elements(signature));
    case Operator::kReduce:
      return fmt::format("{}({} of {} to rank {})", name, reduce_op_name(signature.reduce_op), elements(signature),
                         signature.root);
    case Operator::kReduceScatter:
      return fmt::format("{}({} of {} per rank)", name, reduce_op_name(signature.reduce_op), elements(signature));
    case Operator::kBroadcast:
    case Operator::kReceive:
      return fmt::format("{}({} from rank {})", name, elements(signature), signature.root);
    case Operator::kSend:
      return fmt::format("{}({} to rank {})", name, elements(signature), signature.peer());
    case Operator::kAllGather:
    case Operator::kAllToAll:
      return fmt::format("{}({} per rank)", name, elements(signature));
    case Operator::kGather:
      return fmt::format("{}({} per rank to rank {})", name, elements(signature), signature.root);
    case Operator::kScatter:
      return fmt::format("{}({} per rank from rank {})", name, elements(signature), signature.root);
    case Operator::kBroadcastBytes:
      return fmt::format("{}(from rank {})", name, signature.root);
    default:
      return name;
  }
}

}  // namespace oarlock
