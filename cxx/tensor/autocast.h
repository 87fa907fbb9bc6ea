// Autocast: libtorch's operators that compute in 16 bits what they are given in 32 (spec B 4.5), for the length of one
// call on one thread.
//
// Note: the cache of casts. libtorch keeps the 16-bit copy of each weight until the outermost region of a thread ends.
// The cache itself is one for the process: keyed by tensor, blind to the dtype asked for and to who wrote to the weight
// since. So an outermost scope of ours begins and ends with an empty cache, also inside a region that the host has open
// (a Python host that steps inside torch.autocast would go on with the old weights), and one of another dtype inside of
// it does without the cache.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "base/status.h"

namespace oarlock {

struct Autocast {
  at::DeviceType device = at::kCPU;
  at::ScalarType dtype = at::kBFloat16;
  bool enabled = true;        // false: an island in which operators compute in what they are given
  bool cache_enabled = true;  // keep the casts of weights within one scope
};

// Autocast as given, until the scope ends; then the thread is as before. Scopes nest.
class AutocastScope {
 public:
  explicit AutocastScope(const Autocast& autocast);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  const Autocast before_;
  const bool is_outermost_;
};

// The regions that a host has opened for its own calls of operators, innermost last. They are the handle's, not the
// thread's: each call sets what the innermost says and puts it back.
class AutocastRegions {
 public:
  // `owner` tells who may end it. autocast nullopt: operators compute as the thread is, whatever regions are around it.
  void begin(const void* owner, std::optional<Autocast> autocast) { regions_.push_back({owner, autocast}); }
  Status end(const void* owner);          // OAR_E_STATE: there is none, or the innermost is not the owner's
  void drop(const void* owner) noexcept;  // all of them
  // What the next call of an operator on this thread is to compute in; nullptr: as the thread is.
  const Autocast* innermost() const;

  // While a model's forward runs on this thread with an autocast of its own: regions that were begun before it do not
  // count in it, and those that it left open end with it.
  class Forward {
   public:
    explicit Forward(AutocastRegions& regions);
    ~Forward();
    Forward(const Forward&) = delete;
    Forward& operator=(const Forward&) = delete;
    bool has_open_region() const { return regions_.regions_.size() > num_before_; }

   private:
    Forward* const outer_;
    AutocastRegions& regions_;
    const std::size_t num_before_;
    friend class AutocastRegions;
  };

 private:
  struct Region {
    const void* owner;
    std::optional<Autocast> autocast;
  };
  std::size_t num_outer() const;  // of those that do not count on this thread

  std::vector<Region> regions_;
};

}  // namespace oarlock
