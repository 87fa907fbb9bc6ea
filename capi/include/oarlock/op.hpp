// Operators by name and models in C++, for C++17: calls of op.h with C++'s values, forwards that are functions, scopes.
// Part of oarlock.hpp, which includes it.
//
//     oarlock::Tensor y = oarlock::op(state, "aten::linear", {x, weight, bias});
//     std::vector<oarlock::Tensor> both = oarlock::ops(state, "aten::topk", {y, 5, oarlock::named("dim", 0)});
#ifndef OARLOCK_OP_HPP
#define OARLOCK_OP_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <oarlock/oarlock.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace oarlock {

// An element type as an argument: Dtype{OAR_FLOAT64}.
struct Dtype {
  std::int32_t number;
};

// One argument of an operator: a tensor, a number, a truth value, a text, an element type, nullptr for None, or a list.
// Tensors are borrowed.
class Argument {
 public:
  Argument(std::nullptr_t) : value_(oar_value_none()) {}
  Argument(const Tensor& tensor) : value_(oar_value_tensor(tensor.get())) {}
  Argument(Dtype dtype) : value_(oar_value_dtype(dtype.number)) {}
  Argument(const char* text) : text_(text), value_(oar_value_string(nullptr)) {}
  Argument(std::string text) : text_(std::move(text)), value_(oar_value_string(nullptr)) {}
  Argument(std::initializer_list<std::int64_t> numbers) : Argument(std::vector<std::int64_t>(numbers)) {}
  Argument(std::vector<std::int64_t> numbers) : ints_(std::move(numbers)), value_(oar_value_ints(nullptr, 0)) {}
  Argument(std::vector<double> numbers) : floats_(std::move(numbers)), value_(oar_value_floats(nullptr, 0)) {}
  Argument(std::vector<oar_tensor*> tensors) : tensors_(std::move(tensors)), value_(oar_value_tensors(nullptr, 0)) {}
  template <class T, class = std::enable_if_t<std::is_arithmetic_v<T>>>
  Argument(T number) : value_(of_number(number)) {}

  // The same by keyword.
  Argument named(std::string name) const {
    Argument copy = *this;
    copy.name_ = std::move(name);
    return copy;
  }

  // What C takes; valid as long as this argument stays where it is.
  oar_value to_c() const noexcept {
    oar_value value = value_;
    if (value.kind == OAR_VALUE_STRING) value.data = text_.c_str();
    if (value.kind == OAR_VALUE_INTS) value = oar_value_ints(ints_.data(), ints_.size());
    if (value.kind == OAR_VALUE_FLOATS) value = oar_value_floats(floats_.data(), floats_.size());
    if (value.kind == OAR_VALUE_TENSORS) value = oar_value_tensors(tensors_.data(), tensors_.size());
    value.name = name_.empty() ? nullptr : name_.c_str();
    return value;
  }

 private:
  template <class T>
  static oar_value of_number(T number) {
    if constexpr (std::is_same_v<T, bool>) return oar_value_bool(number);
    if constexpr (std::is_floating_point_v<T>) return oar_value_float(static_cast<double>(number));
    if constexpr (!std::is_same_v<T, bool> && std::is_integral_v<T>) {
      static_assert(std::is_signed_v<T> || sizeof(T) < sizeof(std::int64_t),
                    "operators take integers of 64 bits with a sign");
      return oar_value_int(number);
    }
  }

  std::string text_, name_;
  std::vector<std::int64_t> ints_;
  std::vector<double> floats_;
  std::vector<oar_tensor*> tensors_;
  oar_value value_;
};

inline Argument named(std::string name, const Argument& argument) { return argument.named(std::move(name)); }

// A list of tensors as an argument: op(state, "aten::cat", {tensors(a, b), 0}).
template <class... Tensors>
Argument tensors(const Tensors&... listed) {
  return Argument(std::vector<oar_tensor*>{listed.get()...});
}

using Arguments = std::initializer_list<Argument>;

namespace detail {

// How many NoGrad live on this thread.
inline int& no_grad_depth() noexcept {
  thread_local int depth = 0;
  return depth;
}

}  // namespace detail

// As long as it lives, op and ops record no autograd on this thread: results lead back to nothing, and operators may
// write to parameters. They nest. Forwards of programs follow the model's mode (oar_model_set_training).
class NoGrad {
 public:
  NoGrad() noexcept { ++detail::no_grad_depth(); }
  ~NoGrad() { --detail::no_grad_depth(); }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;
};

// The results of an operator, in order; one that is no tensor is empty. Those of a model's parameters lead back to
// them: oar_accelerator_backward goes through the operators.
inline std::vector<Tensor> ops(const State& state, const std::string& name, Arguments arguments) {
  constexpr std::size_t kResultsMax = 1024;
  std::vector<oar_value> values;
  for (const Argument& argument : arguments) values.push_back(argument.to_c());
  oar_tensor* outputs[kResultsMax];  // filled by the call: setting all of it to NULL first would cost as much as an add
  std::size_t count = kResultsMax;
  const auto function = detail::no_grad_depth() == 0 ? oar_op_call : oar_op_call_no_grad;
  check(function(state.get(), name.c_str(), values.data(), values.size(), outputs, &count));
  std::vector<Tensor> results;
  results.reserve(count);
  for (std::size_t i = 0; i < count; ++i) results.emplace_back(outputs[i]);
  return results;
}

// The result of an operator that gives one.
inline Tensor op(const State& state, const std::string& name, Arguments arguments) {
  std::vector<Tensor> results = ops(state, name, arguments);
  if (results.size() != 1)
    detail::refuse("op", name + " gave " + std::to_string(results.size()) + " results, not 1; ops takes any number");
  return std::move(results[0]);
}

// What C gives as bytes, as a text: text(call(oar_op_signatures, "aten::add")).
inline std::string text(const Bytes& bytes) {
  const void* data = nullptr;
  std::size_t size = 0;
  check(oar_bytes_view(bytes.get(), &data, &size));
  return std::string(static_cast<const char*>(data), size);
}

// A part of a foreign model with a name of its own, from here to the end of the block (oar_model_enter_scope).
class Scope {
 public:
  Scope(const Model& model, const std::string& name, const char* class_name = nullptr)
      : Scope(model.get(), name, class_name) {}
  Scope(oar_model* model, const std::string& name, const char* class_name = nullptr) : model_(model) {
    check(oar_model_enter_scope(model, name.c_str(), class_name));
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { oar_model_exit_scope(model_); }

 private:
  oar_model* model_;
};

// Gives the outputs of a foreign model. Both arguments are valid during the call.
using ForwardFunction = std::function<Tree(const Model& model, const Tree& inputs)>;

namespace detail {

inline std::int32_t give_forward(oar_model* model, const oar_tree* inputs, oar_tree** out_outputs, void* function) {
  return run_callback([&] {
    const Lent<oar_model> lent_model(model);
    const Lent<oar_tree> lent_inputs(const_cast<oar_tree*>(inputs));
    *out_outputs = (*static_cast<ForwardFunction*>(function))(*lent_model, *lent_inputs).take();
  });
}

}  // namespace detail

// Lets oar_model_forward run a function; an empty one takes the present one away.
inline void set_forward(const Model& model, ForwardFunction function) {
  const oar_forward_fn fn = function ? detail::give_forward : nullptr;
  call(oar_model_set_forward, model, fn, new ForwardFunction(std::move(function)), detail::destroy<ForwardFunction>);
}

// Computes the gradients of a foreign model from those of its outputs, and hands them over by
// oar_accelerator_gradient_ready. Both arguments are valid during the call. Capturing an owner of the accelerator would
// keep both alive for ever: capture a reference.
using BackwardFunction = std::function<void(const Model& model, const Tree& output_gradients)>;

namespace detail {

inline std::int32_t give_backward(oar_model* model, const oar_tree* gradients, void* function) {
  return run_callback([&] {
    const Lent<oar_model> lent_model(model);
    const Lent<oar_tree> lent_gradients(const_cast<oar_tree*>(gradients));
    (*static_cast<BackwardFunction*>(function))(*lent_model, *lent_gradients);
  });
}

}  // namespace detail

// Lets oar_accelerator_backward run a function; an empty one takes the present one away.
inline void set_backward(const Model& model, BackwardFunction function) {
  const oar_backward_fn fn = function ? detail::give_backward : nullptr;
  call(oar_model_set_backward, model, fn, new BackwardFunction(std::move(function)), detail::destroy<BackwardFunction>);
}

// Arrays of a run: {field, flux}. An empty tensor is not wanted.
using Arrays = std::initializer_list<std::reference_wrapper<const Tensor>>;

namespace detail {

template <class H, class Function>
void run_on(Function function, const Handle<H>& object, Arrays inputs, Arrays outputs) {
  const auto pointers = [](Arrays arrays) {
    std::vector<oar_tensor*> listed;
    for (const Tensor& array : arrays) listed.push_back(array.get());
    return listed;
  };
  const std::vector<oar_tensor*> given = pointers(inputs), wanted = pointers(outputs);
  check(function(object.get(), given.data(), given.size(), wanted.data(), wanted.size()));
}

}  // namespace detail

// Runs a program on the caller's arrays, in the order of oar_model_input_name and oar_model_output_name (session.h).
inline void run(const Session& session, Arrays inputs, Arrays outputs) {
  detail::run_on(oar_session_run, session, inputs, outputs);
}
inline void run(const Model& model, Arrays inputs, Arrays outputs) {
  detail::run_on(oar_model_run, model, inputs, outputs);
}

}  // namespace oarlock

#endif
