// Optimizers, their closures and schedules in C++.
// Part of oarlock.hpp, which includes it.
#ifndef OARLOCK_OPTIMIZER_HPP
#define OARLOCK_OPTIMIZER_HPP

#include <cstdint>
#include <functional>
#include <oarlock/oarlock.hpp>
#include <utility>

namespace oarlock {

// One parameter of an optimizer in C++. Valid during the call.
struct Update {
  const char* name;
  const Tensor& parameter;  // to be updated in its memory
  const Tensor& gradient;
  const Tree& state;    // a map that stays from update to update; fill it by oar_tree_set and oar_tree_set_tensor
  const Tree& options;  // of the parameter's group, "lr" among them
};
using UpdateFunction = std::function<void(const Update& update)>;
// Makes the gradients, and gives the loss.
using ClosureFunction = std::function<double()>;
using FactorFunction = std::function<double(std::int64_t step, std::int64_t group_index)>;

namespace detail {

inline std::int32_t give_update(const char* name, oar_tensor* parameter, oar_tensor* gradient, oar_tree* state,
                                const oar_tree* options, void* function) {
  return run_callback([&] {
    const Lent<oar_tensor> lent_parameter(parameter), lent_gradient(gradient);
    const Lent<oar_tree> lent_state(state), lent_options(const_cast<oar_tree*>(options));
    (*static_cast<UpdateFunction*>(function))({name, *lent_parameter, *lent_gradient, *lent_state, *lent_options});
  });
}

inline std::int32_t give_loss(double* out_loss, void* function) {
  return run_callback([&] { *out_loss = (*static_cast<ClosureFunction*>(function))(); });
}

inline std::int32_t give_factor(std::int64_t step, std::int64_t group_index, double* out_factor, void* function) {
  return run_callback([&] { *out_factor = (*static_cast<FactorFunction*>(function))(step, group_index); });
}

}  // namespace detail

// oar_optimizer_create_foreign. What the function throws comes out of the call that steps.
inline Optimizer create_optimizer(const Model& model, const char* name, const char* options, UpdateFunction function) {
  return call(oar_optimizer_create_foreign, model, name, options, detail::give_update,
              new UpdateFunction(std::move(function)), detail::destroy<UpdateFunction>);
}

// oar_scheduler_from_factors; name: "lambda" or "multiplicative".
inline Scheduler create_scheduler(const Optimizer& optimizer, const char* name, FactorFunction function) {
  return call(oar_scheduler_from_factors, optimizer, name, detail::give_factor, new FactorFunction(std::move(function)),
              detail::destroy<FactorFunction>);
}

// oar_optimizer_step_closure: gives the first loss. What the closure throws comes out of it.
inline double step(const Optimizer& optimizer, ClosureFunction closure) {
  return call(oar_optimizer_step_closure, optimizer, detail::give_loss, &closure, nullptr);
}

// oar_accelerator_step_closure: gives the mean of the ranks' first losses. An empty scheduler: none.
inline double step(const Accelerator& accelerator, const Optimizer& optimizer, const Scheduler& scheduler,
                   ClosureFunction closure) {
  return call(oar_accelerator_step_closure, accelerator, optimizer, scheduler, detail::give_loss, &closure, nullptr);
}

}  // namespace oarlock

#endif
