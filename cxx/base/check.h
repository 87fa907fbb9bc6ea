// OAR_CHECK guards invariants. It throws; the guard at the C edge turns that into OAR_E_INTERNAL and the host lives.
#pragma once

#include <stdexcept>
#include <string>

namespace oarlock {

class InvariantError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void fail_check(const char* condition, const char* file, int line) {
  throw InvariantError(std::string("invariant broken: ") + condition + " at " + file + ":" + std::to_string(line));
}

}  // namespace oarlock

#define OAR_CHECK(condition)                                                      \
  do {                                                                            \
    if (!(condition)) ::oarlock::fail_check(#condition, __FILE_NAME__, __LINE__); \
  } while (false)
