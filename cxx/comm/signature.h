// What a rank says that it is doing. Ranks compare signatures before any data moves.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>

namespace oarlock {

enum class Operator : std::uint8_t {
  kAllReduce = 1,
  kBroadcast,
  kAllGather,
  kBarrier,
  kAllGatherBytes,
  kBroadcastBytes
};

// Sent as these bytes between ranks of one version (the hello of rendezvous.cpp checks that it is one).
struct Signature {
  std::uint64_t sequence = 0;  // the first operation of a group is 1
  std::int64_t numel = 0;      // of one rank's tensor; 0 for bytes, whose sizes may differ
  std::int32_t root = -1;
  Operator op = Operator::kBarrier;
  std::int8_t dtype = 0;       // c10::ScalarType
  std::uint8_t reduce_op = 0;  // ReduceOp; 0 = none
  std::uint8_t reserved = 0;

  bool operator==(const Signature&) const = default;
  std::int64_t bytes() const;  // of one rank's tensor
};

const char* operator_name(Operator op);            // "all_reduce"
const char* reduce_op_name(std::uint8_t op);       // "sum"
std::string describe(const Signature& signature);  // "all_reduce(sum of 1000 float32)"

}  // namespace oarlock
