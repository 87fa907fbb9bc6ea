#include "base/option_reach.h"

#include <algorithm>
#include <iterator>

namespace oarlock {
namespace {

struct OwnCall {
  std::string_view prefix;
  const char* call;
};
constexpr OwnCall kOwnCalls[] = {
    {"loader.", "oar_loader_create"}, {"optimizer.", "oar_optimizer_create"}, {"scheduler.", "oar_scheduler_create"}};

// What oar_accelerator_create reads; and armor, which holds for the process as soon as any config has it.
constexpr std::string_view kOfAccelerator[] = {"accelerator.",           "autocast.",   "scaler.", "ddp.",
                                               "checkpoint.total_limit", "project_dir", "compat",  "armor"};

const OwnCall* own_call_of(std::string_view key) {
  const OwnCall* const found = std::find_if(std::begin(kOwnCalls), std::end(kOwnCalls),
                                            [&](const OwnCall& own) { return key.starts_with(own.prefix); });
  return found == std::end(kOwnCalls) ? nullptr : found;
}

bool is_of_accelerator(std::string_view key) {
  return std::any_of(std::begin(kOfAccelerator), std::end(kOfAccelerator),
                     [&](std::string_view own) { return own.ends_with('.') ? key.starts_with(own) : key == own; });
}

std::string shown(const JsonValue& values, std::string_view key) { return values.find(key)->dump(); }

}  // namespace

Status check_reach_of_state(const Options& options) {
  OAR_ASSIGN(const Options without_program, Options::from_environment());
  const JsonValue given = options.to_json();
  const JsonValue plain = without_program.to_json();
  for (const OptionKey& row : option_keys()) {
    const OwnCall* const own = own_call_of(row.key);
    if (own == nullptr || shown(given, row.key) == shown(plain, row.key)) continue;
    const std::string name = std::string(row.key).substr(own->prefix.size());
    return invalid_argument(
        "option '{0}' = {1} reaches nothing here: give it to {2}, in its options, as {{\"{3}\":{1}}}", row.key,
        shown(given, row.key), own->call, name);
  }
  return Status::ok();
}

Status check_reach_of_accelerator(const Options& options, const Options& state_options) {
  OAR_TRY(check_reach_of_state(options));
  const JsonValue given = options.to_json();
  const JsonValue of_state = state_options.to_json();
  for (const OptionKey& row : option_keys()) {
    if (is_of_accelerator(row.key) || own_call_of(row.key) != nullptr) continue;
    const std::string ours = shown(given, row.key);
    const std::string theirs = shown(of_state, row.key);
    if (ours == theirs) continue;
    return invalid_argument(
        "option '{}' = {} reaches nothing here: it is read from the state's config, where it is {}; set it there",
        row.key, ours, theirs);
  }
  return Status::ok();
}

}  // namespace oarlock
