#include "optim/strong_wolfe.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/max.h>

#include <array>
#include <cmath>
#include <utility>

namespace oarlock {
namespace {

constexpr double kArmijo = 1e-4;    // c1
constexpr double kCurvature = 0.9;  // c2

// A number as Python has it there: a float, or what was read from a tensor without dimensions, in whose dtype torch
// computes then. With float32 the line search takes other steps otherwise, and trajectories part.
struct Number {
  double value = 0;
  bool is_float32 = false;

  Number rounded() const { return is_float32 ? Number{static_cast<double>(static_cast<float>(value)), true} : *this; }
};

template <class Op>
Number combine(Number a, Number b, const Op& op) {
  const bool is_float32 = a.is_float32 || b.is_float32;
  if (!is_float32) return {op(a.value, b.value), false};
  return {static_cast<double>(op(static_cast<float>(a.value), static_cast<float>(b.value))), true};
}

Number operator+(Number a, Number b) {
  return combine(a, b, [](auto x, auto y) { return x + y; });
}
Number operator-(Number a, Number b) {
  return combine(a, b, [](auto x, auto y) { return x - y; });
}
Number operator*(Number a, Number b) {
  return combine(a, b, [](auto x, auto y) { return x * y; });
}
Number operator/(Number a, Number b) {
  if (b.is_float32 && !a.is_float32) return a * (Number{1, true} / b);  // a float over a tensor is its reciprocal first
  return combine(a, b, [](auto x, auto y) { return x / y; });
}
bool operator<(Number a, Number b) {
  const bool is_float32 = a.is_float32 || b.is_float32;
  return is_float32 ? static_cast<float>(a.value) < static_cast<float>(b.value) : a.value < b.value;
}
bool operator<=(Number a, Number b) {
  const bool is_float32 = a.is_float32 || b.is_float32;
  return is_float32 ? static_cast<float>(a.value) <= static_cast<float>(b.value) : a.value <= b.value;
}
Number plain(double value) { return {value, false}; }
Number root(Number a) { return Number{std::sqrt(a.value), a.is_float32}.rounded(); }
Number size_of(Number a) { return {std::abs(a.value), a.is_float32}; }
Number smaller(Number a, Number b) { return b < a ? b : a; }  // Python's min and max: the first of equals
Number larger(Number a, Number b) { return a < b ? b : a; }

struct Point {
  Number step;
  double loss = 0;
  at::Tensor gradient;
  Number slope;
};

// The minimum of the cubic through two points with slopes, kept within the bounds.
Number interpolate(const Point& a, const Point& b, Number low, Number high) {
  const Number d1 = a.slope + b.slope - plain(3 * (a.loss - b.loss)) / (a.step - b.step);
  const Number square = d1 * d1 - a.slope * b.slope;
  if (!(plain(0) <= square)) return (low + high) / plain(2);
  const Number d2 = root(square);
  const Number minimum = a.step <= b.step
                             ? b.step - (b.step - a.step) * ((b.slope + d2 - d1) / (b.slope - a.slope + plain(2) * d2))
                             : a.step - (a.step - b.step) * ((a.slope + d2 - d1) / (a.slope - b.slope + plain(2) * d2));
  return smaller(larger(minimum, low), high);
}

class Search {
 public:
  Search(const EvaluateAt& evaluate, const at::Tensor& direction, const LinePoint& start, double tolerance_change,
         std::int64_t num_evaluations_max)
      : evaluate_(evaluate),
        direction_(direction),
        is_float32_(direction.scalar_type() == at::kFloat),
        start_{plain(start.step), start.loss, start.gradient, read(start.slope)},
        tolerance_change_(tolerance_change),
        size_(read(direction.abs().max().item<double>())),
        iterations_max_(num_evaluations_max) {}

  // first_step: a number of Python's, or of a tensor.
  Result<LineSearchResult> run(double first_step, bool is_from_tensor) {
    OAR_TRY(bracket({first_step, is_from_tensor && is_float32_}));
    while (!is_done_ && iterations_ < iterations_max_) {
      if (size_of(bracket_[1].step - bracket_[0].step) * size_ < plain(tolerance_change_)) break;
      OAR_TRY(zoom());
    }
    const Point& best = bracket_[low_];
    return LineSearchResult{{best.step.value, best.loss, best.gradient, best.slope.value}, num_evaluations_};
  }

 private:
  Number read(double value) const { return {value, is_float32_}; }

  Result<Point> point_at(Number step) {
    OAR_ASSIGN(Evaluation evaluation, evaluate_(step.value));
    ++num_evaluations_;
    const Number slope = read(at::dot(evaluation.gradient, direction_).item<double>());
    return Point{step, evaluation.loss, std::move(evaluation.gradient), slope};
  }

  bool is_too_high(const Point& point) const {
    return plain(start_.loss) + plain(kArmijo) * point.step * start_.slope < plain(point.loss);
  }
  bool is_flat(const Point& point) const { return size_of(point.slope) <= plain(-kCurvature) * start_.slope; }

  void finish(Point point) {
    bracket_[0] = std::move(point);
    low_ = 0;
    is_done_ = true;
  }

  void set_bracket(Point first, Point second) {
    bracket_[0] = std::move(first);
    bracket_[1] = std::move(second);
    order();
  }

  void order() { low_ = bracket_[0].loss <= bracket_[1].loss ? 0 : 1; }

  // Finds an interval that holds a point with both conditions, or such a point.
  Status bracket(Number first_step) {
    Point previous = start_;
    OAR_ASSIGN(Point current, point_at(first_step));
    for (; iterations_ < iterations_max_; ++iterations_) {
      const bool rises = iterations_ > 1 && current.loss >= previous.loss;
      const bool is_beyond = plain(0) <= current.slope;
      if (is_too_high(current) || rises || (!is_flat(current) && is_beyond)) {
        set_bracket(std::move(previous), std::move(current));
        return Status::ok();
      }
      if (is_flat(current)) {
        finish(std::move(current));
        return Status::ok();
      }
      const Number nearest = current.step + plain(0.01) * (current.step - previous.step);
      const Number step = interpolate(previous, current, nearest, current.step * plain(10));
      previous = std::move(current);
      OAR_ASSIGN(current, point_at(step));
    }
    set_bracket(start_, std::move(current));
    return Status::ok();
  }

  // A point that comes too near to an end of the interval twice is moved a tenth of it inwards.
  Number next_step() {
    const Number a = bracket_[0].step, b = bracket_[1].step;
    const Number left = smaller(a, b), right = larger(a, b);
    const bool is_ascending = a <= b;
    Number step = interpolate(bracket_[0], bracket_[1], is_ascending ? a : b, is_ascending ? b : a);
    const Number margin = plain(0.1) * (right - left);
    if (!(smaller(right - step, step - left) < margin)) {
      made_little_progress_ = false;
      return step;
    }
    if (!made_little_progress_ && step < right && left < step) {
      made_little_progress_ = true;
      return step;
    }
    made_little_progress_ = false;
    return size_of(step - right) < size_of(step - left) ? right - margin : left + margin;
  }

  Status zoom() {
    OAR_ASSIGN(Point point, point_at(next_step()));
    ++iterations_;
    const std::size_t high = 1 - low_;
    if (is_too_high(point) || point.loss >= bracket_[low_].loss) {
      bracket_[high] = std::move(point);
      order();
      return Status::ok();
    }
    if (is_flat(point)) {
      is_done_ = true;
    } else if (plain(0) <= point.slope * (bracket_[high].step - bracket_[low_].step)) {
      bracket_[high] = std::move(bracket_[low_]);
    }
    bracket_[low_] = std::move(point);
    return Status::ok();
  }

  const EvaluateAt& evaluate_;
  const at::Tensor& direction_;
  bool is_float32_;
  Point start_;
  double tolerance_change_;
  Number size_;  // of the direction's largest element
  std::int64_t iterations_max_;
  std::int64_t iterations_ = 0;
  std::int64_t num_evaluations_ = 0;
  std::array<Point, 2> bracket_;
  std::size_t low_ = 0;
  bool is_done_ = false;
  bool made_little_progress_ = false;
};

}  // namespace

Result<LineSearchResult> search_strong_wolfe(const EvaluateAt& evaluate, const at::Tensor& direction,
                                             const LinePoint& start, double first_step, bool is_from_tensor,
                                             double tolerance_change, std::int64_t num_evaluations_max) {
  return Search(evaluate, direction, start, tolerance_change, num_evaluations_max).run(first_step, is_from_tensor);
}

}  // namespace oarlock
