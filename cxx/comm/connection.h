// Non-blocking sockets and the frames that cross them. Nothing here ever waits; who waits does it in one poll().
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "comm/frame.h"

namespace oarlock {

// A descriptor that is closed with its owner, and in a forked child.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd);
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();  // to an owner that minds forks itself
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
  // A peer that is not known yet may not announce frames of more than this.
  void limit_body(std::uint64_t body_bytes_max) { body_bytes_max_ = body_bytes_max; }
  static constexpr std::uint64_t kBodyBytesMax = std::uint64_t{1} << 40;
  // Of the protocol that the peer speaks, where receive() failed because it is another one; else 0.
  std::uint16_t foreign_version() const { return foreign_version_; }
  // True: the peer will send nothing more, and all that it sent has been received.
  bool is_at_end() const;
  std::string local_address() const;  // numeric, without the port
  std::string peer_address() const;

 private:
  bool take_frame(std::vector<Frame>& frames, Status& problem);
  Descriptor socket_;
  std::deque<std::shared_ptr<const std::string>> outgoing_;
  std::size_t sent_of_front_ = 0;
  std::unique_ptr<char[]> buffer_;  // what one recv() fills
  std::string incoming_;
  std::uint64_t body_bytes_max_ = kBodyBytesMax;
  std::uint16_t foreign_version_ = 0;
  std::vector<Frame> put_back_;
};

// Binds and listens; port 0 takes a free one. The address is numeric; empty takes every interface, of both families
// where the system has IPv6.
Result<Descriptor> listen_on(const std::string& address, int port);
// -1 if fd is no listening TCP socket.
int listening_port(int fd);
// Begins to connect to a numeric address; poll() tells by POLLOUT when that has ended.
Result<Descriptor> begin_to_connect(const std::string& address, int port);
// How it has ended.
Result<Descriptor> end_connecting(Descriptor socket);
// One attempt to connect, at most `bound` long.
Result<Descriptor> connect_to(const std::string& address, int port, Milliseconds bound);
// Milliseconds until `then`, rounded up, at most `cap_ms`; 0 if it is over.
int poll_milliseconds(Clock::TimePoint now, Clock::TimePoint then, int cap_ms);

}  // namespace oarlock
