/* One operation among the ranks of mpirun, by Oarlock and by MPI in turns:
 *
 *   mpirun -n N openmpi_collective all_reduce|all_gather|reduce_scatter|send_receive NUMEL CALLS ROUNDS
 *
 * NUMEL: elements of the tensor (all_reduce, in place), of what a rank gives (all_gather), of what it gets (reduce_scatter). Both
 * sides work on the same page-aligned float32 buffers, check the result, make CALLS / 10 + 1 calls to warm up, and then CALLS that
 * are timed one by one, from call to result. A round is one turn of each side. Rank 0 prints a line per turn:
 * side, median and 99th percentile in microseconds (the slowest rank's), processor time over wall time (all ranks'). */
#define _XOPEN_SOURCE 700
#include <mpi.h>
#include <oarlock/mpi.h>
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

typedef struct {
  char operation; /* 'a'll_reduce, 'g'ather by all, 'r'educe_scatter, 's'end there and back */
  float *given, *got; /* all_reduce: the same */
  int64_t numel, num_given, num_got;
  int calls, rank, num_ranks;
  double *times;
  oar_group *group;
  oar_tensor *input, *output; /* over `given` and `got` */
} bench;

typedef oar_status (*step_fn)(bench *b);

static oar_status ours(bench *b) {
  if (b->operation == 's') {
    if (b->rank == 0) TRY(oar_group_send(b->group, b->input, 1, 0, NULL));
    TRY(oar_group_receive(b->group, b->output, 1 - b->rank, 0, NULL));
    return b->rank == 1 ? oar_group_send(b->group, b->output, 0, 0, NULL) : OAR_OK;
  }
  if (b->operation == 'r') return oar_group_reduce_scatter(b->group, b->input, b->output, OAR_REDUCE_SUM, 0, NULL);
  if (b->operation == 'g') return oar_group_all_gather(b->group, b->input, b->output, 0, NULL);
  return oar_group_all_reduce(b->group, b->input, OAR_REDUCE_SUM, 0, NULL);
}

static oar_status theirs(bench *b) {
  const int numel = (int)b->numel;
  int error = MPI_SUCCESS;
  if (b->operation == 's') {
    if (b->rank == 0) error = MPI_Send(b->given, numel, MPI_FLOAT, 1, 0, MPI_COMM_WORLD);
    if (error == MPI_SUCCESS) error = MPI_Recv(b->got, numel, MPI_FLOAT, 1 - b->rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (b->rank == 1 && error == MPI_SUCCESS) error = MPI_Send(b->got, numel, MPI_FLOAT, 0, 0, MPI_COMM_WORLD);
  } else if (b->operation == 'r') {
    error = MPI_Reduce_scatter_block(b->given, b->got, numel, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  } else if (b->operation == 'g') {
    error = MPI_Allgather(b->given, numel, MPI_FLOAT, b->got, numel, MPI_FLOAT, MPI_COMM_WORLD);
  } else {
    error = MPI_Allreduce(MPI_IN_PLACE, b->given, numel, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  }
  return error == MPI_SUCCESS ? OAR_OK : OAR_E_IO;
}

static double wall_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double processor_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* What rank r gives is r + 1 throughout. */
static oar_status check_result(bench *b, step_fn step) {
  const float sum = b->operation == 's' ? 1.0F : (float)(b->num_ranks * (b->num_ranks + 1) / 2);
  int64_t i;
  for (i = 0; i < b->num_given; ++i) b->given[i] = (float)b->rank + 1;
  TRY(step(b));
  for (i = 0; i < b->num_got; ++i) if (b->got[i] != (b->operation == 'g' ? (float)(i / b->numel + 1) : sum)) return OAR_E_MISMATCH;
  memset(b->given, 0, (size_t)b->num_given * sizeof *b->given); /* whose sum stays 0 */
  return OAR_OK;
}

static oar_status measure(bench *b, const char *side, step_fn step, int is_counted) {
  double mine[2], slowest[2], used[2], all[2], begin;
  int i;
  TRY(check_result(b, step));
  for (i = 0; i < b->calls / 10 + 1; ++i) TRY(step(b));
  MPI_Barrier(MPI_COMM_WORLD);
  used[0] = processor_seconds();
  used[1] = wall_seconds();
  for (i = 0; i < b->calls; ++i) {
    begin = wall_seconds();
    TRY(step(b));
    b->times[i] = wall_seconds() - begin;
  }
  used[0] = processor_seconds() - used[0];
  used[1] = wall_seconds() - used[1];
  qsort(b->times, (size_t)b->calls, sizeof *b->times, ascending);
  mine[0] = b->times[b->calls / 2];
  mine[1] = b->times[b->calls * 99 / 100];
  MPI_Reduce(mine, slowest, 2, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  MPI_Reduce(used, all, 2, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  if (b->rank == 0 && is_counted) {
    printf("%s %.4f %.4f %.4f\n", side, slowest[0] * 1e6, slowest[1] * 1e6, all[0] / all[1]);
    fflush(stdout);
  }
  return OAR_OK;
}

static oar_status run(bench *b, int rounds) {
  oar_state *state;
  int round;
  TRY(oar_state_create_with_mpi(NULL, MPI_COMM_WORLD, &state));
  TRY(oar_state_group(state, &b->group));
  TRY(oar_tensor_from_memory(b->given, OAR_FLOAT32, &b->num_given, NULL, 1, NULL, NULL, &b->input));
  TRY(oar_tensor_from_memory(b->got, OAR_FLOAT32, &b->num_got, NULL, 1, NULL, NULL, &b->output));
  for (round = 0; round <= rounds; ++round) { /* the first is a warm-up */
    TRY(measure(b, "ours", ours, round > 0));
    TRY(measure(b, "theirs", theirs, round > 0));
  }
  oar_tensor_release(b->input);
  oar_tensor_release(b->output);
  oar_group_release(b->group);
  TRY(oar_state_close(state));
  oar_state_release(state);
  return OAR_OK;
}

static float *new_buffer(int64_t numel) {
  void *buffer;
  if (posix_memalign(&buffer, 4096, (size_t)numel * sizeof(float)) != 0) MPI_Abort(MPI_COMM_WORLD, 3);
  return buffer;
}

int main(int argc, char **argv) {
  const char *between = getenv("OARLOCK_COMM_BETWEEN_HOSTS"); /* Oarlock's threads may call MPI then */
  bench b = {0};
  oar_status status;
  int level;
  MPI_Init_thread(&argc, &argv, between != NULL ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE, &level);
  MPI_Comm_rank(MPI_COMM_WORLD, &b.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &b.num_ranks);
  if (argc != 5) MPI_Abort(MPI_COMM_WORLD, 2);
  b.operation = strcmp(argv[1], "all_gather") == 0 ? 'g' : argv[1][0];
  b.numel = atol(argv[2]);
  b.calls = atoi(argv[3]);
  b.num_given = b.operation == 'r' ? b.numel * b.num_ranks : b.numel;
  b.num_got = b.operation == 'g' ? b.numel * b.num_ranks : b.numel;
  b.times = malloc((size_t)b.calls * sizeof *b.times);
  if (b.times == NULL) MPI_Abort(MPI_COMM_WORLD, 3);
  b.given = new_buffer(b.num_given);
  b.got = b.operation == 'a' ? b.given : new_buffer(b.num_got);
  status = run(&b, atoi(argv[4]));
  if (status != OAR_OK) {
    fprintf(stderr, "rank %d: %s: %s\n", b.rank, oar_status_name(status), oar_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  free(b.times);
  if (b.got != b.given) free(b.got);
  free(b.given);
  MPI_Finalize();
  return 0;
}
