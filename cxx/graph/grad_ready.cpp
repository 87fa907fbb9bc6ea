#include "graph/grad_ready.h"

#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace oarlock {
namespace {

using Subscriber = std::shared_ptr<const GradReadyFn>;
using Subscribers = std::vector<Subscriber>;

// Shared by the hook in the slot and the subscriptions. The list is replaced, never changed, so a backward reads it
// without holding the lock while it calls out.
class SubscriberList {
 public:
  std::shared_ptr<const Subscribers> get() {
    const std::lock_guard lock(mutex_);
    return subscribers_;
  }
  void add(Subscriber subscriber) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<Subscribers>(*subscribers_);
    next->push_back(std::move(subscriber));
    subscribers_ = std::move(next);
  }
  bool remove(const Subscriber& subscriber) {  // true: none is left
    const std::lock_guard lock(mutex_);
    auto next = std::make_shared<Subscribers>(*subscribers_);
    std::erase(*next, subscriber);
    subscribers_ = std::move(next);
    return subscribers_->empty();
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Subscribers> subscribers_ = std::make_shared<Subscribers>();
};

class GradReadyHook : public torch::autograd::PostAccumulateGradHook {
 public:
  explicit GradReadyHook(std::shared_ptr<SubscriberList> list) : list_(std::move(list)) {}
  void operator()(const torch::autograd::Variable& tensor) override {
    const std::shared_ptr<const Subscribers> subscribers = list_->get();
    for (const Subscriber& subscriber : *subscribers) (*subscriber)(tensor);
  }
  const std::shared_ptr<SubscriberList>& list() const { return list_; }

 private:
  std::shared_ptr<SubscriberList> list_;
};

GradReadyHook* our_hook(const at::Tensor& parameter) {
  return dynamic_cast<GradReadyHook*>(torch::autograd::impl::post_acc_grad_hooks(parameter).get());
}

class Subscription : public GradReadySubscription {
 public:
  Subscription(at::Tensor parameter, std::shared_ptr<SubscriberList> list, Subscriber subscriber)
      : parameter_(std::move(parameter)), list_(std::move(list)), subscriber_(std::move(subscriber)) {}
  ~Subscription() override {
    if (!list_->remove(subscriber_)) return;
    // The slot goes back to the host when the last of ours is gone.
    const GradReadyHook* hook = our_hook(parameter_);
    if (hook != nullptr && hook->list() == list_) torch::autograd::impl::set_post_acc_grad_hooks(parameter_, nullptr);
  }

 private:
  at::Tensor parameter_;
  std::shared_ptr<SubscriberList> list_;
  Subscriber subscriber_;
};

}  // namespace

Result<std::unique_ptr<GradReadySubscription>> subscribe_grad_ready(const at::Tensor& parameter,
                                                                    const std::string& name, GradReadyFn fn) {
  if (!parameter.defined() || !parameter.is_leaf() || !parameter.requires_grad()) {
    return invalid_argument("only a leaf that requires a gradient gets one: parameter {}", name);
  }
  GradReadyHook* hook = our_hook(parameter);
  if (hook == nullptr) {
    if (torch::autograd::impl::post_acc_grad_hooks(parameter) != nullptr) {
      return invalid_state(
          "the gradient hook of parameter {} is held by somebody else (a Python host?); remove that hook first", name);
    }
    auto mine = std::make_unique<GradReadyHook>(std::make_shared<SubscriberList>());
    hook = mine.get();
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::move(mine));
  }
  auto subscriber = std::make_shared<const GradReadyFn>(std::move(fn));
  hook->list()->add(subscriber);
  return std::unique_ptr<GradReadySubscription>(
      std::make_unique<Subscription>(parameter, hook->list(), std::move(subscriber)));
}

void announce_grad_ready(const at::Tensor& parameter) {
  if (GradReadyHook* hook = our_hook(parameter)) (*hook)(parameter);
}

}  // namespace oarlock
