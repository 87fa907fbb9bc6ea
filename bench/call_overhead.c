/* What a call costs from C: call_overhead noop|all_reduce CALLS prints nanoseconds per call, one number.
 *
 * The other side of the languages' call_* rows: each language times the same calls in a loop of its own, in turn with
 * this. noop is oar_state_rank; all_reduce sums one float over a world of one rank: start, wait, release. */
#define _POSIX_C_SOURCE 199309L
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static oar_status ask_rank(oar_state *state, long calls) {
  int32_t rank = -1;
  int64_t sum = 0;
  long i;
  for (i = 0; i < calls; ++i) {
    TRY(oar_state_rank(state, &rank));
    sum += rank;
  }
  return sum == 0 ? OAR_OK : OAR_E_INTERNAL;
}

static oar_status sum_one_float(oar_state *state, long calls) {
  float value = 1;
  oar_tensor *tensor;
  oar_group *group;
  oar_work *work;
  long i;
  TRY(oar_state_group(state, &group));
  TRY(oar_tensor_from_memory(&value, OAR_FLOAT32, NULL, NULL, 0, NULL, NULL, &tensor));
  for (i = 0; i < calls; ++i) {
    TRY(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, &work));
    TRY(oar_work_wait(work, 0));
    oar_work_release(work);
  }
  oar_tensor_release(tensor);
  oar_group_release(group);
  return value == 1 ? OAR_OK : OAR_E_INTERNAL;
}

static oar_status run(oar_status (*calls_of)(oar_state *, long), long calls) {
  oar_state *state;
  double start;
  TRY(oar_state_create(NULL, &state));
  TRY(calls_of(state, calls / 10)); /* warm */
  start = now_ns();
  TRY(calls_of(state, calls));
  printf("%.2f\n", (now_ns() - start) / (double)calls);
  TRY(oar_state_close(state));
  oar_state_release(state);
  return OAR_OK;
}

int main(int argc, char **argv) {
  const long calls = argc == 3 ? atol(argv[2]) : 0;
  const int is_noop = argc == 3 && strcmp(argv[1], "noop") == 0;
  if (calls < 1 || (!is_noop && strcmp(argv[1], "all_reduce") != 0))
    return fputs("usage: call_overhead noop|all_reduce CALLS\n", stderr), 2;
  if (run(is_noop ? ask_rank : sum_one_float, calls) == OAR_OK) return 0;
  return fprintf(stderr, "call_overhead: %s\n", oar_last_error()), 1;
}
