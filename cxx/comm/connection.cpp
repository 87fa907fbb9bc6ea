#include "comm/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <system_error>

#include "base/fork.h"
#include "base/text.h"
#include "base/thread.h"
#include "comm/address.h"

namespace oarlock {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kReserveBytesMax = std::size_t{16} << 20;  // a header alone does not buy more memory
constexpr int kSilenceMsMax = 5000;                              // between hosts: design section 1, promise 6

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof(value)); }

Status gone(std::string_view what, int error_number) {
  return peer_lost("{}: {}", what, error_number == 0 ? "end of stream" : std::system_category().message(error_number))
      .with_vendor_code(error_number);
}

struct Addresses {
  addrinfo* list = nullptr;
  ~Addresses() {
    if (list != nullptr) ::freeaddrinfo(list);
  }
};

// getaddrinfo may ask name servers for long, so it runs on a thread that the caller need not wait for.
Result<std::shared_ptr<Addresses>> resolve(const std::string& host, int port, Milliseconds bound) {
  auto promise = std::make_shared<std::promise<std::pair<int, std::shared_ptr<Addresses>>>>();
  auto future = promise->get_future();
  auto look_up = [promise, host, port](int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    auto addresses = std::make_shared<Addresses>();
    const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses->list);
    promise->set_value({code, std::move(addresses)});
  };
  if (is_numeric_address(host)) {
    look_up(AI_NUMERICHOST);
  } else {
    start_thread("oar-lookup", [look_up] { look_up(0); }).detach();
  }
  if (future.wait_for(bound) != std::future_status::ready) {
    return timed_out("name lookup of '{}' took longer than {} ms", host, bound.count());
  }
  auto [code, addresses] = future.get();
  if (code != 0) return io_error("name lookup of '{}' failed: {}", host, ::gai_strerror(code)).with_vendor_code(code);
  return std::move(addresses);
}

sockaddr_storage own_end(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) address.ss_family = AF_UNSPEC;
  return address;
}

sockaddr_storage other_end(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) address.ss_family = AF_UNSPEC;
  return address;
}

int port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return -1;
}

// Where nobody listens on a port of the range from which the kernel takes ports for clients, a socket may be given just
// that port, and be connected with itself (TCP's simultaneous open).
bool is_own_peer(int fd) {
  const sockaddr_storage own = own_end(fd), peer = other_end(fd);
  if (peer.ss_family == AF_UNSPEC) return false;
  return port_of(own) == port_of(peer) && address_text(own) == address_text(peer);
}

Result<Descriptor> refuse_own_peer(Descriptor socket) {
  if (!is_own_peer(socket.get())) return socket;
  const linger at_once{1, 0};  // the port is free for rank 0 then
  ::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  return os_error(ECONNREFUSED, "connect");
}

Result<Descriptor> begin_one(const addrinfo& address) {
  Descriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return os_error(errno, "socket");
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS) return socket;
  return os_error(errno, "connect");
}

Result<Descriptor> connect_one(const addrinfo& address, Milliseconds bound) {
  OAR_ASSIGN(Descriptor socket, begin_one(address));
  pollfd waiting{socket.get(), POLLOUT, 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(bound.count()));
  if (ready <= 0) return os_error(ETIMEDOUT, "connect");
  return end_connecting(std::move(socket));
}

// The socket, bound and listening; the family is the address's.
Result<Descriptor> listen_at(const addrinfo& address, int port, bool both_families) {
  Descriptor socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return os_error(errno, "socket");
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, both_families ? 0 : 1);
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0) {
    return os_error(errno, fmt::format("bind to port {}", port));
  }
  if (::listen(socket.get(), SOMAXCONN) != 0) return os_error(errno, fmt::format("listen on port {}", port));
  return socket;
}

}  // namespace

Descriptor::Descriptor(int fd) : fd_(fd) { close_in_forked_child(fd); }

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

int Descriptor::release() {
  forget_in_forked_child(fd_);
  return std::exchange(fd_, -1);
}

void Descriptor::reset() {
  if (fd_ >= 0) ::close(release());
}

Connection::Connection(Descriptor socket)
    : socket_(std::move(socket)), buffer_(std::make_unique_for_overwrite<char[]>(kReadBytes)) {
  const int fd = socket_.get();
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 2);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kSilenceMsMax);
}

void Connection::close() {
  socket_.reset();
  outgoing_.clear();
  incoming_.clear();
}

Status Connection::send(std::shared_ptr<const std::string> frame) {
  if (!is_open()) return gone("the connection is closed", 0);
  outgoing_.push_back(std::move(frame));
  return flush();
}

Status Connection::flush() {
  while (!outgoing_.empty()) {
    const std::string& frame = *outgoing_.front();
    const ssize_t sent = ::send(fd(), frame.data() + sent_of_front_, frame.size() - sent_of_front_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Status::ok();
    if (sent < 0) return gone("sending failed", errno);
    sent_of_front_ += static_cast<std::size_t>(sent);
    if (sent_of_front_ < frame.size()) continue;
    outgoing_.pop_front();
    sent_of_front_ = 0;
  }
  return Status::ok();
}

bool Connection::take_frame(std::vector<Frame>& frames, Status& problem) {
  FrameHeader header;
  if (incoming_.size() < sizeof(header)) return false;
  std::memcpy(&header, incoming_.data(), sizeof(header));
  if (header.magic == FrameHeader::kMagic && header.version != FrameHeader::kVersion) {
    foreign_version_ = header.version;
    problem = Status(OAR_E_VERSION, fmt::format("a peer speaks version {} of Oarlock's protocol, this process speaks "
                                                "version {}; all ranks must use the same build of Oarlock",
                                                header.version, FrameHeader::kVersion));
    return false;
  }
  if (header.magic != FrameHeader::kMagic || header.body_bytes > body_bytes_max_) {
    problem = Status(OAR_E_VERSION, "a peer does not speak Oarlock's protocol");
    return false;
  }
  const std::size_t total = sizeof(header) + header.body_bytes;
  if (incoming_.size() < total) {
    incoming_.reserve(std::min(total, kReserveBytesMax));
    return false;
  }
  frames.push_back(Frame{header.type, incoming_.substr(sizeof(header), header.body_bytes)});
  incoming_.erase(0, total);
  return true;
}

void Connection::put_back(std::vector<Frame> frames) { put_back_ = std::move(frames); }

Status Connection::receive(std::vector<Frame>& frames) {
  for (Frame& frame : std::exchange(put_back_, {})) frames.push_back(std::move(frame));
  while (true) {
    const ssize_t received = ::recv(fd(), buffer_.get(), kReadBytes, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Status::ok();
    if (received <= 0) return gone("the peer is gone", received == 0 ? 0 : errno);
    incoming_.append(buffer_.get(), static_cast<std::size_t>(received));
    Status problem = Status::ok();
    while (take_frame(frames, problem)) {
    }
    OAR_TRY(std::move(problem));
    if (static_cast<std::size_t>(received) < kReadBytes) return Status::ok();
  }
}

bool Connection::is_at_end() const {
  char byte;
  return ::recv(fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

std::string Connection::local_address() const { return address_text(own_end(fd())); }

std::string Connection::peer_address() const { return address_text(other_end(fd())); }

Result<Descriptor> listen_on(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  Status last = Status::ok();
  for (const char* number : {address.empty() ? "::" : address.c_str(), "0.0.0.0"}) {
    Addresses found;
    const int code = ::getaddrinfo(number, std::to_string(port).c_str(), &hints, &found.list);
    if (code != 0) return io_error("'{}' is no numeric address: {}", number, ::gai_strerror(code));
    Result<Descriptor> socket = listen_at(*found.list, port, address.empty());
    if (socket.is_ok() || !address.empty()) return socket;
    last = std::move(socket).status();
    const std::int64_t error_number = last.info().vendor_code;
    if (error_number != EAFNOSUPPORT && error_number != EADDRNOTAVAIL) return last;  // else a system without IPv6
  }
  return last;
}

int listening_port(int fd) {
  int is_listening = 0;
  socklen_t size = sizeof(is_listening);
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0 || is_listening == 0) return -1;
  return port_of(own_end(fd));
}

Result<Descriptor> begin_to_connect(const std::string& address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  Addresses found;
  const int code = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found.list);
  if (code != 0) return io_error("'{}' is no numeric address: {}", address, ::gai_strerror(code));
  return begin_one(*found.list);
}

Result<Descriptor> end_connecting(Descriptor socket) {
  int error_number = 0;
  socklen_t size = sizeof(error_number);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error_number, &size);
  if (error_number != 0) return os_error(error_number, "connect");
  return refuse_own_peer(std::move(socket));
}

Result<Descriptor> connect_to(const std::string& address, int port, Milliseconds bound) {
  OAR_ASSIGN(const std::shared_ptr<Addresses> addresses, resolve(address, port, bound));
  Status last = io_error("'{}' has no address", address);
  std::vector<std::string> tried;
  for (const addrinfo* candidate = addresses->list; candidate != nullptr; candidate = candidate->ai_next) {
    Result<Descriptor> socket = connect_one(*candidate, bound);
    if (socket.is_ok()) return socket;
    last = std::move(socket).status();
    sockaddr_storage number{};
    std::memcpy(&number, candidate->ai_addr, std::min<std::size_t>(candidate->ai_addrlen, sizeof(number)));
    tried.push_back(fmt::format("{}: {}", address_text(number), last.message()));
  }
  if (tried.empty()) return last;
  return Status(last.code(), join_text(tried, "; ")).with_vendor_code(last.info().vendor_code);
}

int poll_milliseconds(Clock::TimePoint now, Clock::TimePoint then, int cap_ms) {
  if (then <= now) return 0;
  const auto left = std::chrono::ceil<Milliseconds>(then - now).count();
  return static_cast<int>(std::min<std::int64_t>(left, cap_ms));
}

}  // namespace oarlock
