/* A host with OpenMP threads of its own, which libtorch shares: their floating-point modes are minded too. */
#define _GNU_SOURCE /* feenableexcept */
#include <fenv.h>
#include <omp.h>
#include <oarlock/oarlock.h>

#include "expect.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { NUM_THREADS = 4, NUM_VALUES = 1 << 20 };
static double source_values[NUM_VALUES];

/* Large enough for libtorch to share it out among its threads. */
static void convert_to_float(oar_tensor *source, oar_tensor *target) {
  EXPECT_OK(oar_tensor_copy_from(target, source));
}

static void open_tensors(oar_tensor **source, oar_tensor **target, double value) {
  const int64_t shape[1] = {NUM_VALUES};
  int i;
  for (i = 0; i < NUM_VALUES; ++i) source_values[i] = value;
  EXPECT_OK(oar_tensor_from_memory(source_values, OAR_FLOAT64, shape, NULL, 1, NULL, NULL, source));
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, shape, 1, target));
}

static void close_tensors(oar_tensor *source, oar_tensor *target) {
  oar_tensor_release(source);
  oar_tensor_release(target);
}

static void traps_of_all_threads_are_masked_and_kept(void) {
  const int traps = FE_OVERFLOW | FE_UNDERFLOW | FE_INVALID | FE_DIVBYZERO;
  int num_kept = 0;
  oar_tensor *source, *target;
  open_tensors(&source, &target, 1e300);
#pragma omp parallel num_threads(NUM_THREADS)
  {
    feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(traps);
  }
  convert_to_float(source, target); /* overflows everywhere */
#pragma omp parallel num_threads(NUM_THREADS) reduction(+ : num_kept)
  num_kept += fegetexcept() == traps && fetestexcept(FE_ALL_EXCEPT) == 0;
  EXPECT(num_kept == NUM_THREADS);
#pragma omp parallel num_threads(NUM_THREADS)
  fedisableexcept(traps);
  close_tensors(source, target);
}

static void denormals_are_kept_on_all_threads(void) {
#if defined(__SSE2__)
  const unsigned flush = 0x8040; /* flush to zero, denormals are zero */
  int i, num_flushed = 0, num_kept = 0;
  void *data = NULL;
  oar_tensor *source, *target;
  open_tensors(&source, &target, 1e-42);
#pragma omp parallel num_threads(NUM_THREADS)
  _mm_setcsr(_mm_getcsr() | flush);
  convert_to_float(source, target);
#pragma omp parallel num_threads(NUM_THREADS) reduction(+ : num_kept)
  {
    num_kept += (_mm_getcsr() & flush) == flush;
    _mm_setcsr(_mm_getcsr() & ~flush);
  }
  EXPECT(num_kept == NUM_THREADS);
  EXPECT_OK(oar_tensor_data(target, &data));
  for (i = 0; i < NUM_VALUES; ++i) num_flushed += ((const float *)data)[i] == 0;
  EXPECT(num_flushed == 0);
  close_tensors(source, target);
#endif
}

int main(void) {
  omp_set_dynamic(0);
  omp_set_num_threads(NUM_THREADS);
  traps_of_all_threads_are_masked_and_kept();
  denormals_are_kept_on_all_threads();
  return 0;
}
