/* Sessions: eight threads with one each on one model, whose results are those of a forward; handles in any order. */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "digits.h"

enum { NUM_SAMPLES = 16, SIDE = 8, NUM_CLASSES = 10, NUM_THREADS = 8, NUM_RUNS = 20 };

static uint8_t images[NUM_SAMPLES][SIDE][SIDE];
static int64_t labels[NUM_SAMPLES];
static float expected[NUM_SAMPLES][NUM_CLASSES];

static oar_tensor *array(void *data, int32_t dtype, int64_t rows, int64_t columns, int64_t depth, size_t num_dims) {
  const int64_t shape[] = {rows, columns, depth};
  oar_tensor *tensor = NULL;
  EXPECT_OK(oar_tensor_from_memory(data, dtype, shape, NULL, num_dims, NULL, NULL, &tensor));
  return tensor;
}

static void forward(oar_model *model) {
  oar_tensor *x = array(images, OAR_UINT8, NUM_SAMPLES, SIDE, SIDE, 3), *y = array(labels, OAR_INT64, NUM_SAMPLES, 0, 0, 1);
  oar_tensor *logits = NULL, *to = array(expected, OAR_FLOAT32, NUM_SAMPLES, NUM_CLASSES, 0, 2);
  oar_tree *inputs = NULL, *outputs = NULL;
  EXPECT_OK(oar_tree_create_list(&inputs));
  EXPECT_OK(oar_tree_append_tensor(inputs, x));
  EXPECT_OK(oar_tree_append_tensor(inputs, y));
  EXPECT_OK(oar_model_set_training(model, 0));
  EXPECT_OK(oar_model_forward(model, inputs, &outputs));
  EXPECT_OK(oar_tree_get_tensor(outputs, "logits", &logits));
  EXPECT_OK(oar_tensor_copy_from(to, logits));
  EXPECT_OK(oar_model_set_training(model, 1));
  oar_tree_release(inputs);
  oar_tree_release(outputs);
  oar_tensor_release(x);
  oar_tensor_release(y);
  oar_tensor_release(logits);
  oar_tensor_release(to);
}

static void *run_thread(void *argument) {
  float scores[NUM_SAMPLES][NUM_CLASSES];
  oar_tensor *inputs[2] = {NULL, NULL}, *outputs[2] = {NULL, NULL};
  int i;
  inputs[0] = array(images, OAR_UINT8, NUM_SAMPLES, SIDE, SIDE, 3);
  outputs[1] = array(scores, OAR_FLOAT32, NUM_SAMPLES, NUM_CLASSES, 0, 2);
  for (i = 0; i < NUM_RUNS; ++i) {
    memset(scores, 0, sizeof scores);
    EXPECT_OK(oar_session_run((oar_session *)argument, inputs, 2, outputs, 2));
    EXPECT(memcmp(scores, expected, sizeof scores) == 0);
  }
  oar_session_release((oar_session *)argument);
  oar_tensor_release(inputs[0]);
  oar_tensor_release(outputs[1]);
  return NULL;
}

int main(void) {
  digits self;
  pthread_t threads[NUM_THREADS];
  oar_session *sessions[NUM_THREADS];
  int i, row, column;
  digits_open(&self, NULL);
  for (i = 0; i < NUM_SAMPLES; ++i) {
    labels[i] = i % NUM_CLASSES;
    for (row = 0; row < SIDE; ++row) {
      for (column = 0; column < SIDE; ++column) images[i][row][column] = (uint8_t)((row * 3 + column * 5 + i) % 17);
    }
  }
  forward(self.model);
  for (i = 0; i < NUM_THREADS; ++i) EXPECT_OK(oar_session_create(self.model, &sessions[i]));
  digits_close(&self); /* the model and the state too: sessions keep what they need */
  for (i = 0; i < NUM_THREADS; ++i) EXPECT(pthread_create(&threads[i], NULL, run_thread, sessions[i]) == 0);
  for (i = 0; i < NUM_THREADS; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
  return 0;
}
