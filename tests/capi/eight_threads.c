/* Eight threads on one handle (users' fault F16), with armor: every call is either made whole or refused with
 * OAR_E_STATE, references are counted, and a handle that is released meanwhile is named as released. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>

#include "world_of_threads.h"

enum { kNumThreads = 8, kNumCalls = 500 };

typedef struct {
  const char* kind;
  void* handle;
  oar_status (*use)(void* handle);
  oar_status (*retain)(void* handle);
  void (*release)(void* handle);
} subject;

typedef struct {
  const subject* subject;
  pthread_barrier_t* start;
  int num_made, num_refused, num_released;
} worker;

/* The calls, by kind of handle. */
#define CASTS(kind)                                                                     \
  static oar_status retain_##kind(void* handle) { return oar_##kind##_retain(handle); } \
  static void release_##kind(void* handle) { oar_##kind##_release(handle); }
CASTS(config)
CASTS(tree)
CASTS(tensor)
CASTS(group)
CASTS(state)

static oar_status use_config(void* handle) { return oar_config_set_int64(handle, "loader.batch_size", 4); }

static oar_status use_tree(void* handle) {
  oar_tree* item = NULL;
  oar_status status;
  EXPECT_OK(oar_tree_from_int64(7, &item));
  status = oar_tree_append(handle, item);
  oar_tree_release(item);
  return status;
}

static oar_status use_tensor(void* handle) {
  double value = -1;
  const oar_status status = oar_tensor_item(handle, &value);
  EXPECT(status != OAR_OK || value == 0);
  return status;
}

static oar_status use_group(void* handle) { return oar_group_set_tag(handle, "of one of eight"); }
static oar_status use_state(void* handle) { return oar_state_abort(handle, "all eight say so"); }

static subject made(const char* kind) {
  const int64_t shape = 1;
  oar_config* config = NULL;
  oar_tree* tree = NULL;
  oar_tensor* tensor = NULL;
  oar_state* state = NULL;
  oar_group* group = NULL;
  if (strcmp(kind, "oar_config") == 0) {
    EXPECT_OK(oar_config_create(&config));
    return (subject){kind, config, use_config, retain_config, release_config};
  }
  if (strcmp(kind, "oar_tree") == 0) {
    EXPECT_OK(oar_tree_create_list(&tree));
    return (subject){kind, tree, use_tree, retain_tree, release_tree};
  }
  if (strcmp(kind, "oar_tensor") == 0) {
    EXPECT_OK(oar_tensor_zeros(OAR_FLOAT32, &shape, 1, &tensor));
    return (subject){kind, tensor, use_tensor, retain_tensor, release_tensor};
  }
  EXPECT_OK(oar_state_create(NULL, &state));
  if (strcmp(kind, "oar_state") == 0) return (subject){kind, state, use_state, retain_state, release_state};
  EXPECT_OK(oar_state_group(state, &group));
  oar_state_release(state);
  return (subject){kind, group, use_group, retain_group, release_group};
}

static void note(worker* self, oar_status status) {
  if (status == OAR_OK) {
    ++self->num_made;
  } else if (status == OAR_E_STATE) {
    EXPECT_CONTAINS(oar_last_error(), self->subject->kind);
    EXPECT_CONTAINS(oar_last_error(), "thread");
    ++self->num_refused;
  } else {
    EXPECT(status == OAR_E_HANDLE);
    EXPECT_CONTAINS(oar_last_error(), "released");
    ++self->num_released;
  }
}

static void* use_again_and_again(void* argument) {
  worker* self = argument;
  int i;
  pthread_barrier_wait(self->start);
  for (i = 0; i < kNumCalls; ++i) note(self, self->subject->use(self->subject->handle));
  return NULL;
}

static void* retain_and_release(void* argument) {
  worker* self = argument;
  int i;
  pthread_barrier_wait(self->start);
  for (i = 0; i < kNumCalls; ++i) {
    note(self, self->subject->retain(self->subject->handle));
    self->subject->release(self->subject->handle);
  }
  return NULL;
}

static void* use_until_released(void* argument) {
  worker* self = argument;
  pthread_barrier_wait(self->start);
  while (self->num_released == 0) note(self, self->subject->use(self->subject->handle));
  return NULL;
}

/* The sums over all threads. `at_start` is called on this thread, once all eight run. */
static worker run_threads(const subject* subject, void* (*thread_main)(void*), void (*at_start)(void*)) {
  pthread_barrier_t start;
  pthread_t threads[kNumThreads];
  worker workers[kNumThreads], all = {0};
  int i;
  EXPECT(pthread_barrier_init(&start, NULL, kNumThreads + 1) == 0);
  for (i = 0; i < kNumThreads; ++i) {
    workers[i] = (worker){subject, &start, 0, 0, 0};
    EXPECT(pthread_create(&threads[i], NULL, thread_main, &workers[i]) == 0);
  }
  pthread_barrier_wait(&start);
  if (at_start != NULL) at_start(subject->handle);
  for (i = 0; i < kNumThreads; ++i) {
    EXPECT(pthread_join(threads[i], NULL) == 0);
    all.num_made += workers[i].num_made;
    all.num_refused += workers[i].num_refused;
    all.num_released += workers[i].num_released;
  }
  pthread_barrier_destroy(&start);
  return all;
}

static void calls_are_made_or_refused(const subject* subject) {
  int64_t before = 0, size = 0;
  worker all;
  if (subject->use == use_tree) EXPECT_OK(oar_tree_size(subject->handle, "", &before));
  all = run_threads(subject, use_again_and_again, NULL);
  EXPECT(all.num_made + all.num_refused == kNumThreads * kNumCalls);
  EXPECT(all.num_made > 0 && all.num_released == 0);
  if (subject->use == use_tree) {
    EXPECT_OK(oar_tree_size(subject->handle, "", &size));
    EXPECT(size - before == all.num_made); /* each append that was made is there, none that was refused */
  }
  if (subject->use == use_state) EXPECT(all.num_refused == 0); /* abort is for any thread */
}

static void references_of_eight_threads_are_counted(const subject* subject) {
  const worker all = run_threads(subject, retain_and_release, NULL);
  EXPECT(all.num_made == kNumThreads * kNumCalls);
  EXPECT_OK(subject->use(subject->handle));
}

static void a_release_under_seven_others_is_told_to_them(const subject* subject) {
  const worker all = run_threads(subject, use_until_released, subject->release);
  EXPECT(all.num_released == kNumThreads);
  EXPECT(subject->use(subject->handle) == OAR_E_HANDLE);
  subject->release(subject->handle); /* once more does no harm */
}

/* Eight threads of each of two ranks share their rank's group: what was made pairs up, what was refused was not begun.
 * A refused thread tries again when an operation of its rank has ended. */
enum { kNumSums = 10 };

static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int num_ended;
} sums[kWorldSize] = {{PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0},
                      {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0}};

static int num_ended(int32_t rank, int more) {
  int count;
  pthread_mutex_lock(&sums[rank].mutex);
  count = sums[rank].num_ended += more;
  if (more > 0) pthread_cond_broadcast(&sums[rank].changed);
  pthread_mutex_unlock(&sums[rank].mutex);
  return count;
}

static void await_another_end(int32_t rank, int known) {
  pthread_mutex_lock(&sums[rank].mutex);
  while (sums[rank].num_ended == known) pthread_cond_wait(&sums[rank].changed, &sums[rank].mutex);
  pthread_mutex_unlock(&sums[rank].mutex);
}

static void* sum_again_and_again(void* argument) {
  thread_rank* self = argument;
  const int64_t shape = 1;
  int i;
  for (i = 0; i < kNumSums; ++i) {
    float one = 1;
    oar_tensor* tensor = NULL;
    oar_status status;
    EXPECT_OK(oar_tensor_from_memory(&one, OAR_FLOAT32, &shape, NULL, 1, NULL, NULL, &tensor));
    for (;;) {
      const int known = num_ended(self->rank, 0);
      status = oar_group_all_reduce(self->group, tensor, OAR_REDUCE_SUM, 60000, NULL);
      if (status != OAR_E_STATE) break;
      await_another_end(self->rank, known);
    }
    EXPECT_OK(status);
    EXPECT(one == 2);
    num_ended(self->rank, 1);
    oar_tensor_release(tensor);
  }
  return NULL;
}

static void* rank_of_eight_threads(void* argument) {
  thread_rank* self = argument;
  pthread_t threads[kNumThreads];
  int i;
  open_rank(self);
  for (i = 0; i < kNumThreads; ++i) EXPECT(pthread_create(&threads[i], NULL, sum_again_and_again, self) == 0);
  for (i = 0; i < kNumThreads; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
  close_rank(self);
  return NULL;
}

int main(void) {
  static const char* const kinds[] = {"oar_config", "oar_tree", "oar_tensor", "oar_group", "oar_state"};
  size_t i;
  setenv("OARLOCK_ARMOR", "1", 1);
  for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
    const subject subject = made(kinds[i]);
    references_of_eight_threads_are_counted(&subject);
    calls_are_made_or_refused(&subject);
    a_release_under_seven_others_is_told_to_them(&subject);
  }
  run_ranks(rank_of_eight_threads);
  return 0;
}
