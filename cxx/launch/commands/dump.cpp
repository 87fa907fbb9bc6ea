// oarlock dump FILE... | FOLDER: who diverged where, from what the ranks wrote.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/json.h"
#include "launch/commands/commands.h"
#include "launch/dump/finding.h"
#include "launch/dump/rank_dump.h"

namespace oarlock::launch {
namespace {

constexpr const char* kShort = "Tell from the ranks' dumps who diverged where.";

constexpr const char* kAbout =
    R"(A dump is what a rank knows of its last operations: oar_state_dump writes it, and with the
option comm.dump_on_failure (variable OARLOCK_COMM_DUMP_ON_FAILURE) set to a folder every
rank writes it there by itself when a group fails. Give the files, or their folder.

The first line is the finding in one sentence; then what the ranks were told, and what they
did around that operation. Files that are no dump, are cut, or are of another run are named
on standard error and left out.

Exit status: 0 if all ranks have a dump and agree, 1 if not; 2 for a wrong command line or if
no file can be read.)";

constexpr const char* kExamples = R"(Examples:
  OARLOCK_COMM_DUMP_ON_FAILURE=dumps oarlock launch -n 4 ./train
  oarlock dump dumps
  oarlock dump --json dumps/rank_0.json dumps/rank_1.json)";

constexpr int kUsageError = 2;
constexpr std::uint64_t kRowsAfter = 2;
constexpr int kRowsMax = 1024;  // what a rank keeps

struct Typed {
  std::vector<std::string> paths;
  bool json = false;
  int rows = 4;
};

std::string time_text(std::int64_t microseconds) {
  const double value = static_cast<double>(microseconds);
  if (std::abs(value) < 1e3) return fmt::format("{} us", microseconds);
  return std::abs(value) < 1e6 ? fmt::format("{:.1f} ms", value / 1e3) : fmt::format("{:.2f} s", value / 1e6);
}

std::string signed_time(std::int64_t microseconds) { return (microseconds < 0 ? "" : "+") + time_text(microseconds); }

// When the ranks of a row came to it, from the first that came to the operation in question.
std::string came_text(const Row& row, std::optional<std::int64_t> zero) {
  if (!row.first_us || !zero) return "-";
  const std::string first = signed_time(*row.first_us - *zero);
  return *row.first_us == *row.last_us ? first : fmt::format("{} to {}", first, signed_time(*row.last_us - *zero));
}

void print_rows(const std::vector<Row>& rows, const Finding& finding) {
  if (rows.empty()) return;
  std::optional<std::int64_t> zero;
  for (const Row& row : rows) {
    if (row.sequence == finding.sequence && row.first_us && (!zero || *row.first_us < *zero)) zero = row.first_us;
  }
  std::vector<std::array<std::string, 6>> cells{{"operation", "ranks", "called", "state", "came", "took"}};
  std::uint64_t before = 0;
  for (const Row& row : rows) {
    cells.push_back({row.sequence == before ? "" : fmt::format("{}", row.sequence),
                     name_ranks(row.ranks).substr(row.ranks.size() == 1 ? 5 : 6), row.call, row.state,
                     came_text(row, zero), row.took_us ? time_text(*row.took_us) : "-"});
    before = row.sequence;
  }
  std::array<std::size_t, 6> widths{};
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  fmt::print("\n");
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const auto& line = cells[i];
    const bool is_it = i > 0 && rows[i - 1].sequence == finding.sequence;
    std::string text = fmt::format("{} {:>{}}", is_it ? '>' : ' ', line[0], widths[0]);
    for (std::size_t k = 1; k < line.size(); ++k) text += fmt::format("  {:<{}}", line[k], widths[k]);
    fmt::print("{}\n", text.substr(0, text.find_last_not_of(' ') + 1));
  }
}

JsonValue ranks_to_json(const std::vector<int>& ranks) {
  JsonValue list = JsonValue::array();
  for (const int rank : ranks) list.append(JsonValue::integer(rank));
  return list;
}

JsonValue time_to_json(std::optional<std::int64_t> time) { return time ? JsonValue::integer(*time) : JsonValue(); }

JsonValue finding_to_json(const Finding& finding, const std::vector<Row>& rows) {
  JsonValue json = JsonValue::object();
  json.set("verdict", JsonValue::string(verdict_name(finding.verdict)));
  json.set("sentence", JsonValue::string(finding.sentence));
  json.set("group", JsonValue::string(finding.group));
  json.set("operation", JsonValue::integer(static_cast<std::int64_t>(finding.sequence)));
  json.set("ranks", ranks_to_json(finding.ranks));
  json.set("missing", ranks_to_json(finding.missing));
  JsonValue notes = JsonValue::array();
  for (const std::string& note : finding.notes) notes.append(JsonValue::string(note));
  json.set("notes", std::move(notes));
  JsonValue table = JsonValue::array();
  for (const Row& row : rows) {
    JsonValue entry = JsonValue::object();
    entry.set("operation", JsonValue::integer(static_cast<std::int64_t>(row.sequence)));
    entry.set("ranks", ranks_to_json(row.ranks));
    entry.set("call", JsonValue::string(row.call));
    entry.set("state", JsonValue::string(row.state));
    entry.set("first_began_at_unix_us", time_to_json(row.first_us));
    entry.set("last_began_at_unix_us", time_to_json(row.last_us));
    entry.set("took_us", time_to_json(row.took_us));
    table.append(std::move(entry));
  }
  json.set("rows", std::move(table));
  return json;
}

void print_json(const DumpSet& set, const std::vector<Finding>& findings, const std::vector<Row>& rows) {
  JsonValue json = finding_to_json(findings.front(), rows);
  JsonValue others = JsonValue::array();
  for (std::size_t i = 1; i < findings.size(); ++i) others.append(finding_to_json(findings[i], {}));
  json.set("other_groups", std::move(others));
  JsonValue dumps = JsonValue::array();
  for (const RankDump& dump : set.dumps) {
    JsonValue entry = JsonValue::object();
    entry.set("rank", JsonValue::integer(dump.rank));
    entry.set("file", JsonValue::string(dump.file));
    entry.set("written_at_unix_us", JsonValue::integer(dump.written_at_us));
    dumps.append(std::move(entry));
  }
  json.set("dumps", std::move(dumps));
  JsonValue skipped = JsonValue::array();
  for (const Skipped& file : set.skipped) {
    JsonValue entry = JsonValue::object();
    entry.set("file", JsonValue::string(file.file));
    entry.set("reason", JsonValue::string(file.reason));
    skipped.append(std::move(entry));
  }
  json.set("skipped", std::move(skipped));
  fmt::print("{}\n", json.dump(/*pretty=*/true));
}

void print_text(const std::vector<Finding>& findings, const std::vector<Row>& rows) {
  const Finding& worst = findings.front();
  fmt::print("{}\n", worst.sentence);
  for (const std::string& note : worst.notes) fmt::print("{}\n", note);
  print_rows(rows, worst);
  for (std::size_t i = 1; i < findings.size(); ++i) {
    fmt::print("{}group '{}': {}\n", i == 1 ? "\n" : "", findings[i].group, findings[i].sentence);
  }
}

int run_dump(const Typed& typed) {
  const Result<DumpSet> read = read_dumps(typed.paths);
  if (!read.is_ok()) {
    fmt::print(stderr, "oarlock dump: {}\n", read.status().message());
    return kUsageError;
  }
  const DumpSet& set = read.value();
  for (const Skipped& file : set.skipped) {
    fmt::print(stderr, "oarlock dump: left out {}: {}\n", file.file, file.reason);
  }
  const std::vector<Finding> findings = examine(set.dumps);
  if (findings.empty()) {
    fmt::print(stderr,
               "oarlock dump: there is no dump of a rank; oar_state_dump and the option comm.dump_on_failure "
               "write them\n");
    return kUsageError;
  }
  const std::vector<Row> rows =
      rows_around(set.dumps, findings.front(), static_cast<std::uint64_t>(typed.rows), kRowsAfter);
  typed.json ? print_json(set, findings, rows) : print_text(findings, rows);
  return findings.front().verdict == Verdict::kAgree ? 0 : 1;
}

}  // namespace

void add_dump_command(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("dump", kShort);
  auto typed = std::make_shared<Typed>();
  command->footer(std::string(kAbout) + "\n\n" + kExamples);
  command->add_option("FILE", typed->paths, "Dumps of ranks, or folders of them (*.json)")->required();
  command->add_flag("--json", typed->json, "Print the finding as JSON, for programs");
  command->add_option("--rows", typed->rows, "How many operations before the one in question are shown (4)")
      ->type_name("N")
      ->check(CLI::Range(0, kRowsMax));
  command->callback([typed, &run] { run = [typed] { return run_dump(*typed); }; });
}

}  // namespace oarlock::launch
