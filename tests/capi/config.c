/* Options from C: types, round trip, the nearest known key, all or nothing, and the two-call rule for text. */
#include <oarlock/oarlock.h>
#include <math.h>
#include <stdlib.h>

#include "expect.h"

static int32_t no_exchange(const void *mine, size_t size, void *all, void *user_data) {
  (void)mine, (void)size, (void)all, (void)user_data;
  return 1;
}

static const char *get(const oar_config *config, const char *key) {
  static char text[256];
  size_t len = sizeof text;
  EXPECT_OK(oar_config_get_string(config, key, text, &len));
  return text;
}

static void every_type_comes_back(oar_config *config) {
  EXPECT_OK(oar_config_set_int64(config, "loader.batch_size", 48));
  EXPECT(strcmp(get(config, "loader.batch_size"), "48") == 0);
  EXPECT_OK(oar_config_set_double(config, "ddp.bucket_cap_mb", 12.5));
  EXPECT(strcmp(get(config, "ddp.bucket_cap_mb"), "12.5") == 0);
  EXPECT_OK(oar_config_set_bool(config, "ddp.broadcast_buffers", 0));
  EXPECT(strcmp(get(config, "ddp.broadcast_buffers"), "false") == 0);
  EXPECT_OK(oar_config_set_string(config, "comm.backend", "gloo"));
  EXPECT(strcmp(get(config, "comm.backend"), "gloo") == 0);
  EXPECT_OK(oar_config_set_string(config, "loader.batch_size", "7")); /* JSON text for what is no text */
  EXPECT(strcmp(get(config, "loader.batch_size"), "7") == 0);
}

static void an_unknown_key_names_the_nearest(oar_config *config) {
  EXPECT(oar_config_set_int64(config, "loader.batchsize", 3) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "loader.batch_size");
  EXPECT(oar_config_merge_json(config, "{\"loader\":{\"batch_siz\":3}}") == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "loader.batch_size");
}

static void a_merge_is_all_or_nothing(oar_config *config) {
  EXPECT_OK(oar_config_merge_json(config, "{\"loader\":{\"batch_size\":5},\"comm.timeout_ms\":900}"));
  EXPECT(strcmp(get(config, "loader.batch_size"), "5") == 0);
  EXPECT(strcmp(get(config, "comm.timeout_ms"), "900") == 0);
  EXPECT(oar_config_merge_json(config, "{\"loader.batch_size\":6,\"no_such_key\":1}") == OAR_E_ARGUMENT);
  EXPECT(strcmp(get(config, "loader.batch_size"), "5") == 0);
}

static void what_is_not_json_is_refused(oar_config *config) {
  static const char *const kTexts[] = {"", "[]", "{", "{\"compat\":\"\"} x", "{/* c */}", "{\"compat\":\"\",\"compat\":\"\"}",
                                       "{\"loader.batch_size\":9007199254740993}", "{\"loader.batch_size\":\"many\"}"};
  size_t i;
  for (i = 0; i < sizeof kTexts / sizeof *kTexts; ++i) EXPECT(oar_config_merge_json(config, kTexts[i]) == OAR_E_ARGUMENT);
}

static void values_of_the_wrong_kind_are_refused(oar_config *config) {
  EXPECT(oar_config_set_bool(config, "ddp.broadcast_buffers", 2) == OAR_E_ARGUMENT);
  EXPECT(oar_config_set_double(config, "ddp.bucket_cap_mb", (double)NAN) == OAR_E_ARGUMENT);
  EXPECT(oar_config_set_bool(config, "comm.backend", 1) == OAR_E_ARGUMENT);
  EXPECT(oar_config_set_string(config, "loader.batch_size", "x") == OAR_E_ARGUMENT);
}

static void text_out_obeys_the_two_call_rule(oar_config *config) {
  size_t need = 0, len = 2;
  char *text;
  char small[2] = {'#', '#'};
  EXPECT_OK(oar_config_to_json(config, NULL, &need));
  EXPECT(oar_config_to_json(config, small, &len) == OAR_E_ARGUMENT);
  EXPECT(len == need && small[0] == '#' && small[1] == '#');
  text = malloc(need);
  len = need;
  EXPECT_OK(oar_config_to_json(config, text, &len));
  EXPECT(len == need && strlen(text) + 1 == need);
  EXPECT_OK(oar_config_merge_json(config, text)); /* what it prints it takes back */
  free(text);
}

static oar_config *config_with(const char *json) {
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT_OK(oar_config_merge_json(config, json));
  return config;
}

static void a_state_refuses_what_would_reach_nothing(void) {
  oar_config *config = config_with("{\"loader\":{\"batch_size\":-5}}");
  oar_state *state = NULL;
  EXPECT(oar_state_create(config, &state) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "loader.batch_size");
  EXPECT_CONTAINS(oar_last_error(), "oar_loader_create");
  EXPECT(oar_state_create_with_exchange(config, 0, 1, no_exchange, NULL, NULL, &state) == OAR_E_ARGUMENT);
  EXPECT(state == NULL);
  oar_config_release(config);
}

static void an_accelerator_refuses_what_would_reach_nothing(void) {
  oar_config *config = config_with("{\"comm.timeout_ms\":1234}");
  oar_state *state = NULL;
  oar_accelerator *accelerator = NULL;
  EXPECT_OK(oar_state_create(NULL, &state));
  EXPECT(oar_accelerator_create(state, config, &accelerator) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "comm.timeout_ms");
  EXPECT(accelerator == NULL);
  EXPECT_OK(oar_state_close(state));
  oar_state_release(state);
  EXPECT_OK(oar_state_create(config, &state)); /* the same config for both is fine */
  EXPECT_OK(oar_accelerator_create(state, config, &accelerator));
  oar_accelerator_release(accelerator);
  EXPECT_OK(oar_state_close(state));
  oar_state_release(state);
  oar_config_release(config);
}

static void values_are_read_by_their_type(void) {
  oar_config *config = NULL, *copy = NULL;
  int64_t integer = -1;
  double number = -1;
  int32_t flag = -1, type = -1;
  EXPECT_OK(oar_config_create(&config));
  EXPECT(oar_config_get_int64(config, "seed", &integer) == OAR_E_NOT_FOUND && integer == -1); /* it has no default */
  EXPECT_OK(oar_config_set_int64(config, "seed", INT64_C(9007199254740993)));
  EXPECT(oar_config_get_int64(config, "seed", &integer) == OAR_OK && integer == INT64_C(9007199254740993));
  EXPECT_OK(oar_config_set_double(config, "ddp.bucket_cap_mb", 2.5));
  EXPECT(oar_config_get_double(config, "ddp.bucket_cap_mb", &number) == OAR_OK && number == 2.5);
  EXPECT_OK(oar_config_set_bool(config, "ddp.broadcast_buffers", 0));
  EXPECT(oar_config_get_bool(config, "ddp.broadcast_buffers", &flag) == OAR_OK && flag == 0);
  EXPECT(oar_config_get_bool(config, "seed", &flag) == OAR_E_ARGUMENT && strstr(oar_last_error(), "seed") != NULL);
  EXPECT(oar_config_get_double(config, "sed", &number) == OAR_E_ARGUMENT && strstr(oar_last_error(), "'seed'") != NULL);
  EXPECT(oar_config_type(config, "seed", &type) == OAR_OK && type == OAR_CONFIG_INT64);
  EXPECT(oar_config_type(config, "comm.backend", &type) == OAR_OK && type == OAR_CONFIG_STRING);
  EXPECT(oar_config_type(config, "optimizer.betas", &type) == OAR_OK && type == OAR_CONFIG_DOUBLE_LIST);
  EXPECT_OK(oar_config_copy(config, &copy));
  EXPECT_OK(oar_config_set_int64(copy, "seed", 1));
  EXPECT(oar_config_get_int64(config, "seed", &integer) == OAR_OK && integer == INT64_C(9007199254740993));
  EXPECT(oar_config_get_int64(copy, "seed", &integer) == OAR_OK && integer == 1);
  oar_config_release(config);
  oar_config_release(copy);
}

int main(void) {
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  every_type_comes_back(config);
  an_unknown_key_names_the_nearest(config);
  a_merge_is_all_or_nothing(config);
  what_is_not_json_is_refused(config);
  values_of_the_wrong_kind_are_refused(config);
  text_out_obeys_the_two_call_rule(config);
  oar_config_release(config);
  a_state_refuses_what_would_reach_nothing();
  an_accelerator_refuses_what_would_reach_nothing();
  values_are_read_by_their_type();
  return 0;
}
