// liboarlock_mpi.so: a state among the ranks of an MPI communicator (oarlock/mpi.h has the contract).
//
// The whole of it is this file, which a site compiles against its own MPI, for MPI has no binary interface that all
// share, and lent_calls.h beside it. It uses the public functions of liboarlock.so and MPI 3.0, and of C++ nothing that
// needs its library: so nothing but the two functions is exported, whatever options it is compiled with, and nothing
// here throws.
//
// The ranks meet in two all-gathers over a duplicate of the communicator: first a notice of each rank (it goes on, or
// it failed and why), so that one rank's refused option ends the call on all of them; then the block of
// oar_state_create_with_exchange. Both are nonblocking and polled up to a deadline, since nobody can interrupt a
// blocking call of MPI.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <oarlock/config.h>
#include <oarlock/error.h>
#include <oarlock/experimental.h>
#include <oarlock/mpi.h>
#include <oarlock/state.h>
#include <oarlock/version.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lent_calls.h"

namespace {

const char kFunction[] = "oar_state_create_with_mpi";
const int64_t kTimeoutMs = 300000;  // where the options cannot be read: the default of comm.connect_timeout_ms
const int kPollsBeforeSleep = 1000;

// What each rank tells the others first. Plain bytes of a fixed size.
struct Notice {
  uint32_t magic;
  int32_t abi_version;
  int32_t status;        // OAR_OK: it goes on with a block of block_bytes
  int32_t thread_level;  // what MPI gives this rank; MPI_THREAD_MULTIPLE: it lends its MPI
  uint64_t block_bytes;
  char text[256];  // of its failure
};
const uint32_t kMagic = 0x4f41524d;

// Why this call fails, where oar_last_error() cannot know it; code OAR_OK: it does not.
struct Failure {
  oar_status code;
  int32_t rank;
  int64_t vendor_code;
  char text[640];
};

struct Meeting {
  MPI_Comm comm;  // the duplicate
  Lent* lent;     // the same, for the state; NULL: it gets none
  int thread_level;
  int rank;
  int world_size;
  int64_t timeout_ms;
  int64_t deadline_ms;
  bool told;      // the notices have been exchanged
  bool is_stuck;  // an operation of MPI is still running: neither its memory nor the duplicate may be freed
  Failure failure;
};

int64_t now_ms() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1000000;
}

__attribute__((format(printf, 5, 6))) bool fail(Failure* failure, oar_status code, int32_t rank, int64_t vendor_code,
                                                const char* text, ...) {
  failure->code = code;
  failure->rank = rank;
  failure->vendor_code = vendor_code;
  va_list arguments;
  va_start(arguments, text);
  vsnprintf(failure->text, sizeof(failure->text), text, arguments);
  va_end(arguments);
  return false;
}

oar_status report(const Failure& failure) {
  return oar_error_set(failure.code, "mpi", kFunction, failure.text, failure.rank, failure.vendor_code);
}

bool check_mpi(int error, const char* call, Failure* failure) {
  if (error == MPI_SUCCESS) return true;
  char reason[MPI_MAX_ERROR_STRING] = "no reason given";
  int length = 0;
  MPI_Error_string(error, reason, &length);
  return fail(failure, OAR_E_IO, -1, error, "%s failed: %s", call, reason);
}

// Until `request` is done or the deadline has come. Yields first, so that ranks that share a core meet quickly.
bool wait_for(MPI_Request* request, const char* call, Meeting* meeting) {
  for (int64_t poll = 0;; ++poll) {
    int done = 0;
    if (!check_mpi(MPI_Test(request, &done, MPI_STATUS_IGNORE), call, &meeting->failure)) {
      meeting->is_stuck = true;
      return false;
    }
    if (done) return true;
    if (poll < kPollsBeforeSleep) {
      sched_yield();
      continue;
    }
    if (now_ms() > meeting->deadline_ms) {
      meeting->is_stuck = true;
      return fail(&meeting->failure, OAR_E_TIMEOUT, -1, 0,
                  "%s did not end within %lld ms: not all of the %d ranks of the communicator have called %s; this one "
                  "is rank %d. All of them must; comm.connect_timeout_ms sets how long they wait",
                  call, static_cast<long long>(meeting->timeout_ms), meeting->world_size, kFunction, meeting->rank);
    }
    const struct timespec pause = {0, 100000};
    nanosleep(&pause, NULL);
  }
}

bool all_gather(const void* mine, size_t size, void* all, const char* what, Meeting* meeting) {
  MPI_Request request;
  const int bytes = static_cast<int>(size);
  const int error = MPI_Iallgather(mine, bytes, MPI_BYTE, all, bytes, MPI_BYTE, meeting->comm, &request);
  return check_mpi(error, what, &meeting->failure) && wait_for(&request, what, meeting);
}

bool check_notice(const Notice& mine, const Notice& theirs, int rank, Failure* failure) {
  if (theirs.magic != kMagic || theirs.abi_version != mine.abi_version) {
    return fail(failure, OAR_E_VERSION, rank, 0,
                "rank %d of the communicator has version %d of the interface of liboarlock, this rank has %d; start "
                "the same build on all ranks",
                rank, static_cast<int>(theirs.abi_version), static_cast<int>(mine.abi_version));
  }
  if (theirs.status != OAR_OK) {
    return fail(failure, OAR_E_ABORTED, rank, theirs.status, "rank %d of the communicator failed in %s: %s: %.*s", rank,
                kFunction, oar_status_name(theirs.status), static_cast<int>(sizeof(theirs.text)) - 1, theirs.text);
  }
  if (theirs.block_bytes != mine.block_bytes) {
    return fail(
        failure, OAR_E_VERSION, rank, 0,
        "rank %d of the communicator tells %llu bytes where this rank tells %llu: they have different builds of "
        "liboarlock; start the same build on all ranks",
        rank, static_cast<unsigned long long>(theirs.block_bytes), static_cast<unsigned long long>(mine.block_bytes));
  }
  return true;
}

// Oarlock moves data on threads of its own, so all ranks must allow that for any to lend its MPI.
void note_refusal(int thread_level, int rank, Meeting* meeting) {
  Lent* lent = meeting->lent;
  if (lent == NULL || lent->refusal[0] != '\0' || thread_level == MPI_THREAD_MULTIPLE) return;
  snprintf(lent->refusal, sizeof(lent->refusal),
           "MPI lets only one thread at a time call it on rank %d (it was initialised below MPI_THREAD_MULTIPLE), and "
           "data moves on a thread of Oarlock's; ask MPI_Init_thread for MPI_THREAD_MULTIPLE, or set "
           "comm.between_hosts to 'auto' or 'gloo'",
           rank);
}

// Every rank's notice to every rank. A rank that failed (status) only tells; it knows its own failure.
bool exchange_notices(oar_status status, const char* text, size_t block_bytes, Meeting* meeting) {
  meeting->told = true;
  const size_t count = static_cast<size_t>(meeting->world_size);
  Notice* notices = static_cast<Notice*>(calloc(count + 1, sizeof(Notice)));  // mine behind those of all
  if (notices == NULL) {
    return fail(&meeting->failure, OAR_E_OUT_OF_MEMORY, -1, 0, "no memory for the notices of %d ranks",
                meeting->world_size);
  }
  Notice* mine = notices + count;
  mine->magic = kMagic;
  mine->abi_version = oar_abi_version();
  mine->status = status;
  mine->thread_level = meeting->thread_level;
  mine->block_bytes = block_bytes;
  snprintf(mine->text, sizeof(mine->text), "%s", text);
  bool is_fine = all_gather(mine, sizeof(Notice), notices, "MPI_Iallgather", meeting);
  for (int rank = 0; is_fine && status == OAR_OK && rank < meeting->world_size; ++rank) {
    is_fine = check_notice(*mine, notices[rank], rank, &meeting->failure);
    if (is_fine) note_refusal(notices[rank].thread_level, rank, meeting);
  }
  if (!meeting->is_stuck) free(notices);  // else MPI may still write to them
  return is_fine;
}

// oar_exchange_fn. The block goes through memory of our own, which a time-out can leave to MPI.
int32_t exchange(const void* mine, size_t size, void* all, void* user_data) {
  Meeting* meeting = static_cast<Meeting*>(user_data);
  if (!exchange_notices(OAR_OK, "", size, meeting)) return 1;
  const size_t count = static_cast<size_t>(meeting->world_size);
  char* blocks = static_cast<char*>(malloc((count + 1) * size));
  if (blocks == NULL) {
    fail(&meeting->failure, OAR_E_OUT_OF_MEMORY, -1, 0, "no memory for the blocks of %d ranks", meeting->world_size);
    return 1;
  }
  memcpy(blocks + count * size, mine, size);
  const bool is_fine = all_gather(blocks + count * size, size, blocks, "MPI_Iallgather", meeting);
  if (is_fine) memcpy(all, blocks, count * size);
  if (!meeting->is_stuck) free(blocks);
  return is_fine ? 0 : 1;
}

// How long to wait for the others; what is wrong with the options is told by the call that takes them.
int64_t connect_timeout_ms(const oar_config* config) {
  oar_config* defaults = NULL;
  int64_t value = 0;
  if (config == NULL && oar_config_create(&defaults) == OAR_OK) config = defaults;
  const bool is_known = config != NULL && oar_config_get_int64(config, "comm.connect_timeout_ms", &value) == OAR_OK;
  oar_config_release(defaults);
  return is_known && value > 0 ? value : kTimeoutMs;
}

bool check_process(Failure* failure) {
  int is_initialised = 0, is_finalised = 0, level = MPI_THREAD_SINGLE, is_main = 0;
  MPI_Initialized(&is_initialised);
  if (!is_initialised) {
    return fail(failure, OAR_E_STATE, -1, 0,
                "MPI is not initialised; call MPI_Init or MPI_Init_thread first, which Oarlock leaves to the program");
  }
  MPI_Finalized(&is_finalised);
  if (is_finalised) {
    return fail(failure, OAR_E_STATE, -1, 0, "MPI is finalised already; make the state before MPI_Finalize");
  }
  MPI_Query_thread(&level);
  MPI_Is_thread_main(&is_main);
  if (level < MPI_THREAD_SERIALIZED && !is_main) {
    return fail(failure, OAR_E_STATE, -1, 0,
                "MPI was initialised below MPI_THREAD_SERIALIZED, so only its main thread may call it, which this is "
                "not; make the state on the thread that called MPI_Init, or ask MPI_Init_thread for "
                "MPI_THREAD_SERIALIZED");
  }
  return true;
}

bool check_communicator(MPI_Comm comm, Failure* failure) {
  // OpenMPI's MPI_Comm_f2c gives a null pointer for a number that is no communicator.
  if (comm == MPI_COMM_NULL || comm == MPI_Comm()) {
    return fail(failure, OAR_E_ARGUMENT, -1, 0,
                "comm is MPI_COMM_NULL, or no communicator; only ranks that are in a communicator can make a state "
                "with it");
  }
  int is_inter = 0;
  MPI_Comm_test_inter(comm, &is_inter);
  if (is_inter) {
    return fail(failure, OAR_E_ARGUMENT, -1, 0,
                "comm is an inter-communicator; make one of all its ranks by MPI_Intercomm_merge, or pass one of its "
                "sides");
  }
  return true;
}

bool duplicate(MPI_Comm comm, Meeting* meeting) {
  MPI_Request request;
  return check_mpi(MPI_Comm_idup(comm, &meeting->comm, &request), "MPI_Comm_idup", &meeting->failure) &&
         wait_for(&request, "MPI_Comm_idup", meeting) &&
         check_mpi(MPI_Comm_set_errhandler(meeting->comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler",
                   &meeting->failure);
}

// With the table, where this liboarlock knows such a function; it is older else, and moves data by gloo.
oar_status create_state(const oar_config* config, Meeting* meeting, oar_state** out) {
  oar_function function = NULL;
  if (oar_experimental_get("state_create_with_mpi_calls", &function) != OAR_OK) function = NULL;
  meeting->lent = function != NULL ? make_lent(meeting->comm) : NULL;
  if (meeting->lent == NULL) {
    return oar_state_create_with_exchange(config, meeting->rank, meeting->world_size, exchange, meeting, NULL, out);
  }
  MPI_Query_thread(&meeting->thread_level);
  if (meeting->thread_level == MPI_THREAD_MULTIPLE && !watch_finalisation())
    meeting->thread_level = MPI_THREAD_SERIALIZED;
  note_refusal(meeting->thread_level, meeting->rank, meeting);
  const oar_mpi_calls calls = table_of(meeting->lent);
  return reinterpret_cast<oar_state_create_with_mpi_calls_fn>(function)(config, meeting->rank, meeting->world_size,
                                                                        exchange, meeting, &calls, out);
}

// What the duplicate is for from here: the state's, until it releases the table; else it has done its work.
void end_meeting(Meeting* meeting, bool has_duplicate, bool has_state) {
  Lent* lent = meeting->lent;
  const bool is_stuck = meeting->is_stuck;
  if (lent != NULL && has_state && !lent->is_released) {
    lent->is_creating = false;
  } else if (lent != NULL) {
    lent->is_clean = lent->is_clean && !is_stuck;
    end_lent(lent);
  } else if (has_duplicate && !is_stuck) {
    MPI_Comm_free(&meeting->comm);
  }
  if (!is_stuck) free(meeting);
}

oar_status create(const oar_config* config, MPI_Comm comm, oar_state** out) {
  Failure refused = Failure();
  if (!check_communicator(comm, &refused)) return report(refused);
  // On the heap: a duplication that did not end in time still writes to it.
  Meeting* meeting = static_cast<Meeting*>(calloc(1, sizeof(Meeting)));
  if (meeting == NULL) {
    fail(&refused, OAR_E_OUT_OF_MEMORY, -1, 0, "no memory to meet the other ranks");
    return report(refused);
  }
  MPI_Comm_rank(comm, &meeting->rank);
  MPI_Comm_size(comm, &meeting->world_size);
  meeting->timeout_ms = connect_timeout_ms(config);
  meeting->deadline_ms = now_ms() + meeting->timeout_ms;
  oar_status status = OAR_OK;
  const bool has_duplicate = duplicate(comm, meeting);
  if (has_duplicate) {
    status = create_state(config, meeting, out);
    if (status != OAR_OK && !meeting->told) {
      exchange_notices(status, oar_last_error(), 0, meeting);
      meeting->failure.code = OAR_OK;  // the first failure is the one to report
    }
  }
  if (meeting->failure.code != OAR_OK) status = report(meeting->failure);
  end_meeting(meeting, has_duplicate, status == OAR_OK);
  return status;
}

}  // namespace

oar_status oar_state_create_with_mpi(const oar_config* config, MPI_Comm comm, oar_state** out) noexcept {
  Failure refused = Failure();
  return check_process(&refused) ? create(config, comm, out) : report(refused);
}

oar_status oar_state_create_with_mpi_fint(const oar_config* config, MPI_Fint comm, oar_state** out) noexcept {
  Failure refused = Failure();
  // Before MPI is initialised, and after it is finalised, the number cannot be looked up.
  return check_process(&refused) ? create(config, MPI_Comm_f2c(comm), out) : report(refused);
}
