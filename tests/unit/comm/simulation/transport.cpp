#include "unit/comm/simulation/transport.h"

#include <utility>

#include "unit/comm/simulation/program.h"

namespace oarlock::simulation {

void Transport::start(int rank, Carrier& carrier, std::shared_ptr<Operation> operation) {
  carriers_[rank] = &carrier;
  const std::uint64_t number = ++num_started_[rank];
  Exchange& exchange = exchanges_[number];
  const std::size_t world_size = carriers_.size();
  exchange.operations.resize(world_size);
  exchange.inputs.resize(world_size);
  exchange.ended.resize(world_size);
  if (operation->tensor.defined()) exchange.inputs[rank] = numbers_of(operation->tensor);
  for (const auto& other : exchange.operations) {
    if (other == nullptr || other->signature == operation->signature) continue;
    violation_ =
        fmt::format("{} of operation {} and {} of operation {} moved data together", describe(other->signature),
                    other->signature.sequence, describe(operation->signature), operation->signature.sequence);
  }
  exchange.operations[rank] = std::move(operation);
  ++exchange.num_came;
  if (is_broken_) return break_off(exchange);
  if (exchange.num_came == static_cast<int>(world_size)) complete(number);
}

void Transport::complete(std::uint64_t number) {
  for (int rank = 0; rank < static_cast<int>(carriers_.size()); ++rank) {
    timeline_.after(random_.microseconds(50, 5000), [this, number, rank] { try_to_end(number, rank); });
  }
}

// Not while one of the ranks is stopped.
void Transport::try_to_end(std::uint64_t number, int rank) {
  Exchange& exchange = exchanges_[number];
  if (exchange.ended[rank]) return;
  bool all_run = true;
  for (std::size_t giver = 0; giver < carriers_.size(); ++giver) {
    all_run = all_run && (exchange.ended[giver] || carriers_[giver]->is_running());
  }
  if (is_stalled_ || !all_run) {
    const bool is_over = exchange.operations[rank]->is_done();
    if (!is_over) timeline_.after(Milliseconds(100), [this, number, rank] { try_to_end(number, rank); });
    return;
  }
  end(exchange, rank, Status::ok());
}

void Transport::end(Exchange& exchange, int rank, Status status) {
  if (exchange.operations[rank] == nullptr || exchange.ended[rank]) return;
  exchange.ended[rank] = true;
  std::vector<double> result;
  const std::shared_ptr<Operation>& operation = exchange.operations[rank];
  if (status.is_ok()) result = result_of(operation->signature, rank, exchange.inputs);
  carriers_[rank]->carried(operation, std::move(result), std::move(status));
}

// Who has ended a transfer has sent what the others need for it.
void Transport::leave(int rank) {
  if (num_started_[rank] == 0) return;        // it was never connected
  if (carriers_[rank]->is_cut_off()) return;  // nobody hears of it
  is_broken_ = true;
  for (auto& [number, exchange] : exchanges_) {
    if (exchange.ended[rank]) continue;
    exchange.ended[rank] = true;
    break_off(exchange);
  }
}

void Transport::break_off(Exchange& exchange) {
  for (int rank = 0; rank < static_cast<int>(carriers_.size()); ++rank) {
    if (exchange.operations[rank] == nullptr || exchange.ended[rank]) continue;
    timeline_.after(random_.microseconds(50, 30000), [this, &exchange, rank] {
      if (carriers_[rank]->is_cut_off()) return;
      end(exchange, rank, io_error("the connection of the data was closed by the peer"));
    });
  }
}

}  // namespace oarlock::simulation
