// Rewriting of a program before its first run.
//
// A pass keeps the invariants of ir.h; whoever applies it verifies them (verify_program) and compiles anew. It may add
// tensors and slots at the end, never renumber those that there are.
#pragma once

#include "base/status.h"
#include "graph/ir.h"

namespace oarlock {

class GraphPass {
 public:
  virtual ~GraphPass() = default;
  virtual const char* name() const = 0;  // for messages: "lora"
  // `program` is thrown away if it fails.
  virtual Status run(Program& program) = 0;
};

// The invariants of ir.h; OAR_E_CORRUPT names the node and what is wrong with it.
Status verify_program(const Program& program);

}  // namespace oarlock
