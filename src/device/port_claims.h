// PortClaims: the TCP ports of the machine's that a device has made its own, each with its guard socket, and which
// received datagrams therefore are ours. Owned by devices that share the kernel's address.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "device/guard_socket.h"

namespace leat {

class PortClaims {
 public:
  /// Each guard is an open file.
  static constexpr std::size_t kMaxGuards = 16384;
  /// Ports stand in blocks of 1024.
  static constexpr unsigned kBlockBits = 10;
  static constexpr std::size_t kBlocks = 65536 >> kBlockBits;

  /// As Device::claim_port.
  expected<std::uint16_t, Error> claim(const IpAddress& address, std::uint16_t port);
  /// False when it was not claimed.
  bool release(std::uint16_t port);

  bool holds(const IpAddress& address, std::uint16_t port) const;
  /// Is this IPv4 datagram a TCP segment for one of the ports, or an ICMP error about a segment from one? Whole
  /// headers are expected in `datagram`; whoever has to do with it afterwards still has to check it.
  bool concern(Bytes datagram) const;

  std::size_t size() const { return guards_.size(); }
  /// The claimed ports, rising.
  std::vector<std::uint16_t> ports() const;
  bool uses_block(std::size_t block) const { return in_block_[block] > 0; }

 private:
  std::map<std::uint16_t, std::vector<GuardSocket>> guards_;
  std::array<std::uint32_t, kBlocks> in_block_{};
  std::size_t sockets_ = 0;
};

}  // namespace leat
