// The weights that go with the documents of corpus/pt2.
#pragma once

#include <ATen/ATen.h>

#include "graph/pt2/archive.h"

namespace oarlock::test {

// Those of Small in make_corpus.py.
inline pt2::StoredTensors weights_of_small() {
  pt2::StoredTensors tensors;
  tensors["fc.weight"] = {at::zeros({4, 4}), true};
  for (const char* name : {"fc.bias", "bn.weight", "bn.bias"}) tensors[name] = {at::zeros({4}), true};
  for (const char* name : {"bn.running_mean", "bn.running_var"}) tensors[name] = {at::zeros({4}), false};
  tensors["bn.num_batches_tracked"] = {at::zeros({}, at::kLong), false};
  return tensors;
}

}  // namespace oarlock::test
