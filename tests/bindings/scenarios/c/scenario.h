/* The C runner of tests/bindings/scenarios.json: one function per scenario, in the file of its subject.
 *
 * A scenario, and what it calls for help, takes `t` and returns 0, or 1 with what went wrong in t->text. */
#ifndef OARLOCK_TESTS_SCENARIO_H
#define OARLOCK_TESTS_SCENARIO_H

#include <oarlock/oarlock.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const char *folder; /* to write in; the ranks of a scenario share it */
  char text[2048];
} scenario;

/* Notes file, line, what did not hold and the thread's last error. Gives 1. */
int scenario_failed(scenario *t, const char *file, int line, const char *what);

#define EXPECT(condition)                                                                \
  do {                                                                                   \
    if (!(condition)) return scenario_failed(t, __FILE__, __LINE__, #condition);         \
  } while (0)
#define OK(call) EXPECT((call) == OAR_OK)
#define TRY(call)                \
  do {                           \
    if ((call) != 0) return 1;   \
  } while (0)
/* The call is refused with this status and a text that holds `part`. */
#define REFUSED(status, part, call)                                   \
  do {                                                                \
    EXPECT((call) == (status));                                       \
    EXPECT(strstr(oar_last_error(), (part)) != NULL);                 \
  } while (0)

/* Paths, good until eight calls later. */
const char *inside(const scenario *t, const char *name); /* of the scenario's folder */
const char *digits_file(const char *name);               /* of examples/digits */

/* `options`: JSON of the state's, of the loader's; or NULL. */
int open_digits(scenario *t, const char *options, oar_state **state, oar_model **model);
int open_test_set(scenario *t, const char *options, oar_loader **loader);
int close_state(scenario *t, oar_state *state);      /* and release it */
int64_t num_live_handles(void);                      /* -1: not known */
int same_values(oar_tensor *one, oar_tensor *other); /* bit for bit; contiguous */

/* The details of the thread's last error, which is taken. */
typedef struct {
  oar_status code;
  int32_t rank;
  int64_t vendor_code;
  char message[1024], component[32], operation[64];
} error_details;
int take_error(scenario *t, error_details *details);

#define SCENARIOS(X)                                                                                                \
  X(create_use_close) X(error_text) X(wrong_handle) X(release_any_order) X(use_after_close) X(time_out_refused)     \
  X(config_unknown_key) X(config_values)                                                                            \
  X(array_to_tensor) X(tensor_to_array) X(column_major) X(array_refused) X(dlpack_import) X(dlpack_export)          \
  X(tree_values) X(loader_loop) X(loader_seek)                                                                      \
  X(training_step) X(foreign_model) X(own_optimizer) X(save_load)                                                    \
  X(operator_call) X(operator_refused) X(operator_no_grad) X(forward_callback) X(traced_model)                      \
  X(backward_callback) X(session_run) X(lora_round_trip)                                                            \
  X(recompute_same_gradients) X(intermediate_values) X(profile_table)                                               \
  X(callback_called) X(callback_error) X(log_messages)                                                              \
  X(all_reduce) X(parts_and_pairs) X(gather_bytes) X(nested_trees) X(exchange_callback) X(mismatch_named)            \
  X(lost_rank_named)
#define DECLARE_SCENARIO(name) int scenario_##name(scenario *t);
SCENARIOS(DECLARE_SCENARIO)

#endif
