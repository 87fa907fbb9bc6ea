// One thread's in-situ runs of a model.
#pragma once

#include <memory>

#include "base/status.h"
#include "model/in_situ.h"
#include "model/model.h"

namespace oarlock {

class Session {
 public:
  static Result<std::shared_ptr<Session>> create(std::shared_ptr<Model> model);
  InSituRun& run() const { return *run_; }

 private:
  Session(std::shared_ptr<Model> model, std::unique_ptr<InSituRun> run)
      : model_(std::move(model)), run_(std::move(run)) {}

  std::shared_ptr<Model> model_;  // outlives the run
  std::unique_ptr<InSituRun> run_;
};

}  // namespace oarlock
