#include "state/timers.h"

#include <ATen/record_function.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/quantile.h"

namespace oarlock {
namespace {

double ms_of(const JsonValue& figures, const char* name) { return figures.find(name)->as_double().value(); }

// One name's figures over the ranks that have them.
JsonValue merged(const std::vector<std::pair<int, const JsonValue*>>& ranks) {
  double count = 0, total = 0, slowest = -1;
  double least = ms_of(*ranks.front().second, "min_ms"), most = 0;
  int slowest_rank = 0;
  JsonValue each = JsonValue::array();
  for (const auto& [rank, figures] : ranks) {
    count += ms_of(*figures, "count");
    total += ms_of(*figures, "total_ms");
    least = std::min(least, ms_of(*figures, "min_ms"));
    most = std::max(most, ms_of(*figures, "max_ms"));
    if (ms_of(*figures, "mean_ms") > slowest) {
      slowest = ms_of(*figures, "mean_ms");
      slowest_rank = rank;
    }
    JsonValue own = JsonValue::object({{"rank", JsonValue::integer(rank)}});
    for (const auto& [name, value] : figures->members()) own.set(name, value);
    each.append(std::move(own));
  }
  return JsonValue::object({{"count", JsonValue::integer(static_cast<std::int64_t>(count))},
                            {"total_ms", JsonValue::number(total)},
                            {"mean_ms", JsonValue::number(total / count)},
                            {"min_ms", JsonValue::number(least)},
                            {"max_ms", JsonValue::number(most)},
                            {"slowest_rank", JsonValue::integer(slowest_rank)},
                            {"ranks", std::move(each)}});
}

}  // namespace

Timers::Timers(Clock& clock) : clock_(clock) {}
Timers::~Timers() = default;

Status Timers::begin(std::string_view name) {
  Timer& timer = timers_.try_emplace(std::string(name)).first->second;
  if (timer.begun) {
    return invalid_state("the timer '{}' runs already; end it first (oar_timer_end), or use another name", name);
  }
  timer.span = std::make_unique<at::RecordFunction>(at::RecordScope::USER_SCOPE);
  if (timer.span->isActive()) {
    timer.span->before(std::string(name));
  } else {
    timer.span.reset();
  }
  timer.begun = clock_.now();
  return Status::ok();
}

Status Timers::end(std::string_view name) {
  const auto found = timers_.find(name);
  if (found == timers_.end() || !found->second.begun) {
    return invalid_state("the timer '{}' does not run; begin it first (oar_timer_begin)", name);
  }
  Timer& timer = found->second;
  const double ms = std::chrono::duration<double, std::milli>(clock_.now() - *timer.begun).count();
  timer.begun.reset();
  timer.span.reset();
  timer.min_ms = timer.count == 0 ? ms : std::min(timer.min_ms, ms);
  timer.max_ms = std::max(timer.max_ms, ms);
  timer.total_ms += ms;
  if (timer.last_ms.size() < kKept) {
    timer.last_ms.push_back(ms);
  } else {
    timer.last_ms[static_cast<std::size_t>(timer.count) % kKept] = ms;
  }
  ++timer.count;
  return Status::ok();
}

void Timers::reset() {
  for (auto& [name, timer] : timers_) {
    timer.count = 0;
    timer.total_ms = timer.min_ms = timer.max_ms = 0;
    timer.last_ms.clear();
  }
}

JsonValue Timers::report() const {
  JsonValue report = JsonValue::object();
  for (const auto& [name, timer] : timers_) {
    if (timer.count == 0) continue;
    std::vector<double> last = timer.last_ms;
    report.set(name,
               JsonValue::object({{"count", JsonValue::integer(timer.count)},
                                  {"total_ms", JsonValue::number(timer.total_ms)},
                                  {"mean_ms", JsonValue::number(timer.total_ms / static_cast<double>(timer.count))},
                                  {"min_ms", JsonValue::number(timer.min_ms)},
                                  {"p50_ms", JsonValue::number(quantile(last, 0.5))},
                                  {"p95_ms", JsonValue::number(quantile(last, 0.95))},
                                  {"max_ms", JsonValue::number(timer.max_ms)}}));
  }
  return report;
}

Result<JsonValue> report_of_all_ranks(const Timers& timers, Group& group, Milliseconds timeout) {
  OAR_ASSIGN(const std::vector<std::string> texts, group.all_gather_bytes(timers.report().dump(), timeout));
  std::vector<JsonValue> reports;
  for (const std::string& text : texts) {
    OAR_ASSIGN(JsonValue report, parse_json(text, OAR_E_CORRUPT));
    reports.push_back(std::move(report));
  }
  std::map<std::string, std::vector<std::pair<int, const JsonValue*>>> by_name;
  for (std::size_t rank = 0; rank < reports.size(); ++rank) {
    for (const auto& [name, figures] : reports[rank].members())
      by_name[name].emplace_back(static_cast<int>(rank), &figures);
  }
  JsonValue all = JsonValue::object();
  for (const auto& [name, ranks] : by_name) all.set(name, merged(ranks));
  return all;
}

}  // namespace oarlock
