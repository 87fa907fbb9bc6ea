// What the exporter assumed of the inputs while it traced ("guards_code"), for input_check.h.
//
// Those that hold for all sizes of 2 and more are left out ("x.size()[0] != 1"): the tracer treats 0 and 1 apart, and
// programs run with them (torch itself does not enforce such bounds of plain dimensions either). A comparison of
// something else with 0 or 1 is kept ("x.size()[0] % 4 != 0" is a branch that was taken). Those that it does not
// understand are left out too.
#pragma once

#include "base/json.h"
#include "graph/ir.h"

namespace oarlock::pt2 {

// Adds to program.graph.guards and measures. The program's inputs have their names.
void read_guards(const JsonValue& document, Program& program);

}  // namespace oarlock::pt2
