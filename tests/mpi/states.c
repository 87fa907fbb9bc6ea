/* What oar_state_create_with_mpi does and refuses, one case per run: mpirun -n N states CASE. Calls of MPI are counted on
 * their way, by definitions of this program that stand before MPI's (its profiling interface). */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "cases.h"

static pthread_t allowed_thread;  /* where calls of MPI may come from, once is_watched */
static int is_watched, num_calls, num_elsewhere, num_made, num_freed, num_all_gathers;
static int forced_error;          /* MPI_Iallgather returns it */
static int told_version;          /* not 0: what this rank's notice says instead of its own version */

static void count_call(void) {
  ++num_calls;
  if (is_watched && !pthread_equal(pthread_self(), allowed_thread)) ++num_elsewhere;
}

int MPI_Comm_idup(MPI_Comm comm, MPI_Comm *made, MPI_Request *request) {
  count_call();
  ++num_made;
  return PMPI_Comm_idup(comm, made, request);
}

int MPI_Comm_free(MPI_Comm *comm) {
  count_call();
  ++num_freed;
  return PMPI_Comm_free(comm);
}

int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status) {
  count_call();
  return PMPI_Test(request, flag, status);
}

int MPI_Iallgather(const void *mine, int count, MPI_Datatype type, void *all, int all_count, MPI_Datatype all_type,
                   MPI_Comm comm, MPI_Request *request) {
  MPI_Errhandler handler;
  count_call();
  ++num_all_gathers;
  PMPI_Comm_get_errhandler(comm, &handler);
  EXPECT(handler == MPI_ERRORS_RETURN); /* that of the duplicate */
  if (forced_error != MPI_SUCCESS) return forced_error;
  if (told_version != 0 && num_all_gathers == 1) ((int32_t *)(size_t)mine)[1] = told_version; /* oarlock_mpi.cpp: Notice */
  return PMPI_Iallgather(mine, count, type, all, all_count, all_type, comm, request);
}

/* The sum of (rank + 1) over all ranks must be n (n + 1) / 2. */
static void expect_sum(oar_state *state, int size) {
  oar_group *group;
  oar_tensor *tensor;
  oar_work *work;
  int32_t rank;
  float value;
  EXPECT_OK(oar_state_rank(state, &rank));
  value = (float)rank + 1;
  EXPECT_OK(oar_state_group(state, &group));
  EXPECT_OK(oar_tensor_from_memory(&value, OAR_FLOAT32, NULL, NULL, 0, NULL, NULL, &tensor));
  EXPECT_OK(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 10000, &work));
  EXPECT_OK(oar_work_wait(work, 0));
  EXPECT(value == (float)(size * (size + 1) / 2));
  oar_work_release(work);
  oar_tensor_release(tensor);
  oar_group_release(group);
}

static void expect_place(oar_state *state, MPI_Comm comm) {
  int32_t rank, world_size;
  EXPECT_OK(oar_state_rank(state, &rank));
  EXPECT_OK(oar_state_world_size(state, &world_size));
  EXPECT(rank == rank_in(comm) && world_size == size_of(comm));
}

static void expect_refused(oar_status status, oar_status expected, const char *part) {
  oar_error *error;
  const char *text;
  EXPECT(status == expected);
  EXPECT_CONTAINS(oar_last_error(), part);
  EXPECT_OK(oar_error_take(&error));
  EXPECT_OK(oar_error_operation(error, &text));
  EXPECT(strcmp(text, "oar_state_create_with_mpi") == 0);
  EXPECT_OK(oar_error_component(error, &text));
  EXPECT(strcmp(text, "mpi") == 0);
  oar_error_release(error);
}

static void before_initialisation(void) {
  oar_state *state = NULL;
  expect_refused(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state), OAR_E_STATE, "MPI is not initialised");
  expect_refused(oar_state_create_with_mpi_fint(NULL, 0, &state), OAR_E_STATE, "MPI is not initialised");
  EXPECT(state == NULL);
}

static void after_finalisation(void) {
  oar_state *state = NULL;
  MPI_Init(NULL, NULL);
  MPI_Finalize();
  expect_refused(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state), OAR_E_STATE, "finalised");
  expect_refused(oar_state_create_with_mpi_fint(NULL, 0, &state), OAR_E_STATE, "finalised");
  EXPECT(state == NULL);
}

static void works_after_finalisation(void) {
  oar_state *state;
  int size, calls;
  MPI_Init(NULL, NULL);
  size = size_of(MPI_COMM_WORLD);
  EXPECT_OK(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state));
  EXPECT(num_made == num_freed);
  calls = num_calls;
  MPI_Finalize();
  expect_sum(state, size);
  end(state);
  EXPECT(num_calls == calls);
}

static void no_communicator(void) {
  oar_state *state = NULL;
  expect_refused(oar_state_create_with_mpi(NULL, MPI_COMM_NULL, &state), OAR_E_ARGUMENT, "MPI_COMM_NULL");
  expect_refused(oar_state_create_with_mpi_fint(NULL, MPI_Comm_c2f(MPI_COMM_NULL), &state), OAR_E_ARGUMENT, "MPI_COMM_NULL");
#ifdef OPEN_MPI /* elsewhere a number that is no communicator is for MPI's own error handler */
  expect_refused(oar_state_create_with_mpi_fint(NULL, -77, &state), OAR_E_ARGUMENT, "no communicator");
#endif
  EXPECT(state == NULL && num_made == 0);
}

static void inter_communicator(void) {
  const int rank = rank_in(MPI_COMM_WORLD);
  MPI_Comm half, inter;
  oar_state *state = NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, rank % 2 == 0 ? 1 : 0, 5, &inter);
  expect_refused(oar_state_create_with_mpi(NULL, inter, &state), OAR_E_ARGUMENT, "MPI_Intercomm_merge");
  EXPECT(state == NULL);
  MPI_Comm_free(&inter);
  MPI_Comm_free(&half);
}

/* Both halves make their states at once, each with its ranks in the reverse order. */
static void sub_communicators(void) {
  const int rank = rank_in(MPI_COMM_WORLD);
  int size;
  MPI_Comm half;
  oar_state *state;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
  size = size_of(half);
  EXPECT_OK(oar_state_create_with_mpi_fint(NULL, MPI_Comm_c2f(half), &state));
  expect_place(state, half);
  expect_sum(state, size);
  MPI_Comm_free(&half); /* the state has no need of it */
  expect_sum(state, size);
  end(state);
}

static void several_states(void) {
  oar_state *states[3];
  int i;
  for (i = 0; i < 3; ++i) EXPECT_OK(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &states[i]));
  for (i = 0; i < 3; ++i) expect_sum(states[i], size_of(MPI_COMM_WORLD));
  for (i = 2; i >= 0; --i) end(states[i]);
  EXPECT(num_made == 3 && num_freed == 3);
}

static void a_rank_with_a_refused_option(void) {
  const int is_culprit = rank_in(MPI_COMM_WORLD) == 1;
  oar_config *config = is_culprit ? config_with("comm.timeout_ms", "0") : NULL;
  oar_state *state = NULL;
  oar_error *error;
  int32_t rank;
  const double start = seconds();
  const oar_status status = oar_state_create_with_mpi(config, MPI_COMM_WORLD, &state);
  EXPECT_CONTAINS(oar_last_error(), "comm.timeout_ms must be greater than 0");
  EXPECT(status == (is_culprit ? OAR_E_ARGUMENT : OAR_E_ABORTED) && seconds() - start < 10);
  if (!is_culprit) {
    EXPECT_CONTAINS(oar_last_error(), "rank 1 of the communicator failed");
    EXPECT_CONTAINS(oar_last_error(), "OAR_E_ARGUMENT");
    EXPECT_OK(oar_error_take(&error));
    EXPECT_OK(oar_error_rank(error, &rank));
    EXPECT(rank == 1);
    oar_error_release(error);
  }
  EXPECT(state == NULL && num_made == num_freed);
  oar_config_release(config);
}

static void a_rank_without_out(void) {
  const int is_culprit = rank_in(MPI_COMM_WORLD) == 1;
  oar_state *state = NULL;
  const oar_status status = oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, is_culprit ? NULL : &state);
  EXPECT_CONTAINS(oar_last_error(), "out is NULL");
  EXPECT(status == (is_culprit ? OAR_E_ARGUMENT : OAR_E_ABORTED) && state == NULL);
}

static void a_rank_of_another_version(void) {
  oar_state *state = NULL;
  const int is_other = rank_in(MPI_COMM_WORLD) == 1;
  if (is_other) told_version = 77;
  expect_refused(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state), OAR_E_VERSION,
                 is_other ? "this rank has 77" : "rank 1 of the communicator has version 77");
  EXPECT(state == NULL && num_made == num_freed);
}

static void an_absent_rank(void) {
  oar_config *config = config_with("comm.connect_timeout_ms", "500");
  oar_state *state = NULL;
  if (rank_in(MPI_COMM_WORLD) != 1) {
    const double start = seconds();
    expect_refused(oar_state_create_with_mpi(config, MPI_COMM_WORLD, &state), OAR_E_TIMEOUT, "comm.connect_timeout_ms");
    EXPECT(seconds() - start >= 0.5 && seconds() - start < 10 && state == NULL);
  }
  MPI_Barrier(MPI_COMM_WORLD); /* MPI and the program go on */
  oar_config_release(config);
}

static void a_failure_of_mpi(void) {
  oar_state *state = NULL;
  oar_error *error;
  int64_t vendor_code;
  char reason[MPI_MAX_ERROR_STRING];
  int length;
  MPI_Error_string(MPI_ERR_TYPE, reason, &length);
  forced_error = MPI_ERR_TYPE;
  EXPECT(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state) == OAR_E_IO);
  EXPECT_CONTAINS(oar_last_error(), "MPI_Iallgather failed: ");
  EXPECT_CONTAINS(oar_last_error(), reason);
  EXPECT_OK(oar_error_take(&error));
  EXPECT_OK(oar_error_vendor_code(error, &vendor_code));
  EXPECT(vendor_code == MPI_ERR_TYPE && state == NULL && num_made == num_freed);
  oar_error_release(error);
}

static void *make_elsewhere(void *out) {
  static oar_status status;
  allowed_thread = pthread_self();
  is_watched = 1;
  status = oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, (oar_state **)out);
  is_watched = 0;
  if (status == OAR_E_STATE) EXPECT_CONTAINS(oar_last_error(), "MPI_THREAD_SERIALIZED");
  return &status;
}

static oar_status make_on_a_thread(oar_state **out) {
  pthread_t thread;
  void *status;
  EXPECT(pthread_create(&thread, NULL, make_elsewhere, out) == 0 && pthread_join(thread, &status) == 0);
  return *(oar_status *)status;
}

static void another_thread_than_the_main_one(void) {
  oar_state *state = NULL;
  EXPECT(make_on_a_thread(&state) == OAR_E_STATE && state == NULL && num_calls == 0);
}

static void calls_come_from_the_calling_thread(void) {
  oar_state *state = NULL;
  EXPECT(make_on_a_thread(&state) == OAR_OK);
  EXPECT(num_calls > 0 && num_elsewhere == 0);
  end(state);
}

static void the_error_handler_stays(void) {
  MPI_Errhandler before, after;
  oar_state *state;
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &before);
  EXPECT_OK(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state));
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &after);
  EXPECT(before == after && before == MPI_ERRORS_ARE_FATAL);
  end(state);
}

static const struct mpi_case cases[] = {
  {"before_initialisation", before_initialisation, -1},
  {"after_finalisation", after_finalisation, -1},
  {"works_after_finalisation", works_after_finalisation, -1},
  {"no_communicator", no_communicator, MPI_THREAD_SINGLE},
  {"inter_communicator", inter_communicator, MPI_THREAD_SINGLE},
  {"sub_communicators", sub_communicators, MPI_THREAD_SINGLE},
  {"several_states", several_states, MPI_THREAD_MULTIPLE},
  {"a_rank_with_a_refused_option", a_rank_with_a_refused_option, MPI_THREAD_FUNNELED},
  {"a_rank_without_out", a_rank_without_out, MPI_THREAD_FUNNELED},
  {"a_rank_of_another_version", a_rank_of_another_version, MPI_THREAD_FUNNELED},
  {"an_absent_rank", an_absent_rank, MPI_THREAD_FUNNELED},
  {"a_failure_of_mpi", a_failure_of_mpi, MPI_THREAD_FUNNELED},
  {"another_thread_than_the_main_one", another_thread_than_the_main_one, MPI_THREAD_FUNNELED},
  {"calls_come_from_the_calling_thread", calls_come_from_the_calling_thread, MPI_THREAD_SERIALIZED},
  {"the_error_handler_stays", the_error_handler_stays, MPI_THREAD_SINGLE},
};

int main(int argc, char **argv) { return run_case(cases, sizeof cases / sizeof *cases, argc, argv); }
