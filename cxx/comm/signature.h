// What a rank says that it is doing. Ranks compare signatures before any data moves.
#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <string>
#include <vector>

namespace oarlock {

enum class Operator : std::uint8_t {
  kAllReduce = 1,
  kBroadcast,
  kAllGather,
  kBarrier,
  kAllGatherBytes,
  kBroadcastBytes,
  kReduce,
  kReduceScatter,
  kGather,
  kScatter,
  kAllToAll,
  kSend,
  kReceive
};

// Sent as these bytes between ranks of one version (the hello of rendezvous.cpp checks that it is one). Equal on all
// ranks, but for a send and a receive: those are two sides of one transfer (point_to_point.h compares them).
struct Signature {
  std::uint64_t sequence = 0;  // the first operation of a group is 1; of a send or receive: among those to this peer
  // Elements of the part that one rank gives (all_gather, gather) or gets (reduce_scatter, scatter); else of the one
  // tensor (all_to_all: its input). Where parts differ: all_gather, of all ranks' together; all_to_all, of one row. 0
  // for bytes, whose sizes may differ.
  std::int64_t numel = 0;
  std::int32_t root = -1;    // of a send or receive: the peer
  std::uint32_t tag = 0;     // number_of_tag(); 0: none. Sends and receives have none
  std::uint32_t layout = 0;  // how the elements are divided, by layout_of(): a ragged or coalesced call; else 0
  Operator op = Operator::kBarrier;
  std::int8_t dtype = 0;           // c10::ScalarType
  std::uint8_t reduce_op : 7 = 0;  // ReduceOp; 0 = none
  // The tensors lie on a device: no data goes with the signatures, who moves it does so afterwards (backends/nccl).
  std::uint8_t on_device : 1 = 0;
  std::uint8_t num_parts = 0;  // tensors of a coalesced call, at most 255; 0 = not coalesced

  bool operator==(const Signature&) const = default;
  std::int64_t bytes() const;        // of numel elements
  int peer() const { return root; }  // of a send or receive
  bool is_point_to_point() const { return op == Operator::kSend || op == Operator::kReceive; }
};
static_assert(sizeof(Signature) == 32, "no padding: backends compare and send it as bytes");

// A number for a list of sizes or rows, never 0; equal for equal lists, and different for nearly all that differ.
std::uint32_t layout_of(const std::vector<std::int64_t>& sizes);

const char* operator_name(Operator op);            // "all_reduce"
const char* reduce_op_name(std::uint8_t op);       // "sum"
std::string describe(const Signature& signature);  // "all_reduce(sum of 1000 float32)"

}  // namespace oarlock
