// The way of large data between ranks, with a latency put in: for what goes on meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "comm/backends/gloo/gloo_transport.h"
#include "comm/data_transfer.h"

namespace oarlock::doubles {

class SlowTransport : public Transport {
 public:
  // Waits before each job, on the transport's own thread.
  using Wait = std::function<void(const TransferJob& job)>;
  SlowTransport(std::unique_ptr<Transport> inner, Wait wait) : inner_(std::move(inner)), wait_(std::move(wait)) {}

  const char* name() const override { return inner_->name(); }
  Status perform(TransferJob& job) override {
    wait_(job);
    return inner_->perform(job);
  }
  void interrupt() override { inner_->interrupt(); }

 private:
  std::unique_ptr<Transport> inner_;
  Wait wait_;
};

// Of all ranks over gloo, for StarEngine::set_transport().
inline MakeTransport slow_gloo(SlowTransport::Wait wait) {
  return [wait = std::move(wait)](Star& star, Milliseconds connect_timeout) {
    return std::make_unique<SlowTransport>(
        make_gloo_transport(gloo_meeting_of(star, connect_timeout), "all", star.rank, star.world_size), wait);
  };
}

}  // namespace oarlock::doubles
