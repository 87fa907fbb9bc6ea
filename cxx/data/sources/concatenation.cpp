#include "data/sources/concatenation.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "data/collate.h"
#include "data/sources/callback.h"

namespace oarlock {
namespace {

using Parts = std::vector<std::shared_ptr<const Dataset>>;

class Concatenation : public Dataset {
 public:
  // ends[i]: samples of the parts up to i, it included.
  Concatenation(Parts parts, std::vector<std::int64_t> ends) : parts_(std::move(parts)), ends_(std::move(ends)) {}

  std::int64_t size() const override { return ends_.back(); }
  bool gives_samples() const override {
    return any([](const Dataset& part) { return part.gives_samples(); });
  }
  bool runs_on_any_thread() const override {
    return !any([](const Dataset& part) { return !part.runs_on_any_thread(); });
  }

  Result<Tree> sample(std::int64_t index) const override {
    OAR_TRY(check_index(index));
    const std::size_t part = part_of(index);
    return parts_[part]->sample(index - begin(part));
  }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    for (const std::int64_t index : indices) {
      OAR_TRY(check_index(index));
    }
    const std::size_t part = indices.empty() ? 0 : part_of(indices.front());
    const bool is_one_part =
        std::all_of(indices.begin(), indices.end(), [&](std::int64_t index) { return part_of(index) == part; });
    if (is_one_part) {
      std::vector<std::int64_t> theirs(indices.begin(), indices.end());
      for (std::int64_t& index : theirs) index -= begin(part);
      return parts_[part]->fetch(theirs);
    }
    std::vector<Tree> samples;
    for (const std::int64_t index : indices) {
      OAR_ASSIGN(Tree one, sample(index));
      samples.push_back(std::move(one));
    }
    return collate(samples);
  }

 private:
  template <class Test>
  bool any(const Test& test) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const auto& part) { return test(*part); });
  }
  std::size_t part_of(std::int64_t index) const {
    return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), index) - ends_.begin());
  }
  std::int64_t begin(std::size_t part) const { return part == 0 ? 0 : ends_[part - 1]; }

  const Parts parts_;
  const std::vector<std::int64_t> ends_;
};

// Where a pass is: in which part, and with which number that one began.
struct Chain {
  explicit Chain(Parts streams) : parts(std::move(streams)) {}

  Result<std::optional<Tree>> read(std::int64_t epoch, std::int64_t index) {
    const std::lock_guard lock(mutex);
    if (index == 0) {
      part = 0;
      part_begin = next = 0;
    }
    if (index != next) {
      return invalid_state(
          "sample {} of joined streams was asked for where {} is next: each loader needs a data set of its own", index,
          next);
    }
    for (; part < parts.size(); ++part, part_begin = next) {
      OAR_ASSIGN(std::optional<Tree> sample, parts[part]->stream()->read(epoch, index - part_begin));
      if (!sample) continue;
      ++next;
      return sample;
    }
    return std::optional<Tree>();
  }

  const Parts parts;
  std::mutex mutex;
  std::size_t part = 0;
  std::int64_t part_begin = 0;
  std::int64_t next = 0;
};

std::shared_ptr<Dataset> make_chain(Parts parts) {
  const bool any_thread =
      std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part->runs_on_any_thread(); });
  const auto chain = std::make_shared<Chain>(std::move(parts));
  return make_stream_dataset(
      {any_thread, false, [chain](std::int64_t epoch, std::int64_t index) { return chain->read(epoch, index); }});
}

}  // namespace

Result<std::shared_ptr<Dataset>> make_concatenation(Parts parts) {
  if (parts.empty()) return invalid_argument("at least one data set is needed");
  const auto num_streams =
      std::count_if(parts.begin(), parts.end(), [](const auto& part) { return part->stream() != nullptr; });
  if (num_streams == static_cast<std::ptrdiff_t>(parts.size())) return make_chain(std::move(parts));
  if (num_streams > 0) {
    return invalid_argument(
        "{} of {} data sets are streams: streams are joined to streams, numbered samples to numbered ones", num_streams,
        parts.size());
  }
  std::vector<std::int64_t> ends;
  std::int64_t end = 0;
  for (const auto& part : parts) {
    if (__builtin_add_overflow(end, part->size(), &end))
      return invalid_argument("there are more samples than 64 bits count");
    ends.push_back(end);
  }
  return std::shared_ptr<Dataset>(std::make_shared<Concatenation>(std::move(parts), std::move(ends)));
}

}  // namespace oarlock
