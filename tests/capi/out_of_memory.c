/* Smaller batches until one fits, and an accelerator that lets go of everything. */
#include <oarlock/oarlock.h>

#include "expect.h"

typedef struct {
  int64_t fits;
  int64_t tried[32];
  int count;
  oar_status otherwise; /* what an attempt that does not fit gives */
} search;

static oar_status attempt(int64_t batch_size, void *user_data) {
  search *self = user_data;
  self->tried[self->count++] = batch_size;
  return batch_size <= self->fits ? OAR_OK : self->otherwise;
}

static void searches_begin_where_they_are_told(oar_state *state) {
  static const int64_t kExpected[] = {128, 115, 103, 92, 82}; /* the reference's sequence */
  search self = {90, {0}, 0, OAR_E_OUT_OF_MEMORY};
  int64_t found = 0;
  int round, i;
  for (round = 0; round < 2; ++round) {
    self.count = 0;
    EXPECT_OK(oar_find_executable_batch_size(state, 128, attempt, &self, &found));
    EXPECT(found == 82);
    EXPECT(self.count == 5);
    for (i = 0; i < 5; ++i) EXPECT(self.tried[i] == kExpected[i]);
  }
}

static void other_failures_and_zero_end_a_search(oar_state *state) {
  search self = {0, {0}, 0, OAR_E_STATE};
  int64_t found = -1;
  EXPECT(oar_find_executable_batch_size(state, 128, attempt, &self, &found) == OAR_E_STATE);
  EXPECT(self.count == 1);
  self.count = 0;
  self.otherwise = OAR_E_OUT_OF_MEMORY;
  EXPECT(oar_find_executable_batch_size(state, 4, attempt, &self, &found) == OAR_E_OUT_OF_MEMORY);
  EXPECT_CONTAINS(oar_last_error(), "no executable batch size was found");
  EXPECT(self.count == 4); /* 4, 3, 2, 1 */
  EXPECT(found == -1);
}

static void a_reduction_of_the_hosts_own_counts(oar_state *state) {
  int64_t next = 0;
  EXPECT_OK(oar_state_next_batch_size(state, 128, 1, 64, &next));
  EXPECT(next == 64);
  EXPECT_OK(oar_state_next_batch_size(state, 64, 0, 0, &next));
  EXPECT(next == 64);
  EXPECT(oar_state_next_batch_size(state, 64, 1, 64, &next) == OAR_E_ARGUMENT);
}

/* An operator that asks for more than there is: its own code, and the next call works. */
static void memory_that_there_is_not(oar_state *state) {
  const int64_t absurd = (int64_t)1 << 50;
  oar_value size = oar_value_ints(&absurd, 1);
  oar_tensor *result = NULL;
  size_t count = 1;
  int64_t one = 1;
  EXPECT(oar_op_call(state, "aten::zeros", &size, 1, &result, &count) == OAR_E_OUT_OF_MEMORY);
  size = oar_value_ints(&one, 1);
  EXPECT_OK(oar_op_call(state, "aten::zeros", &size, 1, &result, &count));
  oar_tensor_release(result);
}

static void an_accelerator_may_be_used_anew(oar_state *state) {
  float weight = 2.0f;
  const int64_t shape[1] = {1};
  oar_accelerator *accelerator = NULL;
  oar_model *model = NULL;
  oar_tensor *tensor = NULL;
  oar_optimizer *optimizer = NULL;
  EXPECT_OK(oar_accelerator_create(state, NULL, &accelerator));
  EXPECT_OK(oar_model_create_foreign(state, &model));
  EXPECT_OK(oar_tensor_from_memory(&weight, OAR_FLOAT32, shape, NULL, 1, NULL, NULL, &tensor));
  EXPECT_OK(oar_model_register_parameter(model, "weight", tensor));
  EXPECT_OK(oar_accelerator_prepare_model(accelerator, model));
  EXPECT_OK(oar_optimizer_create(model, "sgd", NULL, &optimizer));
  EXPECT_OK(oar_accelerator_prepare_optimizer(accelerator, optimizer));
  EXPECT_OK(oar_accelerator_free_memory(accelerator));
  EXPECT(oar_accelerator_step(accelerator, optimizer, NULL) == OAR_E_STATE); /* not prepared any more */
  EXPECT_OK(oar_accelerator_prepare_model(accelerator, model));
  EXPECT_OK(oar_accelerator_prepare_optimizer(accelerator, optimizer));
  EXPECT_OK(oar_accelerator_step(accelerator, optimizer, NULL));
  EXPECT_OK(oar_accelerator_close(accelerator));
  EXPECT(oar_accelerator_free_memory(accelerator) == OAR_E_STATE);
  oar_optimizer_release(optimizer);
  oar_tensor_release(tensor);
  oar_model_release(model);
  oar_accelerator_release(accelerator);
}

int main(void) {
  oar_state *state = NULL;
  EXPECT_OK(oar_state_create(NULL, &state));
  searches_begin_where_they_are_told(state);
  other_failures_and_zero_end_a_search(state);
  a_reduction_of_the_hosts_own_counts(state);
  memory_that_there_is_not(state);
  an_accelerator_may_be_used_anew(state);
  EXPECT_OK(oar_state_close(state));
  oar_state_release(state);
  return 0;
}
