#include "model/session.h"

#include <utility>

namespace oarlock {

Result<std::shared_ptr<Session>> Session::create(std::shared_ptr<Model> model) {
  OAR_ASSIGN(std::unique_ptr<InSituRun> run, model->make_in_situ());
  return std::shared_ptr<Session>(new Session(std::move(model), std::move(run)));
}

}  // namespace oarlock
