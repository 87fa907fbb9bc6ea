#include "comm/arrival_skew.h"

#include <algorithm>
#include <chrono>

#include "base/quantile.h"

namespace oarlock {
namespace {

constexpr double kBlame = 0.75;  // of all lateness

}  // namespace

std::uint32_t ArrivalSkew::us_of(Clock::TimePoint time) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
  return std::max<std::uint32_t>(static_cast<std::uint32_t>(us), 1);
}

ArrivalSkew::ArrivalSkew(int num_ranks) : num_ranks_(static_cast<std::size_t>(num_ranks)) {}

void ArrivalSkew::record(std::span<const std::uint32_t> arrivals_us) {
  // Relative to the first given, so that a wrapped clock does no harm.
  std::int32_t least = 0;
  for (const std::uint32_t time : arrivals_us) {
    least = std::min(least, static_cast<std::int32_t>(time - arrivals_us[0]));
  }
  std::lock_guard lock(mutex_);
  if (late_us_.empty()) late_us_.resize(kKept * num_ranks_);
  std::uint32_t* row = late_us_.data() + num_recorded_++ % kKept * num_ranks_;
  for (const std::uint32_t time : arrivals_us) {
    *row++ = static_cast<std::uint32_t>(static_cast<std::int32_t>(time - arrivals_us[0]) - least);
  }
}

void ArrivalSkew::clear() {
  std::lock_guard lock(mutex_);
  num_recorded_ = 0;
}

ArrivalSkew::Report ArrivalSkew::report() const {
  Report report;
  std::lock_guard lock(mutex_);
  report.num_recorded = num_recorded_;
  report.num_operations = std::min<std::uint64_t>(num_recorded_, kKept);
  report.ranks.resize(num_ranks_);
  std::vector<std::vector<std::uint32_t>> late(num_ranks_), waited(num_ranks_);
  for (std::size_t i = 0; i < report.num_operations; ++i) {
    const std::uint32_t* row = late_us_.data() + i * num_ranks_;
    const std::uint32_t* last = std::max_element(row, row + num_ranks_);
    if (*last > 0) ++report.ranks[static_cast<std::size_t>(last - row)].num_last;
    for (std::size_t rank = 0; rank < num_ranks_; ++rank) {
      late[rank].push_back(row[rank]);
      waited[rank].push_back(*last - row[rank]);
      report.ranks[rank].late_us_sum += row[rank];
    }
  }
  for (std::size_t rank = 0; rank < num_ranks_; ++rank) {
    Figures& figures = report.ranks[rank];
    figures.late_us_p50 = quantile(late[rank], 0.5);
    figures.late_us_p95 = quantile(late[rank], 0.95);
    figures.late_us_max = quantile(late[rank], 1.0);
    figures.waited_us_p50 = quantile(waited[rank], 0.5);
    figures.waited_us_p95 = quantile(waited[rank], 0.95);
  }
  return report;
}

JsonValue skew_to_json(const ArrivalSkew::Report& report) {
  JsonValue json = JsonValue::object();
  json.set("num_operations", JsonValue::integer(static_cast<std::int64_t>(report.num_operations)));
  json.set("num_recorded", JsonValue::integer(static_cast<std::int64_t>(report.num_recorded)));
  JsonValue straggler, ranks = JsonValue::array();
  double sum = 0;
  for (const ArrivalSkew::Figures& figures : report.ranks) sum += figures.late_us_sum;
  for (std::size_t rank = 0; rank < report.ranks.size(); ++rank) {
    const ArrivalSkew::Figures& figures = report.ranks[rank];
    const auto number = static_cast<std::int64_t>(rank);
    if (figures.late_us_sum > kBlame * sum) straggler = JsonValue::integer(number);
    JsonValue entry = JsonValue::object();
    entry.set("rank", JsonValue::integer(number));
    entry.set("late_us_p50", JsonValue::number(figures.late_us_p50));
    entry.set("late_us_p95", JsonValue::number(figures.late_us_p95));
    entry.set("late_us_max", JsonValue::number(figures.late_us_max));
    entry.set("waited_us_p50", JsonValue::number(figures.waited_us_p50));
    entry.set("waited_us_p95", JsonValue::number(figures.waited_us_p95));
    entry.set("late_us_sum", JsonValue::number(figures.late_us_sum));
    entry.set("num_last", JsonValue::integer(static_cast<std::int64_t>(figures.num_last)));
    ranks.append(std::move(entry));
  }
  json.set("straggler", std::move(straggler));
  json.set("ranks", std::move(ranks));
  return json;
}

}  // namespace oarlock
