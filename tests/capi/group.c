/* Groups and works from plain C: two ranks, who they are, what they learn of an operation's end. */
#define _POSIX_C_SOURCE 200809L
#include "world_of_threads.h"

static oar_tensor *ones(float *values, int64_t count) {
  oar_tensor *tensor = NULL;
  int64_t i;
  for (i = 0; i < count; ++i) values[i] = 1;
  EXPECT_OK(oar_tensor_from_memory(values, OAR_FLOAT32, &count, NULL, 1, NULL, NULL, &tensor));
  return tensor;
}

static oar_status code_of(const oar_work *work, const char *part_of_text) {
  oar_error *error = NULL;
  oar_status code = OAR_OK;
  const char *text = NULL, *component = NULL;
  EXPECT_OK(oar_work_error(work, &error));
  if (error == NULL) return OAR_OK;
  EXPECT_OK(oar_error_code(error, &code));
  EXPECT_OK(oar_error_message(error, &text));
  EXPECT_CONTAINS(text, part_of_text);
  EXPECT_OK(oar_error_component(error, &component));
  EXPECT(component[0] != '\0');
  oar_error_release(error);
  return code;
}

static void *ranks_know_their_place(void *argument) {
  thread_rank *self = argument;
  int32_t rank = -1, size = -1;
  open_rank(self);
  EXPECT(oar_group_rank(self->group, &rank) == OAR_OK && rank == self->rank);
  EXPECT(oar_group_size(self->group, &size) == OAR_OK && size == 2);
  close_rank(self);
  return NULL;
}

static int num_before_barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int count_arrivals(int more) {
  int count;
  pthread_mutex_lock(&mutex);
  count = num_before_barrier += more;
  pthread_mutex_unlock(&mutex);
  return count;
}

/* How a barrier ends: at its start or later. */
static oar_status meet(oar_group *group) {
  oar_work *work = NULL;
  oar_status status = oar_group_barrier(group, 60000, &work);
  if (status != OAR_OK) return status;
  status = oar_work_wait(work, 0);
  oar_work_release(work);
  return status;
}

static void *a_barrier_lets_nobody_go_before_all_have_come(void *argument) {
  thread_rank *self = argument;
  oar_work *work = NULL;
  int round;
  open_rank(self);
  for (round = 1; round <= 20; ++round) {
    count_arrivals(1);
    EXPECT_OK(meet(self->group));
    EXPECT(count_arrivals(0) >= 2 * round);
    EXPECT_OK(meet(self->group));
  }
  EXPECT(oar_group_barrier(self->group, -1, &work) == OAR_E_ARGUMENT && work == NULL);
  close_rank(self);
  return NULL;
}

static void *a_work_that_went_well_has_no_error(void *argument) {
  thread_rank *self = argument;
  float values[4];
  oar_tensor *tensor = ones(values, 4);
  oar_work *work = NULL;
  int32_t is_done = -1;
  open_rank(self);
  EXPECT_OK(oar_group_all_reduce(self->group, tensor, OAR_REDUCE_SUM, 60000, &work));
  EXPECT_OK(oar_work_wait(work, 60000));
  EXPECT(oar_work_is_done(work, &is_done) == OAR_OK && is_done == 1);
  EXPECT(code_of(work, "") == OAR_OK);
  EXPECT(values[0] == 2 && values[3] == 2);
  oar_work_release(work);
  oar_tensor_release(tensor);
  close_rank(self);
  return NULL;
}

/* Rank 0 starts what rank 1 never joins; rank 1 aborts. */
static void *an_abort_is_the_error_of_running_works_and_of_later_calls(void *argument) {
  thread_rank *self = argument;
  float values[4];
  oar_tensor *tensor = ones(values, 4);
  oar_work *work = NULL;
  open_rank(self);
  if (self->rank == 0) {
    EXPECT_OK(oar_group_all_reduce(self->group, tensor, OAR_REDUCE_SUM, 60000, &work));
    pthread_barrier_wait(&meeting_place.barrier);
    EXPECT(oar_work_wait(work, 60000) == OAR_E_ABORTED);
    EXPECT(code_of(work, "the operator said so") == OAR_E_ABORTED);
    oar_work_release(work);
  } else {
    pthread_barrier_wait(&meeting_place.barrier); /* the operation runs */
    EXPECT(oar_group_abort(self->group, NULL) == OAR_E_ARGUMENT);
    EXPECT_OK(oar_group_abort(self->group, "the operator said so"));
    EXPECT_OK(oar_group_abort(self->group, "another reason"));
  }
  EXPECT(meet(self->group) == OAR_E_ABORTED);
  EXPECT_CONTAINS(oar_last_error(), "the operator said so");
  oar_tensor_release(tensor);
  close_rank(self);
  return NULL;
}

static void *groups_of_some_ranks_know_the_world(void *argument) {
  thread_rank *self = argument;
  const int32_t both[2] = {1, 0}, one[1] = {1}, twice[2] = {1, 1};
  oar_group *swapped = NULL, *single = NULL, *none = NULL;
  int32_t ranks[2] = {-1, -1}, rank = -1;
  size_t count = 2;
  open_rank(self);
  EXPECT_OK(oar_group_create_subgroup(self->group, both, 2, 0, 60000, &swapped));
  EXPECT(oar_group_world_ranks(swapped, ranks, &count) == OAR_OK && count == 2 && ranks[0] == 1 && ranks[1] == 0);
  EXPECT(oar_group_translate_rank(swapped, 0, self->group, &rank) == OAR_OK && rank == 1);
  EXPECT_OK(meet(swapped));
  EXPECT_OK(oar_group_create_subgroup(swapped, one, 1, 0, 60000, &single)); /* world rank 0 */
  EXPECT((single != NULL) == (self->rank == 0));
  if (single != NULL) {
    EXPECT(oar_group_translate_rank(self->group, 1, single, &rank) == OAR_E_NOT_FOUND);
    count = 0;
    EXPECT(oar_group_world_ranks(single, ranks, &count) == OAR_E_ARGUMENT && count == 1);
  }
  EXPECT(oar_group_create_subgroup(self->group, twice, 2, 0, 60000, &none) == OAR_E_ARGUMENT && none == NULL);
  EXPECT(oar_group_create_subgroup(self->group, NULL, 0, 0, 60000, &none) == OAR_E_ARGUMENT);
  EXPECT(oar_group_create_subgroup(self->group, both, 2, -1, 60000, &none) == OAR_E_ARGUMENT);
  EXPECT(oar_group_split(self->group, OAR_GROUP_NO_COLOR, 0, 0, 60000, &none) == OAR_OK && none == NULL);
  EXPECT_OK(oar_group_split(self->group, 3, -self->rank, 0, 60000, &none));
  EXPECT(oar_group_rank(none, &rank) == OAR_OK && rank == 1 - self->rank);
  EXPECT_OK(oar_group_close(none));
  EXPECT(meet(none) == OAR_E_STATE);
  EXPECT(oar_group_close(self->group) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "oar_state_close");
  EXPECT_OK(meet(self->group));
  close_rank(self);
  EXPECT(meet(swapped) == OAR_E_STATE);
  oar_group_release(swapped);
  oar_group_release(single);
  oar_group_release(none);
  return NULL;
}

int main(void) {
  run_ranks(ranks_know_their_place);
  run_ranks(a_barrier_lets_nobody_go_before_all_have_come);
  run_ranks(a_work_that_went_well_has_no_error);
  run_ranks(an_abort_is_the_error_of_running_works_and_of_later_calls);
  run_ranks(groups_of_some_ranks_know_the_world);
  return 0;
}
