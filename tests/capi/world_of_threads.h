/* A world of two ranks that are threads of the test: they meet by oar_state_create_with_exchange through shared memory. */
#ifndef OARLOCK_TESTS_WORLD_OF_THREADS_H
#define OARLOCK_TESTS_WORLD_OF_THREADS_H

#include <oarlock/oarlock.h>
#include <pthread.h>

#include "expect.h"

enum { kWorldSize = 2, kBlockMax = 4096 };

static struct {
  pthread_barrier_t barrier;
  char blocks[kWorldSize][kBlockMax];
} meeting_place;

typedef struct {
  int32_t rank;
  oar_state *state;
  oar_group *group;
} thread_rank;

/* Both ranks' blocks, in rank order. */
static int32_t exchange(const void *mine, size_t size, void *all, void *user_data) {
  const thread_rank *self = user_data;
  int32_t rank;
  EXPECT(size <= kBlockMax);
  memcpy(meeting_place.blocks[self->rank], mine, size);
  pthread_barrier_wait(&meeting_place.barrier);
  for (rank = 0; rank < kWorldSize; ++rank) memcpy((char *)all + (size_t)rank * size, meeting_place.blocks[rank], size);
  pthread_barrier_wait(&meeting_place.barrier);
  return 0;
}

static void open_rank(thread_rank *self) {
  EXPECT_OK(oar_state_create_with_exchange(NULL, self->rank, kWorldSize, exchange, self, NULL, &self->state));
  EXPECT_OK(oar_state_group(self->state, &self->group));
}

static void close_rank(thread_rank *self) {
  EXPECT_OK(oar_state_close(self->state));
  oar_group_release(self->group);
  oar_state_release(self->state);
}

/* rank_main(thread_rank *) on a thread per rank; returns when both have ended. */
static void run_ranks(void *(*rank_main)(void *)) {
  pthread_t threads[kWorldSize];
  thread_rank ranks[kWorldSize];
  int32_t rank;
  EXPECT(pthread_barrier_init(&meeting_place.barrier, NULL, kWorldSize) == 0);
  for (rank = 0; rank < kWorldSize; ++rank) {
    ranks[rank] = (thread_rank){rank, NULL, NULL};
    EXPECT(pthread_create(&threads[rank], NULL, rank_main, &ranks[rank]) == 0);
  }
  for (rank = 0; rank < kWorldSize; ++rank) EXPECT(pthread_join(threads[rank], NULL) == 0);
  pthread_barrier_destroy(&meeting_place.barrier);
}

#endif
