#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace oarlock {

// The smallest value that at least this part of all are not above (nearest rank); 0 of none. Reorders the values.
template <class T>
double quantile(std::vector<T>& values, double part) {
  if (values.empty()) return 0;
  const double place = std::ceil(part * static_cast<double>(values.size()));
  const auto nth = values.begin() + std::max<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(place), 1) - 1;
  std::nth_element(values.begin(), nth, values.end());
  return static_cast<double>(*nth);
}

}  // namespace oarlock
