// A loader over samples that come one after the other.
#pragma once

#include <memory>

#include "base/status.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/loader_options.h"

namespace oarlock {

// dataset->stream() is not null. OAR_E_ARGUMENT: shuffle, since a stream has no order but its own.
Result<std::shared_ptr<Loader>> make_stream_loader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options);

}  // namespace oarlock
