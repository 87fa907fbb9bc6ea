/* Hosts that are not plain C: floating-point traps on as gfortran -ffpe-trap does, flushed denormals, and fork. */
#define _GNU_SOURCE /* feenableexcept, mkdtemp, nftw */
#include <oarlock/oarlock.h>
#include <fenv.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "digits.h"
#include "folder.h"

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

typedef struct {
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  oar_scheduler *scheduler;
  oar_loader *loader;
} trainer;

static void open_trainer(trainer *self, digits *data) {
  EXPECT_OK(oar_accelerator_create(data->state, NULL, &self->accelerator));
  EXPECT_OK(oar_loader_create(data->dataset, "{\"batch_size\": 32, \"shuffle\": true, \"seed\": 1, \"num_workers\": 2}",
                              &self->loader));
  EXPECT_OK(oar_accelerator_prepare_loader(self->accelerator, self->loader));
  EXPECT_OK(oar_accelerator_prepare_model(self->accelerator, data->model));
  EXPECT_OK(oar_optimizer_create(data->model, "adamw", "{\"lr\": 0.004}", &self->optimizer));
  EXPECT_OK(oar_accelerator_prepare_optimizer(self->accelerator, self->optimizer));
  EXPECT_OK(oar_scheduler_create(self->optimizer, "cosine", "{\"total_steps\": 20, \"warmup_steps\": 3}", &self->scheduler));
  EXPECT_OK(oar_accelerator_prepare_scheduler(self->accelerator, self->scheduler));
}

/* 1 and the outputs; 0 at the end of the epoch. */
static int forward_next(trainer *self, oar_model *model, oar_tree **outputs) {
  oar_tree *batch = NULL;
  EXPECT_OK(oar_loader_next(self->loader, &batch));
  if (batch == NULL) return 0;
  EXPECT_OK(oar_model_forward(model, batch, outputs));
  oar_tree_release(batch);
  return 1;
}

static void train(trainer *self, oar_model *model, int num_steps) {
  oar_tree *outputs = NULL;
  oar_tensor *loss = NULL;
  double norm, value;
  EXPECT_OK(oar_model_set_training(model, 1));
  while (num_steps > 0) {
    if (!forward_next(self, model, &outputs)) continue; /* the next epoch */
    EXPECT_OK(oar_tree_get_tensor(outputs, "loss", &loss));
    EXPECT_OK(oar_accelerator_backward(self->accelerator, loss));
    EXPECT_OK(oar_accelerator_clip_grad_norm(self->accelerator, model, 1.0, 2.0, &norm));
    EXPECT_OK(oar_accelerator_step(self->accelerator, self->optimizer, self->scheduler));
    EXPECT_OK(oar_tensor_item(loss, &value));
    oar_tensor_release(loss);
    oar_tree_release(outputs);
    --num_steps;
  }
}

/* The mean loss of the rest of the epoch in evaluation mode goes to `mean`: the library does all arithmetic. */
static void evaluate(trainer *self, oar_model *model, double *mean) {
  oar_tree *outputs = NULL;
  oar_tensor *loss = NULL;
  double value;
  EXPECT_OK(oar_model_set_training(model, 0));
  while (forward_next(self, model, &outputs)) {
    EXPECT_OK(oar_tree_get_tensor(outputs, "loss", &loss));
    EXPECT_OK(oar_tensor_item(loss, &value));
    EXPECT_OK(oar_accelerator_reduce_mean(self->accelerator, value, mean));
    oar_tensor_release(loss);
    oar_tree_release(outputs);
  }
}

static void a_training_runs_with_all_traps_on(void) {
  enum { ALL = FE_DIVBYZERO | FE_INVALID | FE_OVERFLOW | FE_UNDERFLOW | FE_INEXACT };
  digits data;
  trainer self;
  double before = 0, after = 0;
  feclearexcept(FE_ALL_EXCEPT);
  feenableexcept(ALL);
  digits_open(&data, "{\"seed\": 3}");
  open_trainer(&self, &data);
  train(&self, data.model, 20);
  EXPECT_OK(oar_accelerator_save(self.accelerator, inside("saved"), NULL));
  evaluate(&self, data.model, &before);
  train(&self, data.model, 1); /* away from what was saved */
  EXPECT_OK(oar_accelerator_load(self.accelerator, inside("saved")));
  evaluate(&self, data.model, &after);
  EXPECT_OK(oar_accelerator_close(self.accelerator));
  EXPECT_OK(oar_loader_close(self.loader));
  oar_scheduler_release(self.scheduler);
  oar_optimizer_release(self.optimizer);
  oar_loader_release(self.loader);
  oar_accelerator_release(self.accelerator);
  digits_close(&data);
  EXPECT(fegetexcept() == ALL);
  EXPECT(fetestexcept(FE_ALL_EXCEPT) == 0);
  fedisableexcept(FE_ALL_EXCEPT);
  EXPECT(before > 0 && before < 2.3 && after == before); /* ln 10 is the loss of guessing */
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

/* A process that forks before its first call is a fresh one. Questions about versions do not count. */
static void a_fork_before_the_first_call_is_no_fault(void) {
  int status = 0;
  size_t len = 0;
  pid_t child;
  EXPECT_OK(oar_torch_version(NULL, &len));
  child = fork();
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
  make_folder();
  a_training_runs_with_all_traps_on();
  oar_config_release(config);
  return 0;
}
