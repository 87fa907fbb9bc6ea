#include "data/sources/packed.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>

#include <utility>
#include <vector>

#include "data/collate.h"
#include "data/packing.h"
#include "tensor/describe.h"

namespace oarlock {
namespace {

Result<at::Tensor> tokens_of(const Dataset& dataset, const PackedLayout& layout, std::int64_t index) {
  OAR_ASSIGN(const Tree sample, dataset.sample(index));
  Result<const Tree*> leaf = sample.at_path(layout.column);
  if (!leaf.is_ok()) return std::move(leaf).status();
  const at::Tensor* tokens = leaf.value()->tensor();
  if (tokens == nullptr || tokens->dim() != 1) {
    return invalid_argument("'{}' is a row of tokens in each sample; here it is {}", layout.column,
                            tokens != nullptr ? describe_tensor(*tokens) : leaf.value()->kind_name());
  }
  return tokens->detach();
}

Status name_document(Status failure, std::int64_t index) {
  return std::move(failure).within(fmt::format("packing: sample {}", index));
}

class PackedDataset : public Dataset {
 public:
  PackedDataset(std::shared_ptr<const Dataset> dataset, PackedLayout layout, at::ScalarType dtype,
                std::vector<PackedRow> rows)
      : dataset_(std::move(dataset)), layout_(std::move(layout)), dtype_(dtype), rows_(std::move(rows)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(rows_.size()); }
  bool gives_samples() const override { return true; }
  bool runs_on_any_thread() const override { return dataset_->runs_on_any_thread(); }

  Result<Tree> sample(std::int64_t index) const override {
    OAR_TRY(check_index(index));
    const at::TensorOptions numbers(at::kLong);
    at::Tensor tokens = at::full({layout_.row_length}, layout_.pad_value, at::TensorOptions(dtype_));
    at::Tensor positions = at::full({layout_.row_length}, 0, numbers);
    at::Tensor documents = at::full({layout_.row_length}, -1, numbers);
    std::int64_t at = 0;
    std::int64_t document = 0;
    for (const PackedPiece& piece : rows_[static_cast<std::size_t>(index)]) {
      OAR_ASSIGN(const at::Tensor source, piece_of(piece));
      tokens.narrow(0, at, piece.length).copy_(source);
      positions.narrow(0, at, piece.length).copy_(at::arange(piece.begin, piece.begin + piece.length, numbers));
      documents.narrow(0, at, piece.length).fill_(document++);
      at += piece.length;
    }
    Tree::Map row;
    row.emplace_back(layout_.column, std::move(tokens));
    row.emplace_back("positions", std::move(positions));
    row.emplace_back("documents", std::move(documents));
    return Tree(std::move(row));
  }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    std::vector<Tree> rows;
    for (const std::int64_t index : indices) {
      OAR_ASSIGN(Tree row, sample(index));
      rows.push_back(std::move(row));
    }
    return collate(rows);
  }

 private:
  Result<at::Tensor> piece_of(const PackedPiece& piece) const {
    Result<at::Tensor> tokens = tokens_of(*dataset_, layout_, piece.document);
    if (!tokens.is_ok()) return name_document(std::move(tokens).status(), piece.document);
    if (tokens.value().scalar_type() == dtype_ && tokens.value().size(0) >= piece.begin + piece.length)
      return tokens.value().narrow(0, piece.begin, piece.length);
    return name_document(invalid_argument("'{}' was another tensor when the rows were planned; now it is {}",
                                          layout_.column, describe_tensor(tokens.value())),
                         piece.document);
  }

  const std::shared_ptr<const Dataset> dataset_;
  const PackedLayout layout_;
  const at::ScalarType dtype_;
  const std::vector<PackedRow> rows_;
};

}  // namespace

Result<std::shared_ptr<Dataset>> make_packed_dataset(std::shared_ptr<const Dataset> dataset,
                                                     const PackedLayout& layout) {
  if (dataset->stream() != nullptr)
    return unsupported("the rows of a packed data set are planned beforehand; a stream's samples are not known then");
  if (layout.row_length < 1) return invalid_argument("row_length must be >= 1, got {}", layout.row_length);
  if (layout.column.empty() || layout.column == "positions" || layout.column == "documents")
    return invalid_argument("the column of the tokens has another name than '{}'", layout.column);
  std::vector<std::int64_t> lengths;
  at::ScalarType dtype = at::kLong;
  for (std::int64_t index = 0; index < dataset->size(); ++index) {
    Result<at::Tensor> tokens = tokens_of(*dataset, layout, index);
    if (!tokens.is_ok()) return name_document(std::move(tokens).status(), index);
    if (index == 0) dtype = tokens.value().scalar_type();
    if (tokens.value().scalar_type() != dtype) {
      return name_document(invalid_argument("'{}' is {}, that of the first sample {}", layout.column,
                                            describe_tensor(tokens.value()), c10::toString(dtype)),
                           index);
    }
    lengths.push_back(tokens.value().size(0));
  }
  return std::shared_ptr<Dataset>(
      std::make_shared<PackedDataset>(std::move(dataset), layout, dtype, pack_documents(lengths, layout.row_length)));
}

}  // namespace oarlock
