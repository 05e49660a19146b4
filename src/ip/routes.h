// Routes finds the interface and the next hop of a datagram, by the longest matching prefix.
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
  IpAddress next_hop;  ///< the neighbour to send to; meaningful for unicast
  IpAddress source;
  DestinationKind kind = DestinationKind::unicast;  ///< TCP speaks to unicast only (RFC 9293 §3.9.2.3)
};

class Routes {
 public:
  static constexpr std::size_t kMax = 256;

  /// Adds the subnet of an interface's own address.
  bool add_connected(InterfaceId interface, const IpPrefix& address);
  /// Adds a default route. Returns false also when no connected subnet of the interface holds the gateway.
  bool add_default(InterfaceId interface, const IpAddress& gateway);
  /// Adds any route. Returns false when there are kMax routes.
  bool add(const Route& route);
  void remove_interface(InterfaceId interface);

  /// The longest matching prefix decides; among equals, the route that was added first. A destination with a scope
  /// matches only routes of that interface. Broadcast and multicast without a route leave by the first interface of
  /// their family. Error network_unreachable: there is no route, the address is unspecified, or it is a loopback
  /// address without a route of its own (RFC 1122 §3.2.1.3 g).
  expected<RouteDecision, Error> lookup(const IpAddress& destination) const;

 private:
  const Route* longest_match(const IpAddress& destination) const;
  std::vector<Route> routes_;
};

}  // namespace leat
