// Data sets whose samples the host makes: by number, or one after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

// any_thread: the function may be called on loader workers, several at once; else only on the thread that calls.
struct SampleSource {
  std::int64_t size = 0;
  bool any_thread = false;
  std::function<Result<Tree>(std::int64_t index)> make;
};
// OAR_E_ARGUMENT: size < 0.
Result<std::shared_ptr<Dataset>> make_sample_dataset(SampleSource source);

// any_thread: the function may be called on a loader worker, but never by two threads at once for one loader.
struct StreamSource {
  bool any_thread = false;
  bool is_seekable = false;
  std::function<Result<std::optional<Tree>>(std::int64_t epoch, std::int64_t index)> read;
};
std::shared_ptr<Dataset> make_stream_dataset(StreamSource source);

}  // namespace oarlock
