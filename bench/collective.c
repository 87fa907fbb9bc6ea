/* One rank of allreduce_*, allgather_*, reducescatter_*, sendrecv_*: times an operation on float32 from call to result.
 *
 *   collective all_reduce|all_gather|reduce_scatter|send_receive NUMEL CALLS private|shared
 *
 * NUMEL: elements of the tensor (all_reduce, send_receive), of what a rank gives (all_gather), of what it gets (reduce_scatter).
 * send_receive: rank 0 sends to rank 1, which sends back what it got: there and back is one call.
 * private: memory of the program, which the library copies through its own; shared: of oar_group_alloc_shared.
 * Prints processor time over wall time of this rank, then the microseconds of each call, one per line. */
#define _XOPEN_SOURCE 700

#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct {
  const char *operation;
  oar_group *group;
  oar_tensor *input, *output; /* all_reduce: the same */
  int32_t rank;
} bench;

static void check(oar_status status) {
  if (status == OAR_OK) return;
  fprintf(stderr, "collective: %s\n", oar_last_error());
  exit(1);
}

static double microseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static double processor_microseconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static oar_tensor *new_tensor(oar_group *group, int is_shared, int64_t numel) {
  oar_tensor *tensor = NULL;
  if (is_shared) {
    check(oar_group_alloc_shared(group, OAR_FLOAT32, &numel, 1, 0, &tensor));
    return tensor;
  }
  void *data = malloc((size_t)numel * sizeof(float));
  if (data == NULL) exit(3);
  check(oar_tensor_from_memory(data, OAR_FLOAT32, &numel, NULL, 1, NULL, NULL, &tensor));
  return tensor;
}

static void fill(oar_tensor *tensor, int64_t numel, float value) {
  void *data = NULL;
  check(oar_tensor_data(tensor, &data));
  for (int64_t i = 0; i < numel; ++i) ((float *)data)[i] = value;
}

static void step(const bench *b) {
  if (b->operation[0] == 's') {
    if (b->rank == 0) check(oar_group_send(b->group, b->input, 1, 0, NULL));
    check(oar_group_receive(b->group, b->output, 1 - b->rank, 0, NULL));
    if (b->rank == 1) check(oar_group_send(b->group, b->output, 0, 0, NULL));
  } else if (b->operation[0] == 'r') {
    check(oar_group_reduce_scatter(b->group, b->input, b->output, OAR_REDUCE_SUM, 0, NULL));
  } else if (b->input == b->output) {
    check(oar_group_all_reduce(b->group, b->input, OAR_REDUCE_SUM, 0, NULL));
  } else {
    check(oar_group_all_gather(b->group, b->input, b->output, 0, NULL));
  }
}

/* What rank r gives is r + 1 throughout. */
static void check_result(const bench *b, int64_t numel, int64_t num_parts, int32_t size) {
  void *data = NULL;
  check(oar_tensor_data(b->output, &data));
  for (int64_t i = 0; i < numel * num_parts; ++i) {
    const float expected = b->operation[0] == 's' ? 1.0F : num_parts > 1 ? (float)(i / numel + 1) : (float)(size * (size + 1)) / 2.0F;
    if (((float *)data)[i] == expected) continue;
    fprintf(stderr, "collective: wrong result\n");
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  bench b = {argv[1], NULL, NULL, NULL, 0};
  const int64_t numel = atoll(argv[2]);
  const int num_calls = atoi(argv[3]), is_shared = strcmp(argv[4], "shared") == 0;
  oar_state *state = NULL;
  int32_t size = 0;
  check(oar_state_create(NULL, &state));
  check(oar_state_group(state, &b.group));
  check(oar_group_rank(b.group, &b.rank));
  check(oar_group_size(b.group, &size));
  const int64_t inputs = strcmp(b.operation, "reduce_scatter") == 0 ? size : 1;
  const int64_t outputs = strcmp(b.operation, "all_gather") == 0 ? size : 1;
  b.input = new_tensor(b.group, is_shared, numel * inputs);
  b.output = strcmp(b.operation, "all_reduce") == 0 ? b.input : new_tensor(b.group, is_shared, numel * outputs);
  fill(b.input, numel * inputs, (float)(b.rank + 1));
  step(&b);
  check_result(&b, numel, outputs, size);
  fill(b.input, numel * inputs, 0.0F);
  for (int i = 0; i < num_calls / 10 + 1; ++i) step(&b);
  double *times = num_calls > 0 ? malloc((size_t)num_calls * sizeof(double)) : NULL;
  if (times == NULL) return 3;
  const double used = processor_microseconds(), start = microseconds();
  for (int i = 0; i < num_calls; ++i) {
    const double begin = microseconds();
    step(&b);
    times[i] = microseconds() - begin;
  }
  printf("%.4f\n", (processor_microseconds() - used) / (microseconds() - start));
  for (int i = 0; i < num_calls; ++i) printf("%.3f\n", times[i]);
  check(oar_state_close(state));
  oar_state_release(state);
  return 0;
}
