// Program files: .pt2 as torch.export.save writes them (archive version 0, schema major 8).
//
// The file is untrusted: every index, name and tag is checked, and any bytes give a Program or an error. What a Program
// may call when it runs: allowed.h.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "graph/ir.h"
#include "graph/pt2/archive.h"
#include "graph/pt2/extra.h"

namespace oarlock {

// OAR_E_NOT_FOUND no such file; OAR_E_CORRUPT malformed; OAR_E_VERSION another schema major or archive version, naming
// both; OAR_E_UNSUPPORTED an operator, tag or region that this build does not have, naming it with its node and module.
// `namespaces`: of operators that a program may call besides aten. `weights_follow`: the caller fills the weights
// itself, so that a program exported without them is taken, with memory for them.
Result<Program> read_program(const std::string& path, at::Device device, std::vector<std::string> namespaces = {},
                             bool weights_follow = false);

namespace pt2 {

// The same of an archive's parts: its document, and the tensors that this names.
Result<Program> program_of(const JsonValue& document, StoredTensors weights, StoredTensors constants, at::Device device,
                           std::vector<std::string> namespaces, const Extra& extra = {});

}  // namespace pt2
}  // namespace oarlock
