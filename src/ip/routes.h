// Where a datagram goes: connected subnets and gateways, the longest prefix first.
#pragma once

#include <optional>
#include <vector>

#include "ip/interface_id.h"
#include "leat/address.h"
#include "leat/error.h"
#include "leat/expected.h"

namespace leat {

struct Route {
  IpPrefix destination;
  InterfaceId interface = 0;
  std::optional<IpAddress> gateway;  ///< none: the destination itself is a neighbour
  IpAddress source;                  ///< the local address to send from, by preference
};

enum class DestinationKind : std::uint8_t { unicast, broadcast, multicast };

/// The answer for one destination.
struct RouteDecision {
  InterfaceId interface = 0;
  IpAddress next_hop;  ///< whom to ask the link address of; meaningful for unicast
  IpAddress source;
  DestinationKind kind = DestinationKind::unicast;  ///< TCP speaks to unicast only (RFC 9293 §3.9.2.3)
};

class Routes {
 public:
  static constexpr std::size_t kMax = 256;

  /// The subnet of an interface's own address.
  bool add_connected(InterfaceId interface, const IpPrefix& address);
  /// A default route. False also when no connected subnet of the interface holds the gateway.
  bool add_default(InterfaceId interface, const IpAddress& gateway);
  /// Any route; false when kMax are there.
  bool add(const Route& route);
  void remove_interface(InterfaceId interface);

  /// The longest matching prefix decides, then the order of adding. A destination with a scope only
  /// matches routes of that interface. Broadcast and multicast without a route leave by the first
  /// interface of their family. network_unreachable: no route, or nothing that may be sent to: the
  /// unspecified address, loopback (RFC 1122 §3.2.1.3 g) unless a route of its own leads there.
  expected<RouteDecision, Error> lookup(const IpAddress& destination) const;

 private:
  const Route* longest_match(const IpAddress& destination) const;
  std::vector<Route> routes_;
};

}  // namespace leat
