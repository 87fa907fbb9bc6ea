/* Nanoseconds per call: one that is guarded and enters one handle, and one that is neither. Prints both, after checking them. */
#define _POSIX_C_SOURCE 199309L
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <time.h>

#define NUM_CALLS 2000000

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

int main(void) {
  const int64_t shape[1] = {3};
  oar_tensor *tensor = NULL;
  int64_t numel = 0, sum = 0, versions = 0;
  double start, guarded, bare;
  int i;
  if (oar_tensor_zeros(OAR_FLOAT32, shape, 1, &tensor) != OAR_OK) return 1;
  for (i = 0; i < NUM_CALLS / 10; ++i) oar_tensor_numel(tensor, &numel);
  start = now_ns();
  for (i = 0; i < NUM_CALLS; ++i) {
    if (oar_tensor_numel(tensor, &numel) != OAR_OK) return 1;
    sum += numel;
  }
  guarded = (now_ns() - start) / NUM_CALLS;
  start = now_ns();
  for (i = 0; i < NUM_CALLS; ++i) versions += oar_abi_version();
  bare = (now_ns() - start) / NUM_CALLS;
  if (sum != 3 * (int64_t)NUM_CALLS || versions != (int64_t)NUM_CALLS * oar_abi_version()) return 1;
  oar_tensor_release(tensor);
  printf("%.2f %.2f\n", guarded, bare);
  return 0;
}
