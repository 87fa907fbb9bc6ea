#include "launch/dump/finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "launch/dump/group_view.h"

namespace oarlock::launch {
namespace {

constexpr std::size_t kNotesMax = 3;

using RanksByCall = std::vector<std::pair<std::string, std::vector<int>>>;

// "operation 8, barrier", or "operation 8" where nobody says what it is.
std::string name_operation(std::uint64_t sequence, const std::string& call) {
  return call.empty() ? fmt::format("operation {}", sequence) : fmt::format("operation {}, {}", sequence, call);
}

const char* plural(const std::vector<int>& ranks, const char* one, const char* many) {
  return ranks.size() == 1 ? one : many;
}

// Of those that recorded the operation; those of equal calls together, the lowest rank first.
RanksByCall calls_of(const GroupView& view, std::uint64_t sequence) {
  RanksByCall calls;
  for (const auto& [rank, group] : view.by_rank) {
    const auto found = group->operations.find(sequence);
    if (found == group->operations.end()) continue;
    const auto same =
        std::find_if(calls.begin(), calls.end(), [&](const auto& other) { return other.first == found->second.call; });
    if (same == calls.end()) {
      calls.push_back({found->second.call, {rank}});
    } else {
      same->second.push_back(rank);
    }
  }
  return calls;
}

std::string call_of(const GroupView& view, std::uint64_t sequence) {
  const RanksByCall calls = calls_of(view, sequence);
  return calls.empty() ? "" : calls.front().first;
}

// " in oar_accelerator_save": where the first of these ranks called it from, if that tells more than the call.
std::string function_clause(const GroupView& view, std::uint64_t sequence, const std::vector<int>& ranks) {
  const std::string& function = view.by_rank.at(ranks.front())->operations.at(sequence).function;
  return function.empty() ? "" : " in " + function;
}

std::string missing_clause(const GroupView& view) {
  if (view.missing.empty()) return "";
  return fmt::format("{} {} no dump: {} died or never wrote one", view.missing_text,
                     plural(view.missing, "has", "have"), plural(view.missing, "it", "they"));
}

// What ranks were told about the operation or the group, each text once.
void add_errors(const GroupView& view, std::uint64_t sequence, Finding& finding) {
  std::vector<std::pair<std::string, std::vector<int>>> told;
  for (const auto& [rank, group] : view.by_rank) {
    const auto found = group->operations.find(sequence);
    const bool has_error = found != group->operations.end() && !found->second.error.empty();
    const std::string& text = has_error ? found->second.error : group->failure;
    if (text.empty()) continue;
    const auto same = std::find_if(told.begin(), told.end(), [&](const auto& other) { return other.first == text; });
    if (same == told.end()) {
      told.push_back({text, {rank}});
    } else {
      same->second.push_back(rank);
    }
  }
  for (std::size_t i = 0; i < std::min(told.size(), kNotesMax); ++i) {
    finding.notes.push_back(fmt::format("{} {} told: {}", name_ranks(told[i].second),
                                        plural(told[i].second, "was", "were"), told[i].first));
  }
}

// The ranks' own words: "wait in", "failed in", ...
std::string doing(const GroupView& view, const std::vector<int>& ranks, std::uint64_t sequence) {
  std::set<std::string> states;
  for (const int rank : ranks) states.insert(view.by_rank.at(rank)->operations.at(sequence).state);
  const std::string operation = name_operation(sequence, call_of(view, sequence));
  if (states.contains("failed")) return "failed in " + operation;
  if (states.contains("moving data"))
    return fmt::format("{} the data of {}", plural(ranks, "moves", "move"), operation);
  return fmt::format("{} in {}", plural(ranks, "waits", "wait"), operation);
}

// Whom a sentence that has just named some of the ranks calls the rest.
std::string others_or(const GroupView& view, const std::vector<int>& named, const std::vector<int>& rest) {
  const bool are_all = named.size() + rest.size() == view.by_rank.size();
  return are_all && rest.size() > 1 ? "the others" : name_ranks(rest);
}

std::vector<int> not_come_to(const GroupView& view, std::uint64_t sequence) {
  std::vector<int> ranks;
  for (const auto& [rank, group] : view.by_rank) {
    if (group->last() < sequence) ranks.push_back(rank);
  }
  return ranks;
}

std::optional<Finding> find_mismatch(const GroupView& view) {
  std::set<std::uint64_t> sequences;
  for (const auto& [rank, group] : view.by_rank) {
    for (const auto& [sequence, operation] : group->operations) sequences.insert(sequence);
  }
  for (const std::uint64_t sequence : sequences) {
    RanksByCall calls = calls_of(view, sequence);
    if (calls.size() < 2) continue;
    const auto most = std::max_element(calls.begin(), calls.end(), [](const auto& one, const auto& other) {
      return one.second.size() < other.second.size();  // of equals the first: with the lowest rank
    });
    std::rotate(calls.begin(), most, most + 1);
    Finding finding;
    finding.verdict = Verdict::kMismatch;
    finding.sequence = sequence;
    std::vector<std::string> clauses;
    for (std::size_t i = 1; i < calls.size(); ++i) {
      clauses.push_back(fmt::format("{} called {}{}", name_ranks(calls[i].second), calls[i].first,
                                    function_clause(view, sequence, calls[i].second)));
      finding.ranks.insert(finding.ranks.end(), calls[i].second.begin(), calls[i].second.end());
    }
    std::sort(finding.ranks.begin(), finding.ranks.end());
    finding.sentence =
        fmt::format("{} as operation {}{} where {} called {}{}", join_text(clauses, " and "), sequence, view.of_group,
                    name_ranks(calls[0].second), calls[0].first, function_clause(view, sequence, calls[0].second));
    const std::vector<int> behind = not_come_to(view, sequence);
    if (!behind.empty()) finding.sentence += fmt::format("; {} had not come to it", name_ranks(behind));
    if (!view.missing.empty()) finding.sentence += "; " + missing_clause(view);
    add_errors(view, sequence, finding);
    return finding;
  }
  return std::nullopt;
}

// How far the ranks have come with an operation that some of them have not completed.
struct Progress {
  std::uint64_t sequence = 0;
  std::vector<int> absent;   // have not called it
  std::vector<int> inside;   // have called and not completed it
  std::vector<int> through;  // have completed it
};

std::optional<Progress> progress_of(const GroupView& view) {
  Progress progress;
  for (const auto& [rank, group] : view.by_rank) {
    const DumpedOperation* pending = group->pending();
    if (pending == nullptr) continue;
    if (progress.sequence == 0 || pending->sequence < progress.sequence) progress.sequence = pending->sequence;
  }
  if (progress.sequence == 0) return std::nullopt;
  for (const auto& [rank, group] : view.by_rank) {
    const DumpedOperation* pending = group->pending();
    if (pending != nullptr && pending->sequence == progress.sequence) {
      progress.inside.push_back(rank);
    } else {
      (group->last() < progress.sequence ? progress.absent : progress.through).push_back(rank);
    }
  }
  return progress;
}

// "rank 2 stopped after operation 7, barrier": told of those that came as far as the first of them.
std::string stopped(const GroupView& view, const std::vector<int>& ranks) {
  std::vector<std::string> clauses;
  std::map<std::uint64_t, std::vector<int>> by_last;
  for (const int rank : ranks) by_last[view.by_rank.at(rank)->last()].push_back(rank);
  for (const auto& [last, those] : by_last) {
    clauses.push_back(
        last == 0 ? fmt::format("{} called nothing", name_ranks(those))
                  : fmt::format("{} stopped after {}", name_ranks(those), name_operation(last, call_of(view, last))));
  }
  return join_text(clauses, " and ");
}

// Where else the rank is, if it waits in another group.
std::string elsewhere(const std::vector<GroupView>& views, const GroupView& here, int rank) {
  for (const GroupView& view : views) {
    const auto found = view.by_rank.find(rank);
    if (&view == &here || found == view.by_rank.end()) continue;
    const DumpedOperation* pending = found->second->pending();
    if (pending == nullptr) continue;
    return fmt::format("; rank {} {}{}", rank, doing(view, {rank}, pending->sequence),
                       view.of_group.empty() ? " of the world's group" : view.of_group);
  }
  return "";
}

Finding stopped_finding(const GroupView& view, const Progress& progress, const std::vector<GroupView>& views) {
  Finding finding;
  finding.verdict = Verdict::kStopped;
  finding.sequence = progress.sequence;
  finding.ranks = progress.absent;
  finding.sentence =
      fmt::format("{} while {} {}{}", stopped(view, progress.absent), others_or(view, progress.absent, progress.inside),
                  doing(view, progress.inside, progress.sequence), view.of_group);
  for (const int rank : progress.absent) finding.sentence += elsewhere(views, view, rank);
  if (!view.missing.empty()) finding.sentence += "; " + missing_clause(view);
  add_errors(view, progress.sequence, finding);
  return finding;
}

Finding unfinished_finding(const GroupView& view, const Progress& progress) {
  Finding finding;
  finding.sequence = progress.sequence;
  add_errors(view, progress.sequence, finding);
  const std::string did = doing(view, progress.inside, progress.sequence);
  if (!view.missing.empty()) {
    finding.verdict = Verdict::kMissing;
    finding.ranks = view.missing;
    finding.sentence =
        fmt::format("{}; {} {}{}", missing_clause(view), others_or(view, {}, progress.inside), did, view.of_group);
    return finding;
  }
  finding.verdict = Verdict::kUnfinished;
  finding.ranks = progress.inside;
  const std::string operation = name_operation(progress.sequence, call_of(view, progress.sequence));
  if (progress.through.empty()) {
    finding.sentence =
        fmt::format("all {} ranks called {}{}, and none has completed it", view.ranks.size(), operation, view.of_group);
  } else {
    finding.sentence = fmt::format("{} completed {}{}, and {} {} not", name_ranks(progress.through), operation,
                                   view.of_group, name_ranks(progress.inside), plural(progress.inside, "has", "have"));
  }
  return finding;
}

// A send or receive without its other side.
std::optional<Finding> find_transfer(const GroupView& view) {
  for (const auto& [rank, group] : view.by_rank) {
    for (const DumpedOperation& transfer : group->transfers) {
      if (transfer.is_done() || static_cast<std::size_t>(transfer.peer) >= view.ranks.size()) continue;
      const int peer = view.ranks[static_cast<std::size_t>(transfer.peer)];
      const auto other = view.by_rank.find(peer);
      if (other == view.by_rank.end()) continue;
      const std::string wanted = transfer.operation == "send" ? "receive" : "send";
      std::uint64_t num_called = 0;
      for (const DumpedOperation& theirs : other->second->transfers) {
        const auto from = static_cast<std::size_t>(theirs.peer);
        if (theirs.operation == wanted && from < view.ranks.size() && view.ranks[from] == rank)
          num_called = std::max(num_called, theirs.sequence);
      }
      if (num_called >= transfer.sequence) continue;
      Finding finding;
      finding.verdict = Verdict::kTransfer;
      finding.ranks = {peer};
      finding.sentence =
          fmt::format("rank {} {} in {} {}{}, which rank {} has not answered: it called {} {}{} {} rank {}", rank,
                      transfer.state == "failed" ? "failed" : "waits", transfer.operation, transfer.sequence,
                      transfer.call.substr(transfer.call.find('(')), peer, num_called, wanted,
                      num_called == 1 ? "" : "s", wanted == "send" ? "to" : "from", rank);
      if (!transfer.error.empty()) finding.notes.push_back(fmt::format("rank {} was told: {}", rank, transfer.error));
      return finding;
    }
  }
  return std::nullopt;
}

Finding agreement(const GroupView& view) {
  Finding finding;
  std::uint64_t least = UINT64_MAX, most = 0;
  std::vector<int> ranks;
  for (const auto& [rank, group] : view.by_rank) {
    ranks.push_back(rank);
    least = std::min(least, group->last());
    most = std::max(most, group->last());
  }
  finding.verdict = view.missing.empty() ? Verdict::kAgree : Verdict::kMissing;
  finding.ranks = view.missing;
  finding.sequence = least;
  const std::string who = view.missing.empty() && view.ranks.size() > 1
                              ? (view.ranks.size() == 2 ? "both ranks" : fmt::format("all {} ranks", view.ranks.size()))
                              : name_ranks(ranks);
  const std::string agree = plural(ranks, "agrees", "agree");
  finding.sentence = least == 0 ? fmt::format("{} {}: not all have called an operation{}", who, agree, view.of_group)
                                : fmt::format("{} {} up to {}{}", who, agree,
                                              name_operation(least, call_of(view, least)), view.of_group);
  if (most == 0) finding.sentence = fmt::format("{} called no operation{}", who, view.of_group);
  if (most > least) finding.sentence += fmt::format(" (dumps that were written later go on to operation {})", most);
  if (!view.missing.empty()) finding.sentence = missing_clause(view) + "; " + finding.sentence;
  add_errors(view, 0, finding);
  return finding;
}

Finding examine_group(GroupView& view, const std::vector<GroupView>& views) {
  if (std::optional<Finding> mismatch = find_mismatch(view)) return std::move(*mismatch);
  std::vector<std::string> notes;
  std::optional<Finding> finding;
  while (const std::optional<Progress> progress = progress_of(view)) {
    if (progress->absent.empty()) {
      finding = unfinished_finding(view, *progress);
      break;
    }
    if (progress->through.empty()) {
      finding = stopped_finding(view, *progress, views);
      break;
    }
    // What one rank has completed all have called: who knows nothing of it wrote too early.
    notes.push_back(fmt::format("{} wrote {} before operation {}, which other ranks have completed",
                                name_ranks(progress->absent), plural(progress->absent, "its dump", "their dumps"),
                                progress->sequence));
    for (const int rank : progress->absent) view.by_rank.erase(rank);
  }
  std::optional<Finding> transfer =
      finding && finding->verdict > Verdict::kTransfer ? std::nullopt : find_transfer(view);
  if (transfer) finding = std::move(transfer);
  if (!finding) finding = agreement(view);
  finding->notes.insert(finding->notes.end(), notes.begin(), notes.end());
  return std::move(*finding);
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  static constexpr const char* kNames[] = {"agree", "missing", "unfinished", "transfer", "stopped", "mismatch"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string name_ranks(const std::vector<int>& ranks) {
  std::vector<std::string> parts;
  for (std::size_t first = 0; first < ranks.size();) {
    std::size_t last = first;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) ++last;
    if (last - first < 3) last = first;  // "0, 1, 2" rather than "0-2"
    parts.push_back(first == last ? fmt::format("{}", ranks[first]) : fmt::format("{}-{}", ranks[first], ranks[last]));
    first = last + 1;
  }
  return fmt::format("{} {}", ranks.size() == 1 ? "rank" : "ranks", join_text(parts, ", "));
}

std::vector<Finding> examine(const std::vector<RankDump>& dumps) {
  std::vector<GroupView> views = views_of(dumps);
  std::vector<Finding> findings;
  for (GroupView& view : views) {
    findings.push_back(examine_group(view, views));
    findings.back().group = view.name;
    findings.back().missing = view.missing;
  }
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& one, const Finding& other) { return one.verdict > other.verdict; });
  return findings;
}

}  // namespace oarlock::launch
