#include "data/sources/callback.h"

#include <vector>

#include "data/collate.h"

namespace oarlock {
namespace {

class SampleDataset : public Dataset {
 public:
  explicit SampleDataset(SampleSource source) : source_(std::move(source)) {}
  std::int64_t size() const override { return source_.size; }
  bool gives_samples() const override { return true; }
  bool runs_on_any_thread() const override { return source_.any_thread; }

  Result<Tree> sample(std::int64_t index) const override {
    OAR_TRY(check_index(index));
    return source_.make(index);
  }

  Result<Tree> fetch(std::span<const std::int64_t> indices) const override {
    std::vector<Tree> samples;
    samples.reserve(indices.size());
    for (const std::int64_t index : indices) {
      Result<Tree> made = sample(index);
      if (!made.is_ok()) return std::move(made).status().within(fmt::format("sample {}", index));
      samples.push_back(std::move(made).value());
    }
    return collate(samples);
  }

 private:
  const SampleSource source_;
};

class CallbackStream : public SampleStream {
 public:
  explicit CallbackStream(StreamSource source) : source_(std::move(source)) {}
  Result<std::optional<Tree>> read(std::int64_t epoch, std::int64_t index) const override {
    return source_.read(epoch, index);
  }
  bool is_seekable() const override { return source_.is_seekable; }
  bool any_thread() const { return source_.any_thread; }

 private:
  const StreamSource source_;
};

class StreamDataset : public Dataset {
 public:
  explicit StreamDataset(StreamSource source) : stream_(std::move(source)) {}
  std::int64_t size() const override { return 0; }
  bool gives_samples() const override { return true; }
  bool runs_on_any_thread() const override { return stream_.any_thread(); }
  const SampleStream* stream() const override { return &stream_; }
  Result<Tree> sample(std::int64_t) const override { return no_numbers(); }
  Result<Tree> fetch(std::span<const std::int64_t>) const override { return no_numbers(); }

 private:
  static Status no_numbers() {
    return unsupported("the samples of a stream have no numbers: they come one after the other, from a loader");
  }
  const CallbackStream stream_;
};

}  // namespace

Result<std::shared_ptr<Dataset>> make_sample_dataset(SampleSource source) {
  if (source.size < 0) return invalid_argument("num_samples must be >= 0, got {}", source.size);
  return std::shared_ptr<Dataset>(std::make_shared<SampleDataset>(std::move(source)));
}

std::shared_ptr<Dataset> make_stream_dataset(StreamSource source) {
  return std::make_shared<StreamDataset>(std::move(source));
}

}  // namespace oarlock
