#include "graph/number_check.h"

#include <ATen/ops/eq.h>
#include <ATen/ops/gt.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/result_type.h>

#include <limits>

#include "tensor/scopes.h"

namespace oarlock {
namespace {

// Terms are added one by one for each element.
constexpr double kDegreeMax = 1 << 20;
// A window that ends after the input is gone through element by element.
constexpr std::int64_t kPoolWindowMax = 1 << 24;
// Kernels count elements of windows by 32-bit integers.
constexpr std::int64_t kWindowMax = std::numeric_limits<std::int32_t>::max();

template <class Find>
bool any_of(const at::Tensor& tensor, const Find& find) {
  const GradModeScope no_grad(false);
  return find(tensor.detach()).any().item().toBool();
}

// `dtype`: that the kernel casts it to before it computes.
bool holds(const at::Tensor& tensor, at::ScalarType dtype, std::int64_t number) {
  return any_of(tensor, [&](const at::Tensor& values) { return at::eq(values.to(dtype), number); });
}

std::int64_t cast(std::int64_t number, at::ScalarType dtype) {
  return dtype == at::kInt ? static_cast<std::int32_t>(number) : number;
}

// The smallest number of the dtype, where the processor stops at its quotient by -1. nullopt: the kernel does not.
std::optional<std::int64_t> smallest_of(at::ScalarType dtype) {
  if (dtype == at::kInt) return std::numeric_limits<std::int32_t>::min();
  if (dtype == at::kLong) return std::numeric_limits<std::int64_t>::min();
  return std::nullopt;
}

// By ones, from the largest integers to the smallest: how many that are is a quotient of the smallest integer by -1.
Status check_count_down(const CallArguments& call) {
  const c10::IValue &start = call["start"], &end = call["end"], &step = call["step"];
  if (!step.isScalar() || step.isComplexDouble() || static_cast<std::int64_t>(step.toScalar().toDouble()) != -1) {
    return Status::ok();
  }
  if (!start.isInt() || !end.isInt()) return Status::ok();
  std::int64_t difference = 0;
  const bool overflows = __builtin_sub_overflow(end.toInt(), start.toInt(), &difference);
  if (!overflows && difference != std::numeric_limits<std::int64_t>::min()) return Status::ok();
  return invalid_argument("argument end is {}, which is too far from start, {}, to be counted by -1", end.toInt(),
                          start.toInt());
}

}  // namespace

// The number of results is divided by the step as the results' dtype has it.
Status check_step(const CallArguments& call) {
  const at::Tensor* out = call.tensor("out");
  const c10::IValue& dtype = call["dtype"];
  at::ScalarType type = out != nullptr ? out->scalar_type() : at::kFloat;
  if (dtype.isInt()) type = static_cast<at::ScalarType>(dtype.toInt());
  const c10::IValue& step = call["step"];
  if (step.isNone()) return Status::ok();
  OAR_TRY(check_count_down(call));
  if (!at::isIntegralType(type, true)) return Status::ok();
  const double real = step.toScalar().toDouble();
  if (real >= 1 || real <= -1) return Status::ok();
  return invalid_argument("argument step is {}, which integers cannot count by", real);
}

Status check_degree(const CallArguments& call) {
  constexpr std::string_view kFormat = "argument n {} {}; the polynomial is summed term by term, up to a degree of {}";
  const c10::IValue& degree = call["n"];
  if (const at::Tensor* tensor = call.tensor("n")) {
    const bool is_high = any_of(*tensor, [](const at::Tensor& values) { return at::gt(values, kDegreeMax); });
    if (is_high) return invalid_argument(kFormat, "holds", "a number that is higher", kDegreeMax);
  } else if (degree.isScalar() && !degree.isComplexDouble() && degree.toScalar().toDouble() > kDegreeMax) {
    return invalid_argument(kFormat, "is", degree.toScalar().toDouble(), kDegreeMax);
  }
  return Status::ok();
}

Status check_exponent(const CallArguments& call) {
  if (call.integer("n") != std::numeric_limits<std::int64_t>::min()) return Status::ok();
  return invalid_argument("argument n is {}, which has no positive counterpart", *call.integer("n"));
}

Status check_division(const CallArguments& call) {
  const at::Tensor* self = call.tensor("self");
  if (self == nullptr || !self->device().is_cpu() || !call["rounding_mode"].isString() ||
      call["rounding_mode"].toStringRef() != "trunc") {
    return Status::ok();
  }
  const at::Tensor* other = call.tensor("other");
  const c10::IValue& number = call["other"];
  if (other == nullptr && !number.isInt()) return Status::ok();
  const at::ScalarType dtype =
      other != nullptr ? at::result_type(*self, *other) : at::result_type(*self, number.toScalar());
  const std::optional<std::int64_t> smallest = smallest_of(dtype);
  if (!smallest) return Status::ok();
  const bool by_minus_one = other != nullptr ? holds(*other, dtype, -1) : cast(number.toInt(), dtype) == -1;
  if (!by_minus_one || !holds(*self, dtype, *smallest)) return Status::ok();
  return invalid_argument("argument self holds {}, the smallest integer, and is divided by -1", *smallest);
}

Status check_multiple(const CallArguments& call) {
  const at::Tensor *self = call.tensor("self"), *other = call.tensor("other");
  if (self == nullptr || other == nullptr || !self->device().is_cpu()) return Status::ok();
  const at::ScalarType dtype = at::result_type(*self, *other);
  const std::optional<std::int64_t> smallest = smallest_of(dtype);
  if (!smallest) return Status::ok();
  for (const at::Tensor* tensor : {self, other}) {
    if (!holds(*tensor, dtype, *smallest)) continue;
    return invalid_argument("argument {} holds {}, the smallest integer, which has no positive counterpart",
                            tensor == self ? "self" : "other", *smallest);
  }
  return Status::ok();
}

Status check_from(const CallArguments& call) {
  if (call.integer("from") != std::numeric_limits<std::int64_t>::max()) return Status::ok();
  return invalid_argument("argument from is {}, the largest integer: there is none above it", *call.integer("from"));
}

Status check_trials(const CallArguments& call) {
  const at::Tensor* count = call.tensor("count");
  if (count == nullptr || !count->device().is_cpu() || !count->is_floating_point()) return Status::ok();
  if (!any_of(*count, [](const at::Tensor& values) { return at::isnan(values); })) return Status::ok();
  return invalid_argument("argument count holds NaN");
}

Status check_pool(const CallArguments& call) {
  for (const char* name : {"kernel_size", "stride", "dilation"}) {
    for (const std::int64_t number : numbers_in(call[name])) {
      if (number > kPoolWindowMax)
        return invalid_argument("argument {} is {}, at most {} is taken", name, number, kPoolWindowMax);
    }
  }
  return Status::ok();
}

// Sums of windows of integers are divided by it, and may be the smallest integer.
Status check_divisor(const CallArguments& call) {
  const at::Tensor* self = call.tensor("self");
  if (self == nullptr || !at::isIntegralType(self->scalar_type(), true) || call.integer("divisor_override") != -1)
    return Status::ok();
  return invalid_argument("argument divisor_override is -1, which integers are not divided by");
}

Status check_windows(const CallArguments& call) {
  for (const char* name : {"kernel_size", "stride", "padding", "dilation", "output_size"}) {
    for (const std::int64_t number : numbers_in(call[name])) {
      if (number > kWindowMax)
        return invalid_argument("argument {} holds {}, at most {} is taken", name, number, kWindowMax);
      if (number < 1 && std::string_view(name) == "kernel_size")
        return invalid_argument("argument kernel_size holds {}; a window has at least one element", number);
    }
  }
  return Status::ok();
}

Status check_heads(const CallArguments& call) {
  for (const char* name : {"num_head", "num_heads"}) {
    if (const std::optional<std::int64_t> heads = call.integer(name); heads && *heads < 1)
      return invalid_argument("argument {} is {}, at least 1 is needed", name, *heads);
  }
  return Status::ok();
}

}  // namespace oarlock
