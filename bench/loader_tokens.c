/*
 * Ours of bench_loader.py.
 *
 *   loader_tokens FILE SEQUENCE BATCH NUM_BATCHES WORKERS   us per sample after 10 batches, and the sum of the first rows of 100
 *   loader_tokens FILE resume                               ms from a state at batch 10^6 of a shuffled loader to its batch
 */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHECK(call) do { if ((call) != OAR_OK) { fprintf(stderr, "%s: %s\n", #call, oar_last_error()); exit(1); } } while (0)

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

static int64_t first_row_sum(oar_tree *batch, int64_t length) {
  oar_tensor *tokens;
  void *data;
  int64_t sum = 0, i;
  CHECK(oar_tree_get_tensor(batch, "tokens", &tokens));
  CHECK(oar_tensor_data(tokens, &data));
  for (i = 0; i < length; ++i) sum += ((const int64_t *)data)[i];
  oar_tensor_release(tokens);
  return sum;
}

static void read_batches(const char *path, char **numbers) {
  int64_t sequence = atoll(numbers[0]), batch_size = atoll(numbers[1]), num_batches = atoll(numbers[2]), sum = 0, i;
  char options[100];
  oar_dataset *dataset;
  oar_loader *loader;
  double begin = 0;
  CHECK(oar_dataset_from_tokens(path, OAR_UINT16, sequence, 0, 0, &dataset));
  sprintf(options, "{\"batch_size\":%d,\"num_workers\":%d}", (int)batch_size, atoi(numbers[3]));
  CHECK(oar_loader_create(dataset, options, &loader));
  for (i = 0; i < num_batches + 10; ++i) {
    oar_tree *batch;
    if (i == 10) begin = now_us();
    CHECK(oar_loader_next(loader, &batch));
    if (i < 100) sum += first_row_sum(batch, sequence);
    oar_tree_release(batch);
  }
  printf("%.6f %lld\n", (now_us() - begin) / (double)(num_batches * batch_size), (long long)sum);
  CHECK(oar_loader_close(loader));
  oar_loader_release(loader);
  oar_dataset_release(dataset);
}

static void resume(const char *path) {
  static const char kOptions[] = "{\"batch_size\":1,\"shuffle\":true,\"seed\":7,\"num_workers\":0}";
  char state[1000];
  size_t length = sizeof state;
  oar_dataset *dataset;
  oar_loader *loader;
  oar_tree *batch;
  double begin;
  CHECK(oar_dataset_from_tokens(path, OAR_UINT16, 512, 0, 0, &dataset));
  CHECK(oar_loader_create(dataset, kOptions, &loader));
  CHECK(oar_loader_seek(loader, 0, 1000000));
  CHECK(oar_loader_state(loader, state, &length));
  oar_loader_release(loader);
  CHECK(oar_loader_create(dataset, kOptions, &loader));
  begin = now_us();
  CHECK(oar_loader_load_state(loader, state));
  CHECK(oar_loader_next(loader, &batch));
  printf("%.6f\n", (now_us() - begin) / 1e3);
  oar_tree_release(batch);
  oar_loader_release(loader);
  oar_dataset_release(dataset);
}

int main(int argc, char **argv) {
  if (argc == 6) {
    read_batches(argv[1], argv + 2);
  } else if (argc == 3 && strcmp(argv[2], "resume") == 0) {
    resume(argv[1]);
  } else {
    return 2;
  }
  return 0;
}
