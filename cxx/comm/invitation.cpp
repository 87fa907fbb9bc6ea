#include "comm/invitation.h"

#include <random>
#include <vector>

#include "base/text.h"
#include "comm/address.h"

namespace oarlock {

std::string pack_invitation(const Invitation& invitation) {
  return fmt::format("{}\n{}\n{}\n{}\n", invitation.port, invitation.address, invitation.host_id, invitation.token);
}

Result<Invitation> unpack_invitation(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  const std::optional<int> port = lines.empty() ? std::nullopt : parse_number<int>(lines[0]);
  if (lines.size() != 4 || !text.empty() || !port || *port < 1 || *port > 65535 || lines[3].empty()) {
    return Status(OAR_E_VERSION, "no place to meet is in what a peer wrote; do all ranks run the same version?");
  }
  return Invitation{*port, lines[1], lines[2], lines[3]};
}

Result<Host> invite(const std::string& own_address) {
  Host host;
  OAR_ASSIGN(host.listener, listen_on("", 0));
  host.invitation.port = listening_port(host.listener.get());
  host.invitation.address = own_address.empty() ? reachable_address() : own_address;
  host.invitation.host_id = this_member().host_id;
  host.invitation.token = random_token();
  return host;
}

void place_meeting(Meeting& meeting, const Invitation& invitation) {
  meeting.address = invitation.host_id == this_member().host_id ? "127.0.0.1" : invitation.address;
  meeting.port = invitation.port;
  meeting.world_id = invitation.token;
}

std::string random_token() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", device(), device(), device(), device());
}

}  // namespace oarlock
