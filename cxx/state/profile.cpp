#include "state/profile.h"

#include <ATen/record_function.h>
#include <torch/csrc/autograd/profiler_kineto.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <utility>

#include "base/fs.h"
#include "base/log.h"
#include "state/profile_summary.h"
#include "tensor/exceptions.h"

namespace oarlock {
namespace {

namespace profiler = torch::profiler::impl;

const std::set<profiler::ActivityType> kActivities = {profiler::ActivityType::CPU};

std::atomic<bool> one_runs{false};

profiler::ProfilerConfig config_of(bool shapes, bool memory, bool flops) {
  profiler::ExperimentalConfig more;
  more.profile_all_threads = !memory;  // libtorch records allocations of one thread only
  return profiler::ProfilerConfig(profiler::ProfilerState::KINETO, shapes, memory, /*with_stack=*/false, flops,
                                  /*with_modules=*/false, std::move(more));
}

// libtorch tells nobody whether it could write; a whole trace ends with the brace that opened it.
Status check_is_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string end;
  if (file.seekg(-2, std::ios::end)) std::getline(file, end, '\0');
  if (end.find('}') != end.npos) return Status::ok();
  return io_error("the trace could not be written whole to '{}'; is the disk full, or the folder not writable?", path);
}

// Temporary sibling and rename: whoever reads the folder finds whole traces only.
Status write_trace(torch::autograd::profiler::ProfilerResult& result, const std::string& directory,
                   const std::string& path) {
  OAR_TRY(real_fs().make_directories(directory));
  const std::string temporary = path + ".tmp";
  result.save(temporary);
  Status status = check_is_whole(temporary);
  if (status.is_ok()) status = real_fs().rename(temporary, path);
  if (status.is_ok()) return status;
  const Status removed = real_fs().remove_all(temporary);  // the first failure is the one to tell
  (void)removed;
  return status;
}

std::vector<TraceSpan> spans_of(const torch::autograd::profiler::ProfilerResult& result) {
  std::vector<TraceSpan> spans;
  for (const torch::autograd::profiler::KinetoEvent& event : result.events()) {
    // Steps, timers and allocations are no operators.
    if (event.scope() == static_cast<std::uint8_t>(at::RecordScope::USER_SCOPE) || event.name() == "[memory]") continue;
    if (event.deviceType() != c10::DeviceType::CPU || event.isHiddenEvent()) continue;
    spans.push_back({event.name(), event.startThreadId(), event.startNs(), event.endNs()});
  }
  return spans;
}

bool records(ProfileAction action) {
  return action == ProfileAction::kRecord || action == ProfileAction::kRecordAndSave;
}

}  // namespace

Profile::Profile(const Options& options, ProfileSchedule schedule, int rank)
    : records_shapes_(options.flag("profile.record_shapes")),
      records_memory_(options.flag("profile.memory")),
      records_flops_(options.flag("profile.flops")),
      directory_(options.text("profile.directory")),
      schedule_(schedule),
      rank_(rank) {}

Profile::~Profile() {
  if (std::this_thread::get_id() == thread_) {
    const Status status = caught([this] {
      drop();
      return Status::ok();
    });
    if (!status.is_ok()) log(LogLevel::kWarning, "profile", "libtorch's profiler did not end: {}", status.message());
  } else if (is_on_) {
    log(LogLevel::kWarning, "profile", "the profile ends on another thread than it began on; libtorch's goes on there");
  }
  one_runs = false;
}

Result<std::unique_ptr<Profile>> Profile::begin(const Options& options, int rank) {
  OAR_ASSIGN(const ProfileSchedule schedule, ProfileSchedule::from_options(options));
  if (profiler::profilerEnabled() || one_runs.exchange(true)) {
    return invalid_state("a profile runs already in this process; libtorch has one profiler, so end that one first");
  }
  std::unique_ptr<Profile> profile(new Profile(options, schedule, rank));
  profile->enter(schedule.action(0));
  return profile;
}

Status Profile::check_thread() const {
  if (std::this_thread::get_id() == thread_) return Status::ok();
  return invalid_state("a profile's steps and its end belong on the thread that began it; this is another one");
}

// Warming up is making libtorch ready, which takes milliseconds, as in torch.profiler.
void Profile::prepare() {
  torch::autograd::profiler::prepareProfiler(config_of(records_shapes_, records_memory_, records_flops_), kActivities);
  is_prepared_ = true;
}

void Profile::start() {
  if (!is_prepared_) prepare();
  torch::autograd::profiler::enableProfiler(
      config_of(records_shapes_, records_memory_, records_flops_), kActivities,
      {at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE});
  is_prepared_ = false;
  is_on_ = true;
  first_step_ = step_;
}

void Profile::drop() {
  mark_.reset();
  if (is_prepared_) start();
  if (std::exchange(is_on_, false)) torch::autograd::profiler::disableProfiler();
}

Result<std::optional<JsonValue>> Profile::save() {
  is_on_ = false;
  const auto result = torch::autograd::profiler::disableProfiler();
  const std::vector<OperatorCost> costs = operator_costs(spans_of(*result));
  JsonValue path;
  if (!directory_.empty()) {
    const std::string number = num_saved_ == 0 ? "" : fmt::format("_{}", num_saved_);
    const std::string file = fmt::format("{}/profile_{}{}.json", directory_, rank_, number);
    OAR_TRY(write_trace(*result, directory_, file));
    path = JsonValue::string(file);
  }
  ++num_saved_;
  double self_us = 0;
  JsonValue operators = JsonValue::array();
  for (const OperatorCost& cost : costs) {
    self_us += cost.self_us;
    operators.append(JsonValue::object({{"name", JsonValue::string(cost.name)},
                                        {"calls", JsonValue::integer(cost.calls)},
                                        {"self_cpu_us", JsonValue::number(cost.self_us)},
                                        {"cpu_us", JsonValue::number(cost.total_us)}}));
  }
  constexpr std::size_t kRowsShown = 20;
  return std::optional(JsonValue::object({{"path", std::move(path)},
                                          {"first_step", JsonValue::integer(first_step_)},
                                          {"num_steps", JsonValue::integer(step_ - first_step_ + 1)},
                                          {"self_cpu_us", JsonValue::number(self_us)},
                                          {"operators", std::move(operators)},
                                          {"table", JsonValue::string(cost_table(costs, kRowsShown))}}));
}

void Profile::enter(ProfileAction next) {
  action_ = next;
  if (records(next)) {
    if (!is_on_) start();
    mark_ = std::make_unique<at::RecordFunction>(at::RecordScope::USER_SCOPE);
    if (mark_->isActive()) mark_->before(fmt::format("ProfilerStep#{}", step_));
  } else if (next == ProfileAction::kWarmUp && !is_prepared_) {
    prepare();
  }
}

Result<std::optional<JsonValue>> Profile::step() {
  OAR_TRY(check_thread());
  mark_.reset();
  Result<std::optional<JsonValue>> saved = std::optional<JsonValue>();
  if (action_ == ProfileAction::kRecordAndSave) saved = save();
  ++step_;
  enter(schedule_.action(step_));  // also when a trace could not be written
  return saved;
}

Result<std::optional<JsonValue>> Profile::end() {
  OAR_TRY(check_thread());
  mark_.reset();
  if (is_on_) return save();
  drop();
  return std::optional<JsonValue>();
}

}  // namespace oarlock
