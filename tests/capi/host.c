/* Hosts that are not plain C: floating-point traps on as gfortran -ffpe-trap does, flushed denormals, and fork. */
#define _GNU_SOURCE /* feenableexcept */
#include <oarlock/oarlock.h>
#include <fenv.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* libtorch rounds, overflows and underflows in here: a double beyond float range, and one below it. */
static void do_float_work(void) {
  double big[3] = {1e300, 1e-42, 0.1};
  const int64_t shape[1] = {3};
  oar_tensor *source = NULL, *target = NULL;
  float *data = NULL;
  EXPECT_OK(oar_tensor_from_memory(big, OAR_FLOAT64, shape, NULL, 1, NULL, NULL, &source));
  EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, shape, 1, &target));
  EXPECT_OK(oar_tensor_copy_from(target, source));
  EXPECT_OK(oar_tensor_data(target, (void **)&data));
  EXPECT(data[0] > 3e38f);  /* infinity */
  EXPECT(memcmp(&data[1], "\0\0\0\0", 4) != 0); /* a denormal float is kept, whatever the host's mode; bits, not arithmetic */
  oar_tensor_release(source);
  oar_tensor_release(target);
}

static void a_host_with_traps_lives_and_keeps_them(void) {
  oar_config *config = NULL;
  feclearexcept(FE_ALL_EXCEPT);
  feenableexcept(FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT);
  EXPECT_OK(oar_config_create(&config));
  EXPECT_OK(oar_config_set_double(config, "ddp.bucket_cap_mb", 0.1));
  oar_config_release(config);
  do_float_work();
  EXPECT(fegetexcept() == (FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT));
  EXPECT(fetestexcept(FE_ALL_EXCEPT) == 0); /* what was raised inside stays inside */
  fedisableexcept(FE_ALL_EXCEPT);
}

static void flags_and_rounding_of_the_host_stay(void) {
  feclearexcept(FE_ALL_EXCEPT);
  feraiseexcept(FE_DIVBYZERO);
  fesetround(FE_UPWARD);
  do_float_work();
  EXPECT(fegetround() == FE_UPWARD);
  EXPECT(fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
  fesetround(FE_TONEAREST);
  feclearexcept(FE_ALL_EXCEPT);
}

static void flushed_denormals_of_the_host_stay_outside(void) {
#if defined(__SSE2__)
  const unsigned before = _mm_getcsr();
  _mm_setcsr(before | 0x8040); /* flush to zero, denormals are zero */
  do_float_work();
  EXPECT((_mm_getcsr() & 0x8040) == 0x8040);
  _mm_setcsr(before);
#endif
}


static void on_trap(int signal_number) {
  (void)signal_number;
  _exit(42);
}

/* The traps must really work afterwards: a child divides by zero and has to die of it. */
static void traps_still_fire_after_a_call(void) {
  int status = 0;
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    volatile double zero = 0, one = 1;
    signal(SIGFPE, on_trap);
    feenableexcept(FE_DIVBYZERO);
    oar_config_create(NULL);
    one = one / zero;
    _exit(0);
  }
  EXPECT(waitpid(child, &status, 0) == child);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

static void a_forked_child_is_told_so(oar_config *config) {
  int status = 0;
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    oar_config *another = NULL;
    if (oar_config_create(&another) != OAR_E_FORKED || another != NULL) _exit(1);
    if (strstr(oar_last_error(), "fork") == NULL) _exit(2);
    if (oar_config_set_int64(config, "loader.batch_size", 2) != OAR_E_FORKED) _exit(3);
    oar_config_release(config); /* does nothing, and does not hang */
    if (strcmp(oar_version(), "0.1.0") != 0) _exit(4);
    _exit(0);
  }
  EXPECT(waitpid(child, &status, 0) == child);
  if (status != 0) fprintf(stderr, "the child ended with status %#x\n", (unsigned)status);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_OK(oar_config_set_int64(config, "loader.batch_size", 2)); /* the parent goes on */
}

/* A process that forks before its first call is a fresh one. */
static void a_fork_before_the_first_call_is_no_fault(void) {
  int status = 0;
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    oar_config *config = NULL;
    if (oar_config_create(&config) != OAR_OK) _exit(1);
    oar_config_release(config);
    _exit(0);
  }
  EXPECT(waitpid(child, &status, 0) == child);
  EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void) {
  oar_config *config = NULL;
  a_fork_before_the_first_call_is_no_fault();
  traps_still_fire_after_a_call();
  a_host_with_traps_lives_and_keeps_them();
  flags_and_rounding_of_the_host_stay();
  flushed_denormals_of_the_host_stay_outside();
  EXPECT_OK(oar_config_create(&config));
  a_forked_child_is_told_so(config);
  oar_config_release(config);
  return 0;
}
