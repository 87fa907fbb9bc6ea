// Units: parts of a program, by module path, that capabilities attach to (one transformer block, say).
//
// A unit is a subtree of modules; a module inside a unit is no unit of its own. Unit 0 is the root: the whole model,
// holding what no other unit holds. Units are chosen once, from the program; each graph of the program (training,
// evaluation) is then cut into segments, the runs of nodes that belong to one call of one unit.
//
// Invariants of a UnitPlan:
//  1. Segments are in the order of the graph and do not overlap. Nodes between them are the root's.
//  2. A segment that holds one bracket of a region holds the other too; it may lie inside a region as a whole.
//  3. Nodes of unknown place (sizes that the exporter put in) belong to what stands around them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"

namespace oarlock {

// What makes a module a unit; any of the three is enough.
struct UnitPolicy {
  std::vector<std::string> classes;  // "transformers.models.gpt2.modeling_gpt2.GPT2Block", or its last part
  std::vector<std::string> paths;    // patterns (text_fits): "encoder.layer.*"
  std::int64_t min_parameters = 0;   // > 0: the smallest subtrees that use at least so many elements of parameters
};

// {"classes": [...], "paths": [...], "min_parameters": n}; OAR_E_ARGUMENT for anything else.
Result<UnitPolicy> parse_unit_policy(std::string_view json);

struct Unit {
  std::string path;  // "" is the root
  std::string class_name;
  // Indices into Program::tensors, each tensor once however many names it has. By use, not by name: what several units
  // use, or none, is the root's.
  std::vector<std::size_t> parameters;
};

using Units = std::vector<Unit>;  // the root first, the others in the order of the program

// Only the root if the policy is empty. OAR_E_ARGUMENT: a class or path that fits nothing; the nearest name is given.
Result<Units> choose_units(const Program& program, const UnitPolicy& policy);

// A run of nodes of one call of one unit.
struct Segment {
  std::size_t unit = 0;
  std::int32_t call = 0;             // of the unit's module in this forward, from 0
  std::size_t begin = 0, end = 0;    // nodes
  std::vector<std::size_t> tensors;  // indices into Program::tensors: what it reads of the program's own, ascending
  std::vector<SlotId> live_in;       // what else it reads and does not compute, in order of first use
  std::vector<SlotId> live_out;      // what it computes and others read, in the order of the program
  std::vector<SlotId> written;       // of live_in, what it may write to in place; not filled in for UnitPlan::whole
};

struct UnitPlan {
  std::vector<Segment> segments;
  Segment whole;  // the root's: all nodes, the inputs that the graph reads, its outputs
};

// graph: the program's own or one that a pass made of it, with the same slots. kept: slots that somebody reads later
// besides graph.outputs.
UnitPlan plan_units(const Program& program, const Graph& graph, const Units& units,
                    const std::vector<SlotId>& kept = {});

// Indices of the units whose path fits (text_fits); "*" is all but the root. OAR_E_ARGUMENT with the nearest name.
Result<std::vector<std::size_t>> find_units(const Units& units, std::string_view pattern);

}  // namespace oarlock
