/* When data between hosts goes by MPI, and what fails how, one case per run: mpirun -n N transports CASE, on hosts that the test
 * names. Calls of MPI are counted, and go wrong where a case wants it, by definitions of this program that stand before MPI's. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

#include "cases.h"

#define LARGE 100000 /* elements: above comm.inline_bytes */

static int num_messages, num_calls, num_made, num_freed;
static int forced_error;                        /* MPI_Issend returns it */
static int told_level = MPI_THREAD_MULTIPLE;    /* what MPI_Query_thread says at most */
static int is_mute;                             /* what is sent never arrives */
static int is_gated;                            /* no call of MPI may come any more */

static void count_call(int *count) {
  EXPECT(!__atomic_load_n(&is_gated, __ATOMIC_SEQ_CST));
  __atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST);
}

int MPI_Issend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request) {
  MPI_Errhandler handler;
  count_call(&num_messages);
  PMPI_Comm_get_errhandler(comm, &handler);
  EXPECT(handler == MPI_ERRORS_RETURN);
  if (forced_error != MPI_SUCCESS) return forced_error;
  return PMPI_Issend(data, count, type, to, is_mute ? tag + 1000000 : tag, comm, request);
}

int MPI_Test(MPI_Request *request, int *flag, MPI_Status *status) {
  count_call(&num_calls);
  return PMPI_Test(request, flag, status);
}

int MPI_Query_thread(int *level) {
  const int error = PMPI_Query_thread(level);
  if (*level > told_level) *level = told_level;
  return error;
}

int MPI_Comm_idup(MPI_Comm comm, MPI_Comm *made, MPI_Request *request) {
  count_call(&num_made);
  return PMPI_Comm_idup(comm, made, request);
}

int MPI_Comm_free(MPI_Comm *comm) {
  count_call(&num_freed);
  return PMPI_Comm_free(comm);
}

static oar_status sum(oar_group *group, int count) {
  float *values = malloc(sizeof(float) * (size_t)count);
  const int64_t shape[1] = {count};
  oar_tensor *tensor;
  oar_status status;
  int32_t rank, size;
  int i;
  EXPECT(values != NULL);
  EXPECT_OK(oar_group_rank(group, &rank));
  EXPECT_OK(oar_group_size(group, &size));
  for (i = 0; i < count; ++i) values[i] = (float)(rank + 1 + i % 7);
  EXPECT_OK(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &tensor));
  status = oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, NULL);
  for (i = 0; status == OAR_OK && i < count; ++i) EXPECT(values[i] == (float)(size * (size + 1) / 2 + size * (i % 7)));
  oar_tensor_release(tensor);
  free(values); /* it is the program's; MPI never had it */
  return status;
}

static oar_group *group_of(oar_state *state) {
  oar_group *group;
  EXPECT_OK(oar_state_group(state, &group));
  return group;
}

static oar_state *state_with(const char *key, const char *value) {
  oar_config *config = key != NULL ? config_with(key, value) : NULL;
  oar_state *state;
  EXPECT_OK(oar_state_create_with_mpi(config, MPI_COMM_WORLD, &state));
  oar_config_release(config);
  return state;
}

/* Of all ranks together. */
static int all_messages(void) {
  int all = 0;
  MPI_Allreduce(&num_messages, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  return all;
}

static void expect_dump(oar_state *state, const char *part) {
  char path[64], text[1 << 16];
  size_t length;
  FILE *file;
  snprintf(path, sizeof path, "/tmp/oarlock_transports_%ld", (long)getpid());
  EXPECT_OK(oar_state_dump(state, path));
  file = fopen(path, "r");
  EXPECT(file != NULL);
  length = fread(text, 1, sizeof text - 1, file);
  text[length] = '\0';
  fclose(file);
  unlink(path);
  EXPECT_CONTAINS(text, part);
}

static void the_topology_takes_mpi(void) {
  const int is_spread = size_of(MPI_COMM_WORLD) == 2;
  oar_state *state = state_with(NULL, NULL);
  oar_group *group = group_of(state);
  EXPECT_OK(sum(group, LARGE));
  EXPECT(all_messages() > 0 && num_made == 1 && num_freed == 0);
  expect_dump(state, is_spread ? "\"data_by\": \"mpi\"" : "\"data_by\": \"shm inside hosts, mpi between them\"");
  EXPECT_OK(oar_state_close(state));
  EXPECT(num_freed == 1); /* though the group is still held */
  oar_group_release(group);
  oar_state_release(state);
}

static void gloo_on_request(void) {
  oar_state *state = state_with("comm.between_hosts", "gloo");
  oar_group *group = group_of(state);
  EXPECT(num_freed == 1);
  EXPECT_OK(sum(group, LARGE));
  EXPECT(all_messages() == 0);
  expect_dump(state, "gloo");
  oar_group_release(group);
  end(state);
}

/* A state that moves no data by MPI needs it no more, as ever. */
static void below_thread_multiple_data_goes_by_gloo(void) {
  oar_state *state;
  oar_group *group;
  MPI_Init(NULL, NULL);
  state = state_with(NULL, NULL);
  EXPECT(num_made == 1 && num_freed == 1 && num_messages == 0);
  MPI_Finalize();
  is_gated = 1;
  group = group_of(state);
  EXPECT_OK(sum(group, LARGE));
  oar_group_release(group);
  end(state);
}

static void expect_refusal(const char *culprit) {
  oar_config *config = config_with("comm.between_hosts", "mpi");
  oar_state *state = NULL;
  EXPECT(oar_state_create_with_mpi(config, MPI_COMM_WORLD, &state) == OAR_E_STATE && state == NULL);
  EXPECT_CONTAINS(oar_last_error(), "comm.between_hosts is 'mpi'");
  EXPECT_CONTAINS(oar_last_error(), "ask MPI_Init_thread for MPI_THREAD_MULTIPLE");
  EXPECT_CONTAINS(oar_last_error(), culprit);
  EXPECT(num_made == num_freed);
  oar_config_release(config);
}

static void mpi_on_request_needs_thread_multiple(void) { expect_refusal("on rank"); }

static void one_rank_below_thread_multiple_is_named_on_all(void) {
  if (rank_in(MPI_COMM_WORLD) == 1) told_level = MPI_THREAD_SERIALIZED;
  expect_refusal("on rank 1");
}

static int32_t all_gather(const void *mine, size_t size, void *all, void *user_data) {
  (void)user_data;
  return MPI_Allgather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, MPI_COMM_WORLD);
}

static void without_a_communicator_mpi_is_refused(void) {
  oar_config *config = config_with("comm.between_hosts", "mpi");
  oar_state *state = NULL;
  const int rank = rank_in(MPI_COMM_WORLD), size = size_of(MPI_COMM_WORLD);
  EXPECT(oar_state_create_with_exchange(config, rank, size, all_gather, NULL, NULL, &state) == OAR_E_ENVIRONMENT);
  EXPECT_CONTAINS(oar_last_error(), "oar_state_create_with_mpi");
  EXPECT_OK(oar_config_set_string(config, "comm.backend", "gloo"));
  EXPECT(oar_state_create_with_mpi(config, MPI_COMM_WORLD, &state) == OAR_E_ARGUMENT && state == NULL);
  EXPECT_CONTAINS(oar_last_error(), "comm.backend is 'gloo'");
  EXPECT(num_made == num_freed);
  oar_config_release(config);
}

static void a_state_that_outlives_mpi_ends_well(void) {
  oar_state *state;
  oar_group *group;
  int level;
  MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &level);
  state = state_with("comm.between_hosts", "mpi");
  group = group_of(state);
  EXPECT_OK(sum(group, LARGE));
  MPI_Finalize();
  is_gated = 1;
  EXPECT_OK(sum(group, 100)); /* which needs no MPI */
  EXPECT(sum(group, LARGE) == OAR_E_STATE);
  EXPECT_CONTAINS(oar_last_error(), "close the state before MPI_Finalize");
  oar_group_release(group);
  end(state);
}

static void *sum_often(void *group) {
  int i;
  for (i = 0; i < 30; ++i) EXPECT_OK(sum(group, LARGE + i));
  return NULL;
}

/* Of halves of the communicator, in reverse order; each state has sub-groups, and all of them move data at once. */
static void groups_of_sub_communicators_work_at_once(void) {
  const int rank = rank_in(MPI_COMM_WORLD);
  oar_group *groups[4];
  pthread_t threads[4];
  oar_state *whole = state_with(NULL, NULL), *part;
  MPI_Comm half;
  int i;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
  EXPECT_OK(oar_state_create_with_mpi(NULL, half, &part));
  MPI_Comm_free(&half);
  groups[0] = group_of(whole);
  groups[1] = group_of(part);
  EXPECT_OK(oar_group_split(groups[0], 0, -rank, 0, 0, &groups[2]));
  EXPECT_OK(oar_group_split(groups[0], rank % 2, rank, 0, 0, &groups[3]));
  num_messages = 0;
  for (i = 0; i < 4; ++i) EXPECT(pthread_create(&threads[i], NULL, sum_often, groups[i]) == 0);
  for (i = 0; i < 4; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
  EXPECT(all_messages() >= 60); /* of the two groups of all ranks, whose leaders send at least one message for each sum */
  for (i = 3; i >= 0; --i) oar_group_release(groups[i]);
  end(part);
  end(whole);
  EXPECT(num_made == 2 && num_freed == 3); /* `half` is the program's */
}

static void different_calls_never_reach_mpi(void) {
  oar_state *state = state_with(NULL, NULL);
  oar_group *group = group_of(state);
  const double start = seconds();
  oar_status status;
  if (rank_in(MPI_COMM_WORLD) == 1) {
    status = sum(group, LARGE + 1);
  } else {
    status = sum(group, LARGE);
  }
  EXPECT(status == OAR_E_MISMATCH && seconds() - start < 1);
  EXPECT_CONTAINS(oar_last_error(), "100001 float32");
  EXPECT(all_messages() == 0);
  oar_group_release(group);
  end(state);
}

static void an_error_of_mpi_is_told_on_every_rank(void) {
  const int culprit = size_of(MPI_COMM_WORLD) == 2 ? 1 : 2; /* leads a host */
  oar_state *state = state_with(NULL, NULL);
  oar_group *group = group_of(state);
  char reason[MPI_MAX_ERROR_STRING];
  int length;
  oar_error *error;
  int64_t vendor_code;
  int32_t rank;
  MPI_Error_string(MPI_ERR_TYPE, reason, &length);
  if (rank_in(MPI_COMM_WORLD) == culprit) forced_error = MPI_ERR_TYPE;
  EXPECT(sum(group, LARGE) == OAR_E_IO);
  EXPECT_CONTAINS(oar_last_error(), reason);
  EXPECT_OK(oar_error_take(&error));
  EXPECT_OK(oar_error_rank(error, &rank));
  EXPECT_OK(oar_error_vendor_code(error, &vendor_code));
  EXPECT(rank == culprit && (rank_in(MPI_COMM_WORLD) != culprit || vendor_code == MPI_ERR_TYPE));
  oar_error_release(error);
  oar_group_release(group);
  end(state);
  MPI_Barrier(MPI_COMM_WORLD); /* MPI and the program go on */
}

static void what_does_not_arrive_ends_by_the_time_out(void) {
  oar_state *state = state_with("comm.timeout_ms", "500");
  oar_group *group = group_of(state);
  const double start = seconds();
  is_mute = 1;
  EXPECT(sum(group, LARGE) == OAR_E_TIMEOUT);
  EXPECT(seconds() - start >= 0.5 && seconds() - start < 10);
  oar_group_release(group);
  end(state);
  EXPECT(num_freed == (num_messages == 0)); /* MPI keeps the communicator of messages that it still has */
  is_mute = 0;
  MPI_Barrier(MPI_COMM_WORLD);
}

static void an_abort_frees_who_waits_for_mpi(void) {
  oar_state *state = state_with(NULL, NULL);
  oar_group *group = group_of(state);
  float *values = calloc(LARGE, sizeof(float));
  const int64_t shape[1] = {LARGE};
  oar_tensor *tensor;
  oar_work *work;
  double start;
  is_mute = 1;
  EXPECT_OK(oar_tensor_from_memory(values, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &tensor));
  EXPECT_OK(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, &work));
  EXPECT(oar_work_wait(work, 200) == OAR_E_TIMEOUT); /* it is under way, and does not come */
  MPI_Barrier(MPI_COMM_WORLD);
  start = seconds();
  if (rank_in(MPI_COMM_WORLD) == 0) EXPECT_OK(oar_state_abort(state, "enough"));
  EXPECT(oar_work_wait(work, 10000) == OAR_E_ABORTED && seconds() - start < 1);
  oar_work_release(work);
  oar_tensor_release(tensor);
  free(values);
  oar_group_release(group);
  end(state);
}

static void on_one_host_nothing_goes_by_mpi(void) {
  oar_state *state = state_with("comm.between_hosts", "mpi");
  oar_group *group = group_of(state);
  EXPECT(num_made == 1 && num_freed == 1);
  EXPECT_OK(sum(group, LARGE));
  EXPECT(num_messages == 0);
  expect_dump(state, "\"data_by\": \"shm\"");
  oar_group_release(group);
  end(state);
}

static const struct mpi_case cases[] = {
  {"the_topology_takes_mpi", the_topology_takes_mpi, MPI_THREAD_MULTIPLE},
  {"gloo_on_request", gloo_on_request, MPI_THREAD_MULTIPLE},
  {"below_thread_multiple_data_goes_by_gloo", below_thread_multiple_data_goes_by_gloo, -1},
  {"mpi_on_request_needs_thread_multiple", mpi_on_request_needs_thread_multiple, MPI_THREAD_SERIALIZED},
  {"one_rank_below_thread_multiple_is_named_on_all", one_rank_below_thread_multiple_is_named_on_all, MPI_THREAD_MULTIPLE},
  {"without_a_communicator_mpi_is_refused", without_a_communicator_mpi_is_refused, MPI_THREAD_MULTIPLE},
  {"a_state_that_outlives_mpi_ends_well", a_state_that_outlives_mpi_ends_well, -1},
  {"groups_of_sub_communicators_work_at_once", groups_of_sub_communicators_work_at_once, MPI_THREAD_MULTIPLE},
  {"different_calls_never_reach_mpi", different_calls_never_reach_mpi, MPI_THREAD_MULTIPLE},
  {"an_error_of_mpi_is_told_on_every_rank", an_error_of_mpi_is_told_on_every_rank, MPI_THREAD_MULTIPLE},
  {"what_does_not_arrive_ends_by_the_time_out", what_does_not_arrive_ends_by_the_time_out, MPI_THREAD_MULTIPLE},
  {"an_abort_frees_who_waits_for_mpi", an_abort_frees_who_waits_for_mpi, MPI_THREAD_MULTIPLE},
  {"on_one_host_nothing_goes_by_mpi", on_one_host_nothing_goes_by_mpi, MPI_THREAD_MULTIPLE},
};

int main(int argc, char **argv) { return run_case(cases, sizeof cases / sizeof *cases, argc, argv); }
