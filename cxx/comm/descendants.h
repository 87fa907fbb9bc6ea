// The groups that were made of a group's ranks (subgroup.h). They keep that group alive, so it knows them weakly.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/status.h"

namespace oarlock {

class Group;

// Any thread may call anything.
class Descendants {
 public:
  // The new group's name is one that all its ranks give it: groups are made in the same order on all of them. Its own
  // descendants get the listener.
  void add(const std::shared_ptr<Group>& group);
  void count_made();  // a call that makes groups has begun, also on ranks that will be in none
  // Hears of every group that is made from now on, on the thread that makes it.
  using Listener = std::function<void(const std::string& name, const Group& group)>;
  void listen(std::string name, Listener listener);
  // The group has failed by `why`: if somebody aborted it they are aborted too, by the same text. Any other failure
  // (a lost rank, a time-out, different calls) is its own alone. Does not wait, and ends no group on this thread.
  void follow(const Status& why);
  void close();  // what close() of each of them does

 private:
  std::vector<std::shared_ptr<Group>> living() const;

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Group>> groups_;
  std::string name_;  // of the group whose descendants these are
  Listener listener_;
  int num_made_ = 0;
};

}  // namespace oarlock
