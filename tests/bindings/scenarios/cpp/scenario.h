// The C++ runner of tests/bindings/scenarios.json: one function per scenario, in the file of its subject. A scenario
// that fails throws.
#ifndef OARLOCK_TESTS_SCENARIO_HPP
#define OARLOCK_TESTS_SCENARIO_HPP

#include <oarlock/oarlock.hpp>
#include <optional>
#include <string>

namespace scenario {

using oarlock::call;

[[noreturn]] void fail(const char* file, int line, const std::string& what);

#define EXPECT(condition)                                               \
  do {                                                                  \
    if (!(condition)) ::scenario::fail(__FILE__, __LINE__, #condition); \
  } while (0)

// What the call throws; nothing if it is none of these.
template <class Exception, class Body>
std::optional<Exception> thrown_by(Body&& body) {
  try {
    body();
  } catch (const Exception& exception) {
    return exception;
  }
  return std::nullopt;
}

// The call is refused with this status, and the text holds `part`.
#define REFUSED(status, part, ...)                                                                           \
  do {                                                                                                       \
    const auto refusal = ::scenario::thrown_by<oarlock::Error>([&] { (void)(__VA_ARGS__); });                \
    EXPECT(refusal && refusal->code() == (status));                                                          \
    if (!::scenario::contains(refusal->what(), part)) ::scenario::fail(__FILE__, __LINE__, refusal->what()); \
  } while (0)

bool contains(const std::string& text, const std::string& part);

std::string inside(const std::string& name);       // a path in the scenario's folder; its ranks share it
std::string digits_file(const std::string& name);  // of examples/digits

std::int64_t num_live_handles();
oarlock::State make_state(const std::string& options = "{}");
oarlock::Model load_digits(const oarlock::State& state);
oarlock::Dataset test_set();
oarlock::Loader test_loader(const std::string& options);
bool same_values(const oarlock::Tensor& one, const oarlock::Tensor& other);  // bit for bit; contiguous

#define SCENARIOS(X)                                                                                                  \
  X(create_use_close)                                                                                                 \
  X(error_text)                                                                                                       \
  X(wrong_handle)                                                                                                     \
  X(release_any_order)                                                                                                \
  X(use_after_close)                                                                                                  \
  X(time_out_refused)                                                                                                 \
  X(config_unknown_key)                                                                                               \
  X(config_values)                                                                                                    \
  X(array_to_tensor)                                                                                                  \
  X(tensor_to_array)                                                                                                  \
  X(column_major)                                                                                                     \
  X(array_refused)                                                                                                    \
  X(dlpack_import)                                                                                                    \
  X(dlpack_export)                                                                                                    \
  X(tree_values)                                                                                                      \
  X(loader_loop)                                                                                                      \
  X(loader_seek)                                                                                                      \
  X(training_step)                                                                                                    \
  X(foreign_model)                                                                                                    \
  X(own_optimizer)                                                                                                    \
  X(operator_call)                                                                                                    \
  X(operator_refused)                                                                                                 \
  X(operator_no_grad)                                                                                                 \
  X(forward_callback)                                                                                                 \
  X(backward_callback)                                                                                                \
  X(traced_model)                                                                                                     \
  X(session_run)                                                                                                      \
  X(recompute_same_gradients)                                                                                         \
  X(intermediate_values)                                                                                              \
  X(profile_table) X(lora_round_trip) X(save_load) X(callback_called) X(callback_error) X(log_messages) X(all_reduce) \
      X(parts_and_pairs) X(gather_bytes) X(nested_trees) X(exchange_callback) X(mismatch_named) X(lost_rank_named)
#define DECLARE_SCENARIO(name) void name();
SCENARIOS(DECLARE_SCENARIO)
#undef DECLARE_SCENARIO

}  // namespace scenario

#endif
