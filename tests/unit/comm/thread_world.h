// A world whose ranks are threads of the test: for what is deterministic and breaks nothing.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "comm/make_group.h"

namespace oarlock {

// fn(make(star)) on every rank, make giving a Result of a group; returns when all have returned.
template <class Make, class Fn>
void run_world_of(int size, Make make, Fn fn, std::int64_t inline_bytes = 65536) {
  Result<Descriptor> listener = listen_on("127.0.0.1", 0);
  ASSERT_TRUE(listener.is_ok());
  const int port = listening_port(listener.value().get());
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    Meeting meeting;
    meeting.rank = rank;
    meeting.world_size = size;
    meeting.address = "127.0.0.1";
    meeting.port = port;
    meeting.timeout = Milliseconds(30000);
    meeting.inline_bytes = inline_bytes;
    if (rank == 0) meeting.listener = std::move(listener).value();
    threads.emplace_back([fn, make, meeting = std::make_shared<Meeting>(std::move(meeting))] {
      Result<Star> star = meet(std::move(*meeting));
      ASSERT_TRUE(star.is_ok()) << star.status().message();
      fn(make(std::move(star).value()));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// fn(group) on every rank, which then closes it. `hosts`: by rank, the number of the host that it says it is on; empty:
// all are on this one.
template <class Fn>
void run_world(int size, Fn fn, std::int64_t inline_bytes = 65536, const char* backend = "gloo",
               const std::vector<int>& hosts = {}) {
  const auto make = [backend, hosts](Star star) {
    for (std::size_t rank = 0; rank < hosts.size(); ++rank) {
      star.members[rank].host_id = "host " + std::to_string(hosts[rank]);
    }
    return make_group(std::move(star), {}, Milliseconds(30000), backend);
  };
  run_world_of(
      size, make,
      [fn](Result<std::shared_ptr<Group>> group) {
        ASSERT_TRUE(group.is_ok()) << group.status().message();
        fn(*group.value());
        group.value()->close();
      },
      inline_bytes);
}

template <class Fn>
void run_shm_world(int size, Fn fn) {
  run_world(size, fn, 0, "shm");
}

}  // namespace oarlock
