// The rules, and whether a world kept them. Nothing here asks the library how it decided.
#include <algorithm>
#include <map>
#include <regex>

#include "unit/comm/simulation/world.h"

namespace oarlock::simulation {
namespace {

using State = Process::State;

bool is_of(Fault fault, std::initializer_list<Fault> faults) {
  return std::find(faults.begin(), faults.end(), fault) != faults.end();
}

double seconds(TimePoint::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

bool names_rank(const std::string& text, int rank) {
  static const std::regex* const kNames = new std::regex("ranks? ([0-9]+(, [0-9]+)*)");
  for (auto found = std::sregex_iterator(text.begin(), text.end(), *kNames); found != std::sregex_iterator(); ++found) {
    const std::string list = ", " + (*found)[1].str() + ",";
    if (list.find(fmt::format(", {},", rank)) != std::string::npos) return true;
  }
  return false;
}

std::vector<std::string> World::judge() const {
  std::vector<std::string> wrong;
  for (const auto& process : processes_) {
    if (process->state() == State::kNew) continue;  // killed before its start
    judge_ends(*process, wrong);
    judge_calls(*process, wrong);
    judge_members(*process, wrong);
  }
  if (spins()) wrong.push_back("the world does not come to rest");
  judge_agreement(wrong);
  judge_fault(wrong);
  return wrong;
}

bool World::is_survivor(const Process& process) const {
  return process.state() != State::kKilled && process.state() != State::kNew && !process.is_stopped();
}

// Whose clock or time is not that of the others.
bool World::may_be_late(const Process& process) const {
  const bool is_ill =
      is_of(fault_, {Fault::kStop, Fault::kPause, Fault::kJump, Fault::kIsolate, Fault::kShortIsolation}) &&
      process.rank() == culprit_;
  return is_ill || fault_ == Fault::kChaos;
}

bool World::has_transfers() const {
  const std::vector<Step>& program = launches_.front().program;
  return std::any_of(program.begin(), program.end(), [](const Step& step) { return step.op == Operator::kSend; });
}

// Termination: nobody is left waiting.
void World::judge_ends(const Process& process, std::vector<std::string>& wrong) const {
  if (!is_survivor(process)) return;
  if (process.state() == State::kMeeting) wrong.push_back(process.name() + " waits in the meeting for ever");
  if (process.state() == State::kInGroup) wrong.push_back(process.name() + " waits in the group for ever");
  // An attempt to connect may begin at the last moment; then rank 0 is to decide first.
  const TimePoint::duration bound =
      process.meeting.timeout + Milliseconds(2600) + std::chrono::microseconds(4 * delay_us_max_);
  const TimePoint::duration met = process.meeting_ended_at() - process.meeting_started_at();
  if (met > bound && !may_be_late(process)) {
    wrong.push_back(fmt::format("{} was {:.3f} s in the meeting", process.name(), seconds(met)));
  }
}

void World::judge_calls(const Process& process, std::vector<std::string>& wrong) const {
  const TimePoint::duration bound =
      2 * timeout_ + Milliseconds(1000 + 300 + 500) + std::chrono::microseconds(10 * delay_us_max_);
  TimePoint before{};
  bool has_failed = false;
  for (const CallRecord& record : process.calls()) {
    const Signature& signature = record.operation->signature;
    const std::string call =
        fmt::format("{}'s operation {}, {},", process.name(), signature.sequence, oarlock::describe(signature));
    if (record.num_ends > 1) wrong.push_back(fmt::format("{} ended {} times", call, record.num_ends));
    if (record.num_ends == 0 && is_survivor(process)) wrong.push_back(call + " never ended");
    if (record.num_ends == 0) continue;
    if (!record.problem.empty()) wrong.push_back(fmt::format("{} has a wrong result: {}", call, record.problem));
    if (!record.status.is_ok()) has_failed = true;
    if (record.status.is_ok() && record.ended_at > process.first_failure_at() && !signature.is_point_to_point())
      wrong.push_back(call + " succeeded after a failure");
    const TimePoint begin = signature.is_point_to_point() ? record.called_at : std::max(before, record.called_at);
    if (record.ended_at - begin > bound && !may_be_late(process)) {
      wrong.push_back(fmt::format("{} took {:.3f} s", call, seconds(record.ended_at - begin)));
    }
    if (!signature.is_point_to_point()) before = record.ended_at;
  }
  if (!process.refusal()) return;
  if (process.refusal()->is_ok()) wrong.push_back(process.name() + "'s dead group admits operations");
  if (has_failed && process.refusal()->code() != OAR_E_ABORTED) {
    wrong.push_back(fmt::format("{} was refused by code {}, though its operations had told why", process.name(),
                                process.refusal()->code()));
  }
}

// Nobody is in a world to which it does not belong, and all know the same members.
void World::judge_members(const Process& process, std::vector<std::string>& wrong) const {
  if (process.members().empty()) return;
  if (process.meeting.world_id != fmt::format("launch {}", process.launch().number)) {
    wrong.push_back(process.name() + ", a stale rank, got in");
  }
  for (std::size_t rank = 0; rank < process.members().size(); ++rank) {
    const int pid = process.members()[rank].pid;
    const Process& member = *processes_[static_cast<std::size_t>(pid - 100)];
    if (member.rank() == static_cast<int>(rank) && member.meeting.world_id == process.meeting.world_id) continue;
    wrong.push_back(fmt::format("{} is rank {} of {}'s world", member.name(), rank, process.name()));
  }
}

void World::judge_agreement(std::vector<std::string>& wrong) const {
  for (const Transport& transport : transports_) {
    if (!transport.violation().empty()) wrong.push_back(transport.violation());
  }
  std::map<std::pair<int, std::uint64_t>, Signature> completed;
  for (const auto& process : processes_) {
    for (const CallRecord& record : process->calls()) {
      const Signature& signature = record.operation->signature;
      if (record.num_ends == 0 || !record.status.is_ok() || signature.is_point_to_point()) continue;
      const auto [found, is_new] = completed.try_emplace({process->launch().number, signature.sequence}, signature);
      if (found->second == signature) continue;
      wrong.push_back(fmt::format("{} completed {} as operation {}, another rank {}", process->name(),
                                  oarlock::describe(signature), signature.sequence, oarlock::describe(found->second)));
    }
  }
  for (const auto& process : processes_) {
    for (const CallRecord& record : process->calls()) {
      const Signature& signature = record.operation->signature;
      if (record.status.code() != OAR_E_MISMATCH || signature.is_point_to_point()) continue;
      const bool is_of_this = record.status.message().find(
                                  fmt::format("operation {} of the group", signature.sequence)) != std::string::npos;
      if (is_of_this && completed.count({process->launch().number, signature.sequence}) != 0) {
        wrong.push_back(fmt::format("operation {} is a mismatch on {} and a success on another rank",
                                    signature.sequence, process->name()));
      }
    }
  }
}

void World::judge_fault(std::vector<std::string>& wrong) const {
  if (is_of(fault_, {Fault::kChaos, Fault::kJump, Fault::kHostile})) return;
  const bool is_benign = is_of(fault_, {Fault::kNone, Fault::kPause, Fault::kShortIsolation, Fault::kSlow,
                                        Fault::kLateStart, Fault::kStaleRank, Fault::kStrangers, Fault::kRestart});
  for (const Process* process : ranks_) {
    if (!is_survivor(*process)) continue;
    if (is_benign) judge_success(*process, wrong);
    if (!is_benign) judge_blame(*process, wrong);
    judge_promptness(*process, wrong);
  }
}

void World::judge_success(const Process& process, std::vector<std::string>& wrong) const {
  const Status failure = process.first_failure();
  if (!failure.is_ok())
    wrong.push_back(fmt::format("{} failed without a fault: {}", process.name(), failure.message()));
  const std::vector<Step>& program = process.launch().program;
  const auto mine = static_cast<std::size_t>(
      std::count_if(program.begin(), program.end(), [&](const Step& step) { return step.concerns(process.rank()); }));
  if (process.calls().size() != mine) {
    wrong.push_back(fmt::format("{} made {} of {} calls", process.name(), process.calls().size(), mine));
  }
}

// With one fault, every survivor that failed knows it by its kind and its rank.
void World::judge_blame(const Process& process, std::vector<std::string>& wrong) const {
  const Status failure = process.first_failure();
  if (failure.is_ok()) return;
  const bool is_met = !process.members().empty();
  const int code = failure.code();
  bool is_right = true;
  bool blames = failure.info().rank == culprit_;
  // Of calls that differ both are told, and nobody knows which is right.
  if (is_of(fault_, {Fault::kOtherCall, Fault::kSkip})) blames = blames || names_rank(failure.message(), culprit_);
  // Who waits for its data is missing as well as the rank for which it waits.
  const bool is_list = failure.message().find("look at what that rank is doing") != std::string::npos;
  blames = blames || (is_list && names_rank(failure.message(), culprit_));
  // Rank 0 had its data, and left: nobody can tell then whose did not come.
  blames = blames || (failure.info().rank < 0 && failure.message().find("rank 0 has closed") != std::string::npos);
  const bool blames_rank_zero = failure.info().rank == 0;
  const bool is_culprit = process.rank() == culprit_;
  switch (fault_) {
    case Fault::kKill:
      is_right = code == OAR_E_PEER_LOST || (!is_met && code == OAR_E_TIMEOUT);
      blames = blames || (!is_met && blames_rank_zero);
      break;
    case Fault::kStop:
      is_right = code == OAR_E_TIMEOUT;
      blames = blames || has_transfers() || (!is_met && blames_rank_zero);
      break;
    case Fault::kReset:
      is_right = code == OAR_E_PEER_LOST || (!is_met && code == OAR_E_TIMEOUT);
      // The two ends of a line each know of the other.
      blames = blames || culprit_ == 0 || (is_culprit && blames_rank_zero) || (!is_met && blames_rank_zero);
      break;
    case Fault::kIsolate:
      is_right = code == OAR_E_PEER_LOST || code == OAR_E_TIMEOUT ||
                 (culprit_ == 0 && code == OAR_E_IO);  // of a rank that heard of it earlier and ended its transfers
      blames = blames || culprit_ == 0 || (is_culprit && blames_rank_zero) || (!is_met && blames_rank_zero) ||
               has_transfers();
      break;
    case Fault::kOtherCall:
      is_right = code == OAR_E_MISMATCH;
      break;
    case Fault::kSkip:
      is_right = code == OAR_E_MISMATCH || code == OAR_E_PEER_LOST || is_culprit;
      blames = blames || is_culprit;
      break;
    case Fault::kLeave:
      is_right = code == (is_culprit ? OAR_E_ABORTED : OAR_E_PEER_LOST);
      blames = blames || is_culprit;
      break;
    case Fault::kAbort:
      is_right = code == OAR_E_ABORTED;
      break;
    case Fault::kLate:
      is_right = code == OAR_E_TIMEOUT;
      blames = blames || has_transfers();
      break;
    case Fault::kStalledData:
      is_right = code == OAR_E_TIMEOUT;
      // A rank whose data came in time waits for one whose did not.
      blames = failure.info().rank < 0 || is_list;
      break;
    case Fault::kMissing:
      is_right = code == OAR_E_TIMEOUT;
      break;
    case Fault::kKilledInMeeting:
      is_right = code == OAR_E_PEER_LOST || code == OAR_E_TIMEOUT;
      blames = blames || blames_rank_zero;
      break;
    case Fault::kTwice:
    case Fault::kWrongSize:
      is_right = code == OAR_E_ENVIRONMENT || (!is_met && (blames_rank_zero || is_culprit));
      is_right = is_right && failure.message().find("gave no answer") == std::string::npos;  // rank 0 tells why
      blames = blames || blames_rank_zero || culprit_ == 0 || is_culprit;
      break;
    default:
      break;
  }
  if (!is_right) wrong.push_back(fmt::format("{} failed by code {}: {}", process.name(), code, failure.message()));
  if (!blames)
    wrong.push_back(
        fmt::format("{} blames rank {}, not {}: {}", process.name(), failure.info().rank, culprit_, failure.message()));
}

// What shows at once is told at once.
void World::judge_promptness(const Process& process, std::vector<std::string>& wrong) const {
  if (!is_of(fault_, {Fault::kKill, Fault::kReset, Fault::kOtherCall, Fault::kSkip, Fault::kLeave, Fault::kAbort}))
    return;
  const TimePoint began = std::min(fault_at_, ranks_[culprit_]->deviated_at());
  const TimePoint::duration bound = Milliseconds(1000) + std::chrono::microseconds(60 * delay_us_max_);
  for (const CallRecord& record : process.calls()) {
    if (record.num_ends == 0 || record.status.is_ok()) continue;
    const TimePoint::duration took = record.ended_at - std::max(record.called_at, began);
    if (took < bound) continue;
    wrong.push_back(fmt::format("{} heard of the fault after {:.3f} s: {}", process.name(), seconds(took),
                                record.status.message()));
  }
}

}  // namespace oarlock::simulation
