#include "comm/backends/gloo/piece_exchange.h"

#include <ATen/ops/empty_like.h>

#include <utility>

#include "comm/backends/gloo/gloo_call.h"
#include "comm/reduction.h"

namespace oarlock {
namespace {

constexpr int kTag = 0;

bool is_empty(const at::Tensor& piece) { return !piece.defined() || piece.numel() == 0; }

// Of `tensor` one piece per rank, of as many rows as `rows` say.
std::vector<at::Tensor> split(const at::Tensor& tensor, const std::vector<std::int64_t>& rows) {
  std::vector<at::Tensor> pieces;
  std::int64_t at = 0;
  for (const std::int64_t count : rows) {
    pieces.push_back(tensor.narrow(0, at, count).view(-1));
    at += count;
  }
  return pieces;
}

// In nearly equal pieces: the first ones are one element longer.
std::vector<at::Tensor> split_evenly(const at::Tensor& tensor, int num_pieces) {
  const at::Tensor flat = tensor.view(-1);
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(num_pieces), flat.numel() / num_pieces);
  for (std::int64_t i = 0; i < flat.numel() % num_pieces; ++i) ++sizes[static_cast<std::size_t>(i)];
  return split(flat, sizes);
}

}  // namespace

void PieceExchange::run(const Pieces& given, const Pieces& taken) const {
  const auto own = static_cast<std::size_t>(rank_);
  std::vector<c10::intrusive_ptr<c10d::Work>> works;
  const auto each_peer = [&](const Pieces& pieces, auto begin) {
    for (int peer = 0; peer < world_size_; ++peer) {
      const at::Tensor& piece = pieces[static_cast<std::size_t>(peer)];
      if (peer == rank_ || is_empty(piece)) continue;
      std::vector<at::Tensor> bytes{piece.view(at::kByte)};
      works.push_back(begin(bytes, peer));
    }
  };
  each_peer(taken, [this](std::vector<at::Tensor>& bytes, int peer) {
    return gloo_call([&] { return gloo_.recv(bytes, peer, kTag); });
  });
  each_peer(given, [this](std::vector<at::Tensor>& bytes, int peer) {
    return gloo_call([&] { return gloo_.send(bytes, peer, kTag); });
  });
  if (!is_empty(taken[own]) && !is_empty(given[own])) taken[own].copy_(given[own]);
  for (const auto& work : works) work->wait(timeout_);
}

PieceExchange::Pieces PieceExchange::room_for(const at::Tensor& own) const {
  Pieces pieces;
  for (int rank = 0; rank < world_size_; ++rank) pieces.push_back(rank == rank_ ? at::Tensor() : at::empty_like(own));
  return pieces;
}

at::Tensor PieceExchange::reduce_in_order(const Pieces& parts, ReduceOp op) const {
  // The first part may be this rank's, a view of the caller's tensor.
  at::Tensor result = rank_ == 0 ? parts.front().clone() : parts.front();
  for (std::size_t rank = 1; rank < parts.size(); ++rank) reduce_into(result, parts[rank], op);
  finish_reduction(result, op, world_size_);
  return result;
}

// Note: two steps. Each rank reduces its share of the elements, then the root gathers the shares.
void PieceExchange::reduce(at::Tensor& tensor, ReduceOp op, int root) const {
  const Pieces shares = split_evenly(tensor, world_size_);
  const auto own = static_cast<std::size_t>(rank_);
  Pieces parts = room_for(shares[own]);
  run(shares, parts);
  parts[own] = shares[own];
  Pieces given = nothing();
  given[static_cast<std::size_t>(root)] = reduce_in_order(parts, op);
  run(given, rank_ == root ? shares : nothing());
}

void PieceExchange::reduce_scatter(const at::Tensor& input, at::Tensor& output, ReduceOp op) const {
  const Pieces given = split_evenly(input, world_size_);
  const auto own = static_cast<std::size_t>(rank_);
  Pieces parts = room_for(given[own]);
  run(given, parts);
  parts[own] = given[own];
  output.view(-1).copy_(reduce_in_order(parts, op));
}

void PieceExchange::gather(const at::Tensor& input, const at::Tensor& output, int root) const {
  Pieces given = nothing();
  given[static_cast<std::size_t>(root)] = input.view(-1);
  run(given, rank_ == root ? split_evenly(output, world_size_) : nothing());
}

void PieceExchange::scatter(const at::Tensor& input, const at::Tensor& output, int root) const {
  Pieces taken = nothing();
  taken[static_cast<std::size_t>(root)] = output.view(-1);
  run(rank_ == root ? split_evenly(input, world_size_) : nothing(), taken);
}

void PieceExchange::all_gather_rows(const at::Tensor& input, const at::Tensor& output,
                                    const std::vector<std::int64_t>& rows) const {
  run(Pieces(static_cast<std::size_t>(world_size_), input.view(-1)), split(output, rows));
}

void PieceExchange::all_to_all(const at::Tensor& input, const at::Tensor& output, const std::vector<std::int64_t>& rows,
                               const std::vector<std::int64_t>& received_rows) const {
  if (rows.empty()) return run(split_evenly(input, world_size_), split_evenly(output, world_size_));
  run(split(input, rows), split(output, received_rows));
}

}  // namespace oarlock
