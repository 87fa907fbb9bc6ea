/*
 * Ours of loader_images (bench_loader.py): bitmaps of 64 x 64 in one mapped file, decoded by a callback on loader workers.
 *
 *   loader_images FILE BATCH NUM_BATCHES WORKERS   us per sample after 10 batches, the sum of the first images of 100 batches in
 *                                                  levels of 255, and the ms from the loader's making to its first batch
 */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CHECK(call) do { if ((call) != OAR_OK) { fprintf(stderr, "%s: %s\n", #call, oar_last_error()); exit(1); } } while (0)

enum { kSide = 64, kPixels = kSide * kSide, kHeader = 54, kBytes = kHeader + 3 * kPixels };

static double now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e6 * (double)now.tv_sec + 1e-3 * (double)now.tv_nsec;
}

/* A bitmap's rows come from the bottom up, its colours blue first; out: [3, 64, 64] of red, green, blue in [0, 1]. */
static int decode(const unsigned char *bitmap, float *image) {
  int row, column, colour;
  if (bitmap[0] != 'B' || bitmap[1] != 'M') return 1;
  for (row = 0; row < kSide; ++row) {
    const unsigned char *pixels = bitmap + kHeader + 3 * kSide * (kSide - 1 - row);
    for (colour = 0; colour < 3; ++colour) {
      float *line = image + colour * kPixels + row * kSide;
      for (column = 0; column < kSide; ++column) line[column] = (float)pixels[3 * column + 2 - colour] / 255.0f;
    }
  }
  return 0;
}

static int32_t make_sample(int64_t index, oar_tree **out_sample, void *file) {
  static const int64_t kShape[] = {3, kSide, kSide};
  float *image = malloc(3 * kPixels * sizeof *image);
  oar_tensor *tensor = NULL;
  oar_tree *sample = NULL;
  int32_t failed = image == NULL || decode((const unsigned char *)file + index * kBytes, image) ||
                   oar_tensor_from_memory(image, OAR_FLOAT32, kShape, NULL, 3, image, free, &tensor) != OAR_OK ||
                   oar_tree_create_map(&sample) != OAR_OK || oar_tree_set_tensor(sample, "image", tensor) != OAR_OK;
  oar_tensor_release(tensor);
  if (failed)
    oar_tree_release(sample);
  else
    *out_sample = sample;
  return failed;
}

static int64_t first_image_sum(oar_tree *batch) {
  oar_tensor *images;
  void *data;
  int64_t sum = 0, i;
  CHECK(oar_tree_get_tensor(batch, "image", &images));
  CHECK(oar_tensor_data(images, &data));
  for (i = 0; i < 3 * kPixels; ++i) sum += (int64_t)(((const float *)data)[i] * 255.0f + 0.5f);
  oar_tensor_release(images);
  return sum;
}

int main(int argc, char **argv) {
  int64_t batch_size, num_batches, sum = 0, i;
  char options[100];
  struct stat status;
  oar_dataset *dataset;
  oar_loader *loader;
  void *file;
  double made, first = 0, begin = 0;
  int descriptor;
  if (argc != 5) return 2;
  batch_size = atoll(argv[2]);
  num_batches = atoll(argv[3]);
  descriptor = open(argv[1], O_RDONLY);
  if (descriptor < 0 || fstat(descriptor, &status) != 0) return 1;
  file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (file == MAP_FAILED) return 1;
  made = now_us();
  CHECK(oar_dataset_from_samples(status.st_size / kBytes, OAR_CALLBACK_ANY_THREAD, make_sample, file, NULL, &dataset));
  sprintf(options, "{\"batch_size\":%d,\"num_workers\":%d}", (int)batch_size, atoi(argv[4]));
  CHECK(oar_loader_create(dataset, options, &loader));
  for (i = 0; i < num_batches + 10;) {
    oar_tree *batch;
    if (i == 10) begin = now_us();
    CHECK(oar_loader_next(loader, &batch));
    if (batch == NULL) continue; /* the next epoch */
    if (i == 0) first = now_us() - made;
    if (i < 100) sum += first_image_sum(batch);
    oar_tree_release(batch);
    ++i;
  }
  printf("%.6f %lld %.6f\n", (now_us() - begin) / (double)(num_batches * batch_size), (long long)sum, first / 1e3);
  CHECK(oar_loader_close(loader));
  oar_loader_release(loader);
  oar_dataset_release(dataset);
  return 0;
}
