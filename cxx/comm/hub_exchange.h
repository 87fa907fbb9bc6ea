// Small operations go through rank 0 with the signatures: each rank's part travels there, rank 0 reduces in rank order
// 0..N-1 (so every rank gets the same bits), and what each rank is to get travels back. Packing, arithmetic and
// unpacking of that; who sends when is the engine's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/operation.h"

namespace oarlock {

struct Arrival {
  Signature signature;
  Milliseconds timeout{0};
  // Of a ragged all_to_all, as in Call; else empty.
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> received_rows;
  std::string site;  // CallSite::text()
  std::string payload;
};
std::string pack_arrival(const Operation& operation, int rank, bool with_payload);
Result<Arrival> unpack_arrival(std::string body);
// What rank 0 itself arrives with.
Arrival arrival_of(const Operation& operation);

// OAR_E_MISMATCH if a rank says that it receives more or fewer rows than the peer says it sends.
Status compare_rows(const std::vector<Arrival>& arrivals);

// What the ranks get: each the same, or, where `by_rank` is not empty, each its own.
struct Verdict {
  std::string shared;
  std::vector<std::string> by_rank;
};
// Rank 0: computes the result from its operation and the other ranks' arrivals and puts its own into the operation.
Result<Verdict> conclude(Operation& operation, const std::vector<Arrival>& arrivals);
// Other ranks: puts what conclude() gave into the operation.
Status apply_verdict(Operation& operation, int rank, std::string_view payload, int world_size);

// The tensor's bytes row by row, copied.
std::string tensor_bytes(const at::Tensor& tensor);
// Into a tensor of any strides. OAR_E_VERSION if there are more or fewer than it holds.
Status copy_into(at::Tensor& tensor, std::string_view bytes);

}  // namespace oarlock
