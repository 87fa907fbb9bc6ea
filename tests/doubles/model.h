// A model of given parameters and buffers. Its forward is the test's own.
#pragma once

#include <vector>

#include "model/model.h"

namespace oarlock::doubles {

class PlainModel : public Model {
 public:
  PlainModel(NamedTensors parameters, NamedTensors buffers, NamedTensors frozen = {})
      : parameters_(std::move(parameters)), buffers_(std::move(buffers)), frozen_(std::move(frozen)) {}
  const NamedTensors& parameters() const override { return parameters_; }
  const NamedTensors& buffers() const override { return buffers_; }
  NamedTensors state_dict() const override {
    NamedTensors all = parameters_;
    all.insert(all.end(), frozen_.begin(), frozen_.end());
    all.insert(all.end(), buffers_.begin(), buffers_.end());
    return all;
  }
  Status load_state_dict(const NamedTensors&) override { return Status::ok(); }
  Result<at::Tensor> tensor(std::string_view name) const override {
    for (const NamedTensor& item : state_dict()) {
      if (item.name == name) return item.tensor.detach();
    }
    return not_found("no tensor {}", name);
  }
  Result<at::Tensor> gradient(std::string_view name) const override {
    for (const NamedTensor& item : parameters_) {
      if (item.name == name) return item.tensor.grad();
    }
    return not_found("no parameter {}", name);
  }
  const std::vector<std::string>& input_names() const override { return input_names_; }
  void set_training(bool training) override { is_training_ = training; }
  bool is_training() const override { return is_training_; }
  Result<Tree> forward(const Tree& inputs) override {
    const Unit root;
    const Segment whole;
    for (const auto& observer : observers_) {
      if (const auto alive = observer.lock()) OAR_TRY(alive->after_forward({0, root, whole, nullptr, is_training_}));
    }
    return inputs;
  }
  void add_observer(std::weak_ptr<UnitObserver> observer) override { observers_.push_back(std::move(observer)); }
  Result<std::int64_t> freeze(std::string_view, bool) override { return unsupported("a plain model freezes nothing"); }

 private:
  NamedTensors parameters_, buffers_, frozen_;
  std::vector<std::string> input_names_;
  std::vector<std::weak_ptr<UnitObserver>> observers_;
  bool is_training_ = true;
};

}  // namespace oarlock::doubles
