#include "precision/autocast_policy.h"

#include <utility>
#include <variant>

namespace oarlock {
namespace {

class AutocastPrecision final : public RunPrecision {
 public:
  AutocastPrecision(std::shared_ptr<State> state, const Autocast& autocast)
      : state_(std::move(state)), autocast_(autocast) {}

  Result<Tree> run(const std::function<Result<Tree>()>& forward) const override {
    const AutocastRegions::Forward regions(state_->autocast_regions());
    const AutocastScope scope(autocast_);
    OAR_ASSIGN(Tree outputs, forward());
    if (regions.has_open_region()) {
      return invalid_state(
          "the forward of the model left an autocast region open; each oar_accelerator_autocast_begin needs its "
          "oar_accelerator_autocast_end");
    }
    return outputs;
  }

  Tree finish(Tree outputs) const override { return widen_16_bits(std::move(outputs)); }

 private:
  const std::shared_ptr<State> state_;
  const Autocast autocast_;
};

}  // namespace

Result<MixedPrecision> parse_mixed_precision(std::string_view text) {
  if (text == "no") return MixedPrecision::kNo;
  if (text == "bf16") return MixedPrecision::kBf16;
  if (text == "fp16") return MixedPrecision::kFp16;
  if (text == "fp8") {
    return unsupported(
        "accelerator.mixed_precision \"fp8\" is not supported by this version; \"bf16\" is the nearest one that is");
  }
  return invalid_argument("accelerator.mixed_precision must be no, bf16 or fp16, got \"{}\"", text);
}

const char* mixed_precision_name(MixedPrecision precision) {
  if (precision == MixedPrecision::kNo) return "no";
  return precision == MixedPrecision::kBf16 ? "bf16" : "fp16";
}

Autocast autocast_for(MixedPrecision precision, at::Device device, bool cache_enabled) {
  return {device.type(), precision == MixedPrecision::kFp16 ? at::kHalf : at::kBFloat16,
          precision != MixedPrecision::kNo, cache_enabled};
}

Tree widen_16_bits(Tree tree) {
  Tree::Value& value = tree.value();
  if (auto* list = std::get_if<Tree::List>(&value)) {
    for (Tree& item : *list) item = widen_16_bits(std::move(item));
  } else if (auto* map = std::get_if<Tree::Map>(&value)) {
    for (auto& [key, item] : *map) item = widen_16_bits(std::move(item));
  } else if (auto* tensor = std::get_if<at::Tensor>(&value)) {
    const bool is_narrow =
        tensor->defined() && (tensor->scalar_type() == at::kHalf || tensor->scalar_type() == at::kBFloat16);
    if (is_narrow) *tensor = tensor->to(at::kFloat);
  }
  return tree;
}

std::shared_ptr<const RunPrecision> make_autocast_precision(std::shared_ptr<State> state, const Autocast& autocast) {
  return std::make_shared<const AutocastPrecision>(std::move(state), autocast);
}

}  // namespace oarlock
