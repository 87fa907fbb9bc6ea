#include "comm/descendants.h"

#include <utility>

#include "base/reaper.h"
#include "comm/group.h"

namespace oarlock {

void Descendants::add(const std::shared_ptr<Group>& group) {
  Listener listener;
  std::string name;
  {
    std::lock_guard lock(mutex_);
    std::erase_if(groups_, [](const std::weak_ptr<Group>& known) { return known.expired(); });
    groups_.push_back(group);
    name = fmt::format("{}/{}", name_, num_made_);
    listener = listener_;
  }
  if (!listener) return;
  group->descendants()->listen(name, listener);
  listener(name, *group);
}

void Descendants::count_made() {
  std::lock_guard lock(mutex_);
  ++num_made_;
}

void Descendants::listen(std::string name, Listener listener) {
  std::lock_guard lock(mutex_);
  name_ = std::move(name);
  listener_ = std::move(listener);
}

std::vector<std::shared_ptr<Group>> Descendants::living() const {
  std::vector<std::shared_ptr<Group>> groups;
  std::lock_guard lock(mutex_);
  for (const std::weak_ptr<Group>& known : groups_) {
    if (std::shared_ptr<Group> group = known.lock()) groups.push_back(std::move(group));
  }
  return groups;
}

void Descendants::follow(const Status& why) {
  if (why.code() != OAR_E_ABORTED) return;
  for (std::shared_ptr<Group>& group : living()) {
    static_cast<void>(group->abort(fmt::format("the group that it was made of is aborted: {}", why.message())));
    // This may be the last reference by now, and the thread that of a group that would end with it.
    Reaper::instance().take(std::move(group));
  }
}

void Descendants::close() {
  for (const std::shared_ptr<Group>& group : living()) group->close();
}

}  // namespace oarlock
