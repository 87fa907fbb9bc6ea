#!/usr/bin/env python3
"""Writes cxx/graph/later_operators.cpp: which release of torch added an ATen operator after the one that is built with.

    tools/later_operators.py BASE RELEASE=FILE...     > cxx/graph/later_operators.cpp

BASE and each FILE are a native_functions.yaml, as wheels carry it (torchgen/packaged/ATen/native). It was last run with those of
torch 2.11.0, 2.12.1, 2.13.0, 2.14.1 and 2.15.0.
"""

import re
import sys

FUNCTION = re.compile(r"^- func: ([\w.]+)\(", re.MULTILINE)

HEADER = """// Made by tools/later_operators.py; do not edit.
#include "graph/later_operators.h"

#include <algorithm>
#include <utility>

namespace oarlock {{
namespace {{

// clang-format off
// Without "aten::"; sorted.
constexpr std::pair<std::string_view, std::string_view> kLater[] = {{
{rows}
}};
// clang-format on

}}  // namespace

std::string_view release_with_operator(std::string_view name) {{
  const auto found = std::lower_bound(std::begin(kLater), std::end(kLater), name,
                                      [](const auto& entry, std::string_view wanted) {{ return entry.first < wanted; }});
  return found != std::end(kLater) && found->first == name ? found->second : std::string_view();
}}

}}  // namespace oarlock
"""


def functions(path):
    with open(path, encoding="utf-8") as file:
        return set(FUNCTION.findall(file.read()))


def main():
    known, rows = functions(sys.argv[1]), {}
    for argument in sys.argv[2:]:
        release, path = argument.split("=", 1)
        for name in functions(path) - known:
            rows[name] = release
        known |= set(rows)
    print(HEADER.format(rows="\n".join(f'    {{"{name}", "{rows[name]}"}},' for name in sorted(rows))), end="")


if __name__ == "__main__":
    main()
