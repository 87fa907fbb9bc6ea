// The two languages in which an exported program speaks of sizes: sympy's constructors ("Mul(Integer(2),
// Symbol('s77', positive=True, integer=True))") in shapes, and Python ("(2*L['x'].size()[0]) == L['y'].size()[0]") in
// guards. Strict and small: what is not integer arithmetic gives nullopt, and is not checked then.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "graph/ir.h"
#include "graph/size_expression.h"

namespace oarlock::pt2 {

// `symbol_index`: the variable that stands for a symbol.
std::optional<SizeExpression> parse_sympy(std::string_view text,
                                          const std::function<std::int64_t(const std::string& symbol)>& symbol_index);

// What a guard reads of an input. `path`: dotted, "z.k" for L['z']['k']. Strides and offsets are not read: memory
// may lie otherwise than it did at export.
struct GuardTerm {
  std::string path;
  MeasureKind kind = MeasureKind::kValue;
  std::int64_t dim = 0;
};
// `measure_index`: the variable that stands for it; nullopt: there is no such input.
std::optional<SizeExpression> parse_guard(
    std::string_view text, const std::function<std::optional<std::int64_t>(const GuardTerm& term)>& measure_index);

}  // namespace oarlock::pt2
