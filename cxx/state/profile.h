// What a run's operators cost: libtorch's profiler, by a schedule of steps, with a trace per rank.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "base/json.h"
#include "base/options.h"
#include "base/status.h"
#include "state/profile_schedule.h"

namespace at {
struct RecordFunction;
}

namespace oarlock {

// One at a time in a process, as libtorch has one profiler. All of it on the thread that made it. Operators of all
// threads are recorded; with allocations, those of that thread only.
class Profile {
 public:
  // Options of section "profile". OAR_E_STATE: a profile runs already, here or in the host (a Python torch.profiler).
  static Result<std::unique_ptr<Profile>> begin(const Options& options, int rank);
  ~Profile();  // drops what is being recorded
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  // A record that ended: {"path": file or null, "first_step": n, "num_steps": n, "self_cpu_us": x, "operators":
  // [{"name": text, "calls": n, "self_cpu_us": x, "cpu_us": x}, ...], "table": text}, operators with the most self time
  // first.
  Result<std::optional<JsonValue>> step();
  bool writes_files() const { return !directory_.empty(); }
  Result<std::optional<JsonValue>> end();  // of what is recorded now; nothing can follow but the destructor

 private:
  Profile(const Options& options, ProfileSchedule schedule, int rank);
  Status check_thread() const;
  void prepare();
  void start();
  void drop();
  Result<std::optional<JsonValue>> save();
  void enter(ProfileAction next);

  const bool records_shapes_, records_memory_, records_flops_;
  const std::string directory_;  // "": no files
  const ProfileSchedule schedule_;
  const int rank_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::int64_t step_ = 0, first_step_ = 0;
  int num_saved_ = 0;
  ProfileAction action_ = ProfileAction::kNone;
  bool is_prepared_ = false, is_on_ = false;  // libtorch's
  std::unique_ptr<at::RecordFunction> mark_;  // of the step, in the trace
};

}  // namespace oarlock
