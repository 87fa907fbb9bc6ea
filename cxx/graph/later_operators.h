// ATen operators of later releases than the one that this is built with, for texts about unknown operators.
#pragma once

#include <string_view>

namespace oarlock {

// "2.13" for an operator with its overload, without "aten::" ("gcd_.out"); "": no known release added it.
std::string_view release_with_operator(std::string_view name);

}  // namespace oarlock
