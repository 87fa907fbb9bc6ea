#include "graph/short_backward.h"

#include <ATen/ops/ones_like.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/csrc/autograd/input_buffer.h>
#include <torch/csrc/autograd/variable.h>

#include <cstdint>
#include <queue>
#include <string_view>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/short_call.h"

namespace oarlock {
namespace {

using torch::autograd::Edge;
using torch::autograd::Engine;
using torch::autograd::InputBuffer;
using torch::autograd::Node;
using torch::autograd::variable_list;

// Of one node: what has flowed to it, and from how many edges more will.
struct Work {
  int num_waiting = 0;
  variable_list gradients;  // empty: none yet
};
using Works = std::unordered_map<Node*, Work>;

struct Ready {
  std::uint64_t sequence = 0;
  Node* node = nullptr;
};
struct MadeEarlier {
  bool operator()(const Ready& left, const Ready& right) const { return left.sequence < right.sequence; }
};

// Formulas of libtorch, the leaves' nodes, and ours: none of them asks which backward it runs in, or changes the state
// of the thread. Types are told by their names, for libtorch's are not exported.
bool is_formula(const Node& node) {
  const std::string_view type(typeid(node).name());
  return type.starts_with("N5torch8autograd9generated") || type == "N5torch8autograd14AccumulateGradE" ||
         is_of_short_call(node);
}

bool has_hooks(Node& node) {
  return !node.pre_hooks().empty() || !node.post_hooks().empty() || !node.tensor_pre_hooks().empty() ||
         !node.retains_grad_hooks().empty() || node.tensor_post_acc_grad_hooks() != nullptr;
}

bool is_plain_thread() {
  return !torch::autograd::AnomalyMode::is_enabled() && torch::autograd::get_current_graph_task_id() < 0 &&
         typeid(Engine::get_default_engine()) == typeid(Engine);
}

// All nodes that the root leads to. False: one of them is not for us.
bool find_works(Node& root, Works& works) {
  std::vector<Node*> found{&root};
  works.try_emplace(&root);
  while (!found.empty()) {
    Node* const node = found.back();
    found.pop_back();
    if (!is_formula(*node) || has_hooks(*node) || node->device().type() != at::kCPU) return false;
    for (const Edge& edge : node->next_edges()) {
      if (!edge.is_valid()) continue;
      const auto [entry, is_new] = works.try_emplace(edge.function.get());
      ++entry->second.num_waiting;
      if (is_new) found.push_back(edge.function.get());
    }
  }
  return true;
}

void add_gradient(Work& work, const Edge& edge, at::Tensor&& gradient) {
  if (!gradient.defined()) return;
  if (work.gradients.empty()) work.gradients.resize(edge.function->num_inputs());
  at::Tensor& sum = work.gradients[edge.input_nr];
  if (!sum.defined()) {
    sum = std::move(gradient);
    return;
  }
  InputBuffer buffer(work.gradients.size());  // whose rules say when it is added in place, and what sparse ones do
  buffer.buffer = std::move(work.gradients);
  buffer.add(edge.input_nr, std::move(gradient), std::nullopt, std::nullopt, edge.function.get());
  work.gradients = std::move(buffer.buffer);
}

// `gradients` by value: they end with the call, which a node that takes a reference does not see to.
variable_list run_node(Node& node, variable_list gradients) {
  gradients.resize(node.num_inputs());
  node.will_release_variables();
  variable_list results = node(std::move(gradients));
  node.release_variables();
  torch::autograd::validate_outputs(node.next_edges(), results, [&](const std::string& text) {
    return fmt::format("Function {} returned an {}", node.name(), text);
  });
  return results;
}

}  // namespace

bool short_backward(const at::Tensor& loss) {
  const Edge root = torch::autograd::impl::gradient_edge(loss);
  Works works;
  if (!is_plain_thread() || !find_works(*root.function, works)) return false;
  const c10::AutoGradMode without_history(false);
  // As the engine: of those that wait for nothing more, the one that the forward made last. Leaves come first.
  // Numbers are per thread: nodes of several threads may tie. Then the order is what the engine's queue makes of it,
  // this same queue with the same pushes.
  std::priority_queue<Ready, std::vector<Ready>, MadeEarlier> ready;
  add_gradient(works.at(root.function.get()), root, at::ones_like(loss, at::MemoryFormat::Preserve));
  ready.push({root.function->sequence_nr(), root.function.get()});
  while (!ready.empty()) {
    Node* const node = ready.top().node;
    ready.pop();
    variable_list results = run_node(*node, std::move(works.at(node).gradients));
    for (std::size_t i = 0; i < results.size(); ++i) {
      const Edge& edge = node->next_edge(i);
      if (!edge.is_valid()) continue;
      Work& work = works.at(edge.function.get());
      add_gradient(work, edge, std::move(results[i]));
      if (--work.num_waiting == 0) ready.push({edge.function->sequence_nr(), edge.function.get()});
    }
  }
  return true;
}

}  // namespace oarlock
