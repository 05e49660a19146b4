// InterfaceAddresses holds the addresses of one interface, and answers IP's questions about them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "leat/address.h"

namespace leat {

class InterfaceAddresses {
 public:
  static constexpr std::size_t kMax = 64;

  /// False when no host can have this address (unspecified, a group, its subnet's broadcast address, a prefix that is
  /// too long), when the interface has it already, or when there are kMax addresses.
  bool add(const IpPrefix& address);

  std::span<const IpPrefix> all() const { return addresses_; }
  bool is_local(const IpAddress& address) const;
  /// True for 255.255.255.255 and the directed broadcast address of one of the subnets (RFC 1122 §3.2.1.3).
  bool is_broadcast(const IpAddress& address) const;
  /// True for an address on one of the subnets, which can be a neighbour's.
  bool is_on_link(const IpAddress& address) const;
  /// Set on interfaces that carry our own datagrams back: loopback, and links where the kernel has these addresses too
  /// and has checked what it passes on. Our own and loopback addresses may then be sources.
  void set_carries_own(bool carries_own) { carries_own_ = carries_own; }
  bool carries_own() const { return carries_own_; }
  /// The local address to use with `destination`: the one of the longest matching subnet, else the first of its family.
  std::optional<IpAddress> source_for(const IpAddress& destination) const;

 private:
  std::vector<IpPrefix> addresses_;
  bool carries_own_ = false;
};

}  // namespace leat
