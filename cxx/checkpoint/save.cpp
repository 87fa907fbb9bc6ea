// A save, as the ranks walk through it together. Every stage ends with agree(): a failure anywhere stops all at that
// stage. What a stage sends is made in the stage before, so that an exception never lies between a stage's begin and
// its exchange.
#include <time.h>

#include <utility>

#include "base/log.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/commit.h"
#include "checkpoint/layout.h"
#include "checkpoint/manifest.h"
#include "checkpoint/retention.h"
#include "checkpoint/writer.h"
#include "tensor/exceptions.h"

namespace oarlock {
namespace {

std::string utc_now() {
  const time_t now = ::time(nullptr);
  tm parts{};
  ::gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

class Save {
 public:
  Save(Fs& fs, Group& group, const std::string& directory, const CheckpointContents& contents,
       const SaveOptions& options)
      : fs_(fs), group_(group), directory_(directory), contents_(contents), options_(options) {}

  Status run() {
    OAR_TRY(agree(group_, caught([this] { return prepare(); }), options_.timeout));
    OAR_TRY(agree(group_, caught([this] { return write_files(); }), options_.timeout));
    const Status committed = caught([this] { return commit(); });
    Status status = agree(group_, committed, options_.timeout);
    if (status.is_ok() || !is_main() || !committed.is_ok()) return status;
    return std::move(status).within(
        fmt::format("the checkpoint '{}' is complete, but a peer failed after it", directory_));
  }

 private:
  bool is_main() const { return group_.rank() == 0; }

  Status prepare() {
    OAR_TRY(check_contents(contents_));
    OAR_ASSIGN(target_, split_checkpoint_path(directory_));
    if (!is_main()) return Status::ok();
    OAR_ASSIGN(commit_, Commit::begin(fs_, target_));
    JsonValue plan = JsonValue::object();
    plan.set("directory", JsonValue::string(directory_));
    plan.set("temporary", JsonValue::string(commit_->temporary()));
    plan_ = plan.dump();
    return Status::ok();
  }

  // Everyone gets the main rank's temporary; a rank that was told another directory says so before anything is written.
  Status share_plan() {
    OAR_ASSIGN(const std::string text, group_.broadcast_bytes(plan_, 0, options_.timeout));
    OAR_ASSIGN(const JsonValue plan, parse_json(text));
    OAR_ASSIGN(const JsonValue* directory, plan.at("directory"));
    OAR_ASSIGN(const JsonValue* temporary, plan.at("temporary"));
    main_directory_ = directory->text();
    temporary_ = temporary->text();
    return Status::ok();
  }

  Status write_files() {
    OAR_TRY(share_plan());
    if (main_directory_ != directory_) {
      return mismatch("ranks save to different directories: rank {} to '{}', rank 0 to '{}'", group_.rank(), directory_,
                      main_directory_);
    }
    OAR_ASSIGN(const std::vector<FileRecord> written, write_rank_files(fs_, temporary_, group_.rank(), contents_));
    JsonValue records = JsonValue::array();
    for (const FileRecord& record : written) records.append(to_json(record));
    written_ = records.dump();
    return Status::ok();
  }

  Status collect_records() {
    OAR_ASSIGN(const std::vector<std::string> all, group_.all_gather_bytes(written_, options_.timeout));
    for (const std::string& text : all) {
      OAR_ASSIGN(const JsonValue array, parse_json(text));
      for (const JsonValue& item : array.items()) {
        OAR_ASSIGN(FileRecord record, file_record_from_json(item));
        records_.push_back(std::move(record));
      }
    }
    return Status::ok();
  }

  Status commit() {
    OAR_TRY(collect_records());
    if (!is_main()) return Status::ok();
    Manifest manifest;
    manifest.world_size = group_.size();
    manifest.files = records_;
    manifest.values = contents_.values;
    manifest.user = contents_.user;
    OAR_TRY(commit_->finish(encode_manifest(manifest, utc_now())));
    prune_checkpoints(fs_, target_.parent, target_.name, options_.total_limit);
    log(LogLevel::kInfo, "checkpoint", "saved {}", target_.full());
    return Status::ok();
  }

  Fs& fs_;
  Group& group_;
  const std::string& directory_;
  const CheckpointContents& contents_;
  const SaveOptions& options_;
  CheckpointPath target_;
  std::unique_ptr<Commit> commit_;  // main rank only
  std::string plan_;                // main rank only: its directory and temporary, as JSON
  std::string main_directory_;
  std::string temporary_;
  std::string written_;              // this rank's records, as JSON
  std::vector<FileRecord> records_;  // all ranks'
};

}  // namespace

Status save_checkpoint(Fs& fs, Group& group, const std::string& directory, const CheckpointContents& contents,
                       const SaveOptions& options) {
  return Save(fs, group, directory, contents, options).run().with_operation("save");
}

}  // namespace oarlock
