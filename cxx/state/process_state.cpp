#include "state/process_state.h"

#include <ATen/Parallel.h>
#include <ATen/ops/full.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <numeric>

#include "base/log.h"
#include "base/option_reach.h"
#include "base/thread.h"
#include "comm/backends/mpi/mpi_link.h"
#include "comm/backends/self.h"
#include "comm/collectives.h"
#include "comm/hosts.h"
#include "comm/make_group.h"
#include "comm/survivors.h"
#include "state/meeting_place.h"
#include "state/state_dump.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

constexpr Milliseconds kEntryMax{10000};  // of the survivors, all of which are there, into their new group

Result<std::shared_ptr<State>> form_on_star(Options options, Topology topology, Star star,
                                            std::shared_ptr<MpiLink> mpi = nullptr);
std::shared_ptr<State> form_lone_state(Options options, Topology topology);

class ProcessState : public State {
 public:
  ProcessState(Options options, Topology topology, std::shared_ptr<Group> group, std::shared_ptr<StateDump> dump,
               Contacts contacts, std::shared_ptr<MpiLink> mpi = nullptr)
      : options_(std::move(options)),
        topology_(std::move(topology)),
        group_(std::move(group)),
        dump_(std::move(dump)),
        contacts_(std::move(contacts)),
        mpi_(std::move(mpi)),
        timeout_(bounded_wait(Milliseconds(options_.integer("comm.timeout_ms")))) {
    const auto keep_record = [dump = std::weak_ptr<StateDump>(dump_), folder = dump_folder()](const std::string& name,
                                                                                              const Group& each) {
      record(dump.lock(), folder, name, each);
    };
    keep_record("world", *group_);
    group_->descendants()->listen("world", keep_record);
  }

  const Topology& topology() const override { return topology_; }
  at::Device device() const override { return at::Device(at::kCPU); }
  const Options& options() const override { return options_; }
  const std::shared_ptr<Group>& group() const override { return group_; }
  Milliseconds timeout() const override { return timeout_; }

  Status print(std::string_view text) override {
    if (!is_main_process()) return Status::ok();
    std::shared_ptr<PrintSink> sink;
    {
      std::lock_guard lock(mutex_);
      sink = sink_;
    }
    if (sink != nullptr) {
      const std::int32_t failed = (*sink)(std::string(text).c_str());
      if (failed == 0) return Status::ok();
      return callback_failed("the print callback returned {}", failed).with_vendor_code(failed);
    }
    const std::string line = fmt::format("{}\n", text);
    const bool is_written = std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fflush(stdout) == 0;
    return is_written ? Status::ok() : os_error(errno, "writing to standard output");
  }

  void set_print_sink(PrintSink sink) override {
    auto replacement = sink ? std::make_shared<PrintSink>(std::move(sink)) : nullptr;
    std::lock_guard lock(mutex_);
    sink_.swap(replacement);
  }

  void request_stop() noexcept override { stop_requested_.store(true, std::memory_order_relaxed); }

  Result<bool> should_stop() override {
    const bool mine = stop_requested_.load(std::memory_order_relaxed);
    at::Tensor any = at::full({}, mine ? 1 : 0, at::kInt);
    OAR_ASSIGN(const std::shared_ptr<Work> work, group_->all_reduce(any, ReduceOp::kMax, timeout_));
    OAR_TRY(work->wait(Milliseconds(0)));
    return any.item<int>() != 0;
  }

  Status dump(const std::string& path) const override { return dump_->write(path); }

  Status abort(std::string_view reason) override {
    is_cancelled_ = true;
    return group_->abort(reason);
  }

  Result<std::shared_ptr<State>> shrink(int min_size, Milliseconds timeout) override {
    OAR_TRY(check_shrink(min_size));
    if (world_size() == 1) return shrink_alone();
    OAR_ASSIGN(const Milliseconds wait,
               resolve_timeout(timeout, Milliseconds(options_.integer("comm.connect_timeout_ms"))));
    is_cancelled_ = false;
    OAR_TRY(group_->abort(fmt::format("rank {} goes on without the ranks that are lost (oar_state_shrink)", rank())));
    const SurvivorTerms terms{rank(),
                              min_size == 0 ? least_size() : min_size,
                              wait,
                              bounded_wait(Milliseconds(options_.integer("comm.late_ms"))),
                              options_.text("comm.address"),
                              options_.integer("comm.inline_bytes")};
    std::shared_ptr<State> smaller;
    OAR_TRY(with_survivors(contacts_, terms, is_cancelled_, [&](const std::vector<int>& ranks, Star star) -> Status {
      OAR_ASSIGN(smaller, form_smaller(static_cast<int>(ranks.size()), std::move(star)));
      return Status::ok();
    }));
    OAR_TRY(close());
    if (stop_requested_) smaller->request_stop();  // who asked the old state has not heard of this one
    return smaller;
  }

  Status close() override {
    if (on_own_thread()) {
      return invalid_state(
          "the state cannot be closed from a callback on a thread of Oarlock's, for which closing waits; close it on a "
          "thread of the program");
    }
    is_over_ = true;
    profile().reset();
    contacts_.listener.reset();
    group_->descendants()->close();
    group_->close();
    mpi_ = nullptr;  // which ends with the last transport that uses it
    return Status::ok();
  }

 private:
  std::string dump_folder() const {
    return options_.is_set("comm.dump_on_failure") ? options_.text("comm.dump_on_failure") : "";
  }
  Status check_shrink(int min_size) const {
    if (min_size < 0 || min_size > world_size()) {
      return invalid_argument("min_size must lie in [0, {}], the ranks of this world, got {}", world_size(), min_size);
    }
    if (on_own_thread()) {
      return invalid_state(
          "a world cannot shrink from a callback on a thread of Oarlock's; call it on one of the program");
    }
    if (is_over_) return invalid_state("this state cannot shrink: it is closed, or has shrunk already");
    if (world_size() == 1 || contacts_.listener.is_open()) return Status::ok();
    return bad_environment(
        "this rank cannot be reached by the others to go on with them: when they met, the process had no descriptor "
        "left for a port of its own; raise its limit (ulimit -n)");
  }
  Result<std::shared_ptr<State>> shrink_alone() {
    OAR_ASSIGN(std::shared_ptr<State> alone, form_smaller(1, Star()));
    OAR_TRY(close());
    return alone;
  }
  Result<std::shared_ptr<State>> form_smaller(int size, Star star) const {
    Topology topology;
    topology.rank = star.rank;
    topology.world_size = size;
    topology.source = topology_.source;
    OAR_ASSIGN(Options options, options_of_next_generation(topology));
    if (size == 1) return form_lone_state(std::move(options), std::move(topology));
    OAR_ASSIGN(std::shared_ptr<State> state, form_on_star(std::move(options), std::move(topology), std::move(star)));
    OAR_TRY(state->group()->barrier(kEntryMax));
    state->group()->recorder()->clear();  // of what nobody called
    return state;
  }
  // With more than half of the ranks there is one world only, however the network breaks; nothing parts one host.
  int least_size() const { return Hosts(contacts_.members).size() == 1 ? 1 : world_size() / 2 + 1; }
  Result<Options> options_of_next_generation(const Topology& topology) const {
    Options options = options_;
    OAR_TRY(options.set("state.generation", JsonValue::integer(options_.integer("state.generation") + 1)));
    if (options.is_set("state.rank")) OAR_TRY(options.set("state.rank", JsonValue::integer(topology.rank)));
    if (options.is_set("state.world_size"))
      OAR_TRY(options.set("state.world_size", JsonValue::integer(topology.world_size)));
    for (const char* key : {"state.local_rank", "state.local_world_size"}) OAR_TRY(options.set(key, JsonValue()));
    // MPI goes on with all of its ranks or not at all.
    if (options.text("comm.between_hosts") == "mpi") {
      OAR_TRY(options.set("comm.between_hosts", JsonValue::string("gloo")));
    }
    return options;
  }
  // What the group does is in the dumps from here; its failure writes one into the folder, if one is given.
  static void record(const std::shared_ptr<StateDump>& dump, const std::string& folder, const std::string& name,
                     const Group& group) {
    if (dump == nullptr) return;
    std::vector<int> ranks;
    for (int rank = 0; rank < group.size(); ++rank) ranks.push_back(group.world_rank(rank));
    const std::shared_ptr<FlightRecorder> recorder = group.recorder();
    dump->add(name, std::move(ranks), group.size() > 1 ? group.making().data_by : "", recorder);
    if (folder.empty()) return;
    recorder->on_end([weak = std::weak_ptr<const StateDump>(dump), folder] {
      if (const auto kept = weak.lock()) kept->write_into(folder);
    });
  }

  Options options_;
  Topology topology_;
  std::shared_ptr<Group> group_;
  std::shared_ptr<StateDump> dump_;
  Contacts contacts_;
  std::shared_ptr<MpiLink> mpi_;           // by which data moves between hosts; nullptr: it does not
  std::atomic<bool> is_cancelled_{false};  // a shrink() that waits
  bool is_over_ = false;
  Milliseconds timeout_;
  std::atomic<bool> stop_requested_{false};
  std::mutex mutex_;
  std::shared_ptr<PrintSink> sink_;
};

Status check_positive(const Options& options, const char* key) {
  if (options.integer(key) > 0) return Status::ok();
  return invalid_argument("option {} must be greater than 0, got {}", key, options.integer(key));
}

Status check_between_hosts(const Options& options) {
  const std::string between = options.text("comm.between_hosts"), backend = options.text("comm.backend");
  if (between != "auto" && between != "gloo" && between != "mpi") {
    return invalid_argument("option comm.between_hosts must be auto, gloo or mpi, got '{}'", between);
  }
  if (between == "mpi" && backend != "auto") {
    return invalid_argument(
        "option comm.between_hosts is 'mpi', but comm.backend is '{}', which moves all data; leave that at 'auto'",
        backend);
  }
  return Status::ok();
}

// Where data between hosts is to go by MPI: whether it can. Ranks that have exchanged get the same.
Status check_mpi(const Options& options, const MpiLink* mpi) {
  if (options.text("comm.between_hosts") != "mpi") return Status::ok();
  if (mpi == nullptr) {
    return bad_environment(
        "option comm.between_hosts is 'mpi', but this state is not made of a communicator of MPI; make it by "
        "oar_state_create_with_mpi (oarlock/mpi.h)");
  }
  const std::string refusal = mpi->refusal();
  return refusal.empty() ? Status::ok() : invalid_state("option comm.between_hosts is 'mpi', but {}", refusal);
}

std::shared_ptr<const MpiPlace> place_in_mpi(const std::shared_ptr<MpiLink>& mpi, int world_size) {
  if (mpi == nullptr) return nullptr;
  std::vector<int> ranks(static_cast<std::size_t>(world_size));
  std::iota(ranks.begin(), ranks.end(), 0);
  return std::make_shared<const MpiPlace>(MpiPlace{mpi, std::move(ranks)});
}

Status check_options(const Options& options) {
  OAR_TRY(check_reach_of_state(options));
  OAR_TRY(check_positive(options, "comm.timeout_ms"));
  OAR_TRY(check_positive(options, "comm.connect_timeout_ms"));
  OAR_TRY(check_positive(options, "comm.late_ms"));
  if (options.integer("comm.inline_bytes") < 0) {
    return invalid_argument("option comm.inline_bytes must not be negative, got {}",
                            options.integer("comm.inline_bytes"));
  }
  const std::string backend = options.text("comm.backend");
  if (backend != "auto" && backend != "shm" && backend != "gloo" && backend != "nccl") {
    return invalid_argument("option comm.backend must be auto, shm, gloo or nccl, got '{}'", backend);
  }
  OAR_TRY(check_between_hosts(options));
  if (!parse_log_level(options.text("log.level"))) {
    return invalid_argument(
        "option log.level (variable OARLOCK_LOG_LEVEL) must be debug, info, warning, error or off, got '{}'",
        options.text("log.level"));
  }
  if (options.is_set("device.name") && options.text("device.name") != "cpu") {
    return unsupported("option device.name must be 'cpu', the only device of this build, got '{}'",
                       options.text("device.name"));
  }
  return options.is_set("threads.intra_op") ? check_positive(options, "threads.intra_op") : Status::ok();
}

// What the options ask for in this process; nothing is changed that they do not name.
void apply_to_process(const Options& options) {
  // The environment's level is in force already, unless the program has set another one since.
  const Result<Options> environment = Options::from_environment();
  if (environment.is_ok() && environment.value().text("log.level") != options.text("log.level")) {
    set_log_level(*parse_log_level(options.text("log.level")));
  }
  if (options.is_set("threads.intra_op")) at::set_num_threads(static_cast<int>(options.integer("threads.intra_op")));
  if (options.is_set("seed")) seed_default_generator(static_cast<std::uint64_t>(options.integer("seed")));
}

// Told apart from other runs, and from other worlds of these processes, by who met and where.
std::string name_run(const Star& star) {
  const Member& hub = star.members[0];
  return fmt::format("process {} on {}, port {}", hub.pid, hub.host_name, star.store_port);
}

Result<std::shared_ptr<State>> form_on_star(Options options, Topology topology, Star star,
                                            std::shared_ptr<MpiLink> mpi) {
  Contacts contacts = take_contacts(star);
  complete_topology(topology, star.members);
  auto dump = std::make_shared<StateDump>(topology, star.members, name_run(star));
  const StarEngine::Limits limits{bounded_wait(Milliseconds(options.integer("comm.late_ms"))),
                                  bounded_wait(Milliseconds(options.integer("comm.connect_timeout_ms"))),
                                  options.flag("comm.arrival_skew")};
  OAR_ASSIGN(std::shared_ptr<Group> group,
             make_group(std::move(star), limits, bounded_wait(Milliseconds(options.integer("comm.timeout_ms"))),
                        options.text("comm.backend"), default_nccl_names(),
                        {options.text("comm.between_hosts"), place_in_mpi(mpi, topology.world_size)}));
  if (group->making().between.mpi == nullptr) mpi = nullptr;
  apply_to_process(options);
  return std::shared_ptr<State>(std::make_shared<ProcessState>(
      std::move(options), std::move(topology), std::move(group), std::move(dump), std::move(contacts), std::move(mpi)));
}

Result<std::shared_ptr<State>> form_state(Options options, Topology topology, Result<Meeting> meeting,
                                          std::shared_ptr<MpiLink> mpi = nullptr) {
  OAR_ASSIGN(Meeting place, std::move(meeting));
  OAR_ASSIGN(Star star, meet(std::move(place)));
  return form_on_star(std::move(options), std::move(topology), std::move(star), std::move(mpi));
}

std::shared_ptr<State> form_lone_state(Options options, Topology topology) {
  topology.local_rank = 0;
  topology.local_world_size = 1;
  topology.node_rank = 0;
  apply_to_process(options);
  auto dump = std::make_shared<StateDump>(topology, std::vector<Member>{this_member()}, "");
  return std::make_shared<ProcessState>(std::move(options), std::move(topology), make_self_group(), std::move(dump),
                                        Contacts());
}

}  // namespace

Result<std::shared_ptr<State>> State::create(Options options) {
  OAR_TRY(check_options(options));
  OAR_TRY(check_mpi(options, nullptr));
  OAR_ASSIGN(Topology topology, find_topology(options));
  if (topology.world_size == 1) return form_lone_state(std::move(options), std::move(topology));
  Result<Meeting> meeting = find_meeting(topology, options);
  return form_state(std::move(options), std::move(topology), std::move(meeting));
}

Result<std::shared_ptr<State>> State::create_with_exchange(Options options, int rank, int world_size, Exchange exchange,
                                                           std::shared_ptr<MpiLink> mpi) {
  OAR_TRY(check_options(options));
  if (mpi == nullptr) OAR_TRY(check_mpi(options, nullptr));
  if (world_size < 1) return invalid_argument("world_size must be at least 1, got {}", world_size);
  if (rank < 0 || rank >= world_size) return invalid_argument("rank must lie in [0, {}), got {}", world_size, rank);
  Topology topology;
  topology.rank = rank;
  topology.world_size = world_size;
  topology.source = "exchange";
  Result<Meeting> meeting = Meeting();
  if (world_size > 1) meeting = exchange_meeting(rank, world_size, exchange, options);
  OAR_TRY(meeting.status());
  OAR_TRY(check_mpi(options, mpi.get()));
  if (world_size == 1) return form_lone_state(std::move(options), std::move(topology));
  if (mpi != nullptr && !mpi->refusal().empty()) mpi = nullptr;  // on all ranks
  return form_state(std::move(options), std::move(topology), std::move(meeting), std::move(mpi));
}

}  // namespace oarlock
