// libtorch has one post-accumulate slot per tensor; this file owns it, and DDP, sharding and user hooks subscribe.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace oarlock {

// Called on the thread that runs the backward, after the gradient was added into parameter.grad().
using GradReadyFn = std::function<void(const at::Tensor& parameter)>;

// Ends the subscription when it goes.
class GradReadySubscription {
 public:
  virtual ~GradReadySubscription() = default;
};

// OAR_E_STATE names the parameter if something that is not ours (a Python host) holds its slot.
Result<std::unique_ptr<GradReadySubscription>> subscribe_grad_ready(const at::Tensor& parameter,
                                                                    const std::string& name, GradReadyFn fn);

// For a gradient that no backward of libtorch's made: calls the subscribers of the parameter, on this thread.
void announce_grad_ready(const at::Tensor& parameter);

}  // namespace oarlock
