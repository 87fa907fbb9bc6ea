// Calls of operators by name, one by one, as the host makes them.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/op_call.h"
#include "tensor/autocast.h"

namespace oarlock {

// One argument of a call.
struct EagerArgument {
  std::string name;  // given by keyword; empty: by position
  ArgumentValue value;
};

// Sees the calls of one thread, and may refuse them. `arguments`: in the order of the schema, defaults filled in.
class CallRecorder {
 public:
  virtual ~CallRecorder() = default;
  virtual Status before_call(const c10::FunctionSchema& schema, std::span<const c10::IValue> arguments) = 0;
  virtual Status after_call(const c10::OperatorHandle& op, std::span<const c10::IValue> arguments,
                            std::span<const c10::IValue> results) = 0;
};

// How the calls of this thread run as long as it lives: with autograd or without, seen by `recorder` (nullptr: nobody).
// They nest.
class CallScope {
 public:
  CallScope(bool grad, CallRecorder* recorder);
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  static CallRecorder* current_recorder();
  static bool current_grad();  // true where there is no scope

 private:
  CallScope* outer_;
  bool grad_;
  CallRecorder* recorder_;
};

// Runs the first overload that takes the arguments. Autograd records, unless the innermost CallScope says otherwise; an
// argument `device` that is not given is `device`. Lists of results are spread, numbers become tensors of no
// dimensions, None an undefined tensor. `room`: at most that many results, or OAR_E_ARGUMENT and it becomes the number,
// without running anything if the schema tells; nullptr: any number. `autocast`: what it computes in, except in a
// trace, which records what the program is to compute in full; nullptr: as the thread is.
//
// OAR_E_UNSUPPORTED: no such operator, or it gives what is no tensor. OAR_E_ARGUMENT: which argument, what it takes,
// what was given; or what the operator itself says.
Result<std::vector<at::Tensor>> call_operator(std::string_view name, std::span<const EagerArgument> arguments,
                                              at::Device device, std::size_t* room, const Autocast* autocast = nullptr);

}  // namespace oarlock
