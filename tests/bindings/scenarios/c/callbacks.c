/* Functions of the host that the library calls: for prints, progress and messages. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <sys/stat.h>

#include "scenario.h"

typedef struct {
  int num_calls, num_released;
  int32_t answer, level; /* what the callback returns; the level of the last message */
  char last[256], component[32];
} listener;

static int32_t hear(const char *text, void *user_data) {
  listener *self = user_data;
  ++self->num_calls;
  snprintf(self->last, sizeof self->last, "%s", text);
  return self->answer;
}

static void hear_message(int32_t level, const char *component, const char *message, void *user_data) {
  listener *self = user_data;
  self->level = level;
  snprintf(self->component, sizeof self->component, "%s", component);
  hear(message, user_data);
}

static void count_release(void *user_data) { ++((listener *)user_data)->num_released; }

/* What ended objects held is released inside the next call that can fail (oar_release_fn). */
static int any_call(scenario *t) {
  oar_bytes *bytes;
  OK(oar_bytes_create(NULL, 0, &bytes));
  oar_bytes_release(bytes);
  return 0;
}

static int show_progress(scenario *t, oar_state *state, listener *shown) {
  oar_progress *progress;
  OK(oar_progress_create(state, "epoch 3", 10, "samples", &progress));
  OK(oar_progress_set_callback(progress, hear, shown, count_release));
  OK(oar_progress_advance(progress, 10, "loss 0.5"));
  OK(oar_progress_close(progress));
  EXPECT(shown->num_calls >= 1);
  EXPECT(strstr(shown->last, "epoch 3") != NULL && strstr(shown->last, "10/10") != NULL);
  EXPECT(strstr(shown->last, "loss 0.5") != NULL);
  oar_progress_release(progress);
  TRY(any_call(t));
  EXPECT(shown->num_released == 1);
  return 0;
}

int scenario_callback_called(scenario *t) {
  listener first = {0}, second = {0}, shown = {0};
  oar_state *state;
  OK(oar_state_create(NULL, &state));
  OK(oar_state_set_print_callback(state, hear, &first, count_release));
  OK(oar_state_print(state, "one line \xc3\xa9"));
  EXPECT(first.num_calls == 1 && strcmp(first.last, "one line \xc3\xa9") == 0);
  EXPECT(first.num_released == 0);
  OK(oar_state_set_print_callback(state, hear, &second, count_release));
  EXPECT(first.num_released == 1);
  OK(oar_state_print(state, "another"));
  EXPECT(first.num_calls == 1 && second.num_calls == 1);
  TRY(show_progress(t, state, &shown));
  TRY(close_state(t, state));
  TRY(any_call(t));
  EXPECT(first.num_released == 1 && second.num_released == 1 && shown.num_released == 1);
  return 0;
}

int scenario_callback_error(scenario *t) {
  listener heard = {0};
  error_details error;
  oar_state *state;
  oar_progress *progress;
  heard.answer = 7;
  OK(oar_state_create(NULL, &state));
  OK(oar_state_set_print_callback(state, hear, &heard, NULL));
  EXPECT(oar_state_print(state, "refused") == OAR_E_CALLBACK);
  TRY(take_error(t, &error));
  EXPECT(error.code == OAR_E_CALLBACK && error.vendor_code == 7);
  OK(oar_progress_create(state, "epoch 1", 10, "samples", &progress));
  OK(oar_progress_set_callback(progress, hear, &heard, NULL));
  EXPECT(oar_progress_advance(progress, 5, NULL) == OAR_E_CALLBACK);
  TRY(take_error(t, &error));
  EXPECT(error.vendor_code == 7);
  heard.answer = 0;
  OK(oar_progress_close(progress));
  oar_progress_release(progress);
  OK(oar_state_print(state, "taken"));
  EXPECT(strcmp(heard.last, "taken") == 0);
  return close_state(t, state);
}

/* A folder without a manifest is passed over with a warning (checkpoint.h). */
static int cause_a_warning(scenario *t) {
  char path[1024];
  size_t len = sizeof path;
  EXPECT(oar_checkpoint_find_latest(inside(t, "warning"), path, &len) == OAR_E_NOT_FOUND);
  return 0;
}

int scenario_log_messages(scenario *t) {
  listener heard = {0};
  EXPECT(mkdir(inside(t, "warning"), 0700) == 0);
  EXPECT(mkdir(inside(t, "warning/checkpoint_3"), 0700) == 0);
  OK(oar_log_set_callback(0, hear_message, &heard, count_release));
  TRY(cause_a_warning(t));
  EXPECT(heard.num_calls == 1 && heard.level == OAR_LOG_WARNING);
  EXPECT(strcmp(heard.component, "checkpoint") == 0 && strstr(heard.last, "checkpoint_3") != NULL);
  OK(oar_log_set_level(OAR_LOG_ERROR));
  TRY(cause_a_warning(t));
  EXPECT(heard.num_calls == 1);
  OK(oar_log_set_level(OAR_LOG_WARNING));
  TRY(cause_a_warning(t));
  EXPECT(heard.num_calls == 2);
  OK(oar_log_set_callback(0, NULL, NULL, NULL));
  EXPECT(heard.num_released == 1);
  return 0;
}
