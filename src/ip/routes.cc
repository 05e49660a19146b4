#include "ip/routes.h"

#include <algorithm>

namespace leat {

bool Routes::add(const Route& route) {
  if (routes_.size() == kMax) return false;
  routes_.push_back(route);
  return true;
}

bool Routes::add_connected(InterfaceId interface, const IpPrefix& address) {
  return add({address, interface, std::nullopt, address.address});
}

bool Routes::add_default(InterfaceId interface, const IpAddress& gateway) {
  const Route* link = nullptr;
  for (const Route& r : routes_) {
    const bool holds = r.interface == interface && !r.gateway && r.destination.contains(gateway);
    if (holds && (link == nullptr || r.destination.length > link->destination.length)) link = &r;
  }
  if (link == nullptr || gateway == link->source) return false;
  IpAddress any;
  any.family = gateway.family;
  return add({{any, 0}, interface, gateway, link->source});
}

void Routes::remove_interface(InterfaceId interface) {
  std::erase_if(routes_, [interface](const Route& r) { return r.interface == interface; });
}

const Route* Routes::longest_match(const IpAddress& destination) const {
  const Route* best = nullptr;
  for (const Route& r : routes_) {
    if (destination.scope != 0 && r.interface != destination.scope) continue;
    if (!r.destination.contains(destination)) continue;
    if (best == nullptr || r.destination.length > best->destination.length) best = &r;
  }
  return best;
}

expected<RouteDecision, Error> Routes::lookup(const IpAddress& destination) const {
  const bool loopback_v6 =
      destination.is_v6() && destination.bytes[15] == 1 &&
      std::all_of(destination.bytes.begin(), destination.bytes.end() - 1, [](std::uint8_t b) { return b == 0; });
  if (destination.is_unspecified() || loopback_v6) return unexpected(Error::network_unreachable);
  const Route* route = longest_match(destination);
  if (destination.is_loopback() && (route == nullptr || !route->destination.address.is_loopback())) {
    return unexpected(Error::network_unreachable);
  }
  DestinationKind kind = DestinationKind::unicast;
  if (destination.is_multicast()) kind = DestinationKind::multicast;
  if (destination.is_limited_broadcast()) kind = DestinationKind::broadcast;
  if (route == nullptr && kind != DestinationKind::unicast) {
    const auto first = std::find_if(routes_.begin(), routes_.end(), [&](const Route& r) {
      return r.destination.address.family == destination.family &&
             (destination.scope == 0 || r.interface == destination.scope);
    });
    if (first != routes_.end()) route = &*first;
  }
  if (route == nullptr) return unexpected(Error::network_unreachable);
  if (!route->gateway && route->destination.broadcast() == destination) kind = DestinationKind::broadcast;
  const bool direct = !route->gateway || kind != DestinationKind::unicast;
  return RouteDecision{route->interface, direct ? destination : *route->gateway, route->source, kind};
}

}  // namespace leat
