// Flow: one connection (or UDP flow) of a script, and how its numbers stand to those on the wire.
//
// Script numbers are relative. On the wire, with S the initial number of a side:
//   segments with SYN     live = script + (live S - script S)
//   all others            live = script + live S
// The peer's numbers go out as they are written, so its live S is what its SYN says; ours is learned from our SYN.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "drill/ip_packet.h"
#include "drill/packet_form.h"
#include "leat/address.h"

namespace leat::drill {

/// The flags as a script writes them: "SEW."
std::string to_string(const TcpFlagsForm& flags);

struct Flow {
  enum class Role : std::uint8_t { idle, listening, active, passive, foreign };

  std::uint8_t protocol = kProtocolTcp;
  Role role = Role::idle;
  Endpoint local, remote;  ///< live; a port of 0 is not known yet
  int script_fd = -1, live_fd = -1;

  struct Isn {
    std::uint32_t live = 0, script = 0;
    bool known = false;
    std::uint32_t offset(bool syn) const { return syn ? live - script : live; }
  };
  Isn ours, peers;
  Isn last_syn;          ///< of the peer's last SYN, also of one that the stack refuses
  bool is_open = false;  ///< the handshake is over

  std::map<std::uint32_t, std::uint32_t> timestamps;   ///< TSval of ours: script -> live
  std::set<std::uint32_t> peer_timestamps;             ///< TSvals that we have sent to the stack
  std::map<std::uint32_t, std::uint32_t> flow_labels;  ///< script -> live
  std::uint32_t last_ack = 0;                          ///< of the stack's segments, live: a RST there is in the window
  bool has_sent = false;

  /// True when the packet from the stack belongs to this flow. Learns the local port if it is not known yet.
  bool takes(const IpPacket& packet);
  /// Learns from a packet of the stack. Called for each, in their order.
  void learn(const IpPacket& packet);

  /// The packet as a script would write it.
  std::string describe(const IpPacket& packet) const;
};

}  // namespace leat::drill
