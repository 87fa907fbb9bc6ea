#include "data/dispatch_loader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "comm/nested.h"
#include "data/dispatch_rounds.h"
#include "data/loader_base.h"
#include "tensor/batch.h"

namespace oarlock {
namespace {

// What rank 0 tells the others, as a list: what came of its reading, and each rank's part.
enum Told : std::size_t { kCode, kText, kIsEnd, kIsLast, kSamples, kRows, kParts, kNumTold };

Tree number(std::int64_t value) { return Tree(Tree::Value(value)); }

std::int64_t number_of(const Tree& told, Told place) { return std::get<std::int64_t>((*told.list())[place].value()); }

class DispatchLoader : public LoaderBase {
 public:
  DispatchLoader(std::shared_ptr<Dataset> dataset, const LoaderOptions& options, const BatchShard& shard,
                 std::shared_ptr<Loader> rounds, std::shared_ptr<Group> group)
      : LoaderBase(std::move(dataset), options, shard), rounds_(std::move(rounds)), group_(std::move(group)) {}

  Status set_shard(int, int) override {
    return unsupported("a dispatched loader gives each rank of its group its part; it cannot be sharded again");
  }
  bool is_sharded() const override { return true; }
  Status set_order(WantedOrder wanted) override { return rounds_->set_order(std::move(wanted)); }
  Status set_padding(ColumnPadding padding) override { return rounds_->set_padding(std::move(padding)); }
  Status set_collate(HostCollate collate) override { return rounds_->set_collate(std::move(collate)); }

  Result<std::optional<Tree>> next() override {
    OAR_TRY(check_open());
    begin_epoch();
    if (is_last_) {
      OAR_TRY(go_to(epoch() + 1, 0));
      return std::optional<Tree>();
    }
    Tree told;
    if (group_->rank() == 0) told = read_round();
    OAR_ASSIGN(told, broadcast_object(*group_, group_->rank() == 0 ? &told : nullptr, 0, group_->timeout()));
    return take_part(std::move(told));
  }

  Result<std::int64_t> num_batches() const override { return rounds_->num_batches(); }
  Result<std::int64_t> num_samples() const override { return rounds_->num_samples(); }
  bool at_last_batch() const override { return is_last_ && position() > 0; }
  std::int64_t samples_in_round() const override { return samples_in_round_; }
  std::int64_t rows_in_round() const override { return rows_in_round_; }

  Status seek(std::int64_t epoch, std::int64_t position) override {
    OAR_TRY(check_open());
    return go_to(epoch, position);
  }
  JsonValue state() const override { return rounds_->state(); }
  Status load_state(const JsonValue& state) override {
    OAR_TRY(check_open());
    OAR_TRY(rounds_->load_state(state));
    arrive();
    return Status::ok();
  }
  Status close() override {
    OAR_TRY(LoaderBase::close());
    return rounds_->close();
  }

 private:
  void forget_epoch() override {}

  Status go_to(std::int64_t epoch, std::int64_t position) {
    OAR_TRY(rounds_->seek(epoch, position));
    arrive();
    return Status::ok();
  }
  // Where rounds_ is.
  void arrive() {
    move_to(rounds_->epoch(), rounds_->position());
    first_.reset();
    samples_in_round_ = rows_in_round_ = 0;
    is_last_ = rounds_->at_last_batch();
  }

  static Tree failure(const Status& status) {
    Tree::List told(kNumTold);
    told[kCode] = number(status.code());
    told[kText] = Tree(Tree::Value(std::string(status.message())));
    return Tree(std::move(told));
  }

  // Rank 0's: never fails, the failure is told.
  Tree read_round() {
    Result<Tree> told = try_read_round();
    return told.is_ok() ? std::move(told).value() : failure(told.status());
  }

  Result<Tree> try_read_round() {
    OAR_TRY(keep_first_rows());
    OAR_ASSIGN(std::optional<Tree> round, rounds_->next());
    Tree::List told(kNumTold);
    told[kCode] = number(OAR_OK);
    told[kText] = Tree(Tree::Value(std::string()));
    told[kIsEnd] = number(round ? 0 : 1);
    if (!round) return Tree(std::move(told));
    const std::int64_t num_rows = rounds_->rows_in_round();
    if (!first_) first_ = FirstRows{*round, num_rows};
    const std::vector<DispatchPart> parts = dispatch_round(num_rows, group_->size(), options_.shard.even_batches,
                                                           std::min<std::int64_t>(first_->num_rows, group_->size()));
    Tree::List cut;
    std::int64_t rows = 0;
    for (const DispatchPart& part : parts) {
      const std::int64_t size = part.end - part.begin + static_cast<std::int64_t>(part.fill.size());
      rows += size;
      if (size == 0) {
        cut.emplace_back();
        continue;
      }
      Result<Tree> one = cut_part(*round, first_->batch, num_rows, part);
      if (!one.is_ok()) {
        OAR_TRY(rounds_->seek(epoch(), position()));  // the call may be repeated
        return std::move(one).status();
      }
      cut.push_back(std::move(one).value());
    }
    told[kIsLast] = number(rounds_->at_last_batch() ? 1 : 0);
    told[kSamples] = number(rounds_->samples_in_round());
    told[kRows] = number(rows);
    told[kParts] = Tree(std::move(cut));
    return Tree(std::move(told));
  }

  // What fills the last round up. After a jump into an epoch its first round is read once more.
  Status keep_first_rows() {
    if (first_ || position() == 0 || !options_.shard.even_batches) return Status::ok();
    const std::int64_t there = position();
    OAR_TRY(rounds_->seek(epoch(), 0));
    Result<std::optional<Tree>> round = rounds_->next();
    const std::int64_t num_rows = rounds_->rows_in_round();
    OAR_TRY(rounds_->seek(epoch(), there));
    if (!round.is_ok()) return std::move(round).status();
    if (round.value()) first_ = FirstRows{std::move(*round.value()), num_rows};
    return Status::ok();
  }

  Result<std::optional<Tree>> take_part(Tree told) {
    if (told.size() != kNumTold) return internal_error("rank 0 told {} things of a round", told.size());
    const auto code = static_cast<oar_status>(number_of(told, kCode));
    if (code != OAR_OK) {
      Status status(code, std::get<std::string>((*told.list())[kText].value()));
      return group_->rank() == 0 ? std::move(status) : std::move(status).within("rank 0, which reads for all");
    }
    if (number_of(told, kIsEnd) != 0) {
      OAR_TRY(go_to(epoch() + 1, 0));
      return std::optional<Tree>();
    }
    is_last_ = number_of(told, kIsLast) != 0;
    samples_in_round_ = number_of(told, kSamples);
    rows_in_round_ = number_of(told, kRows);
    const Tree& part = (*(*told.list())[kParts].list())[static_cast<std::size_t>(group_->rank())];
    if (group_->rank() != 0) OAR_TRY(rounds_->seek(epoch(), position() + 1));
    if (std::holds_alternative<std::monostate>(part.value())) {  // the last round had nothing for this rank
      OAR_TRY(go_to(epoch() + 1, 0));
      return std::optional<Tree>();
    }
    count_given();
    return std::optional<Tree>(part);
  }

  struct FirstRows {
    Tree batch;
    std::int64_t num_rows = 0;
  };

  const std::shared_ptr<Loader> rounds_;  // of one rank; a batch is a round. Read on rank 0, moved along on the others
  const std::shared_ptr<Group> group_;
  std::optional<FirstRows> first_;  // on rank 0, of this epoch
  bool is_last_ = false;            // the batch given last was the epoch's last
  std::int64_t samples_in_round_ = 0;
  std::int64_t rows_in_round_ = 0;
};

}  // namespace

Result<std::shared_ptr<Loader>> make_dispatch_loader(std::shared_ptr<Dataset> dataset, const Options& options,
                                                     std::shared_ptr<Group> group) {
  OAR_ASSIGN(const LoaderOptions read, read_loader_options(options, dataset->size()));
  BatchShardOptions cut = read.shard;
  cut.rank = group->rank();
  cut.world_size = group->size();
  OAR_ASSIGN(const BatchShard shard, BatchShard::create(cut));
  OAR_ASSIGN(std::shared_ptr<Loader> rounds, Loader::create_of_rounds(dataset, read, shard.samples_per_round()));
  return std::shared_ptr<Loader>(
      std::make_shared<DispatchLoader>(std::move(dataset), read, shard, std::move(rounds), std::move(group)));
}

}  // namespace oarlock
