// Functions of the host that the library calls: for prints, progress and messages. And what they throw.
#include <filesystem>

#include "scenario.h"

namespace scenario {

struct Regret : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What ended objects held is let go of inside the next call that can fail (oar_release_fn).
static void any_call() { oarlock::Bytes(call(oar_bytes_create, nullptr, 0)); }

static void show_progress(const oarlock::State& state, std::vector<std::string>& shown,
                          const std::shared_ptr<int>& held) {
  const oarlock::Progress progress = call(oar_progress_create, state, "epoch 3", 10, "samples");
  oarlock::set_progress_callback(progress, [&shown, held](std::string_view text) { shown.emplace_back(text); });
  EXPECT(held.use_count() == 2);
  call(oar_progress_advance, progress, 10, "loss 0.5");
  call(oar_progress_close, progress);
  EXPECT(!shown.empty() && contains(shown.back(), "epoch 3") && contains(shown.back(), "10/10") &&
         contains(shown.back(), "loss 0.5"));
}

void callback_called() {
  const auto held_first = std::make_shared<int>(), held_second = std::make_shared<int>(),
             held = std::make_shared<int>();
  std::vector<std::string> first, second, shown;
  {
    const oarlock::State state = make_state();
    oarlock::set_print_callback(state, [&, held_first](std::string_view text) { first.emplace_back(text); });
    call(oar_state_print, state, "one line \xc3\xa9");
    EXPECT(first == std::vector<std::string>{"one line \xc3\xa9"} && held_first.use_count() == 2);
    oarlock::set_print_callback(state, [&, held_second](std::string_view text) { second.emplace_back(text); });
    EXPECT(held_first.use_count() == 1);
    call(oar_state_print, state, "another");
    EXPECT(first.size() == 1 && second == std::vector<std::string>{"another"});
    show_progress(state, shown, held);
    call(oar_state_close, state);
  }
  any_call();
  EXPECT(held_first.use_count() == 1 && held_second.use_count() == 1 && held.use_count() == 1);
}

void callback_error() {
  const oarlock::State state = make_state();
  std::string last;
  oarlock::set_print_callback(state, [](std::string_view text) { throw Regret("cannot print " + std::string(text)); });
  const auto regret = thrown_by<Regret>([&] { call(oar_state_print, state, "this"); });
  EXPECT(regret && std::string(regret->what()) == "cannot print this");
  const oarlock::Progress progress = call(oar_progress_create, state, "epoch 1", 10, "samples");
  oarlock::set_progress_callback(progress, [](std::string_view) { throw 7; });  // anything may be thrown
  EXPECT(thrown_by<int>([&] { call(oar_progress_advance, progress, 5, nullptr); }) == 7);
  oarlock::set_progress_callback(progress, [&](std::string_view text) { last = text; });
  call(oar_progress_close, progress);
  EXPECT(contains(last, "epoch 1"));
  // A callback of C, beside those of oarlock.hpp, is an error with its own number.
  const oar_print_fn seven = [](const char*, void*) -> std::int32_t { return 7; };
  call(oar_state_set_print_callback, state, seven, nullptr, nullptr);
  const auto error = thrown_by<oarlock::Error>([&] { call(oar_state_print, state, "this"); });
  EXPECT(error && error->code() == OAR_E_CALLBACK && error->vendor_code() == 7);
  oarlock::set_print_callback(state, [&](std::string_view text) { last = text; });
  call(oar_state_print, state, "taken");
  EXPECT(last == "taken");
}

void log_messages() {
  struct Message {
    std::int32_t level;
    std::string component, text;
  };
  std::vector<Message> heard;
  // A folder without a manifest is passed over with a warning (checkpoint.h).
  std::filesystem::create_directories(inside("warning/checkpoint_3"));
  const auto cause_a_warning = [] {
    REFUSED(OAR_E_NOT_FOUND, "warning", call(oar_checkpoint_find_latest, inside("warning")));
  };
  oarlock::set_log_callback([&](std::int32_t level, std::string_view component, std::string_view text) {
    heard.push_back({level, std::string(component), std::string(text)});
  });
  cause_a_warning();
  EXPECT(heard.size() == 1 && heard[0].level == OAR_LOG_WARNING && heard[0].component == "checkpoint");
  EXPECT(contains(heard[0].text, "checkpoint_3"));
  call(oar_log_set_level, OAR_LOG_ERROR);
  cause_a_warning();
  EXPECT(heard.size() == 1);
  call(oar_log_set_level, OAR_LOG_WARNING);
  cause_a_warning();
  EXPECT(heard.size() == 2);
  // Throwing there: a call that failed by itself tells its own failure, and the next one is clean; one that went well
  // throws what the function threw.
  oarlock::set_log_callback([](std::int32_t, std::string_view, std::string_view) { throw Regret("not this"); });
  cause_a_warning();
  any_call();
  call(oar_accelerator_save, call(oar_accelerator_create, make_state(), nullptr), inside("warning/checkpoint_1"),
       nullptr);
  EXPECT(thrown_by<Regret>([] { call(oar_checkpoint_find_latest, inside("warning")); }));
  any_call();
  oarlock::set_log_callback(nullptr);
}

}  // namespace scenario
