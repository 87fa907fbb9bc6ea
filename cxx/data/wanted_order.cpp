#include "data/wanted_order.h"

#include <optional>
#include <utility>

#include "data/samplers/random.h"

namespace oarlock {
namespace {

using Made = Result<std::shared_ptr<const Sampler>>;

Result<std::optional<RandomDraws>> draws_of(const LoaderOptions& options) {
  if (options.shuffle) return std::optional(RandomDraws{options.replacement, options.num_samples});
  if (options.replacement || options.num_samples) {
    return invalid_argument("{} says how a shuffling loader draws: set loader.shuffle too",
                            options.replacement ? "loader.replacement" : "loader.num_samples");
  }
  return std::optional<RandomDraws>();
}

Status refuse_shuffle(const LoaderOptions& options, std::string_view order) {
  if (!options.shuffle) return Status::ok();
  return invalid_argument("{} an order of their own: leave loader.shuffle out", order);
}

struct Maker {
  const LoaderOptions& options;
  std::int64_t num_samples;

  Made operator()(ListedOrder& wanted) const {
    OAR_ASSIGN(const std::optional<RandomDraws> draws, draws_of(options));
    return make_list_sampler(std::move(wanted.indices), num_samples, draws);
  }
  Made operator()(WeightedOrder& wanted) const {
    OAR_TRY(refuse_shuffle(options, "weights make"));
    return make_weighted_sampler(wanted.weights, num_samples, wanted.draws);
  }
  Made operator()(HostsOrder& wanted) const {
    OAR_TRY(refuse_shuffle(options, "the host's numbers are"));
    if (wanted.gives_batches && options.shard.split_batches)
      return invalid_argument("the host's batches are not split over the ranks: leave loader.split_batches out");
    if (wanted.gives_batches && options.shard.batch_size != 1) {
      return invalid_argument("the host's batches have sizes of their own: leave loader.batch_size out, now {}",
                              options.shard.batch_size);
    }
    return make_host_sampler(std::move(wanted.give), wanted.gives_batches, num_samples);
  }
};

}  // namespace

Made make_sampler(const LoaderOptions& options, std::int64_t num_samples) {
  OAR_ASSIGN(const std::optional<RandomDraws> draws, draws_of(options));
  return draws ? make_random_sampler(num_samples, *draws) : Made(make_sequential_sampler(num_samples));
}

Made make_sampler(WantedOrder wanted, const LoaderOptions& options, std::int64_t num_samples) {
  return std::visit(Maker{options, num_samples}, wanted);
}

}  // namespace oarlock
