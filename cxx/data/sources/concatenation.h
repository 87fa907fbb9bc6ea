// Data sets one behind the other: of numbered samples, or of streams.
#pragma once

#include <memory>
#include <vector>

#include "base/status.h"
#include "data/dataset.h"

namespace oarlock {

// All parts have numbers, or all are streams: then the stream gives each one's pass after the other's. It belongs to
// one loader at a time and is not seekable, since nobody knows where a part ends. OAR_E_ARGUMENT: no parts, parts of
// both kinds, more samples than 64 bits count. Source: torch.utils.data.ConcatDataset, ChainDataset.
Result<std::shared_ptr<Dataset>> make_concatenation(std::vector<std::shared_ptr<const Dataset>> parts);

}  // namespace oarlock
