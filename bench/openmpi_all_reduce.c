/* One all_reduce among the ranks of mpirun, by Oarlock and by MPI in turns: mpirun -n N openmpi_all_reduce NUMEL CALLS ROUNDS
 *
 * Both sides sum the same page-aligned float32 buffer in place, check the sum, make CALLS / 10 + 1 calls to warm up, and then
 * CALLS that are timed one by one, from call to result. A round is one turn of each side. Rank 0 prints a line per turn:
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
  float *values;
  int64_t numel;
  int calls, rank, num_ranks;
  double *times;
  oar_group *group;
  oar_tensor *tensor; /* over `values` */
} bench;

typedef oar_status (*step_fn)(bench *b);

static oar_status ours(bench *b) { return oar_group_all_reduce(b->group, b->tensor, OAR_REDUCE_SUM, 0, NULL); }

static oar_status theirs(bench *b) {
  const int error = MPI_Allreduce(MPI_IN_PLACE, b->values, (int)b->numel, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
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

static oar_status check_sum(bench *b, step_fn step) {
  const float expected = (float)(b->num_ranks * (b->num_ranks + 1) / 2);
  int64_t i;
  for (i = 0; i < b->numel; ++i) b->values[i] = (float)b->rank + 1;
  TRY(step(b));
  for (i = 0; i < b->numel; ++i) if (b->values[i] != expected) return OAR_E_MISMATCH;
  memset(b->values, 0, (size_t)b->numel * sizeof *b->values); /* whose sum stays 0 */
  return OAR_OK;
}

static oar_status measure(bench *b, const char *side, step_fn step, int is_counted) {
  double mine[2], slowest[2], used[2], all[2], begin;
  int i;
  TRY(check_sum(b, step));
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
  TRY(oar_tensor_from_memory(b->values, OAR_FLOAT32, &b->numel, NULL, 1, NULL, NULL, &b->tensor));
  for (round = 0; round <= rounds; ++round) { /* the first is a warm-up */
    TRY(measure(b, "ours", ours, round > 0));
    TRY(measure(b, "theirs", theirs, round > 0));
  }
  oar_tensor_release(b->tensor);
  oar_group_release(b->group);
  TRY(oar_state_close(state));
  oar_state_release(state);
  return OAR_OK;
}

int main(int argc, char **argv) {
  bench b = {0};
  oar_status status;
  void *values;
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &b.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &b.num_ranks);
  if (argc != 4) MPI_Abort(MPI_COMM_WORLD, 2);
  b.numel = atol(argv[1]);
  b.calls = atoi(argv[2]);
  b.times = malloc((size_t)b.calls * sizeof *b.times);
  if (b.times == NULL || posix_memalign(&values, 4096, (size_t)b.numel * sizeof *b.values) != 0) MPI_Abort(MPI_COMM_WORLD, 3);
  b.values = values;
  status = run(&b, atoi(argv[3]));
  if (status != OAR_OK) {
    fprintf(stderr, "rank %d: %s: %s\n", b.rank, oar_status_name(status), oar_last_error());
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  free(b.times);
  free(b.values);
  MPI_Finalize();
  return 0;
}
