#include "data/collate.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <string>
#include <vector>

#include "tensor/describe.h"
#include "tensor/tree_leaves.h"

namespace oarlock {
namespace {

using Samples = std::vector<const Tree*>;

Status misfit(const std::string& path, std::size_t place, const Tree& first, const Tree& other) {
  return invalid_argument(
      "samples of one batch have different structures at {}: sample 0 of the batch has {}, {} has {}",
      quoted_path(path), first.kind_name(), place, other.kind_name());
}

Result<Tree> stack_tensors(const Samples& samples, const std::string& path) {
  const at::Tensor& first = *samples.front()->tensor();
  std::vector<at::Tensor> rows;
  rows.reserve(samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const at::Tensor* tensor = samples[i]->tensor();
    if (tensor == nullptr) return misfit(path, i, *samples.front(), *samples[i]);
    if (tensor->sizes() != first.sizes() || tensor->dtype() != first.dtype() || tensor->device() != first.device()) {
      return invalid_argument(
          "tensors of one batch do not fit together at {}: sample 0 of the batch has {}, {} has {}; let the "
          "data set give samples of one shape, or set loader.batch_size to 1",
          quoted_path(path), describe_tensor(first), i, describe_tensor(*tensor));
    }
    rows.push_back(tensor->detach());
  }
  return Tree(at::stack(rows));
}

// The value of a number of whatever kind, and whether all are of kind T.
template <class T>
bool all_are(const Samples& samples) {
  for (const Tree* sample : samples) {
    if (!std::holds_alternative<T>(sample->value())) return false;
  }
  return true;
}

template <class T, class As = T>
Tree numbers(const Samples& samples, at::ScalarType dtype) {
  std::vector<As> values;
  for (const Tree* sample : samples) values.push_back(static_cast<As>(std::get<T>(sample->value())));
  return Tree(at::tensor(at::ArrayRef<As>(values)).to(dtype));
}

Result<Tree> join_numbers(const Samples& samples, const std::string& path) {
  if (all_are<bool>(samples)) return numbers<bool, std::int64_t>(samples, at::kBool);
  if (all_are<std::int64_t>(samples)) return numbers<std::int64_t>(samples, at::kLong);
  std::vector<double> values;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Tree::Value& value = samples[i]->value();
    if (const auto* number = std::get_if<double>(&value)) {
      values.push_back(*number);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      values.push_back(static_cast<double>(*integer));
    } else {
      return misfit(path, i, *samples.front(), *samples[i]);
    }
  }
  return Tree(at::tensor(at::ArrayRef<double>(values)));
}

Result<Tree> join(const Samples& samples, const std::string& path);

Result<Tree> join_lists(const Samples& samples, const std::string& path) {
  Tree::List joined;
  const std::int64_t size = samples.front()->size();
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i]->list() == nullptr) return misfit(path, i, *samples.front(), *samples[i]);
    if (samples[i]->size() != size) {
      return invalid_argument(
          "lists of one batch have different lengths at {}: sample 0 of the batch has {}, {} has {}", quoted_path(path),
          size, i, samples[i]->size());
    }
  }
  for (std::int64_t item = 0; item < size; ++item) {
    Samples items;
    for (const Tree* sample : samples) items.push_back(&(*sample->list())[static_cast<std::size_t>(item)]);
    OAR_ASSIGN(Tree one, join(items, path_below(path, std::to_string(item))));
    joined.push_back(std::move(one));
  }
  return Tree(std::move(joined));
}

Result<Tree> join_maps(const Samples& samples, const std::string& path) {
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i]->map() == nullptr) return misfit(path, i, *samples.front(), *samples[i]);
    if (samples[i]->size() != samples.front()->size()) {
      return invalid_argument(
          "maps of one batch have different keys at {}: sample 0 of the batch has {} keys, {} has {}",
          quoted_path(path), samples.front()->size(), i, samples[i]->size());
    }
  }
  Tree::Map joined;
  for (const auto& [key, value] : *samples.front()->map()) {
    Samples items;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const Tree* item = samples[i]->find(key);
      if (item == nullptr) {
        return invalid_argument("maps of one batch have different keys at {}: '{}' of sample 0 is not in sample {}",
                                quoted_path(path), key, i);
      }
      items.push_back(item);
    }
    OAR_ASSIGN(Tree one, join(items, path_below(path, key)));
    joined.emplace_back(key, std::move(one));
  }
  return Tree(std::move(joined));
}

Result<Tree> list_leaves(const Samples& samples, const std::string& path) {
  Tree::List list;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (samples[i]->value().index() != samples.front()->value().index())
      return misfit(path, i, *samples.front(), *samples[i]);
    list.push_back(*samples[i]);
  }
  return Tree(std::move(list));
}

Result<Tree> join(const Samples& samples, const std::string& path) {
  const Tree& first = *samples.front();
  if (first.tensor() != nullptr) return stack_tensors(samples, path);
  if (first.list() != nullptr) return join_lists(samples, path);
  if (first.map() != nullptr) return join_maps(samples, path);
  const bool is_text = std::holds_alternative<std::string>(first.value());
  if (is_text || std::holds_alternative<std::monostate>(first.value())) return list_leaves(samples, path);
  return join_numbers(samples, path);
}

}  // namespace

Result<Tree> collate(std::span<const Tree> samples) {
  if (samples.empty()) return invalid_argument("a batch needs at least one sample, got none");
  Samples pointers;
  pointers.reserve(samples.size());
  for (const Tree& sample : samples) pointers.push_back(&sample);
  return join(pointers, "");
}

}  // namespace oarlock
