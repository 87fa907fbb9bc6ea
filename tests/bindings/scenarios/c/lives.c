/* Objects begin and end: in any order, twice, wrongly. And what an error tells. */
#include "scenario.h"

#include <stdio.h>

int scenario_create_use_close(scenario *t) {
  static const struct {
    oar_status (*ask)(const oar_state *state, int32_t *out);
    int32_t answer;
  } questions[] = {{oar_state_rank, 0},             {oar_state_world_size, 1},
                   {oar_state_local_rank, 0},       {oar_state_local_world_size, 1},
                   {oar_state_is_main_process, 1},  {oar_state_is_local_main_process, 1},
                   {oar_state_is_last_process, 1}};
  oar_state *state;
  char device[8];
  size_t i, len = sizeof device;
  OK(oar_state_create(NULL, &state));
  for (i = 0; i < sizeof questions / sizeof questions[0]; ++i) {
    int32_t answer = -1;
    OK(questions[i].ask(state, &answer));
    EXPECT(answer == questions[i].answer);
  }
  OK(oar_state_device(state, device, &len));
  EXPECT(strcmp(device, "cpu") == 0 && len == 4);
  OK(oar_state_close(state));
  OK(oar_state_close(state));
  oar_state_release(state);
  return 0;
}

int scenario_error_text(scenario *t) {
  const char *path = inside(t, "not_there.safetensors");
  error_details error;
  oar_dataset *dataset = NULL;
  EXPECT(oar_dataset_from_safetensors(path, NULL, 0, &dataset) == OAR_E_NOT_FOUND);
  EXPECT(strstr(oar_last_error(), path) != NULL);
  TRY(take_error(t, &error));
  EXPECT(dataset == NULL);
  EXPECT(error.code == OAR_E_NOT_FOUND);
  EXPECT(strcmp(oar_status_name(error.code), "OAR_E_NOT_FOUND") == 0);
  EXPECT(strstr(error.message, path) != NULL);
  EXPECT(strcmp(error.component, "dataset") == 0);
  EXPECT(strcmp(error.operation, "oar_dataset_from_safetensors") == 0);
  EXPECT(error.rank == -1);
  return 0;
}

int scenario_wrong_handle(scenario *t) {
  oar_config *config;
  int64_t numel = -1;
  char value[32];
  size_t len = sizeof value;
  OK(oar_config_create(&config));
  OK(oar_config_set_int64(config, "comm.timeout_ms", 1234));
  REFUSED(OAR_E_HANDLE, "config", oar_tensor_numel((const oar_tensor *)(const void *)config, &numel));
  REFUSED(OAR_E_HANDLE, "NULL", oar_tensor_numel(NULL, &numel));
  EXPECT(numel == -1);
  OK(oar_config_get_string(config, "comm.timeout_ms", value, &len));
  EXPECT(strcmp(value, "1234") == 0);
  oar_config_release(config);
  return 0;
}

/* What is made of a config, a state, a model and a data set, which are all released here. */
typedef struct {
  oar_loader *loader;
  oar_accelerator *accelerator;
  oar_optimizer *optimizer;
  oar_tree *outputs;
} orphans;

static int make_orphans(scenario *t, orphans *made) {
  oar_state *state;
  oar_model *model;
  oar_tree *batch;
  TRY(open_digits(t, "{\"seed\": 3}", &state, &model)); /* releases the config */
  TRY(open_test_set(t, "{\"batch_size\": 32}", &made->loader));
  OK(oar_accelerator_create(state, NULL, &made->accelerator));
  OK(oar_accelerator_prepare_model(made->accelerator, model));
  OK(oar_accelerator_prepare_loader(made->accelerator, made->loader));
  OK(oar_optimizer_create(model, "sgd", "{\"lr\": 0.125}", &made->optimizer));
  OK(oar_accelerator_prepare_optimizer(made->accelerator, made->optimizer));
  OK(oar_loader_next(made->loader, &batch));
  OK(oar_model_forward(model, batch, &made->outputs));
  oar_tree_release(batch);
  oar_state_release(state);
  oar_model_release(model);
  return 0;
}

int scenario_release_any_order(scenario *t) {
  const int64_t before = num_live_handles();
  orphans made;
  oar_tensor *loss, *logits, *gathered;
  oar_tree *batch;
  int64_t steps = 0, shape[2] = {0, 0};
  size_t count = 2;
  EXPECT(before >= 0);
  TRY(make_orphans(t, &made));
  OK(oar_tree_get_tensor(made.outputs, "loss", &loss));
  OK(oar_tree_get_tensor(made.outputs, "logits", &logits));
  oar_tree_release(made.outputs);
  OK(oar_accelerator_backward(made.accelerator, loss));
  OK(oar_accelerator_step(made.accelerator, made.optimizer, NULL));
  OK(oar_optimizer_num_steps(made.optimizer, &steps));
  EXPECT(steps == 1);
  OK(oar_accelerator_gather_for_metrics(made.accelerator, logits, &gathered));
  OK(oar_tensor_shape(gathered, shape, &count));
  EXPECT(shape[0] == 32 && shape[1] == 10);
  OK(oar_loader_next(made.loader, &batch));
  EXPECT(batch != NULL);
  EXPECT(num_live_handles() == before + 7);
  oar_accelerator_release(made.accelerator);
  oar_tensor_release(loss);
  oar_tree_release(batch);
  oar_optimizer_release(made.optimizer);
  oar_tensor_release(gathered);
  oar_loader_release(made.loader);
  oar_tensor_release(logits);
  EXPECT(num_live_handles() == before);
  return 0;
}

static int close_twice(scenario *t, oar_tracker *tracker, oar_loader *loader, oar_accelerator *accelerator) {
  int round;
  for (round = 0; round < 2; ++round) {
    OK(oar_tracker_close(tracker));
    OK(oar_loader_close(loader));
    OK(oar_accelerator_close(accelerator));
  }
  return 0;
}

int scenario_use_after_close(scenario *t) {
  oar_state *state;
  oar_tracker *tracker;
  oar_loader *loader;
  oar_accelerator *accelerator;
  oar_tree *batch;
  int64_t epoch;
  char options[4200];
  TRY(open_test_set(t, NULL, &loader));
  OK(oar_state_create(NULL, &state));
  snprintf(options, sizeof options, "{\"path\": \"%s\"}", inside(t, "closed.jsonl"));
  OK(oar_tracker_create(state, "jsonl", options, &tracker));
  OK(oar_accelerator_create(state, NULL, &accelerator));
  TRY(close_twice(t, tracker, loader, accelerator));
  REFUSED(OAR_E_STATE, "closed", oar_tracker_log(tracker, 1, NULL, NULL, 0));
  REFUSED(OAR_E_STATE, "closed", oar_loader_next(loader, &batch));
  REFUSED(OAR_E_STATE, "closed", oar_accelerator_prepare_loader(accelerator, loader));
  oar_tracker_release(tracker);
  oar_loader_release(loader);
  oar_accelerator_release(accelerator);
  REFUSED(OAR_E_HANDLE, "tracker", oar_tracker_log(tracker, 1, NULL, NULL, 0));
  REFUSED(OAR_E_HANDLE, "loader", oar_loader_epoch(loader, &epoch));
  REFUSED(OAR_E_HANDLE, "accelerator", oar_accelerator_close(accelerator));
  return close_state(t, state);
}

int scenario_time_out_refused(scenario *t) {
  oar_state *state;
  oar_group *group;
  oar_tensor *tensor;
  oar_work *work = NULL;
  OK(oar_state_create(NULL, &state));
  OK(oar_state_group(state, &group));
  OK(oar_tensor_zeros(OAR_FLOAT32, NULL, 0, &tensor));
  REFUSED(OAR_E_ARGUMENT, "timeout_ms", oar_state_barrier(state, -1));
  REFUSED(OAR_E_ARGUMENT, "timeout_ms", oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, -1, &work));
  EXPECT(work == NULL);
  OK(oar_group_all_reduce(group, tensor, OAR_REDUCE_SUM, 0, &work));
  REFUSED(OAR_E_ARGUMENT, "timeout_ms", oar_work_wait(work, INT64_MIN));
  OK(oar_work_wait(work, 0));
  oar_work_release(work);
  oar_tensor_release(tensor);
  oar_group_release(group);
  return close_state(t, state);
}
