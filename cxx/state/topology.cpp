#include "state/topology.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "state/job_variables.h"

namespace oarlock {
namespace {

constexpr int kDefaultPort = 29500;  // the reference's, and torchrun's
constexpr int kWorldSizeMax = 1 << 20;

// Of rank 0. Where the ranks meet by a file nobody needs to know it beforehand.
std::string master_address(const Options& options) {
  return options.is_set("state.meeting_file") ? "127.0.0.1" : options.text("state.master_address");
}

Place read_option(const Options& options, const char* key) {
  if (!options.is_set(key)) return Place{key, std::nullopt};
  const std::int64_t value = options.integer(key);
  // Out of an int's range is out of every range below; clamp so that the check there names it.
  return Place{key, static_cast<int>(std::clamp<std::int64_t>(value, -1, kWorldSizeMax + 1))};
}

Status check_one(const Place& place, int low, int high, const std::string& way_out) {
  if (!place.value || (*place.value >= low && *place.value <= high)) return Status::ok();
  return bad_environment("{} must lie in [{}, {}], got {}; {}", place.name, low, high, *place.value, way_out);
}

// Half a pair is a mistake: nobody can know the other half.
Status check_pair(const Place& one, const Place& other, const std::string& way_out) {
  if (one.value.has_value() == other.value.has_value()) return Status::ok();
  if (!one.value && *other.value == 1) return Status::ok();  // a world of one needs no rank
  return bad_environment("{} and {} must be given together, got {} and {}; {}", one.name, other.name, one.text(),
                         other.text(), way_out);
}

Status check_below(const Place& small, const Place& big, const std::string& way_out) {
  if (!small.value || !big.value || *small.value < *big.value) return Status::ok();
  return bad_environment("{} must be less than {}, got {} and {}; {}", small.name, big.name, *small.value, *big.value,
                         way_out);
}

Status check_places(const Places& places) {
  const std::string& way_out = places.way_out;
  OAR_TRY(check_pair(places.rank, places.world_size, way_out));
  OAR_TRY(check_one(places.world_size, 1, kWorldSizeMax, way_out));
  OAR_TRY(check_one(places.rank, 0, kWorldSizeMax, way_out));
  OAR_TRY(check_below(places.rank, places.world_size, way_out));
  OAR_TRY(check_one(places.local_world_size, 1, kWorldSizeMax, way_out));
  OAR_TRY(check_one(places.local_rank, 0, kWorldSizeMax, way_out));
  OAR_TRY(check_below(places.local_rank, places.local_world_size, way_out));
  OAR_TRY(check_one(places.node_rank, 0, kWorldSizeMax, way_out));
  OAR_TRY(check_one(places.port, 1, 65535, way_out));
  if (places.world_size.value && places.local_world_size.value &&
      *places.local_world_size.value > *places.world_size.value) {
    return bad_environment("{} must not be greater than {}, got {} and {}; {}", places.local_world_size.name,
                           places.world_size.name, *places.local_world_size.value, *places.world_size.value, way_out);
  }
  return check_below(places.local_rank, places.world_size, way_out);
}

Result<Topology> settle(const Places& places) {
  OAR_TRY(check_places(places));
  Topology topology;
  topology.rank = places.rank.value.value_or(0);
  topology.world_size = places.world_size.value.value_or(1);
  topology.local_rank = places.local_rank.value.value_or(-1);
  topology.local_world_size = places.local_world_size.value.value_or(-1);
  topology.node_rank = places.node_rank.value.value_or(-1);
  topology.master_port = places.port.value.value_or(kDefaultPort);
  if (!places.address.empty()) topology.master_address = places.address;
  const bool may_span_hosts = places.local_world_size.value && *places.local_world_size.value < topology.world_size;
  if (places.address.empty() && may_span_hosts) {
    return bad_environment(
        "no address of rank 0 is given, and {} of {} ranks are on this host; set MASTER_ADDR and "
        "MASTER_PORT, or the options state.master_address and state.master_port",
        *places.local_world_size.value, topology.world_size);
  }
  if (topology.world_size == 1) topology.local_rank = 0, topology.local_world_size = 1, topology.node_rank = 0;
  return topology;
}

Result<Topology> from_options(const Options& options) {
  Places places{read_option(options, "state.rank"),
                read_option(options, "state.world_size"),
                read_option(options, "state.local_rank"),
                read_option(options, "state.local_world_size"),
                Place{"state.node_rank", std::nullopt},
                read_option(options, "state.master_port"),
                master_address(options),
                "correct the options, or leave them out to use the environment"};
  OAR_ASSIGN(Topology topology, settle(places));
  topology.source = "options";
  return topology;
}

// The variables of `oarlock launch` and torchrun.
Result<Places> read_places(const Environment& environment) {
  Places places;
  OAR_ASSIGN(places.rank, read_variable(environment, "RANK"));
  OAR_ASSIGN(places.world_size, read_variable(environment, "WORLD_SIZE"));
  OAR_ASSIGN(places.local_rank, read_variable(environment, "LOCAL_RANK"));
  if (places.local_rank.value == -1) places.local_rank.value.reset();  // the reference's "not distributed"
  OAR_ASSIGN(places.local_world_size, read_variable(environment, "LOCAL_WORLD_SIZE"));
  OAR_ASSIGN(places.node_rank, read_variable(environment, environment("GROUP_RANK") ? "GROUP_RANK" : "NODE_RANK"));
  places.way_out =
      "start the program with `oarlock launch` or torchrun, which set all of them, or unset them all for one process";
  return places;
}

// Kubernetes sets MASTER_PORT=tcp://... for a service called master: no matter to a process that meets nobody.
Status read_port(const Environment& environment, Places& places) {
  if (places.world_size.value.value_or(1) == 1) return Status::ok();
  OAR_ASSIGN(places.port, read_variable(environment, "MASTER_PORT"));
  return Status::ok();
}

Result<Topology> from_job(Job job, const Environment& environment) {
  OAR_TRY(read_port(environment, job.places));
  if (!job.places.port.value && !job.world_id.empty()) job.places.port.value = port_of_world(job.world_id);
  OAR_ASSIGN(Topology topology, settle(job.places));
  topology.source = job.source;
  topology.world_id = job.world_id;
  return topology;
}

// `address`: the option's, if there is one.
Result<Topology> from_variables(const Environment& environment, std::string address) {
  if (address.empty()) address = environment("MASTER_ADDR").value_or("");
  OAR_ASSIGN(Places places, read_places(environment));
  if (!places.rank.value && !places.world_size.value) {
    OAR_ASSIGN(Job job, find_job(environment, address));
    if (!job.source.empty()) return from_job(std::move(job), environment);
  }
  places.address = std::move(address);
  OAR_TRY(read_port(environment, places));
  OAR_ASSIGN(Topology topology, settle(places));
  if (!places.world_size.value) {
    topology.source = "one process";
    return topology;
  }
  const std::optional<std::string> launch_id = environment("OARLOCK_LAUNCH_ID");
  topology.source = launch_id ? "oarlock launch" : "the environment";
  topology.world_id = launch_id.value_or(environment("TORCHELASTIC_RUN_ID").value_or(""));
  topology.agent_store = environment("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
  if (topology.agent_store) topology.world_id += "/" + environment("TORCHELASTIC_RESTART_COUNT").value_or("0");
  OAR_ASSIGN(const Place listen_fd, read_variable(environment, "OARLOCK_LISTEN_FD"));
  if (topology.rank == 0) topology.listen_fd = listen_fd.value.value_or(-1);
  return topology;
}

}  // namespace

Result<Place> read_variable(const Environment& environment, const char* name) {
  const std::optional<std::string> text = environment(name);
  if (!text || text->empty()) return Place{name, std::nullopt};
  if (const std::optional<int> value = parse_number<int>(*text)) return Place{name, *value};
  return bad_environment("environment variable {} must be a whole number, got '{}'; unset it or correct it", name,
                         *text);
}

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<Topology> find_topology(const Options& options, const Environment& environment) {
  if (options.is_set("state.rank") || options.is_set("state.world_size")) return from_options(options);
  OAR_ASSIGN(Topology topology, from_variables(environment, master_address(options)));
  if (options.is_set("state.master_port"))
    topology.master_port = read_option(options, "state.master_port").value.value_or(0);
  return topology;
}

}  // namespace oarlock
