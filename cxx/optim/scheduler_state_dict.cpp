// The states of schedules as torch.optim.lr_scheduler has them.
#include <cmath>
#include <string>
#include <utility>

#include "optim/state_dict.h"

namespace oarlock {
namespace {

Tree number(double value) { return Tree(Tree::Value(value)); }
Tree integer(std::int64_t value) { return Tree(Tree::Value(value)); }

Tree numbers(const std::vector<double>& values) {
  Tree::List list;
  for (const double value : values) list.push_back(number(value));
  return Tree(std::move(list));
}

// Schedules that are a LambdaLR, or MultiplicativeLR, in Python; functions are not kept.
bool has_lambdas(std::string_view name) {
  for (const std::string_view known :
       {"constant", "linear", "cosine", "cosine_warmup_with_min_lr", "cosine_with_restarts", "polynomial",
        "inverse_sqrt", "warmup_stable_decay", "lambda", "multiplicative"}) {
    if (name == known) return true;
  }
  return false;
}

Status set_from(Tree& python, const char* name, const JsonValue& state, std::string_view key) {
  OAR_ASSIGN(const JsonValue* value, state.at(key));
  OAR_ASSIGN(const double plain, value->as_double());
  const bool is_integer = std::isfinite(plain) && plain == std::floor(plain) && std::string_view(name) != "best";
  python.set(name, is_integer ? integer(static_cast<std::int64_t>(plain)) : number(plain));
  return Status::ok();
}

// torch's CosineAnnealingWarmRestarts goes by the place in its cycle.
void set_cycle(Tree& python, const Scheduler& scheduler) {
  const Cycle cycle = scheduler.cycle();
  if (cycle.length == 0) return;
  python.set("T_cur", integer(cycle.place));
  python.set("T_i", integer(cycle.length));
}

Result<std::vector<double>> rates_at(const Tree& python, std::string_view key, std::size_t num_groups) {
  const Tree* list = python.find(key);
  if (list == nullptr || list->list() == nullptr)
    return invalid_argument("it has no \"{}\", a list of one rate per parameter group", key);
  std::vector<double> rates;
  for (const Tree& item : *list->list()) {
    OAR_ASSIGN(const double rate, item.as_double());
    rates.push_back(rate);
  }
  if (rates.size() == num_groups) return rates;
  return invalid_argument("\"{}\" is of another number of parameter groups; given {}, here {}", key, rates.size(),
                          num_groups);
}

Result<std::int64_t> integer_at(const Tree& python, std::string_view key) {
  const Tree* value = python.find(key);
  if (value == nullptr) return invalid_argument("it has no \"{}\"", key);
  Result<double> plain = value->as_double();
  if (plain.is_ok() && plain.value() >= 0 && plain.value() == std::floor(plain.value()) && plain.value() < 9e15)
    return static_cast<std::int64_t>(plain.value());
  return invalid_argument("\"{}\" must be a whole number >= 0", key);
}

void set_rates(JsonValue& state, const char* one, const char* several, const std::vector<double>& rates) {
  state.set(one, JsonValue::number(rates.front()));
  if (rates.size() == 1) return;
  JsonValue list = JsonValue::array();
  for (const double rate : rates) list.append(JsonValue::number(rate));
  state.set(several, std::move(list));
}

}  // namespace

Result<Tree> scheduler_state_dict(const Scheduler& scheduler) {
  const std::string& name = scheduler.name();
  if (name == "sequential" || name == "chained") {
    return unsupported(
        "'{}' holds several schedules, whose states in Python are one each; checkpoints of this library keep it", name);
  }
  const JsonValue state = scheduler.state();
  Tree python((Tree::Map()));
  python.set("last_epoch", integer(scheduler.num_steps()));
  python.set("_last_lr", numbers(scheduler.optimizer()->learning_rates()));
  if (name == "plateau") {
    OAR_TRY(set_from(python, "best", state, "best"));
    OAR_TRY(set_from(python, "num_bad_epochs", state, "num_bad"));
    OAR_TRY(set_from(python, "cooldown_counter", state, "cooldown_left"));
    return python;
  }
  python.set("base_lrs", numbers(scheduler.initial_rates()));
  python.set("_step_count", integer(scheduler.num_steps() + 1));
  python.set("_is_initial", Tree(Tree::Value(false)));
  python.set("_get_lr_called_within_step", Tree(Tree::Value(false)));
  set_cycle(python, scheduler);
  if (name == "cyclic") python.set("_scale_fn_custom", Tree());
  if (has_lambdas(name)) python.set("lr_lambdas", Tree(Tree::List(scheduler.initial_rates().size())));
  return python;
}

Result<JsonValue> scheduler_state_from(const Scheduler& scheduler, const Tree& state_dict) {
  const auto read = [&]() -> Result<JsonValue> {
    if (state_dict.map() == nullptr) return invalid_argument("it must be a map, not {}", state_dict.kind_name());
    // SequentialLR and ChainedScheduler: the first part has what they lack.
    const Tree* parts = state_dict.find("_schedulers");
    const bool has_parts = parts != nullptr && parts->list() != nullptr && !parts->list()->empty();
    const Tree& first = has_parts ? parts->list()->front() : state_dict;
    const std::size_t num_groups = scheduler.initial_rates().size();
    std::vector<double> initial = scheduler.initial_rates();
    if (first.find("base_lrs") != nullptr) {  // ReduceLROnPlateau has none
      OAR_ASSIGN(initial, rates_at(first, "base_lrs", num_groups));
    }
    OAR_ASSIGN(const std::vector<double> rates, rates_at(state_dict, "_last_lr", num_groups));
    const Tree& counted = state_dict.find("last_epoch") != nullptr ? state_dict : first;
    OAR_ASSIGN(const std::int64_t num_steps, integer_at(counted, "last_epoch"));
    JsonValue state = JsonValue::object();
    state.set("name", JsonValue::string(scheduler.name()));
    state.set("num_steps", JsonValue::integer(num_steps));
    set_rates(state, "initial_learning_rate", "initial_learning_rates", initial);
    set_rates(state, "learning_rate", "learning_rates", rates);
    if (scheduler.name() != "plateau") return state;
    const Tree* best = state_dict.find("best");
    if (best == nullptr) return invalid_argument("it has no \"best\": it is of another schedule than 'plateau'");
    OAR_ASSIGN(const double best_metric, best->as_double());
    state.set("best", JsonValue::number(best_metric));
    OAR_ASSIGN(const std::int64_t num_bad, integer_at(state_dict, "num_bad_epochs"));
    state.set("num_bad", JsonValue::integer(num_bad));
    OAR_ASSIGN(const std::int64_t cooldown, integer_at(state_dict, "cooldown_counter"));
    state.set("cooldown_left", JsonValue::integer(cooldown));
    return state;
  };
  Result<JsonValue> state = read();
  if (!state.is_ok()) return std::move(state).status().within("state dict of a scheduler");
  return state;
}

}  // namespace oarlock
