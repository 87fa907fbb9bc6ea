/* Options: every type, and a key that does not exist. */
#include "scenario.h"

static int value_is(scenario *t, const oar_config *config, const char *key, const char *expected) {
  char value[256];
  size_t len = sizeof value;
  OK(oar_config_get_string(config, key, value, &len));
  if (strcmp(value, expected) == 0) return 0;
  return scenario_failed(t, key, 0, expected);
}

int scenario_config_unknown_key(scenario *t) {
  oar_config *config;
  OK(oar_config_create(&config));
  OK(oar_config_set_int64(config, "comm.timeout_ms", 1234));
  REFUSED(OAR_E_ARGUMENT, "comm.timeout_ms", oar_config_set_int64(config, "comm.timeout", 5));
  REFUSED(OAR_E_ARGUMENT, "comm.timeout_ms",
          oar_config_merge_json(config, "{\"comm\": {\"timeout_ms\": 5, \"timeout\": 5}}"));
  TRY(value_is(t, config, "comm.timeout_ms", "1234"));
  oar_config_release(config);
  return 0;
}

int scenario_config_values(scenario *t) {
  oar_config *config;
  int64_t seed = 0;
  int32_t broadcasts = -1;
  double size = 0;
  OK(oar_config_create(&config));
  OK(oar_config_set_bool(config, "ddp.broadcast_buffers", 0));
  OK(oar_config_set_int64(config, "seed", INT64_MAX));
  OK(oar_config_set_double(config, "ddp.bucket_cap_mb", 0.1));
  OK(oar_config_set_string(config, "project_dir", "a \"b\" \xc3\xa9"));
  OK(oar_config_merge_json(
      config, "{\"comm\": {\"timeout_ms\": 5000, \"late_ms\": 7}, \"optimizer\": {\"betas\": [0.5, 0.75]}}"));
  OK(oar_config_get_bool(config, "ddp.broadcast_buffers", &broadcasts));
  OK(oar_config_get_int64(config, "seed", &seed));
  OK(oar_config_get_double(config, "ddp.bucket_cap_mb", &size));
  EXPECT(broadcasts == 0 && seed == INT64_MAX && size == 0.1);
  TRY(value_is(t, config, "ddp.broadcast_buffers", "false"));
  TRY(value_is(t, config, "seed", "9223372036854775807"));
  TRY(value_is(t, config, "ddp.bucket_cap_mb", "0.1"));
  TRY(value_is(t, config, "project_dir", "a \"b\" \xc3\xa9"));
  TRY(value_is(t, config, "comm.timeout_ms", "5000"));
  TRY(value_is(t, config, "comm.late_ms", "7"));
  TRY(value_is(t, config, "optimizer.betas", "[0.5,0.75]"));
  oar_config_release(config);
  return 0;
}
