/* The error contract: text per thread, cleared by the next call, owned objects that outlive it, exceptions as codes. */
#define _POSIX_C_SOURCE 200809L
#include <oarlock/oarlock.h>
#include <pthread.h>
#include <string.h>

#include "expect.h"

static oar_function experimental(const char *name) {
  oar_function fn = NULL;
  EXPECT_OK(oar_experimental_get(name, &fn));
  return fn;
}

static void text_is_cleared_by_the_next_call(void) {
  oar_config *config = NULL;
  EXPECT(oar_config_create(NULL) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "out is NULL");
  EXPECT_OK(oar_config_create(&config));
  EXPECT(strcmp(oar_last_error(), "") == 0);
  oar_config_release(config);
}

static void release_keeps_the_text(void) {
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT(oar_config_set_int64(config, "no.such", 1) == OAR_E_ARGUMENT);
  oar_config_release(config);
  EXPECT_CONTAINS(oar_last_error(), "no.such");
}

static void taken_errors_outlive_the_text(void) {
  oar_error *error = NULL;
  oar_status code = 0;
  int32_t rank = 7;
  int64_t vendor_code = 7;
  const char *text = NULL;
  EXPECT(oar_config_create(NULL) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_error_take(&error));
  EXPECT(strcmp(oar_last_error(), "") == 0);
  EXPECT_OK(oar_error_code(error, &code));
  EXPECT(code == OAR_E_ARGUMENT);
  EXPECT_OK(oar_error_message(error, &text));
  EXPECT_CONTAINS(text, "out is NULL");
  EXPECT_OK(oar_error_component(error, &text));
  EXPECT(strcmp(text, "config") == 0);
  EXPECT_OK(oar_error_operation(error, &text));
  EXPECT(strcmp(text, "oar_config_create") == 0);
  EXPECT_OK(oar_error_rank(error, &rank));
  EXPECT(rank == -1);
  EXPECT_OK(oar_error_vendor_code(error, &vendor_code));
  EXPECT(vendor_code == 0);
  oar_error_release(error);
}

static pthread_barrier_t both_have_failed;

static void *fail_and_read(void *argument) {
  const char *key = argument;
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT(oar_config_set_int64(config, key, 1) == OAR_E_ARGUMENT);
  pthread_barrier_wait(&both_have_failed);
  EXPECT_CONTAINS(oar_last_error(), key);
  oar_config_release(config);
  return NULL;
}

static void each_thread_reads_its_own_text(void) {
  static char first_key[] = "first.unknown", second_key[] = "second.unknown";
  pthread_t first, second;
  EXPECT(oar_config_create(NULL) == OAR_E_ARGUMENT);
  EXPECT(pthread_barrier_init(&both_have_failed, NULL, 2) == 0);
  EXPECT(pthread_create(&first, NULL, fail_and_read, first_key) == 0);
  EXPECT(pthread_create(&second, NULL, fail_and_read, second_key) == 0);
  EXPECT(pthread_join(first, NULL) == 0 && pthread_join(second, NULL) == 0);
  pthread_barrier_destroy(&both_have_failed);
  EXPECT_CONTAINS(oar_last_error(), "out is NULL"); /* the main thread's, from before */
}

static void nothing_to_take_gives_null(void) {
  oar_config *config = NULL;
  oar_error *error = (oar_error *)&config;
  EXPECT_OK(oar_config_create(&config));
  EXPECT_OK(oar_error_take(&error));
  EXPECT(error == NULL);
  oar_config_release(config);
}

static void exceptions_become_codes(void) {
  oar_throw_inside_core_fn throw_inside = (oar_throw_inside_core_fn)experimental("throw_inside_core");
  EXPECT(throw_inside(OAR_THROW_STANDARD) == OAR_E_INTERNAL);
  EXPECT(strcmp(oar_last_error(), "thrown on request") == 0);
  EXPECT(throw_inside(OAR_THROW_TORCH) == OAR_E_INTERNAL);
  EXPECT(strcmp(oar_last_error(), "libtorch: thrown on request") == 0); /* without frames of the C++ stack */
  EXPECT(throw_inside(OAR_THROW_UNKNOWN) == OAR_E_INTERNAL);
  EXPECT_CONTAINS(oar_last_error(), "does not know");
  EXPECT(throw_inside(OAR_THROW_UNSUPPORTED) == OAR_E_UNSUPPORTED);
  EXPECT(throw_inside(OAR_THROW_OUT_OF_MEMORY) == OAR_E_OUT_OF_MEMORY);
  EXPECT_CONTAINS(oar_last_error(), "memory");
  EXPECT(throw_inside(99) == OAR_E_ARGUMENT);
}

static void a_tensor_that_no_machine_holds_is_out_of_memory(void) {
  const int64_t shape[1] = {(int64_t)1 << 50};
  oar_tensor *tensor = NULL;
  EXPECT(oar_tensor_zeros(OAR_FLOAT64, shape, 1, &tensor) == OAR_E_OUT_OF_MEMORY);
  EXPECT(tensor == NULL);
}

static void versions_agree_with_the_headers(void) {
  char text[512];
  size_t len = sizeof text, need = 0;
  EXPECT(oar_abi_version() == (OAR_VERSION_MAJOR << 16 | OAR_VERSION_MINOR));
  EXPECT(strcmp(oar_version(), "0.1.0") == 0);
  EXPECT_OK(oar_torch_version(text, &len));
  EXPECT_CONTAINS(text, "libtorch_cpu.so");
  EXPECT(len == strlen(text) + 1);
  EXPECT_OK(oar_torch_version(NULL, &need));
  EXPECT(need == len);
  len = 3;
  EXPECT(oar_torch_version(text, &len) == OAR_E_ARGUMENT);
  EXPECT(len == need);
}

static char printed[256];
static oar_state *printing_state;
static int32_t fail_inside(const char *text, void *user_data) {
  (void)user_data;
  snprintf(printed, sizeof printed, "%s", text);
  EXPECT(oar_config_create(NULL) == OAR_E_ARGUMENT); /* a call that fails inside a callback */
  return 0;
}

static void the_last_error_may_be_an_argument(void) {
  oar_config *config = NULL;
  EXPECT_OK(oar_config_create(&config));
  EXPECT(oar_config_set_int64(config, "no.such", 1) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_state_print(printing_state, oar_last_error()));
  EXPECT_CONTAINS(printed, "no.such");
  oar_config_release(config);
}

static void a_call_that_succeeds_leaves_no_error(void) {
  oar_error *error = NULL;
  EXPECT_OK(oar_state_print(printing_state, "hello"));
  EXPECT(strcmp(oar_last_error(), "") == 0);
  EXPECT(oar_error_take(&error) == OAR_OK && error == NULL);
}

static void the_operation_is_the_functions_name(void) {
  oar_error *error = NULL;
  const char *operation = NULL;
  EXPECT(oar_tree_create_map(NULL) == OAR_E_ARGUMENT);
  EXPECT_OK(oar_error_take(&error));
  EXPECT_OK(oar_error_operation(error, &operation));
  EXPECT(strcmp(operation, "oar_tree_create_map") == 0);
  oar_error_release(error);
}

static void every_code_has_a_name(void) {
  EXPECT(strcmp(oar_status_name(OAR_OK), "OAR_OK") == 0);
  EXPECT(strcmp(oar_status_name(OAR_E_PEER_LOST), "OAR_E_PEER_LOST") == 0);
  EXPECT(strcmp(oar_status_name(OAR_E_INTERNAL), "OAR_E_INTERNAL") == 0);
  EXPECT(strcmp(oar_status_name(-1), "an unknown status") == 0);
  EXPECT(strcmp(oar_status_name(OAR_E_INTERNAL + 1), "an unknown status") == 0);
}

/* A failure of a library above this one, as liboarlock_mpi gives it. */
static void a_library_above_sets_the_last_error(void) {
  oar_error *error = NULL;
  oar_status code = 0;
  int32_t rank = 0;
  int64_t vendor_code = 0;
  const char *text = NULL;
  EXPECT(oar_error_set(OAR_E_PEER_LOST, "site", "site_open", "rank 3 went away", 3, -70000000000) == OAR_E_PEER_LOST);
  EXPECT(strcmp(oar_last_error(), "rank 3 went away") == 0);
  EXPECT(oar_error_set(OAR_E_IO, "site", "site_open", oar_last_error(), 3, -70000000000) == OAR_E_IO);
  EXPECT_OK(oar_error_take(&error));
  EXPECT_OK(oar_error_code(error, &code));
  EXPECT_OK(oar_error_rank(error, &rank));
  EXPECT_OK(oar_error_vendor_code(error, &vendor_code));
  EXPECT(code == OAR_E_IO && rank == 3 && vendor_code == -70000000000);
  EXPECT_OK(oar_error_message(error, &text));
  EXPECT(strcmp(text, "rank 3 went away") == 0);
  EXPECT_OK(oar_error_component(error, &text));
  EXPECT(strcmp(text, "site") == 0);
  EXPECT_OK(oar_error_operation(error, &text));
  EXPECT(strcmp(text, "site_open") == 0);
  oar_error_release(error);
}

static void only_failures_can_be_set(void) {
  const oar_status no_failures[] = {OAR_OK, -1, OAR_E_INTERNAL + 1};
  size_t i;
  for (i = 0; i < sizeof no_failures / sizeof *no_failures; ++i) {
    EXPECT(oar_error_set(no_failures[i], "site", "site_open", "text", -1, 0) == OAR_E_ARGUMENT);
    EXPECT_CONTAINS(oar_last_error(), "code must be one of a failure, 1 to 19");
  }
  EXPECT(oar_error_set(OAR_E_IO, "site", "site_open", NULL, -1, 0) == OAR_E_ARGUMENT);
  EXPECT_CONTAINS(oar_last_error(), "message is NULL");
}

int main(void) {
  a_library_above_sets_the_last_error();
  only_failures_can_be_set();
  text_is_cleared_by_the_next_call();
  release_keeps_the_text();
  taken_errors_outlive_the_text();
  each_thread_reads_its_own_text();
  nothing_to_take_gives_null();
  exceptions_become_codes();
  a_tensor_that_no_machine_holds_is_out_of_memory();
  versions_agree_with_the_headers();
  every_code_has_a_name();
  the_operation_is_the_functions_name();
  EXPECT_OK(oar_state_create(NULL, &printing_state));
  EXPECT_OK(oar_state_set_print_callback(printing_state, fail_inside, NULL, NULL));
  the_last_error_may_be_an_argument();
  a_call_that_succeeds_leaves_no_error();
  EXPECT_OK(oar_state_close(printing_state));
  oar_state_release(printing_state);
  return 0;
}
