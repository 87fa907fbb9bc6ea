#include "oarlock/loader.h"

#include <optional>

#include "base/options.h"
#include "data/dispatch_loader.h"
#include "data/loader.h"
#include "guard.h"

using namespace oarlock;
using namespace oarlock::capi;

oar_status oar_loader_create(oar_dataset* dataset, const char* options, oar_loader** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<Dataset> source, unwrap_shared(dataset));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Options parsed, Options::parse_section("loader", options));
    OAR_ASSIGN(std::shared_ptr<Loader> loader, Loader::create(std::move(source), parsed));
    *out = wrap<oar_loader>(std::move(loader));
    return Status::ok();
  });
}

oar_status oar_loader_create_dispatched(oar_dataset* dataset, const char* options, oar_group* group,
                                        oar_loader** out) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(std::shared_ptr<Dataset> source, unwrap_shared(dataset));
    OAR_ASSIGN(std::shared_ptr<Group> ranks, unwrap_shared(group));
    OAR_TRY(require_out(out, "out"));
    OAR_ASSIGN(const Options parsed, Options::parse_section("loader", options));
    OAR_ASSIGN(std::shared_ptr<Loader> loader, make_dispatch_loader(std::move(source), parsed, std::move(ranks)));
    *out = wrap<oar_loader>(std::move(loader));
    return Status::ok();
  });
}

oar_status oar_loader_set_shard(oar_loader* loader, int32_t rank, int32_t world_size) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    return self.set_shard(rank, world_size);
  });
}

oar_status oar_loader_next(oar_loader* loader, oar_tree** out_batch) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    OAR_TRY(require_out(out_batch, "out_batch"));
    OAR_ASSIGN(std::optional<Tree> batch, self.next());
    *out_batch = batch ? wrap<oar_tree>(std::make_shared<Tree>(std::move(*batch))) : nullptr;
    return Status::ok();
  });
}

oar_status oar_loader_num_batches(const oar_loader* loader, int64_t* out_num_batches) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Loader& self, unwrap(loader));
    OAR_TRY(require_out(out_num_batches, "out_num_batches"));
    OAR_ASSIGN(*out_num_batches, self.num_batches());
    return Status::ok();
  });
}

oar_status oar_loader_num_samples(const oar_loader* loader, int64_t* out_num_samples) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Loader& self, unwrap(loader));
    OAR_TRY(require_out(out_num_samples, "out_num_samples"));
    OAR_ASSIGN(*out_num_samples, self.num_samples());
    return Status::ok();
  });
}

oar_status oar_loader_epoch(const oar_loader* loader, int64_t* out_epoch) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Loader& self, unwrap(loader));
    OAR_TRY(require_out(out_epoch, "out_epoch"));
    *out_epoch = self.epoch();
    return Status::ok();
  });
}

oar_status oar_loader_position(const oar_loader* loader, int64_t* out_batches_done) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Loader& self, unwrap(loader));
    OAR_TRY(require_out(out_batches_done, "out_batches_done"));
    *out_batches_done = self.position();
    return Status::ok();
  });
}

oar_status oar_loader_samples_in_round(const oar_loader* loader, int64_t* out_num_samples) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Loader& self, unwrap(loader));
    OAR_TRY(require_out(out_num_samples, "out_num_samples"));
    *out_num_samples = self.samples_in_round();
    return Status::ok();
  });
}

oar_status oar_loader_seek(oar_loader* loader, int64_t epoch, int64_t batches_done) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    return self.seek(epoch, batches_done);
  });
}

oar_status oar_loader_state(const oar_loader* loader, char* buf, size_t* len) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(const Loader& self, unwrap(loader));
    return copy_text(self.state().dump(), buf, len);
  });
}

oar_status oar_loader_load_state(oar_loader* loader, const char* state) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    OAR_TRY(require_argument(state, "state"));
    OAR_ASSIGN(const JsonValue parsed, parse_json(state));
    return self.load_state(parsed);
  });
}

oar_status oar_loader_close(oar_loader* loader) noexcept {
  return guard([&]() -> Status {
    OAR_ASSIGN(Loader & self, unwrap(loader));
    return self.close();
  });
}

oar_status oar_loader_retain(oar_loader* loader) noexcept {
  return guard([&] { return retain_handle(loader, HandleKind::kLoader); });
}

void oar_loader_release(oar_loader* loader) noexcept { release(loader); }
