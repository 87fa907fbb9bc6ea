#include "state/job_variables.h"

#include <cstdint>
#include <initializer_list>

namespace oarlock {
namespace {

// The names of one launcher's variables; nullptr: it has none for this.
struct Family {
  const char* source;
  const char* rank;
  const char* world_size;
  const char* local_rank;
  const char* local_world_size;
};
constexpr Family kMpiFamilies[] = {
    {"Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"MVAPICH", "MV2_COMM_WORLD_RANK", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_LOCAL_RANK", "MV2_COMM_WORLD_LOCAL_SIZE"},
    {"PMI", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"},
};
// From here on the numbers of SLURM's steps have a meaning of their own: the batch script, the shell of salloc. Neither
// is a rank, though SLURM sets the other variables there too.
constexpr std::int64_t kFirstSpecialStep = 0xfffffff0;

bool is_set(const Environment& environment, const char* name) { return !environment(name).value_or("").empty(); }

// The first of several names for one thing that is set.
std::string first_set(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (is_set(environment, name)) return *environment(name);
  }
  return "";
}

Status read_places(const Environment& environment, const Family& family, Places& places) {
  OAR_ASSIGN(places.rank, read_variable(environment, family.rank));
  OAR_ASSIGN(places.world_size, read_variable(environment, family.world_size));
  OAR_ASSIGN(places.local_rank, read_variable(environment, family.local_rank));
  if (family.local_world_size == nullptr) return Status::ok();
  OAR_ASSIGN(places.local_world_size, read_variable(environment, family.local_world_size));
  return Status::ok();
}

std::string step_of(const Environment& environment) {
  return first_set(environment, {"SLURM_STEP_ID", "SLURM_STEPID"});
}

bool is_in_step(const Environment& environment) {
  const std::optional<std::int64_t> step = parse_number<std::int64_t>(step_of(environment));
  return step && *step < kFirstSpecialStep && is_set(environment, "SLURM_PROCID");
}

Result<Job> read_slurm(const Environment& environment) {
  Job job;
  job.source = "SLURM";
  job.world_id =
      fmt::format("slurm/{}.{}", first_set(environment, {"SLURM_JOB_ID", "SLURM_JOBID"}), step_of(environment));
  const char* size = is_set(environment, "SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  OAR_TRY(read_places(environment, {"SLURM", "SLURM_PROCID", size, "SLURM_LOCALID", nullptr}, job.places));
  OAR_ASSIGN(job.places.node_rank, read_variable(environment, "SLURM_NODEID"));
  return job;
}

Result<Job> read_family(const Environment& environment, const Family& family) {
  Job job;
  job.source = family.source;
  // The first is given by launchers with PMIx, Open MPI's among them, the second by SLURM's PMI; MPICH's gives none.
  const std::string name = first_set(environment, {"PMIX_NAMESPACE", "PMI_JOBID"});
  if (!name.empty()) job.world_id = "pmi/" + name;
  OAR_TRY(read_places(environment, family, job.places));
  return job;
}

Result<Job> read_job(const Environment& environment) {
  for (const Family& family : kMpiFamilies) {
    if (is_set(environment, family.rank)) return read_family(environment, family);
  }
  if (is_in_step(environment)) return read_slurm(environment);
  if (!is_set(environment, "PMIX_RANK")) return Job();
  return bad_environment(
      "PMIX_RANK={} tells that this is one of several processes, but PMIx tells by no variable how many; set RANK and "
      "WORLD_SIZE or the options state.rank and state.world_size, or let the program give its own all-gather "
      "(oar_state_create_with_exchange); for one process unset PMIX_RANK",
      *environment("PMIX_RANK"));
}

bool is_on_one_host(const Environment& environment, const Places& places) {
  if (places.local_world_size.value) return places.local_world_size.value == places.world_size.value;
  return first_set(environment, {"SLURM_STEP_NUM_NODES", "SLURM_NNODES", "SLURM_JOB_NUM_NODES"}) == "1";
}

}  // namespace

Result<Job> find_job(const Environment& environment, const std::string& address) {
  OAR_ASSIGN(Job job, read_job(environment));
  Places& places = job.places;
  places.address = address;
  places.way_out = fmt::format(
      "these are the variables of {}: start the program by it, or set RANK and WORLD_SIZE, or the options state.rank "
      "and state.world_size (0 and 1 for a process of its own)",
      job.source);
  if (job.source.empty() || !address.empty() || places.world_size.value.value_or(1) == 1) return job;
  places.address =
      is_on_one_host(environment, places)
          ? "127.0.0.1"
          : first_host(first_set(environment, {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"}));
  if (!places.address.empty()) return job;
  return bad_environment(
      "{} tells each rank its number but not where rank 0 is, and {}; set MASTER_ADDR and MASTER_PORT on all ranks "
      "(`mpirun -x MASTER_ADDR=host -x MASTER_PORT=port`) or the options state.master_address and state.master_port, "
      "or "
      "make the state by oar_state_create_with_mpi or oar_state_create_with_exchange, which ask the program's MPI",
      job.source,
      places.local_world_size.value
          ? fmt::format("{} of {} ranks are on this host", *places.local_world_size.value, *places.world_size.value)
          : fmt::format("{} is not set, so the {} ranks may be on several hosts", places.local_world_size.name,
                        *places.world_size.value));
}

int port_of_world(std::string_view world_id) {
  constexpr int kFirstPort = 20000;
  constexpr int kNumPorts = 9000;
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv
  for (const char character : world_id) hash = (hash ^ static_cast<unsigned char>(character)) * 1099511628211u;
  return kFirstPort + static_cast<int>(hash % kNumPorts);
}

std::string first_host(std::string_view node_list) {
  std::string host;
  for (std::size_t i = 0; i < node_list.size() && node_list[i] != ','; ++i) {
    if (node_list[i] != '[') {
      host += node_list[i];
      continue;
    }
    const std::size_t end_of_first = node_list.find_first_of("-,]", i);
    const std::size_t end = node_list.find(']', i);
    if (end == std::string_view::npos) return "";
    host += node_list.substr(i + 1, end_of_first - i - 1);
    i = end;
  }
  return host;
}

}  // namespace oarlock
