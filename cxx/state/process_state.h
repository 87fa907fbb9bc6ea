// Who am I: rank, peers, device, and what all handles of one world share.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/options.h"
#include "base/status.h"
#include "comm/group.h"
#include "state/profile.h"
#include "state/timers.h"
#include "state/topology.h"
#include "tensor/autocast.h"

namespace oarlock {

class MpiLink;  // comm/backends/mpi/mpi_link.h

class State {
 public:
  // Rank and size from the options and the environment (topology.h), then rendezvous.
  static Result<std::shared_ptr<State>> create(Options options);
  // The host's own all-gather: size bytes of every rank into `all`, rank order; nonzero = failed.
  using Exchange = std::function<int(const void* mine, std::size_t size, void* all)>;
  // `mpi`: by which data may move between hosts, its ranks being those of the state; nullptr: none.
  static Result<std::shared_ptr<State>> create_with_exchange(Options options, int rank, int world_size,
                                                             Exchange exchange, std::shared_ptr<MpiLink> mpi = nullptr);
  virtual ~State() = default;

  virtual const Topology& topology() const = 0;  // rank, world_size, local_rank, local_world_size, node_rank
  int rank() const { return topology().rank; }
  int world_size() const { return topology().world_size; }
  bool is_main_process() const { return rank() == 0; }
  virtual at::Device device() const = 0;
  virtual const Options& options() const = 0;               // the frozen configuration
  virtual const std::shared_ptr<Group>& group() const = 0;  // all ranks; of size one when alone
  virtual Milliseconds timeout() const = 0;                 // comm.timeout_ms

  virtual Status print(std::string_view text) = 0;                  // one line, main process only
  using PrintSink = std::function<std::int32_t(const char* text)>;  // nonzero: failed
  virtual void set_print_sink(PrintSink sink) = 0;
  virtual void request_stop() noexcept = 0;  // async-signal-safe
  virtual Result<bool> should_stop() = 0;    // collective
  virtual Status dump(const std::string& path) const = 0;
  virtual Status abort(std::string_view reason) = 0;
  // The ranks that are left and call this make a smaller world (survivors.h); this state can then only be closed.
  // `min_size` 0: more than half of the ranks, or 1 if all are on one host; a time-out of 0: comm.connect_timeout_ms.
  virtual Result<std::shared_ptr<State>> shrink(int min_size, Milliseconds timeout) = 0;
  virtual Status close() = 0;

  Timers& timers() { return timers_; }
  const Timers& timers() const { return timers_; }
  std::unique_ptr<Profile>& profile() { return profile_; }  // nullptr: none runs
  // Of the host's own calls of operators with this state.
  AutocastRegions& autocast_regions() { return autocast_regions_; }
  const AutocastRegions& autocast_regions() const { return autocast_regions_; }

 private:
  Timers timers_;
  std::unique_ptr<Profile> profile_;
  AutocastRegions autocast_regions_;
};

}  // namespace oarlock
