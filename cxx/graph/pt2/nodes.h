// Nodes of an exported graph: JSON to ir.h. Regions (no_grad, autocast) are inlined between brackets, what is called
// once is inlined, and the branches of a conditional are bodies of its node.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "graph/ir.h"
#include "graph/pt2/arguments.h"
#include "graph/pt2/schema.h"

namespace oarlock::pt2 {

class NodeReader {
 public:
  // `namespaces`: of operators besides aten (allowed.h).
  NodeReader(Graph& graph, at::Device device, std::vector<std::string> namespaces)
      : graph_(graph), shapes_(graph), device_(device), namespaces_(std::move(namespaces)) {}

  // A new slot under `name`; OAR_E_CORRUPT if the scope has that name already.
  Result<SlotId> define(Scope& scope, const std::string& name, SlotKind kind);
  // Appends the nodes of `graph_json` in order; `scope` holds its inputs and gains what its nodes define.
  Status read_nodes(const JsonValue& graph_json, Scope& scope);

 private:
  Status read_node(const JsonValue& json, Scope& scope);
  Status read_operator(const JsonValue& json, Scope& scope, Node node);
  Status read_symbolic(const JsonValue& json, Scope& scope, Node node);
  // regions.cpp
  Status read_higher_order(const JsonValue& json, Scope& scope, Node node);
  Status read_call_of(struct RegionCall& call, std::size_t num_settings, Scope& scope, Node node);
  Status read_region(const RegionCall& call, Scope& scope, Node node);
  Status read_conditional(const RegionCall& call, Scope& scope, Node node);
  Status inline_body(const JsonValue& body, const std::vector<ArgumentItem>& operands, const JsonValue& outputs,
                     Scope& scope);
  Result<RegionCall> read_call(const JsonValue& json, const Scope& scope) const;
  Result<Graph> read_body(const JsonValue& body, const Node& node, const std::vector<ArgumentItem>& operands) const;
  Result<NodeOutput> read_output(const JsonValue& output, Scope& scope, const c10::Type* type);
  Status attach_exported(const JsonValue& graph_json, const Scope& scope);

  Graph& graph_;
  ShapeReader shapes_;
  at::Device device_;
  std::vector<std::string> namespaces_;
  std::string module_path_, module_class_;  // of nodes that do not say theirs: those of bodies
};

}  // namespace oarlock::pt2
