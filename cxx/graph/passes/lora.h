// Low-rank adapters as nodes of the graph: where a linear layer computes y from x, y becomes
// y + scale * B(A(dropout(x))) (Hu et al. 2021, equation 3; the order of operations is PEFT's).
//
// A linear layer is a parameter and the nodes that multiply by it: linear, addmm, matmul and mm, with the parameter as
// it is or behind transpositions. Its name is that of the parameter without the last part, so that layers that are
// applied as functions (an attention's out_proj) are found, too.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/graph_pass.h"
#include "graph/ir.h"

namespace oarlock {

struct LinearLayer {
  std::string module;                // "encoder.0.fc1"
  std::size_t weight = 0;            // index into Program::tensors
  bool is_in_first = false;          // the weight lies as [in, out] (GPT-2's Conv1D), else as [out, in]
  std::vector<std::size_t> nodes;    // indices into Graph::nodes, in order
  std::vector<std::size_t> x_index;  // per node: which argument is x
  std::string other_use;             // the first node that reads the weight and is none of these; "": there is none
  std::int64_t num_in(const Program& program) const;
  std::int64_t num_out(const Program& program) const;
};

// All of them, in the order of their first nodes.
std::vector<LinearLayer> find_linear_layers(const Program& program);

// What one multiplication was changed into, so that it can be undone.
struct AdaptedUse {
  SlotId base = kNoSlot;        // y of before
  SlotId result = kNoSlot;      // y
  std::vector<SlotId> between;  // values of the adapter
};

struct Adapter {
  std::string module;
  std::size_t weight = 0;  // index into Program::tensors
  bool is_in_first = false;
  at::Tensor a, b;  // leaves: [rank, in], [out, rank]
  SlotId a_slot = kNoSlot, b_slot = kNoSlot;
  std::vector<AdaptedUse> uses;
};

std::string lora_a_name(const std::string& module);  // "<module>.lora_A.weight"
std::string lora_b_name(const std::string& module);

// Appends parameters for a and b and puts in the nodes.
class InsertAdapters : public GraphPass {
 public:
  // One `a` and `b` per layer, leaves that fit it. freeze: every other parameter stops to require a gradient.
  struct Plan {
    std::vector<LinearLayer> layers;
    std::vector<at::Tensor> a, b;
    double scale = 1, dropout = 0;
    bool freeze = true;
  };
  explicit InsertAdapters(Plan plan) : plan_(std::move(plan)) {}
  const char* name() const override { return "lora"; }
  Status run(Program& program) override;
  std::vector<Adapter> take_adapters() { return std::move(adapters_); }

 private:
  Plan plan_;
  std::vector<Adapter> adapters_;
};

// Graph and tensors as before the insertion. Slots stay, unused.
class RemoveAdapters : public GraphPass {
 public:
  explicit RemoveAdapters(const std::vector<Adapter>& adapters) : adapters_(adapters) {}
  const char* name() const override { return "lora, merged"; }
  Status run(Program& program) override;

 private:
  const std::vector<Adapter>& adapters_;
};

}  // namespace oarlock
