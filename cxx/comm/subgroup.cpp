#include "comm/subgroup.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace oarlock {
namespace {

constexpr std::size_t kNamedRanksMax = 8;

class Subgroup : public Group, public std::enable_shared_from_this<Subgroup> {
 public:
  Subgroup(std::shared_ptr<Group> parent, std::shared_ptr<Group> members, std::vector<int> world_ranks,
           Milliseconds timeout)
      : parent_(std::move(parent)),
        members_(std::move(members)),
        world_ranks_(std::move(world_ranks)),
        timeout_(timeout) {
    descendants_ = members_->descendants();  // which follow what happens to it
    set_making(members_->size() > 1 ? members_->making() : parent_->making());
  }

  int rank() const override { return members_->rank(); }
  int size() const override { return members_->size(); }
  Milliseconds timeout() const override { return timeout_; }
  bool takes(c10::Device device) const override { return members_->takes(device); }

  Result<std::shared_ptr<Work>> start(Call call) override;
  Status run(Call& call) override { return told(members_->run(call)); }
  Result<at::Tensor> alloc_shared(at::IntArrayRef sizes, at::ScalarType dtype, Milliseconds timeout) override {
    Result<at::Tensor> tensor = members_->alloc_shared(sizes, dtype, timeout.count() == 0 ? timeout_ : timeout);
    if (!tensor.is_ok()) return told(std::move(tensor).status());
    return tensor;
  }

  Status abort(std::string_view reason) override { return members_->abort(reason); }
  void close() override {
    descendants_->close();
    members_->close();
  }
  std::shared_ptr<FlightRecorder> recorder() const override { return members_->recorder(); }
  std::shared_ptr<const ArrivalSkew> skew() const override { return members_->skew(); }
  int world_rank(int rank) const override { return world_ranks_[rank]; }
  const Group* world() const override { return parent_->world(); }

  Status told(Status status) const { return name_world_ranks(std::move(status), world_ranks_); }

 private:
  const std::shared_ptr<Group> parent_;
  const std::shared_ptr<Group> members_;
  const std::vector<int> world_ranks_;
  const Milliseconds timeout_;
};

class SubgroupWork : public Work {
 public:
  SubgroupWork(std::shared_ptr<const Subgroup> group, std::shared_ptr<Work> work)
      : group_(std::move(group)), work_(std::move(work)) {}
  Status wait(Milliseconds timeout) override { return group_->told(work_->wait(timeout)); }
  bool is_done() const override { return work_->is_done(); }
  Status error() const override { return group_->told(work_->error()); }

 private:
  const std::shared_ptr<const Subgroup> group_;
  const std::shared_ptr<Work> work_;
};

Result<std::shared_ptr<Work>> Subgroup::start(Call call) {
  Result<std::shared_ptr<Work>> work = members_->start(std::move(call));
  if (!work.is_ok()) return told(std::move(work).status());
  return std::shared_ptr<Work>(std::make_shared<SubgroupWork>(shared_from_this(), std::move(work).value()));
}

}  // namespace

std::shared_ptr<Group> make_subgroup(std::shared_ptr<Group> parent, std::shared_ptr<Group> members,
                                     std::vector<int> world_ranks, Milliseconds timeout) {
  auto group = std::make_shared<Subgroup>(parent, std::move(members), std::move(world_ranks), timeout);
  parent->descendants()->add(group);
  return group;
}

Result<int> translate_rank(const Group& from, int rank, const Group& to) {
  if (rank < 0 || rank >= from.size()) return invalid_argument("rank must lie in [0, {}), got {}", from.size(), rank);
  if (from.world() != to.world())
    return invalid_argument("the two groups are not of one world; their ranks share nothing");
  const int wanted = from.world_rank(rank);
  for (int candidate = 0; candidate < to.size(); ++candidate) {
    if (to.world_rank(candidate) == wanted) return candidate;
  }
  return not_found("rank {} of the one group, rank {} of the world, is not in the other group of {} ranks", rank,
                   wanted, to.size());
}

std::string whose_ranks(int culprit, const std::vector<int>& world_ranks) {
  const std::size_t size = world_ranks.size();
  std::vector<std::string> own, world;
  if (size > 1 && size <= kNamedRanksMax) {
    for (std::size_t rank = 0; rank < size; ++rank) {
      own.push_back(std::to_string(rank));
      world.push_back(std::to_string(world_ranks[rank]));
    }
    return fmt::format(" (in a group of {}: its ranks {} are ranks {} of the world)", size, join_text(own, ", "),
                       join_text(world, ", "));
  }
  const bool is_known = culprit >= 0 && static_cast<std::size_t>(culprit) < size;
  const int rank = is_known ? culprit : 0;
  return fmt::format(" (in a group of {}: its rank {} is rank {} of the world)", size, rank, world_ranks[rank]);
}

Status name_world_ranks(Status status, const std::vector<int>& world_ranks) {
  if (status.is_ok() || status.code() == OAR_E_ARGUMENT || status.code() == OAR_E_STATE) return status;
  const int culprit = status.info().rank;
  ErrorInfo info = std::move(*std::move(status).take());
  info.message += whose_ranks(culprit, world_ranks);
  return Status(std::move(info));
}

}  // namespace oarlock
