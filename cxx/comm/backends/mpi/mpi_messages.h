// The messages of one rank of a group: begun without waiting, and waited for in batches until a deadline or until the
// group ends. MPI itself knows neither; what it still works on then is waited for apart, by settle().
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/backends/mpi/mpi_link.h"

namespace oarlock {

// One party of several, which are counted from 0 and all send with one tag.
struct MpiParty {
  std::shared_ptr<MpiLink> link;  // nullptr: the state was closed meanwhile
  std::vector<int> world_ranks;   // of the parties
  int self = 0;                   // this one's number
  int rank = 0;                   // and its rank in the group, for messages
  int tag = 0;
  int size() const { return static_cast<int>(world_ranks.size()); }
};

// For one thread, but for interrupt(). Ranks post the messages between two of them in the same order on both sides.
class MpiMessages {
 public:
  explicit MpiMessages(MpiParty party) : party_(std::move(party)) {}
  bool is_linked() const { return party_.link != nullptr; }  // without, there is nothing to call but this
  int self() const { return party_.self; }
  int size() const { return party_.size(); }

  // Messages that are waited for together. What has not come to its end when a batch goes is left to settle().
  class Batch {
   public:
    explicit Batch(MpiMessages& messages) : messages_(messages) {}
    ~Batch();
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    // To and from another party; any number of bytes, nothing for none. The memory is MPI's until wait() gives ok.
    Status send(int party, const std::byte* data, std::size_t bytes);
    Status receive(int party, std::byte* data, std::size_t bytes);
    Status wait();

   private:
    friend class MpiMessages;
    MpiMessages& messages_;
    struct Open {
      MpiLink::Request request;
      bool receives;
    };
    std::vector<Open> open_;
    std::size_t num_done_ = 0;  // of those, from the first
  };

  void set_deadline(Clock::TimePoint deadline) { deadline_ = deadline; }
  // Any thread: waits end with OAR_E_ABORTED, now and later.
  void interrupt() { is_interrupted_ = true; }
  // Calls receives off and waits until MPI has ended with everything that was left, at most `bound`. False: it has not;
  // the memory may be used for ever, and the link has been told.
  bool settle(Milliseconds bound);

 private:
  Status finish(MpiLink::Request& request);

  const MpiParty party_;
  Clock::TimePoint deadline_{};
  std::atomic<bool> is_interrupted_{false};
  std::vector<Batch::Open> left_;
};

}  // namespace oarlock
