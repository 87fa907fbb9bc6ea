#include "data/stream_loader.h"

#include <limits>
#include <utility>

#include "data/collation.h"
#include "data/cursor.h"
#include "data/loader_base.h"
#include "data/stream_rounds.h"
#include "tensor/rng.h"

namespace oarlock {
namespace {

struct StreamBatch {
  Tree tree;
  std::int64_t samples_in_round = 0;
};

// One pass, from some round on. Shared with the worker, which keeps the data set alive.
struct Pass {
  Pass(std::shared_ptr<const Dataset> source, std::shared_ptr<const Collation> how, const BatchShard& shard,
       std::int64_t at_epoch, std::int64_t first_round)
      : dataset(std::move(source)),
        collation(std::move(how)),
        rounds(*dataset->stream(), shard, at_epoch, first_round),
        epoch(at_epoch) {}
  std::shared_ptr<const Dataset> dataset;
  std::shared_ptr<const Collation> collation;
  StreamRounds rounds;
  std::int64_t epoch;
};

Result<std::optional<StreamBatch>> read_batch(Pass& pass, std::int64_t round) {
  OAR_ASSIGN(std::optional<StreamRound> samples, pass.rounds.read(round));
  if (!samples) return std::optional<StreamBatch>();
  Result<Tree> tree = join_samples(*pass.collation, std::move(samples->samples));
  if (!tree.is_ok())
    return std::move(tree).status().within(fmt::format("loader: epoch {}, batch {}", pass.epoch, round));
  return std::optional<StreamBatch>(StreamBatch{std::move(tree).value(), samples->samples_in_round});
}

// A worker hands trees over: [batch, samples_in_round], or none at the end.
Result<Tree> read_packed(Pass& pass, std::int64_t round) {
  OAR_ASSIGN(std::optional<StreamBatch> batch, read_batch(pass, round));
  if (!batch) return Tree();
  return Tree(Tree::List{std::move(batch->tree), Tree(Tree::Value(batch->samples_in_round))});
}

std::optional<StreamBatch> unpack(Tree packed) {
  auto* parts = std::get_if<Tree::List>(&packed.value());
  if (parts == nullptr) return std::nullopt;
  return StreamBatch{std::move((*parts)[0]), std::get<std::int64_t>((*parts)[1].value())};
}

// Invariant: position_ batches have been given; `ahead_`, if it is set, is what comes next (nullopt: the end), and the
// pass has then read position_ + 1 rounds.
class StreamLoader : public LoaderBase {
 public:
  StreamLoader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard)
      : LoaderBase(std::move(dataset), options, shard), seed_(options.seed ? *options.seed : default_generator_seed()) {
    if (options.num_workers > 0 && dataset_->runs_on_any_thread()) {
      prefetcher_.emplace(1, options.num_workers * options.prefetch);
    }
  }

  Result<std::optional<Tree>> next() override {
    OAR_TRY(check_open());
    begin_epoch();
    if (!ahead_ && is_at_end_) ahead_.emplace();
    if (!ahead_) {
      OAR_ASSIGN(ahead_, take(position()));
    }
    if (!*ahead_) {
      go_to(epoch() + 1, 0);
      return std::optional<Tree>();
    }
    OAR_ASSIGN(std::optional<std::optional<StreamBatch>> further, look_ahead());
    StreamBatch batch = std::move(**ahead_);
    ahead_ = std::move(further);
    is_at_end_ = ahead_ && !ahead_->has_value();
    samples_in_round_ = batch.samples_in_round;
    count_given();
    return std::optional<Tree>(std::move(batch.tree));
  }

  Status set_order(WantedOrder) override {
    return unsupported("a stream has no order but its own: a sampler is for samples with numbers");
  }
  Result<std::int64_t> num_batches() const override { return unknown_length(); }
  Result<std::int64_t> num_samples() const override { return unknown_length(); }
  bool at_last_batch() const override { return position() > 0 && is_at_end_; }
  std::int64_t samples_in_round() const override { return samples_in_round_; }
  std::int64_t rows_in_round() const override {
    return shard_.options().even_batches && samples_in_round_ > 0 ? shard_.samples_per_round() : samples_in_round_;
  }

  Status seek(std::int64_t epoch, std::int64_t position) override {
    OAR_TRY(check_open());
    OAR_TRY(check_epoch(epoch));
    const std::int64_t most = std::numeric_limits<std::int64_t>::max() / shard_.samples_per_round() - 1;
    if (position < 0 || position > most) {
      return invalid_argument("batches_done must lie in [0, {}], got {}", most, position);
    }
    go_to(epoch, position);
    return Status::ok();
  }

  JsonValue state() const override {
    return stream_cursor_to_json({{epoch(), position(), seed_}, at_last_batch()}, shard_.options());
  }

  Status load_state(const JsonValue& state) override {
    OAR_TRY(check_open());
    Result<StreamCursor> cursor = stream_cursor_from_json(state, shard_);
    if (!cursor.is_ok()) return std::move(cursor).status().within("state of a loader");
    const StreamCursor& target = cursor.value();
    OAR_TRY(seek(target.cursor.epoch, target.cursor.position));
    is_at_end_ = target.at_end;
    return Status::ok();
  }

 private:
  static Status unknown_length() { return unsupported("a stream's length is not known before its end"); }

  void forget_epoch() override {
    pass_.reset();
    ahead_.reset();
    has_told_failure_ = false;
  }

  Result<std::optional<StreamBatch>> take(std::int64_t round) {
    if (pass_ == nullptr) pass_ = std::make_shared<Pass>(dataset_, collation_, shard_, epoch(), round);
    if (!uses_workers()) return read_batch(*pass_, round);
    if (!prefetcher_->is_running()) {
      prefetcher_->start(round, std::numeric_limits<std::int64_t>::max(),
                         [pass = pass_](std::int64_t item) { return read_packed(*pass, item); });
    }
    OAR_ASSIGN(Tree packed, take_prefetched(round));
    return unpack(std::move(packed));
  }

  // What comes after the batch that is about to be given. A failure of it is told at once, by the call that ran into
  // it: the next one then gives the batch without looking further, and the one after that tries again.
  Result<std::optional<std::optional<StreamBatch>>> look_ahead() {
    if (std::exchange(has_told_failure_, false)) return std::optional<std::optional<StreamBatch>>();
    Result<std::optional<StreamBatch>> further = take(position() + 1);
    has_told_failure_ = !further.is_ok();
    if (has_told_failure_) return std::move(further).status();
    return std::optional<std::optional<StreamBatch>>(std::move(further).value());
  }

  void go_to(std::int64_t epoch, std::int64_t position) {
    cancel_workers();
    move_to(epoch, position);
    samples_in_round_ = 0;
    is_at_end_ = false;
  }

  const std::uint64_t seed_;    // orders nothing; kept for those who draw from it
  std::shared_ptr<Pass> pass_;  // null: not begun
  std::optional<std::optional<StreamBatch>> ahead_;
  bool has_told_failure_ = false;  // of what comes after *ahead_
  std::int64_t samples_in_round_ = 0;
  bool is_at_end_ = false;  // the batch given last was the epoch's last
};

}  // namespace

Result<std::shared_ptr<Loader>> make_stream_loader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options) {
  if (options.shuffle || options.replacement || options.num_samples) {
    return invalid_argument("loader.{} is for samples with numbers: a stream has no order but its own",
                            options.shuffle       ? "shuffle"
                            : options.replacement ? "replacement"
                                                  : "num_samples");
  }
  OAR_ASSIGN(const BatchShard shard, make_loader_shard(options.shard));
  return std::shared_ptr<Loader>(std::make_shared<StreamLoader>(std::move(dataset), options, shard));
}

}  // namespace oarlock
