/*
 * Every way to cut an epoch, for tests/parity/test_shard_cases.py: writes what each rank gets as int64 numbers.
 *
 *   shard_cases map|stream|seekable LENGTHS BATCHES WORLDS
 *
 * For world size, split_batches, even_batches, drop_last (0 then 1), length, batch size and rank, each from the smallest
 * (0 or 1) to the largest, the rank innermost; left out: split_batches with a batch size that the world size does not
 * divide, and even_batches 0 for streams. Per case three passes: a whole epoch; k; an epoch after oar_loader_seek to k;
 * an epoch of a loader that took the state of one that had given k batches. A pass: the number of batches, then of each
 * its size, oar_loader_samples_in_round and its rows. k = (7 length + 3 batch + rank) mod (batches + 1).
 */
#include <oarlock/oarlock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call) do { if ((call) != OAR_OK) { fprintf(stderr, "%s: %s\n", #call, oar_last_error()); exit(1); } } while (0)

enum { kRoom = 4096 };

static void put(int64_t number) { fwrite(&number, sizeof number, 1, stdout); }

static int32_t read_number(int64_t epoch, int64_t index, oar_tree **out_sample, void *user_data) {
  (void)epoch;
  if (index >= *(const int64_t *)user_data) return 0;
  return oar_tree_from_int64(index, out_sample);
}

static oar_dataset *make_dataset(const char *kind, int64_t *length) {
  oar_dataset *dataset;
  if (strcmp(kind, "map") == 0) {
    const char *const names[] = {"x"};
    oar_tensor *column;
    void *numbers;
    int64_t i;
    CHECK(oar_tensor_zeros(OAR_INT64, length, 1, &column));
    CHECK(oar_tensor_data(column, &numbers));
    for (i = 0; i < *length; ++i) ((int64_t *)numbers)[i] = i;
    CHECK(oar_dataset_from_tensors(names, &column, 1, &dataset));
    oar_tensor_release(column);
    return dataset;
  }
  CHECK(oar_dataset_from_stream(strcmp(kind, "seekable") == 0 ? OAR_STREAM_SEEKABLE : 0, read_number, length, NULL,
                                &dataset));
  return dataset;
}

typedef struct {
  oar_dataset *dataset;
  char options[200];
  int rank, world_size;
} plan;

static oar_loader *make_loader(const plan *p) {
  oar_loader *loader;
  CHECK(oar_loader_create(p->dataset, p->options, &loader));
  CHECK(oar_loader_set_shard(loader, p->rank, p->world_size));
  return loader;
}

/* Writes the rest of the epoch and ends the loader; gives the number of batches. */
static int64_t put_epoch(oar_loader *loader, int is_map) {
  static int64_t rows[kRoom];
  int64_t num_batches = 0, at = 0, i;
  oar_tree *batch;
  for (;; ++num_batches) {
    oar_tensor *tensor;
    void *data;
    int64_t size, samples;
    CHECK(oar_loader_next(loader, &batch));
    if (batch == NULL) break;
    CHECK(oar_tree_get_tensor(batch, is_map ? "x" : NULL, &tensor));
    CHECK(oar_tensor_numel(tensor, &size));
    CHECK(oar_tensor_data(tensor, &data));
    CHECK(oar_loader_samples_in_round(loader, &samples));
    rows[at++] = size;
    rows[at++] = samples;
    for (i = 0; i < size; ++i) rows[at++] = ((const int64_t *)data)[i];
    oar_tensor_release(tensor);
    oar_tree_release(batch);
  }
  put(num_batches);
  for (i = 0; i < at; ++i) put(rows[i]);
  oar_loader_release(loader);
  return num_batches;
}

static void put_case(const plan *p, int is_map, int64_t key) {
  char state[1000];
  size_t length = sizeof state;
  oar_loader *loader;
  int64_t i, k = key % (put_epoch(make_loader(p), is_map) + 1);
  put(k);
  loader = make_loader(p);
  CHECK(oar_loader_seek(loader, 0, k));
  put_epoch(loader, is_map);

  loader = make_loader(p);
  for (i = 0; i < k; ++i) {
    oar_tree *batch;
    CHECK(oar_loader_next(loader, &batch));
    oar_tree_release(batch);
  }
  CHECK(oar_loader_state(loader, state, &length));
  oar_loader_release(loader);
  loader = make_loader(p);
  CHECK(oar_loader_load_state(loader, state));
  put_epoch(loader, is_map);
}

int main(int argc, char **argv) {
  int lengths, batches, worlds, world_size, split, even, drop_last, is_map;
  int64_t length, batch;
  if (argc != 5) return 2;
  lengths = atoi(argv[2]), batches = atoi(argv[3]), worlds = atoi(argv[4]);
  is_map = strcmp(argv[1], "map") == 0;
  for (world_size = 1; world_size <= worlds; ++world_size)
    for (split = 0; split < 2; ++split)
      for (even = is_map ? 0 : 1; even < 2; ++even)
        for (drop_last = 0; drop_last < 2; ++drop_last)
          for (length = 0; length <= lengths; ++length) {
            plan p;
            p.dataset = make_dataset(argv[1], &length);
            p.world_size = world_size;
            for (batch = 1; batch <= batches; ++batch) {
              if (split && batch % world_size != 0) continue;
              sprintf(p.options, "{\"batch_size\":%d,\"split_batches\":%s,\"even_batches\":%s,\"drop_last\":%s,\"num_workers\":0}",
                      (int)batch, split ? "true" : "false", even ? "true" : "false", drop_last ? "true" : "false");
              for (p.rank = 0; p.rank < world_size; ++p.rank) put_case(&p, is_map, 7 * length + 3 * batch + p.rank);
            }
            oar_dataset_release(p.dataset);
          }
  return 0;
}
