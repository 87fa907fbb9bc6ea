#include "comm/nested_structure.h"

#include <algorithm>
#include <set>

#include "comm/frame.h"
#include "comm/tree_bytes.h"
#include "tensor/describe.h"
#include "tensor/dtype.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

constexpr std::string_view kMark = "oarlock tree\n";  // other bytes come from a rank that makes another call

std::string pack_call(const NestedCall& call, std::string_view rest) {
  const std::string text = call.text();
  const std::uint64_t size = text.size();
  std::string bytes(kMark);
  bytes.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(text).append(rest);
  return bytes;
}

struct ReceivedCall {
  std::string text, rest;
};

Result<ReceivedCall> unpack_call(std::string_view bytes, std::size_t rank) {
  if (!bytes.starts_with(kMark)) {
    return mismatch("rank {} sent other bytes where ranks tell what their trees are; the ranks' calls are out of step",
                    rank)
        .with_rank(static_cast<int>(rank));
  }
  FrameReader reader(bytes.substr(kMark.size()));
  OAR_ASSIGN(std::string text, reader.get_text());
  return ReceivedCall{std::move(text), std::string(reader.rest())};
}

// What a text says of one rank's entry; nullptr: it has none.
std::string describe_entry(const Tree* entry) {
  if (entry == nullptr) return "nothing";
  if (const at::Tensor* tensor = entry->tensor()) {
    return fmt::format("{} {}", dtype_name(tensor->scalar_type()), shape_text(tensor->sizes()));
  }
  if (entry->list() != nullptr) return fmt::format("a list of {} items", entry->size());
  if (entry->map() != nullptr) return "a map";
  return fmt::format("of kind {}", entry->kind_name());
}

bool tensors_fit(const at::Tensor& a, const at::Tensor& b, EqualSizes equal_sizes) {
  if (a.scalar_type() != b.scalar_type() || a.dim() != b.dim()) return false;
  if (equal_sizes == EqualSizes::kNone) return true;
  const std::int64_t from = equal_sizes == EqualSizes::kBehindFirst && a.dim() > 0 ? 1 : 0;
  return a.sizes().slice(static_cast<std::size_t>(from)) == b.sizes().slice(static_cast<std::size_t>(from));
}

// All ranks' trees at once, so that the first path that differs is the same whoever looks.
class Comparison {
 public:
  explicit Comparison(const NestedCall& call) : call_(call) {}

  Status entries(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    for (const Tree* entry : of_rank) {
      if (entry == nullptr || entry->value().index() != of_rank.front()->value().index()) return differs(of_rank, path);
    }
    const Tree& first = *of_rank.front();
    if (first.list() != nullptr) return lists(of_rank, path);
    if (first.map() != nullptr) return maps(of_rank, path);
    if (first.tensor() == nullptr) return Status::ok();
    for (const Tree* entry : of_rank) {
      if (!tensors_fit(*first.tensor(), *entry->tensor(), call_.equal_sizes)) return differs(of_rank, path);
    }
    return Status::ok();
  }

 private:
  Status lists(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    const std::int64_t size = of_rank.front()->size();
    if (std::ranges::any_of(of_rank, [size](const Tree* list) { return list->size() != size; })) {
      return differs(of_rank, path);
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
      std::vector<const Tree*> items;
      for (const Tree* list : of_rank) items.push_back(&(*list->list())[i]);
      OAR_TRY(entries(items, path_below(path, std::to_string(i))));
    }
    return Status::ok();
  }

  Status maps(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    std::set<std::string> keys;
    for (const Tree* map : of_rank) {
      for (const auto& entry : *map->map()) keys.insert(entry.first);
    }
    for (const std::string& key : keys) {
      std::vector<const Tree*> items;
      for (const Tree* map : of_rank) items.push_back(map->find(key));
      OAR_TRY(entries(items, path_below(path, key)));
    }
    return Status::ok();
  }

  Status differs(const std::vector<const Tree*>& of_rank, const std::string& path) const {
    std::vector<std::string> texts;
    for (const Tree* entry : of_rank) texts.push_back(describe_entry(entry));
    const bool are_tensors =
        std::ranges::all_of(of_rank, [](const Tree* entry) { return entry != nullptr && entry->tensor() != nullptr; });
    return mismatch("{}: {} differs between ranks ({}){}", call_.operation, quoted_path(path), text_by_rank(texts),
                    are_tensors && call_.equal_sizes == EqualSizes::kAll
                        ? "; all ranks' tensors must have the same dtype and shape"
                        : "")
        .with_operation(call_.operation);
  }

  const NestedCall& call_;
};

}  // namespace

std::string text_by_rank(const std::vector<std::string>& texts) {
  std::string all;
  for (std::size_t first = 0, next = 0; first < texts.size(); first = next) {
    while (next < texts.size() && texts[next] == texts[first]) ++next;
    if (!all.empty()) all += "; ";
    all += next - first == 1 ? fmt::format("rank {}: {}", first, texts[first])
                             : fmt::format("ranks {}-{}: {}", first, next - 1, texts[first]);
  }
  return all;
}

Status compare_structures(const NestedCall& call, const RankTrees& trees, const std::string& path) {
  std::vector<const Tree*> of_rank;
  for (const Tree& tree : trees) of_rank.push_back(&tree);
  return Comparison(call).entries(of_rank, path);
}

Result<std::vector<std::string>> exchange_calls(Group& group, const NestedCall& call, const Result<std::string>& mine,
                                                Milliseconds timeout) {
  const Result<std::string> message = mine.is_ok() ? Result<std::string>(pack_call(call, mine.value())) : mine;
  OAR_ASSIGN(const std::vector<std::string> messages, agree_on_all(group, message, timeout));
  std::vector<std::string> calls, rests;
  for (std::size_t rank = 0; rank < messages.size(); ++rank) {
    OAR_ASSIGN(ReceivedCall received, unpack_call(messages[rank], rank));
    calls.push_back(std::move(received.text));
    rests.push_back(std::move(received.rest));
  }
  const bool is_one_call = std::ranges::all_of(calls, [&](const std::string& text) { return text == calls.front(); });
  if (is_one_call) return rests;
  return mismatch("ranks make different calls ({})", text_by_rank(calls)).with_operation(call.operation);
}

Result<RankTrees> exchange_structures(Group& group, const NestedCall& call, const Status& mine, const Tree& tree,
                                      Milliseconds timeout) {
  const Result<std::string> structure =
      mine.is_ok() ? Result<std::string>(pack_tree(tree, PackTensors::kShapes)) : Result<std::string>(mine);
  OAR_ASSIGN(const std::vector<std::string> structures, exchange_calls(group, call, structure, timeout));
  const auto is_mine = [&](const std::string& other) { return other == structure.value(); };
  if (std::ranges::all_of(structures, is_mine)) return RankTrees();
  RankTrees trees;
  for (const std::string& bytes : structures) {
    OAR_ASSIGN(Tree theirs, unpack_tree(bytes, UnpackTensors::kShapes));
    trees.push_back(std::move(theirs));
  }
  OAR_TRY(compare_structures(call, trees));
  return trees;
}

}  // namespace oarlock
