/*
 * A model inside a simulation: two threads run it on their part of arrays that lie in Fortran's order, in place.
 *
 *   run_in_situ digits/digits.pt2
 *
 * The arrays are those of `integer(1) :: images(num_samples, 8, 8)` and `real :: scores(num_samples, 10)`: the first index
 * runs fastest. Nothing is copied on the way in, and the model's last layer writes its scores straight into the array.
 */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define TRY(call) do { oar_status status_ = (call); if (status_ != OAR_OK) return status_; } while (0)

enum { NUM_SAMPLES = 512, SIDE = 8, NUM_CLASSES = 10, NUM_THREADS = 2, NUM_STEPS = 5 };

static uint8_t images[SIDE][SIDE][NUM_SAMPLES]; /* C's view of the Fortran arrays */
static float scores[NUM_CLASSES][NUM_SAMPLES];

typedef struct {
  oar_session *session; /* of this thread */
  int64_t begin, end;   /* its samples */
  oar_status status;
  char message[512];
} part;

/* Strides are counted in elements. The arrays of C are borrowed: no release function. */
static oar_status view_arrays(const part *p, oar_tensor **input, oar_tensor **output) {
  const int64_t shape[] = {p->end - p->begin, SIDE, SIDE}, strides[] = {1, NUM_SAMPLES, NUM_SAMPLES * SIDE};
  const int64_t out_shape[] = {p->end - p->begin, NUM_CLASSES}, out_strides[] = {1, NUM_SAMPLES};
  TRY(oar_tensor_from_memory(&images[0][0][p->begin], OAR_UINT8, shape, strides, 3, NULL, NULL, input));
  return oar_tensor_from_memory(&scores[0][p->begin], OAR_FLOAT32, out_shape, out_strides, 2, NULL, NULL, output);
}

static oar_status run_part(const part *p) {
  oar_tensor *inputs[2] = {NULL, NULL}, *outputs[2] = {NULL, NULL}; /* no labels, so no loss */
  int step;
  TRY(view_arrays(p, &inputs[0], &outputs[1]));
  for (step = 0; step < NUM_STEPS; ++step) TRY(oar_session_run(p->session, inputs, 2, outputs, 2));
  oar_tensor_release(inputs[0]);
  oar_tensor_release(outputs[1]);
  return OAR_OK;
}

static void *thread_main(void *argument) {
  part *p = (part *)argument;
  p->status = run_part(p);
  if (p->status != OAR_OK) snprintf(p->message, sizeof p->message, "%s", oar_last_error()); /* a text of this thread */
  return NULL;
}

static oar_status run_parts(oar_model *model) {
  part parts[NUM_THREADS];
  pthread_t threads[NUM_THREADS];
  int i;
  /* One session per thread; made here, since a handle (the model) takes one call at a time. */
  for (i = 0; i < NUM_THREADS; ++i) TRY(oar_session_create(model, &parts[i].session));
  for (i = 0; i < NUM_THREADS; ++i) {
    parts[i].begin = (int64_t)NUM_SAMPLES * i / NUM_THREADS;
    parts[i].end = (int64_t)NUM_SAMPLES * (i + 1) / NUM_THREADS;
    if (pthread_create(&threads[i], NULL, thread_main, &parts[i]) != 0) return OAR_E_ENVIRONMENT;
  }
  for (i = 0; i < NUM_THREADS; ++i) {
    pthread_join(threads[i], NULL);
    oar_session_release(parts[i].session);
  }
  for (i = 0; i < NUM_THREADS; ++i) {
    if (parts[i].status == OAR_OK) continue;
    fprintf(stderr, "thread %d: %s\n", i, parts[i].message);
    return parts[i].status;
  }
  return OAR_OK;
}

static int most_likely(int sample) {
  int best = 0, i;
  for (i = 1; i < NUM_CLASSES; ++i) {
    if (scores[i][sample] > scores[best][sample]) best = i;
  }
  return best;
}

static oar_status run(const char *program) {
  oar_state *state;
  oar_model *model;
  int i, row, column;
  for (i = 0; i < NUM_SAMPLES; ++i) {
    for (row = 0; row < SIDE; ++row) {
      for (column = 0; column < SIDE; ++column) images[column][row][i] = (uint8_t)((row * column + i) % 17);
    }
  }
  TRY(oar_state_create(NULL, &state));
  TRY(oar_model_load(state, program, NULL, &model));
  TRY(run_parts(model));
  printf("%d samples on %d threads; the first is class %d\n", NUM_SAMPLES, NUM_THREADS, most_likely(0));
  oar_model_release(model);
  TRY(oar_state_close(state));
  oar_state_release(state);
  return OAR_OK;
}

int main(int argc, char **argv) {
  if (argc != 2) return fputs("usage: run_in_situ PROGRAM\n", stderr), 2;
  if (run(argv[1]) == OAR_OK) return 0;
  fprintf(stderr, "run_in_situ: %s\n", oar_last_error());
  return 1;
}
