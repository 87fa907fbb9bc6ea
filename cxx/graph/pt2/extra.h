// The record that our exporter adds to a program ("extra/oarlock.json"): what torch.export does not keep.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "graph/ir.h"
#include "graph/pt2/archive.h"

namespace oarlock::pt2 {

struct Extra {
  std::string loss;                            // path of an output leaf; "": the loss is outside
  std::vector<std::vector<std::string>> tied;  // names that were one tensor in the module
  std::map<std::string, std::string> modules;  // class by module path
  // By input: the names that the user gave to dimensions.
  std::map<std::string, std::map<std::int64_t, std::string>> dynamic;
};

// OAR_E_VERSION for another format, OAR_E_CORRUPT for what is malformed. Unknown members are for later releases.
Result<Extra> parse_extra(const JsonValue& document);

// Names that were one tensor are one again: export may have split them. OAR_E_CORRUPT if they differ.
Status tie(const Extra& extra, StoredTensors& weights);

// Sizes get the user's names in place of torch.export's ("batch", not "s77"). Dimensions of one name that the program
// itself does not relate (two inputs that go separate ways) are guarded to be equal.
void name_sizes(const Extra& extra, Program& program);

}  // namespace oarlock::pt2
