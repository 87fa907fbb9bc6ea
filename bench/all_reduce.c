/* One rank of allreduce_*: prints the microseconds of each all_reduce of float32 by oar_group_all_reduce, one per line.
 *
 *   all_reduce NUMEL CALLS private|shared
 *
 * private: memory of the program, which the library copies through its own; shared: of oar_group_alloc_shared. */
#define _POSIX_C_SOURCE 199309L

#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void check(oar_status status) {
  if (status == OAR_OK) return;
  fprintf(stderr, "all_reduce: %s\n", oar_last_error());
  exit(1);
}

static double microseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const int64_t numel = atoll(argv[1]);
  const int num_calls = atoi(argv[2]);
  oar_state *state = NULL;
  oar_group *group = NULL;
  oar_tensor *tensor = NULL;
  void *data = NULL;
  int32_t rank = 0, size = 0;
  check(oar_state_create(NULL, &state));
  check(oar_state_group(state, &group));
  check(oar_group_rank(group, &rank));
  check(oar_group_size(group, &size));
  if (strcmp(argv[3], "shared") == 0) {
    check(oar_group_alloc_shared(group, OAR_FLOAT32, &numel, 1, 0, &tensor));
  } else {
    data = malloc((size_t)numel * sizeof(float));
    if (data == NULL) return 3;
    check(oar_tensor_from_memory(data, OAR_FLOAT32, &numel, NULL, 1, NULL, NULL, &tensor));
  }
  check(oar_tensor_data(tensor, &data));
  float *values = data;
  for (int64_t i = 0; i < numel; ++i) values[i] = (float)(rank + 1);
  check(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, NULL));
  for (int64_t i = 0; i < numel; ++i) {
    if (values[i] == (float)(size * (size + 1)) / 2.0F) continue;
    return fprintf(stderr, "all_reduce: wrong sum\n"), 1;
  }
  memset(values, 0, (size_t)numel * sizeof(float));
  for (int i = 0; i < num_calls / 10 + 1; ++i) check(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, NULL));
  double *times = num_calls > 0 ? malloc((size_t)num_calls * sizeof(double)) : NULL;
  if (times == NULL) return 3;
  for (int i = 0; i < num_calls; ++i) {
    const double begin = microseconds();
    check(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, NULL));
    times[i] = microseconds() - begin;
  }
  for (int i = 0; i < num_calls; ++i) printf("%.3f\n", times[i]);
  check(oar_state_close(state));
  oar_state_release(state);
  return 0;
}
