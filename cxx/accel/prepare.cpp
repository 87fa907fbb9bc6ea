#include "accel/accelerator.h"
#include "base/log.h"
#include "parallel/ddp/agreement.h"
#include "tensor/device_memory.h"

namespace oarlock {
namespace {

// A shard of one rank that the program set: each rank reads a data set of its own.
bool is_independent(const JsonValue& loader_state) {
  const JsonValue* world_size = loader_state.find("world_size");
  return world_size != nullptr && world_size->as_int64().is_ok() && world_size->as_int64().value() == 1;
}

// What must be equal on all ranks, one thing each.
std::vector<std::string> describe(const Loader& loader) {
  const JsonValue state = loader.state();
  if (is_independent(state)) return {"a shard of one rank"};
  std::vector<std::string> lines;
  for (const auto& [key, value] : state.members()) {
    const bool is_anyones = key == "seed" && !loader.has_own_seed();
    lines.push_back(is_anyones ? "no seed" : fmt::format("{} {}", key, value.dump()));
  }
  return lines;
}

}  // namespace

Result<std::shared_ptr<Accelerator>> Accelerator::create(std::shared_ptr<State> state, const Options& options) {
  const std::int64_t steps = options.integer("accelerator.gradient_accumulation_steps");
  if (steps < 1) return invalid_argument("accelerator.gradient_accumulation_steps must be >= 1, got {}", steps);
  const std::string compat = options.text("compat");
  if (!compat.empty() && compat != "accelerate") {
    return invalid_argument("compat must be \"accelerate\" or unset, got \"{}\"", compat);
  }
  const std::int64_t total_limit = options.integer("checkpoint.total_limit");
  if (total_limit < 0)
    return invalid_argument("checkpoint.total_limit must be >= 0 (0: keep all), got {}", total_limit);
  OAR_ASSIGN(const MixedPrecision precision, parse_mixed_precision(options.text("accelerator.mixed_precision")));
  std::optional<GradScaler> scaler;
  if (precision == MixedPrecision::kFp16 && options.flag("scaler.enabled")) {
    OAR_ASSIGN(scaler, GradScaler::create(options.section("scaler"), state->device()));
  }
  return std::shared_ptr<Accelerator>(new Accelerator(std::move(state), options, precision, std::move(scaler)));
}

Accelerator::Accelerator(std::shared_ptr<State> state, const Options& options, MixedPrecision mixed_precision,
                         std::optional<GradScaler> scaler)
    : state_(std::move(state)),
      ddp_options_(options.section("ddp")),
      accumulation_steps_(options.integer("accelerator.gradient_accumulation_steps")),
      adjust_scheduler_(options.flag("accelerator.adjust_scheduler") && options.text("compat") != "accelerate"),
      sync_with_dataloader_(options.flag("accelerator.sync_with_dataloader")),
      sync_each_batch_(options.flag("accelerator.sync_each_batch")),
      follows_reference_(options.text("compat") == "accelerate"),
      project_dir_(options.text("project_dir")),
      total_limit_(static_cast<int>(options.integer("checkpoint.total_limit"))),
      mixed_precision_(mixed_precision),
      autocast_(autocast_for(mixed_precision, state_->device(), options.flag("autocast.cache_enabled"))),
      precision_(autocast_.enabled && options.flag("autocast.enabled") ? make_autocast_precision(state_, autocast_)
                                                                       : nullptr),
      scaler_(std::move(scaler)) {}

Accelerator::~Accelerator() { state_->autocast_regions().drop(this); }

Status Accelerator::require_open() const {
  if (!is_closed_) return Status::ok();
  return invalid_state("the accelerator is closed");
}

Status Accelerator::close() {
  is_closed_ = true;
  drop_prepared();
  return Status::ok();
}

Status Accelerator::free_memory() {
  OAR_TRY(require_between_backwards());
  drop_prepared();
  release_cached_memory(state_->device());
  return Status::ok();
}

void Accelerator::drop_prepared() {
  local_.reset();
  for (PreparedModel& prepared : models_) prepared.model->set_precision({});
  models_.clear();
  optimizers_.clear();
  schedulers_.clear();
  loaders_.clear();
  trained_.clear();
  skipped_.clear();
  if (scaler_) scaler_->forget();
  state_->autocast_regions().drop(this);
  accumulation_counter_ = 0;
  sync_gradients_ = true;
  is_accumulating_ = false;
}

Result<Accelerator::PreparedModel*> Accelerator::find(const Model& model) {
  for (PreparedModel& prepared : models_) {
    if (prepared.model.get() == &model) return &prepared;
  }
  return invalid_state("the model is not prepared; call oar_accelerator_prepare_model first");
}

Result<std::vector<Accelerator::PreparedModel*>> Accelerator::select(const Model* only) {
  std::vector<PreparedModel*> selected;
  if (only != nullptr) {
    OAR_ASSIGN(PreparedModel * prepared, find(*only));
    selected.push_back(prepared);
  } else {
    for (PreparedModel& prepared : models_) selected.push_back(&prepared);
  }
  return selected;
}

Status Accelerator::prepare_model(std::shared_ptr<Model> model) {
  OAR_TRY(require_open());
  if (find(*model).is_ok()) return Status::ok();
  model->seal();
  PreparedModel prepared;
  prepared.model = std::move(model);
  if (state_->world_size() > 1) {
    OAR_TRY(poison(with_peers("prepare_model", [&] { return check_precision(); }), "prepare_model"));
    auto data_parallel = with_peers("prepare_model", [&] {
      return DataParallel::create(prepared.model, state_->group(), ddp_options_, state_->timeout());
    });
    if (!data_parallel.is_ok()) return poison(std::move(data_parallel).status(), "prepare_model");
    prepared.data_parallel = std::move(data_parallel).value();
  }
  prepared.model->set_precision(precision_);
  models_.push_back(std::move(prepared));
  return Status::ok();
}

// Ranks of different precision would wait for each other's found_inf, or drift apart.
Status Accelerator::check_precision() const {
  const std::vector<std::string> lines{
      fmt::format("accelerator.mixed_precision {}", mixed_precision_name(mixed_precision_)),
      fmt::format("autocast.enabled {}", precision_ != nullptr), fmt::format("scaler {}", scaler_state().dump())};
  return check_agreement(*state_->group(), "precisions", lines, state_->timeout());
}

Status Accelerator::prepare_optimizer(std::shared_ptr<Optimizer> optimizer) {
  OAR_TRY(require_open());
  if (!is_among(optimizers_, optimizer.get())) optimizers_.push_back(std::move(optimizer));
  return Status::ok();
}

Status Accelerator::prepare_scheduler(std::shared_ptr<Scheduler> scheduler) {
  OAR_TRY(require_open());
  if (!is_among(schedulers_, scheduler.get())) schedulers_.push_back(std::move(scheduler));
  return Status::ok();
}

Status Accelerator::prepare_loader(std::shared_ptr<Loader> loader) {
  OAR_TRY(require_open());
  if (is_among(loaders_, loader.get())) return Status::ok();
  const auto shard = [&] {
    return loader->is_sharded() ? Status::ok() : loader->set_shard(state_->rank(), state_->world_size());
  };
  OAR_TRY(poison(agreed(shard), "prepare_loader"));
  if (state_->world_size() > 1) {
    OAR_TRY(poison(with_peers("prepare_loader", [&] { return share_order(*loader); }), "prepare_loader"));
  }
  loader->set_draws_base_seed(follows_reference_);
  loaders_.push_back(std::move(loader));
  return Status::ok();
}

// The ranks' batches are parts of one order only if all that fixes it is equal. A seed that nobody gave is that of each
// process's generator: rank 0's is taken (the reference sends the state of its sampler's generator at each epoch).
Status Accelerator::share_order(Loader& loader) const {
  Group& group = *state_->group();
  OAR_TRY(check_agreement(group, "loaders", describe(loader), state_->timeout()));
  if (loader.has_own_seed() || is_independent(loader.state())) return Status::ok();
  OAR_ASSIGN(const std::string text, group.broadcast_bytes(loader.state().dump(), 0, state_->timeout()));
  OAR_ASSIGN(const JsonValue state, parse_json(text));
  return loader.load_state(state);
}

const Loader* Accelerator::active_loader() const {
  const Loader* active = nullptr;
  for (const auto& loader : loaders_) {
    if (loader->position() == 0 || loader->last_given() == 0) continue;
    if (active == nullptr || loader->last_given() > active->last_given()) active = loader.get();
  }
  return active;
}

Status Accelerator::poison(Status failure, const char* operation) const {
  const bool peers_are_out_of_step = failure.code() == OAR_E_TIMEOUT || failure.code() == OAR_E_PEER_LOST ||
                                     failure.code() == OAR_E_MISMATCH || failure.code() == OAR_E_ABORTED;
  if (failure.is_ok() || !peers_are_out_of_step || state_->world_size() == 1) return failure;
  const std::string reason = fmt::format("{} failed on rank {}: {}", operation, state_->rank(), failure.message());
  const Status told = state_->abort(reason);
  if (!told.is_ok()) log(LogLevel::kWarning, "accel", "peers could not be told of a failure: {}", told.message());
  return std::move(failure).with_operation(operation).within(fmt::format("{} on rank {}", operation, state_->rank()));
}

}  // namespace oarlock
