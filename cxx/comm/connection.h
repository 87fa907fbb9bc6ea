// Non-blocking sockets and the frames that cross them. Nothing here ever waits; who waits does it in one poll().
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"

namespace oarlock {

// A descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// One peer. Not thread-safe.
class Connection {
 public:
  Connection() = default;
  // Makes the socket non-blocking, without delay, and dead after five silent seconds between hosts.
  explicit Connection(Descriptor socket);
  int fd() const { return socket_.get(); }
  bool is_open() const { return socket_.is_open(); }
  bool wants_write() const { return !outgoing_.empty(); }

  // Sends what the socket takes now and queues the rest. OAR_E_PEER_LOST if the peer is gone.
  Status send(std::shared_ptr<const std::string> frame);
  Status send(std::string frame) { return send(std::make_shared<const std::string>(std::move(frame))); }
  Status flush();
  // Appends the frames that have arrived. OAR_E_PEER_LOST at the end of the stream, OAR_E_VERSION for what is no frame.
  Status receive(std::vector<Frame>& frames);
  // Frames that were received too early for whoever received them; the next receive() gives them first. poll() does not
  // tell of them.
  void put_back(std::vector<Frame> frames);
  void close();
  std::string local_address() const;  // numeric, without the port

 private:
  bool take_frame(std::vector<Frame>& frames, Status& problem);
  Descriptor socket_;
  std::deque<std::shared_ptr<const std::string>> outgoing_;
  std::size_t sent_of_front_ = 0;
  std::unique_ptr<char[]> buffer_;  // what one recv() fills
  std::string incoming_;
  std::vector<Frame> put_back_;
};

// Binds and listens; port 0 takes a free one. loopback_only: 127.0.0.1, else every interface.
Result<Descriptor> listen_on(bool loopback_only, int port);
// -1 if fd is no listening TCP socket.
int listening_port(int fd);
// One attempt to connect, at most `bound` long.
Result<Descriptor> connect_to(const std::string& address, int port, Milliseconds bound);
// Milliseconds until `then`, rounded up, at most `cap_ms`; 0 if it is over.
int poll_milliseconds(Clock::TimePoint now, Clock::TimePoint then, int cap_ms);

}  // namespace oarlock
