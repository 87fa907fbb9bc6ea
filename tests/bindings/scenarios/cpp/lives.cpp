// Objects begin and end: in any order, twice, wrongly. And what an error tells.
#include "scenario.h"

namespace scenario {

void create_use_close() {
  const oarlock::State state = call(oar_state_create, nullptr);
  EXPECT(call(oar_state_rank, state) == 0);
  EXPECT(call(oar_state_world_size, state) == 1);
  EXPECT(call(oar_state_local_rank, state) == 0);
  EXPECT(call(oar_state_local_world_size, state) == 1);
  EXPECT(call(oar_state_is_main_process, state) == 1);
  EXPECT(call(oar_state_is_local_main_process, state) == 1);
  EXPECT(call(oar_state_is_last_process, state) == 1);
  EXPECT(call(oar_state_device, state) == "cpu");
  call(oar_state_close, state);
  call(oar_state_close, state);
}

void error_text() {
  const std::string path = inside("not_there.safetensors");
  const auto error =
      thrown_by<oarlock::Error>([&] { oarlock::Dataset(call(oar_dataset_from_safetensors, path, nullptr, 0)); });
  EXPECT(error.has_value());
  EXPECT(error->code() == OAR_E_NOT_FOUND && std::string(error->code_name()) == "OAR_E_NOT_FOUND");
  EXPECT(contains(error->what(), path));
  EXPECT(error->component() == "dataset" && error->operation() == "oar_dataset_from_safetensors");
  EXPECT(error->rank() == -1);
}

void wrong_handle() {
  const oarlock::Config config = call(oar_config_create);
  call(oar_config_set_int64, config, "comm.timeout_ms", 1234);
  REFUSED(OAR_E_HANDLE, "config", call(oar_tensor_numel, reinterpret_cast<oar_tensor*>(config.get())));
  REFUSED(OAR_E_HANDLE, "NULL", call(oar_tensor_numel, nullptr));
  REFUSED(OAR_E_HANDLE, "NULL", call(oar_tensor_numel, oarlock::Tensor()));
  EXPECT(call(oar_config_get_string, config, "comm.timeout_ms") == "1234");
}

// What is made of a config, a state, a model and a data set, none of which outlives make_orphans().
struct Orphans {
  oarlock::Loader loader;
  oarlock::Accelerator accelerator;
  oarlock::Optimizer optimizer;
  oarlock::Tensor loss, logits;
};

static Orphans make_orphans() {
  Orphans made;
  const oarlock::State state = make_state(R"({"seed": 3})");
  const oarlock::Model model = load_digits(state);
  made.loader = test_loader(R"({"batch_size": 32})");
  made.accelerator = call(oar_accelerator_create, state, nullptr);
  call(oar_accelerator_prepare_model, made.accelerator, model);
  call(oar_accelerator_prepare_loader, made.accelerator, made.loader);
  made.optimizer = call(oar_optimizer_create, model, "sgd", R"({"lr": 0.125})");
  call(oar_accelerator_prepare_optimizer, made.accelerator, made.optimizer);
  const oarlock::Tree outputs = call(oar_model_forward, model, oarlock::Tree(call(oar_loader_next, made.loader)));
  made.loss = call(oar_tree_get_tensor, outputs, "loss");
  made.logits = call(oar_tree_get_tensor, outputs, "logits");
  return made;
}

void release_any_order() {
  const std::int64_t before = num_live_handles();
  {
    const Orphans made = make_orphans();
    EXPECT(num_live_handles() == before + 5);
    call(oar_accelerator_backward, made.accelerator, made.loss);
    call(oar_accelerator_step, made.accelerator, made.optimizer, nullptr);
    EXPECT(call(oar_optimizer_num_steps, made.optimizer) == 1);
    const oarlock::Tensor gathered = call(oar_accelerator_gather_for_metrics, made.accelerator, made.logits);
    EXPECT((call(oar_tensor_shape, gathered) == std::vector<std::int64_t>{32, 10}));
    EXPECT(call(oar_loader_next, made.loader));
  }
  EXPECT(num_live_handles() == before);
}

void use_after_close() {
  const oarlock::State state = call(oar_state_create, nullptr);
  oarlock::Tracker tracker = call(oar_tracker_create, state, "jsonl", R"({"path": ")" + inside("closed.jsonl") + "\"}");
  oarlock::Loader loader = test_loader("{}");
  oarlock::Accelerator accelerator = call(oar_accelerator_create, state, nullptr);
  for (int round = 0; round < 2; ++round) {
    call(oar_tracker_close, tracker);
    call(oar_loader_close, loader);
    call(oar_accelerator_close, accelerator);
  }
  REFUSED(OAR_E_STATE, "closed", call(oar_tracker_log, tracker, 1, nullptr, nullptr, 0));
  REFUSED(OAR_E_STATE, "closed", call(oar_loader_next, loader));
  REFUSED(OAR_E_STATE, "closed", call(oar_accelerator_prepare_loader, accelerator, loader));
  oar_tracker* const released = tracker.get();
  tracker.reset();
  REFUSED(OAR_E_HANDLE, "tracker", call(oar_tracker_close, released));
  loader.reset();
  REFUSED(OAR_E_HANDLE, "NULL", call(oar_loader_next, loader));
  const oarlock::Accelerator moved = std::move(accelerator);
  REFUSED(OAR_E_HANDLE, "NULL", call(oar_accelerator_close, accelerator));
  call(oar_state_close, state);
}

void time_out_refused() {
  const oarlock::State state = call(oar_state_create, nullptr);
  const oarlock::Group group = call(oar_state_group, state);
  const oarlock::Tensor tensor = call(oar_tensor_zeros, OAR_FLOAT32, nullptr, 0);
  REFUSED(OAR_E_ARGUMENT, "timeout_ms", call(oar_state_barrier, state, -1));
  REFUSED(OAR_E_ARGUMENT, "timeout_ms", call(oar_group_all_reduce, group, tensor, OAR_REDUCE_SUM, -1));
  const oarlock::Work work = call(oar_group_all_reduce, group, tensor, OAR_REDUCE_SUM, 0);
  REFUSED(OAR_E_ARGUMENT, "timeout_ms", call(oar_work_wait, work, INT64_MIN));
  call(oar_work_wait, work, 0);
  call(oar_state_close, state);
}

void config_unknown_key() {
  const oarlock::Config config = call(oar_config_create);
  call(oar_config_set_int64, config, "comm.timeout_ms", 1234);
  REFUSED(OAR_E_ARGUMENT, "comm.timeout_ms", call(oar_config_set_int64, config, "comm.timeout", 5));
  REFUSED(OAR_E_ARGUMENT, "comm.timeout_ms",
          call(oar_config_merge_json, config, R"({"comm": {"timeout_ms": 5, "timeout": 5}})"));
  EXPECT(call(oar_config_get_string, config, "comm.timeout_ms") == "1234");
}

void config_values() {
  const oarlock::Config config = call(oar_config_create);
  const std::string text = "a \"b\" \xc3\xa9";
  call(oar_config_set_bool, config, OAR_OPTION_DDP_BROADCAST_BUFFERS, false);
  call(oar_config_set_int64, config, OAR_OPTION_SEED, INT64_MAX);
  call(oar_config_set_double, config, OAR_OPTION_DDP_BUCKET_CAP_MB, 0.1);
  call(oar_config_set_string, config, OAR_OPTION_PROJECT_DIR, text);
  call(oar_config_merge_json, config,
       R"({"comm": {"timeout_ms": 5000, "late_ms": 7}, "optimizer": {"betas": [0.5, 0.75]}})");
  const auto value = [&](const char* key) -> std::string { return call(oar_config_get_string, config, key); };
  EXPECT(call(oar_config_get_bool, config, OAR_OPTION_DDP_BROADCAST_BUFFERS) == 0);
  EXPECT(call(oar_config_get_int64, config, OAR_OPTION_SEED) == INT64_MAX);
  EXPECT(call(oar_config_get_double, config, OAR_OPTION_DDP_BUCKET_CAP_MB) == 0.1);
  EXPECT(value("ddp.broadcast_buffers") == "false");
  EXPECT(value("seed") == "9223372036854775807");
  EXPECT(value("ddp.bucket_cap_mb") == "0.1");
  EXPECT(value("project_dir") == text);
  EXPECT(value("comm.timeout_ms") == "5000");
  EXPECT(value("comm.late_ms") == "7");
  EXPECT(value("optimizer.betas") == "[0.5,0.75]");
}

}  // namespace scenario
