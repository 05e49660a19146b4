// The addresses of one interface, and the questions that IP asks of them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "leat/address.h"

namespace leat {

class InterfaceAddresses {
 public:
  static constexpr std::size_t kMax = 64;

  /// False when no host can have this address (unspecified, a group, its subnet's broadcast address, a
  /// prefix that is too long), when it is there already, or when kMax are.
  bool add(const IpPrefix& address);

  std::span<const IpPrefix> all() const { return addresses_; }
  bool is_local(const IpAddress& address) const;
  /// 255.255.255.255 or the directed broadcast address of one of the subnets (RFC 1122 §3.2.1.3).
  bool is_broadcast(const IpAddress& address) const;
  /// On one of the subnets, so that it can be a neighbour.
  bool is_on_link(const IpAddress& address) const;
  /// What comes is ours, or the kernel has these addresses too and has judged and routed it: then our own addresses,
  /// and those of loopback, may be sources.
  void set_carries_own(bool carries_own) { carries_own_ = carries_own; }
  bool carries_own() const { return carries_own_; }
  /// The local address to talk to `destination` from: the one of the longest matching subnet, else the first
  /// of its family.
  std::optional<IpAddress> source_for(const IpAddress& destination) const;

 private:
  std::vector<IpPrefix> addresses_;
  bool carries_own_ = false;
};

}  // namespace leat
