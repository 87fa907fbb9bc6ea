// Carries the data of large operations in place of gloo, and is as strict: the ranks' n-th transfers belong together,
// whatever they are, nothing ends before all ranks have come, and who loses a rank fails some time later.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "comm/operation.h"
#include "unit/comm/simulation/network.h"

namespace oarlock::simulation {

class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual void carried(std::shared_ptr<Operation> operation, std::vector<double> result, Status status) = 0;
  virtual bool is_running() const = 0;  // false: its process is stopped, or cut off
  virtual bool is_cut_off() const = 0;
};

// Of one world.
class Transport {
 public:
  Transport(Timeline& timeline, Random random, int world_size)
      : timeline_(timeline), random_(random), carriers_(world_size), num_started_(world_size) {}
  void start(int rank, Carrier& carrier, std::shared_ptr<Operation> operation);
  // The rank's connections close: it has ended, or its group has.
  void leave(int rank);
  void stall() { is_stalled_ = true; }  // nothing arrives any more
  const std::string& violation() const { return violation_; }

 private:
  struct Exchange {
    std::vector<std::shared_ptr<Operation>> operations;  // by rank
    std::vector<std::vector<double>> inputs;
    std::vector<bool> ended;
    int num_came = 0;
  };
  void complete(std::uint64_t number);
  void try_to_end(std::uint64_t number, int rank);
  void end(Exchange& exchange, int rank, Status status);
  void break_off(Exchange& exchange);

  Timeline& timeline_;
  Random random_;
  std::vector<Carrier*> carriers_;
  std::vector<std::uint64_t> num_started_;
  std::map<std::uint64_t, Exchange> exchanges_;
  bool is_stalled_ = false;
  bool is_broken_ = false;
  std::string violation_;
};

}  // namespace oarlock::simulation
