#include "state/meeting_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/no_destructor.h"
#include "comm/invitation.h"

namespace oarlock {
namespace {

constexpr std::string_view kMark = "oarlock meeting 1\n";
constexpr Milliseconds kPause{20};  // nothing tells of a file that appears on another host
constexpr std::size_t kBytesMax = 4096;

struct Content {
  bool is_locked = false;  // as long as rank 0 waits; false: the file system has no locks
  std::string world_id;
  std::string invitation;
};

std::string pack(const Content& content) {
  return fmt::format("{}{}\n{}\n{}", kMark, content.is_locked ? "locked" : "unlocked", content.world_id,
                     content.invitation);
}

std::optional<Content> unpack(std::string_view text) {
  if (!text.starts_with(kMark)) return std::nullopt;
  text.remove_prefix(kMark.size());
  const std::size_t first = text.find('\n');
  const std::size_t second = first == text.npos ? text.npos : text.find('\n', first + 1);
  if (second == text.npos) return std::nullopt;
  return Content{text.substr(0, first) == "locked", std::string(text.substr(first + 1, second - first - 1)),
                 std::string(text.substr(second + 1))};
}

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool is_locked_by_another(int fd) {
  struct flock lock = whole_file(F_RDLCK);
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

std::string read_whole(int fd) {
  std::string text(kBytesMax, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  return text;
}

Status write_whole(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return os_error(errno, fmt::format("writing {}", path));
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return ::fsync(fd) == 0 ? Status::ok() : os_error(errno, fmt::format("writing {}", path));
}

// Rank 0's file while it waits: locked by the open descriptor, gone when this ends, unless it is another's by then.
struct Posted {
  Descriptor file;
  std::string path;
  std::string text;
  ~Posted() {
    const Descriptor there(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (there.is_open() && read_whole(there.get()) == text) ::unlink(path.c_str());
  }
};

Status post(Meeting& meeting, const std::string& path) {
  if (const Descriptor there(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); there.is_open()) {
    if (is_locked_by_another(there.get())) {
      return bad_environment(
          "the file {} (state.meeting_file) is in use: rank 0 of another launch waits there; give each launch a file "
          "of "
          "its own",
          path);
    }
  }
  OAR_ASSIGN(Host host, invite(meeting.own_address));
  const std::string draft = fmt::format("{}.{}", path, host.invitation.token);
  auto posted = std::make_shared<Posted>();
  posted->path = draft;  // until it is renamed
  posted->file = Descriptor(::open(draft.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!posted->file.is_open()) {
    return os_error(errno, fmt::format("making the file by which the ranks meet (state.meeting_file), {}", path));
  }
  struct flock lock = whole_file(F_WRLCK);
  const bool is_locked = ::fcntl(posted->file.get(), F_OFD_SETLK, &lock) == 0;
  posted->text = pack({is_locked, meeting.world_id, pack_invitation(host.invitation)});
  OAR_TRY(write_whole(posted->file.get(), posted->text, draft));
  if (::rename(draft.c_str(), path.c_str()) != 0) return os_error(errno, fmt::format("making {}", path));
  posted->path = path;
  place_meeting(meeting, host.invitation);
  meeting.listener = std::move(host.listener);
  meeting.kept = std::move(posted);
  return Status::ok();
}

// By which ranks of this process have met: a state that is made after another one must not take its file, which rank 0
// may not have taken away yet.
bool is_new(int rank, const std::string& token) {
  static NoDestructor<std::mutex> mutex;
  static NoDestructor<std::set<std::pair<int, std::string>>> used;
  std::lock_guard lock(*mutex);
  return used->insert({rank, token}).second;
}

// The invitation in the file, or what is wrong with it.
std::optional<Invitation> read_invitation(const Meeting& meeting, const std::string& path, std::string& problem) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    problem = os_error(errno, path).message();
    return std::nullopt;
  }
  const std::optional<Content> content = unpack(read_whole(file.get()));
  const Result<Invitation> invitation = unpack_invitation(content ? content->invitation : "");
  if (!invitation.is_ok()) {
    problem = "it holds no meeting of ranks";
  } else if (content->world_id != meeting.world_id) {
    problem = fmt::format("it is of another launch or generation, '{}'", content->world_id);
  } else if (content->is_locked && !is_locked_by_another(file.get())) {
    problem = "it was left by a run that has ended";
  } else if (!is_new(meeting.rank, invitation.value().token)) {
    problem = "it is that of an earlier state";
  } else {
    return invitation.value();
  }
  return std::nullopt;
}

Status find(Meeting& meeting, const std::string& path) {
  const Clock::TimePoint start = steady_clock().now();
  std::string problem;
  while (true) {
    const std::optional<Invitation> invitation = read_invitation(meeting, path, problem);
    const auto waited = std::chrono::ceil<Milliseconds>(steady_clock().now() - start);
    if (invitation) {
      place_meeting(meeting, *invitation);
      meeting.timeout = std::max(meeting.timeout - waited, Milliseconds(1));
      return Status::ok();
    }
    if (waited >= meeting.timeout) {
      return timed_out(
                 "rank 0 did not say within {:.1f} s where the ranks meet, in the file {} (state.meeting_file): {}. Is "
                 "rank 0 running, and do all hosts see this folder? (comm.connect_timeout_ms raises the time)",
                 static_cast<double>(waited.count()) / 1000, path, problem)
          .with_rank(0);
    }
    std::this_thread::sleep_for(std::min(kPause, meeting.timeout - waited));
  }
}

}  // namespace

Status meet_by_file(Meeting& meeting, const std::string& path) {
  return meeting.rank == 0 ? post(meeting, path) : find(meeting, path);
}

}  // namespace oarlock
