// Worlds whose ranks are threads, over the libnccl and the CUDA device that the CPU plays.
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "fake_device.h"
#include "fake_nccl.h"
#include "thread_world.h"

namespace oarlock {

inline std::string built(const std::string& name) {
  const char* build = std::getenv("OARLOCK_BUILD");
  return std::string(build != nullptr ? build : "build") + "/lib/" + name;
}

inline NcclNames fake_names() { return {built("liboarlock_cuda.so"), {built("fake_nccl.so")}}; }

// The fake's own function of that name.
template <class Function>
Function* fake_function(const char* name) {
  void* library = dlopen(built("fake_nccl.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  return library != nullptr ? reinterpret_cast<Function*>(dlsym(library, name)) : nullptr;
}
inline void set_fault(FakeNcclFault fault) { fake_function<void(FakeNcclFault)>("fake_nccl_set_fault")(fault); }
inline std::string take_calls() { return fake_function<const char*()>("fake_nccl_take_calls")(); }
inline int num_communicators() { return fake_function<int()>("fake_nccl_num_communicators")(); }

// fn(group) on every rank; the group is closed afterwards.
inline void run_nccl_world(int size, std::function<void(Group&)> fn, NcclNames names = fake_names(),
                           Milliseconds timeout = Milliseconds(30000)) {
  const auto make = [=](Star star) { return make_group(std::move(star), {}, timeout, "nccl", names); };
  run_world_of(size, make, [&fn](Result<std::shared_ptr<Group>> group) {
    ASSERT_TRUE(group.is_ok()) << group.status().message();
    fn(*group.value());
    group.value()->close();
  });
}

}  // namespace oarlock
