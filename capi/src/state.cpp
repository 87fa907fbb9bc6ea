#include "oarlock/state.h"

#include "first_use.h"
#include "guard.h"
#include "options_of.h"
#include "state/process_state.h"
#include "tensor/rng.h"

using namespace oarlock;
using namespace oarlock::capi;

namespace {

// The rank, a size, or a question about the rank: reads one number of a state. Any thread: nothing changes them.
template <class Read>
oar_status read_number(const oar_state* state, int32_t* out, const char* name, Read read,
                       std::source_location where = std::source_location::current()) noexcept {
  return guard_any_thread(
      [&]() -> Status {
        OAR_ASSIGN(const State& self, unwrap(state));
        OAR_TRY(require_out(out, name));
        *out = static_cast<int32_t>(read(self));
        return Status::ok();
      },
      where);
}

}  // namespace

oar_status oar_state_create(const oar_config* config, oar_state** out) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Options options, options_of(config));
    OAR_ASSIGN(std::shared_ptr<State> state, State::create(std::move(options)));
    *out = wrap<oar_state>(std::move(state));
    return Status::ok();
  });
}

oar_status oar_state_create_with_exchange(const oar_config* config, int32_t rank, int32_t world_size,
                                          oar_exchange_fn fn, void* user_data, oar_release_fn release,
                                          oar_state** out) noexcept {
  return guard_owning(user_data, release, [&](UserData& owner) -> Status {
    OAR_TRY(require_argument(fn, "fn"));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(Options options, options_of(config));
    auto exchange = [&](const void* mine, std::size_t size, void* all) -> int {
      return fn(mine, size, all, owner.data());
    };
    OAR_ASSIGN(std::shared_ptr<State> state,
               State::create_with_exchange(std::move(options), rank, world_size, exchange));
    *out = wrap<oar_state>(std::move(state));
    return Status::ok();
  });
}

oar_status oar_state_rank(const oar_state* state, int32_t* out_rank) noexcept {
  return read_number(state, out_rank, "out_rank", [](const State& self) { return self.rank(); });
}

oar_status oar_state_world_size(const oar_state* state, int32_t* out_world_size) noexcept {
  return read_number(state, out_world_size, "out_world_size", [](const State& self) { return self.world_size(); });
}

oar_status oar_state_local_rank(const oar_state* state, int32_t* out_local_rank) noexcept {
  return read_number(state, out_local_rank, "out_local_rank",
                     [](const State& self) { return self.topology().local_rank; });
}

oar_status oar_state_local_world_size(const oar_state* state, int32_t* out_local_world_size) noexcept {
  return read_number(state, out_local_world_size, "out_local_world_size",
                     [](const State& self) { return self.topology().local_world_size; });
}

oar_status oar_state_is_main_process(const oar_state* state, int32_t* out_is_main) noexcept {
  return read_number(state, out_is_main, "out_is_main", [](const State& self) { return self.is_main_process(); });
}

oar_status oar_state_is_local_main_process(const oar_state* state, int32_t* out_is_local_main) noexcept {
  return read_number(state, out_is_local_main, "out_is_local_main",
                     [](const State& self) { return self.topology().local_rank == 0; });
}

oar_status oar_state_is_last_process(const oar_state* state, int32_t* out_is_last) noexcept {
  return read_number(state, out_is_last, "out_is_last",
                     [](const State& self) { return self.rank() == self.world_size() - 1; });
}

oar_status oar_state_device(const oar_state* state, char* buf, size_t* len) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    return copy_text(self.device().str(), buf, len);
  });
}

oar_status oar_state_group(const oar_state* state, oar_group** out_group) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_out(out_group, "out_group"));
    *out_group = wrap<oar_group>(self.group());
    return Status::ok();
  });
}

oar_status oar_state_barrier(oar_state* state, int64_t timeout_ms) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    return self.group()->barrier(Milliseconds(timeout_ms));
  });
}

oar_status oar_state_print(const oar_state* state, const char* text) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(const_cast<oar_state*>(state)));
    OAR_TRY(require_argument(text, "text"));
    return self.print(text);
  });
}

oar_status oar_state_set_print_callback(oar_state* state, oar_print_fn fn, void* user_data,
                                        oar_release_fn release) noexcept {
  return guard_owning(user_data, release, [&](UserData& owner) -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    if (fn == nullptr) {
      self.set_print_sink(nullptr);
      return Status::ok();
    }
    self.set_print_sink([fn, data = owner.share()](const char* text) { return fn(text, data.get()); });
    return Status::ok();
  });
}

oar_status oar_state_seed(oar_state* state, int64_t seed) noexcept {
  return guard([&]() -> Status {
    OAR_TRY(unwrap(state).status());
    seed_default_generator(static_cast<std::uint64_t>(seed));
    return Status::ok();
  });
}

// No guard and no lock: this runs in signal handlers. peek_handle only reads the slot.
oar_status oar_state_request_stop(oar_state* state) noexcept {
  if (process_is_forked()) return OAR_E_FORKED;
  State* self = peek_handle(state);
  if (self == nullptr) return OAR_E_HANDLE;
  self->request_stop();
  return OAR_OK;
}

oar_status oar_state_should_stop(oar_state* state, int32_t* out_should_stop) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(require_out(out_should_stop, "out_should_stop"));
    OAR_ASSIGN(const bool should_stop, self.should_stop());
    *out_should_stop = should_stop ? 1 : 0;
    return Status::ok();
  });
}

oar_status oar_state_dump(const oar_state* state, const char* path) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(const State& self, unwrap(state));
    OAR_TRY(require_argument(path, "path"));
    return self.dump(path);
  });
}

oar_status oar_state_abort(oar_state* state, const char* reason) noexcept {
  return guard_any_thread([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(require_argument(reason, "reason"));
    return self.abort(reason);
  });
}

oar_status oar_state_shrink(oar_state* state, int32_t min_size, int64_t timeout_ms, oar_state** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(std::shared_ptr<State> smaller, self.shrink(min_size, Milliseconds(timeout_ms)));
    *out = wrap<oar_state>(std::move(smaller));
    return Status::ok();
  });
}

oar_status oar_state_close(oar_state* state) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(State & self, unwrap(state));
    return self.close();
  });
}

oar_status oar_state_retain(oar_state* state) noexcept {
  return guard_any_thread([&] { return retain_handle(state, HandleKind::kState); });
}

void oar_state_release(oar_state* state) noexcept { release(state); }
