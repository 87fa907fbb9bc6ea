#include "state/by_rank.h"

#include <string>
#include <utility>

#include "tensor/rng.h"

namespace oarlock {

Status log_by_rank(const State& state, LogLevel level, LogRanks ranks, std::string_view text) {
  const auto say = [&] {
    if (log_is_on(level)) log_message(level, "program", fmt::format("[RANK {}] {}", state.rank(), text));
  };
  if (ranks == LogRanks::kEach || (ranks == LogRanks::kMain && state.is_main_process())) say();
  if (ranks != LogRanks::kInOrder) return Status::ok();
  for (int rank = 0; rank < state.world_size(); ++rank) {
    if (rank == state.rank()) say();
    OAR_TRY(state.group()->barrier(state.timeout()));
  }
  return Status::ok();
}

Status synchronize_rng(const State& state) {
  const at::Tensor generator = default_generator_state();
  OAR_ASSIGN(const std::shared_ptr<Work> work, state.group()->broadcast(generator, 0, state.timeout()));
  OAR_TRY(work->wait(Milliseconds(0)));
  return set_default_generator_state(generator);
}

Result<std::optional<JsonValue>> end_profile(State& state) {
  if (state.profile() == nullptr) return invalid_state("no profile runs; begin one (oar_profile_begin)");
  auto report = state.profile()->end();
  if (!report.is_ok() && report.status().code() == OAR_E_STATE) return report;  // called on another thread: it goes on
  const bool writes = state.profile()->writes_files();
  state.profile().reset();
  if (writes) {
    OAR_TRY(agree(*state.group(), report.is_ok() ? Status::ok() : std::move(report).status(), state.timeout()));
  }
  return report;
}

}  // namespace oarlock
