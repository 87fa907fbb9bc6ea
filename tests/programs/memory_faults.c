/* One rank of a world in which memory runs out once inside an operation (tests/fault/refuse_shim.c is preloaded).
 *
 *   memory_faults OPERATION FIRST LAST
 *
 * For each k from FIRST to LAST a new state is made, rank 1's k-th allocation inside the operation fails, and rank 1
 * calls again if the call failed, as a host would. One line for each k:
 *   k, status of the call, of the second call (-1: none), whether the numbers are right, allocations seen */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <oarlock/oarlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kLarge = 200000 };

struct memory {
  int64_t numel;
  int64_t step; /* between elements of the tensor: 2 is no row-major memory */
  float *values;
};

static int32_t rank_of_all, num_ranks;

static oar_status reduce(oar_group *group, struct memory *memory, int is_started) {
  oar_tensor *tensor = NULL;
  oar_work *work = NULL;
  for (int64_t i = 0; i < memory->numel; ++i) memory->values[i * memory->step] = (float)(rank_of_all + 1);
  oar_status status =
      oar_tensor_from_memory(memory->values, OAR_FLOAT32, &memory->numel, &memory->step, 1, NULL, NULL, &tensor);
  if (status != OAR_OK) return status;
  status = oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, is_started ? &work : NULL);
  if (status == OAR_OK && is_started) status = oar_work_wait(work, 0);
  oar_work_release(work);
  oar_tensor_release(tensor);
  return status;
}

/* Rank 1, whose memory runs out, sends or receives what is right on both then. */
static oar_status transfer(oar_group *group, struct memory *memory, int rank_1_sends) {
  const int sends = (rank_of_all == 1) == rank_1_sends;
  oar_tensor *tensor = NULL;
  for (int64_t i = 0; i < memory->numel; ++i) memory->values[i * memory->step] = sends ? 3.0F : 0.0F;
  oar_status status =
      oar_tensor_from_memory(memory->values, OAR_FLOAT32, &memory->numel, &memory->step, 1, NULL, NULL, &tensor);
  if (status != OAR_OK) return status;
  status = sends ? oar_group_send(group, tensor, 1 - rank_of_all, 0, NULL)
                 : oar_group_receive(group, tensor, 1 - rank_of_all, 0, NULL);
  oar_tensor_release(tensor);
  return status;
}

static int is_right(const struct memory *memory) {
  const float expected = (float)(num_ranks * (num_ranks + 1)) / 2.0F;
  for (int64_t i = 0; i < memory->numel; ++i) {
    if (memory->values[i * memory->step] != expected) return 0;
  }
  return 1;
}

static oar_status gather(oar_group *group) {
  uint64_t sizes[8] = {0};
  size_t count = 8;
  oar_bytes *bytes = NULL;
  const oar_status status = oar_group_all_gather_bytes(group, "twelve bytes", 12, 0, sizes, &count, &bytes);
  oar_bytes_release(bytes);
  return status;
}

static oar_status share(oar_group *group) {
  const int64_t numel = kLarge;
  oar_tensor *tensor = NULL;
  const oar_status status = oar_group_alloc_shared(group, OAR_FLOAT32, &numel, 1, 0, &tensor);
  oar_tensor_release(tensor);
  return status;
}

static oar_status call(oar_group *group, const char *operation, struct memory *memory) {
  if (strcmp(operation, "gather") == 0) return gather(group);
  if (strcmp(operation, "share") == 0) return share(group);
  if (strcmp(operation, "send") == 0 || strcmp(operation, "receive") == 0) {
    return transfer(group, memory, operation[0] == 's');
  }
  return reduce(group, memory, strcmp(operation, "started") == 0);
}

static void check(oar_status status) {
  if (status == OAR_OK) return;
  fprintf(stderr, "memory_faults: %s\n", oar_last_error());
  exit(1);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  const char *operation = argv[1];
  void (*arm)(long) = NULL;
  long (*count)(void) = NULL;
  *(void **)&arm = dlsym(RTLD_DEFAULT, "refuse_arm");
  *(void **)&count = dlsym(RTLD_DEFAULT, "refuse_count");
  if (arm == NULL || count == NULL) return 3;
  const int is_strided = strcmp(operation, "strided") == 0 || strcmp(operation, "send") == 0 || strcmp(operation, "receive") == 0;
  struct memory memory = {strcmp(operation, "small") == 0 ? 1 : kLarge, is_strided ? 2 : 1, NULL};
  memory.values = calloc((size_t)(memory.numel * memory.step), sizeof(float));
  if (memory.values == NULL) return 3;
  const int is_reduce = strcmp(operation, "gather") != 0 && strcmp(operation, "share") != 0;
  for (long k = atol(argv[2]); k <= atol(argv[3]); ++k) {
    oar_state *state = NULL;
    oar_group *group = NULL;
    check(oar_state_create(NULL, &state));
    check(oar_state_group(state, &group));
    check(oar_group_rank(group, &rank_of_all));
    check(oar_group_size(group, &num_ranks));
    check(oar_state_barrier(state, 0));
    check(call(group, operation, &memory)); /* what is made once is made */
    if (rank_of_all == 1) arm(k);
    const oar_status first = call(group, operation, &memory);
    const long seen = rank_of_all == 1 ? count() : 0;
    int second = -1;
    if (rank_of_all == 1 && first != OAR_OK) second = call(group, operation, &memory);
    const int is_ok = first == OAR_OK || second == OAR_OK;
    printf("%ld %d %d %d %ld\n", k, first, second, is_ok && (!is_reduce || is_right(&memory)), seen);
    fflush(stdout);
    check(oar_state_close(state));
    oar_group_release(group);
    oar_state_release(state);
  }
  free(memory.values);
  return 0;
}
