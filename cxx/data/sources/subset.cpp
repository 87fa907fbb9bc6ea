#include "data/sources/subset.h"

#include <utility>

namespace oarlock {
namespace {

class Subset : public Dataset {
 public:
  Subset(std::shared_ptr<const Dataset> dataset, std::vector<std::int64_t> indices)
      : dataset_(std::move(dataset)), indices_(std::move(indices)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(indices_.size()); }
  bool gives_samples() const override { return dataset_->gives_samples(); }
  bool runs_on_any_thread() const override { return dataset_->runs_on_any_thread(); }

  Result<Tree> sample(std::int64_t index) const override {
    OAR_TRY(check_index(index));
    return dataset_->sample(indices_[static_cast<std::size_t>(index)]);
  }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    std::vector<std::int64_t> theirs;
    theirs.reserve(indices.size());
    for (const std::int64_t index : indices) {
      OAR_TRY(check_index(index));
      theirs.push_back(indices_[static_cast<std::size_t>(index)]);
    }
    return dataset_->fetch(theirs);
  }

 private:
  const std::shared_ptr<const Dataset> dataset_;
  const std::vector<std::int64_t> indices_;
};

}  // namespace

Result<std::shared_ptr<Dataset>> make_subset(std::shared_ptr<const Dataset> dataset,
                                             std::vector<std::int64_t> indices) {
  if (dataset->stream() != nullptr) return unsupported("the samples of a stream have no numbers to choose them by");
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= 0 && indices[i] < dataset->size()) continue;
    return invalid_argument("there is no sample {} at place {} of the list; the data set has {}, numbered from 0",
                            indices[i], i, dataset->size());
  }
  return std::shared_ptr<Dataset>(std::make_shared<Subset>(std::move(dataset), std::move(indices)));
}

}  // namespace oarlock
