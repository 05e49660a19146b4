// PortClaims: the TCP ports that a device has claimed from the kernel, each with its guard socket. It also tells which
// received datagrams belong to them. Devices that share the kernel's address own one.
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
  /// The filter compares blocks of 1024 ports when there are many.
  static constexpr unsigned kBlockBits = 10;
  static constexpr std::size_t kBlocks = 65536 >> kBlockBits;

  /// Like Device::claim_port.
  expected<std::uint16_t, Error> claim(const IpAddress& address, std::uint16_t port);
  /// Returns false when the port was not claimed.
  bool release(std::uint16_t port);

  bool holds(const IpAddress& address, std::uint16_t port) const;
  /// True when this IPv4 datagram is a TCP segment for one of the ports, or an ICMP error about a segment from one.
  /// `datagram` must contain whole headers. The Stack still has to check it.
  bool concern(Bytes datagram) const;

  std::size_t size() const { return guards_.size(); }
  /// The claimed ports in ascending order.
  std::vector<std::uint16_t> ports() const;
  bool uses_block(std::size_t block) const { return in_block_[block] > 0; }

 private:
  std::map<std::uint16_t, std::vector<GuardSocket>> guards_;
  std::array<std::uint32_t, kBlocks> in_block_{};
  std::size_t sockets_ = 0;
};

}  // namespace leat
