/* Armor: a second thread in a handle is told so; nested calls of the same thread are fine; abort, retain, release are exempt. */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>
#include <pthread.h>
#include <stdlib.h>

#include "expect.h"

struct meeting {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int inside; /* the exchange of the first thread runs */
  int leave;
  int32_t nested;
  oar_config *config;
};

static struct meeting meeting = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, -1, NULL};

/* Runs inside oar_state_create_with_exchange, which holds `config`. Fails, so that no state comes of it. */
static int32_t hold_the_config(const void *mine, size_t size, void *all, void *user_data) {
  struct meeting *self = user_data;
  (void)mine, (void)size, (void)all;
  self->nested = oar_config_set_int64(self->config, "loader.batch_size", 3); /* the same thread may */
  pthread_mutex_lock(&self->mutex);
  self->inside = 1;
  pthread_cond_broadcast(&self->changed);
  while (!self->leave) pthread_cond_wait(&self->changed, &self->mutex);
  pthread_mutex_unlock(&self->mutex);
  return 5;
}

static void *first_thread(void *argument) {
  oar_state *state = NULL;
  (void)argument;
  EXPECT(oar_state_create_with_exchange(meeting.config, 0, 2, hold_the_config, &meeting, NULL, &state) == OAR_E_CALLBACK);
  return NULL;
}

/* A thread that is cancelled inside a call ends after it, not in it: the call's own work is done. */
static int32_t sleep_through_a_cancellation(const void *mine, size_t size, void *all, void *user_data) {
  struct meeting *self = user_data;
  (void)mine, (void)size, (void)all;
  pthread_mutex_lock(&self->mutex);
  self->inside = 1;
  pthread_cond_broadcast(&self->changed);
  while (!self->leave) pthread_cond_wait(&self->changed, &self->mutex); /* a cancellation point */
  pthread_mutex_unlock(&self->mutex);
  return 5;
}

static oar_status cancelled_call = OAR_OK;
static void *cancelled_thread(void *argument) {
  oar_state *state = NULL;
  cancelled_call = oar_state_create_with_exchange(NULL, 0, 2, sleep_through_a_cancellation, argument, NULL, &state);
  pthread_testcancel();
  return NULL;
}

static void a_cancelled_thread_ends_after_its_call(void) {
  struct meeting meeting_of_cancelled = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, -1, NULL};
  struct meeting *self = &meeting_of_cancelled;
  pthread_t thread;
  void *result = NULL;
  EXPECT(pthread_create(&thread, NULL, cancelled_thread, self) == 0);
  pthread_mutex_lock(&self->mutex);
  while (!self->inside) pthread_cond_wait(&self->changed, &self->mutex);
  EXPECT(pthread_cancel(thread) == 0);
  self->leave = 1;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
  EXPECT(pthread_join(thread, &result) == 0);
  EXPECT(result == PTHREAD_CANCELED);
  EXPECT(cancelled_call == OAR_E_CALLBACK);
}

int main(void) {
  pthread_t thread;
  setenv("OARLOCK_ARMOR", "1", 1);
  EXPECT_OK(oar_config_create(&meeting.config));
  EXPECT(pthread_create(&thread, NULL, first_thread, NULL) == 0);
  pthread_mutex_lock(&meeting.mutex);
  while (!meeting.inside) pthread_cond_wait(&meeting.changed, &meeting.mutex);
  pthread_mutex_unlock(&meeting.mutex);

  EXPECT(oar_config_set_int64(meeting.config, "loader.batch_size", 4) == OAR_E_STATE);
  EXPECT_CONTAINS(oar_last_error(), "oar_config");
  EXPECT_CONTAINS(oar_last_error(), "thread");
  EXPECT_OK(oar_config_retain(meeting.config));
  oar_config_release(meeting.config);

  pthread_mutex_lock(&meeting.mutex);
  meeting.leave = 1;
  pthread_cond_broadcast(&meeting.changed);
  pthread_mutex_unlock(&meeting.mutex);
  EXPECT(pthread_join(thread, NULL) == 0);
  EXPECT(meeting.nested == OAR_OK);
  a_cancelled_thread_ends_after_its_call();
  EXPECT_OK(oar_config_set_int64(meeting.config, "loader.batch_size", 4)); /* free again */
  oar_config_release(meeting.config);
  return 0;
}
