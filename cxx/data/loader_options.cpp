#include "data/loader_options.h"

namespace oarlock {
namespace {

constexpr std::int64_t kMaxWorkers = 256;
constexpr std::int64_t kMaxPrefetch = 1024;

Result<std::int64_t> read_range(const Options& options, std::string_view key, std::int64_t least, std::int64_t most) {
  const std::int64_t value = options.integer(key);
  if (value >= least && value <= most) return value;
  return invalid_argument("{} must lie in [{}, {}], got {}", key, least, most, value);
}

}  // namespace

Result<LoaderOptions> read_loader_options(const Options& options, std::int64_t num_samples) {
  LoaderOptions result;
  result.shard.num_samples = num_samples;
  result.shard.batch_size = options.integer("loader.batch_size");
  result.shard.drop_last = options.flag("loader.drop_last");
  result.shard.even_batches = options.flag("loader.even_batches");
  result.shard.split_batches = options.flag("loader.split_batches");
  result.shuffle = options.flag("loader.shuffle");
  result.replacement = options.flag("loader.replacement");
  if (options.is_set("loader.num_samples")) result.num_samples = options.integer("loader.num_samples");
  if (options.is_set("loader.seed")) {
    const std::int64_t seed = options.integer("loader.seed");
    if (seed < 0) return invalid_argument("loader.seed must be >= 0, got {}", seed);
    result.seed = static_cast<std::uint64_t>(seed);
  }
  OAR_ASSIGN(const std::int64_t num_workers, read_range(options, "loader.num_workers", 0, kMaxWorkers));
  OAR_ASSIGN(const std::int64_t prefetch, read_range(options, "loader.prefetch", 1, kMaxPrefetch));
  constexpr std::int64_t kDayMs = 24 * 3600 * 1000;
  OAR_ASSIGN(const std::int64_t timeout_ms, read_range(options, "loader.timeout_ms", 1, 365 * kDayMs));
  result.num_workers = static_cast<int>(num_workers);
  result.prefetch = static_cast<int>(prefetch);
  result.timeout = Milliseconds(timeout_ms);
  return result;
}

Result<BatchShard> make_loader_shard(const BatchShardOptions& wanted) {
  BatchShardOptions options = wanted;
  if (options.world_size == 1) options.even_batches = false;
  return BatchShard::create(options);
}

}  // namespace oarlock
