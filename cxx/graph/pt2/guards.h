// What the exporter assumed of the inputs while it traced ("guards_code"), for input_check.h.
//
// Those that only keep sizes away from 0 and 1 are left out: the tracer treats these two apart, and programs run with
// them (torch itself does not enforce such bounds of plain dimensions either). So are those that it does not
// understand.
#pragma once

#include "base/json.h"
#include "graph/ir.h"

namespace oarlock::pt2 {

// Adds to program.graph.guards and measures. The program's inputs have their names.
void read_guards(const JsonValue& document, Program& program);

}  // namespace oarlock::pt2
