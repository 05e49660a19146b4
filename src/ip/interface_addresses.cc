#include "ip/interface_addresses.h"

#include <algorithm>

namespace leat {

bool InterfaceAddresses::add(const IpPrefix& p) {
  const std::uint8_t longest = p.address.is_v4() ? 32 : 128;
  if (p.address.family == IpFamily::none || p.length > longest || addresses_.size() == kMax) return false;
  if (p.address.is_unspecified() || p.address.is_multicast() || p.address.is_limited_broadcast()) return false;
  if (p.broadcast() == p.address || is_local(p.address)) return false;
  addresses_.push_back(p);
  return true;
}

bool InterfaceAddresses::is_local(const IpAddress& address) const {
  return std::any_of(addresses_.begin(), addresses_.end(), [&](const IpPrefix& p) { return p.address == address; });
}

bool InterfaceAddresses::is_broadcast(const IpAddress& address) const {
  return address.is_limited_broadcast() ||
         std::any_of(addresses_.begin(), addresses_.end(), [&](const IpPrefix& p) { return p.broadcast() == address; });
}

bool InterfaceAddresses::is_on_link(const IpAddress& address) const {
  return std::any_of(addresses_.begin(), addresses_.end(), [&](const IpPrefix& p) { return p.contains(address); });
}

std::optional<IpAddress> InterfaceAddresses::source_for(const IpAddress& destination) const {
  const IpPrefix* best = nullptr;
  bool best_matches = false;
  for (const IpPrefix& p : addresses_) {
    if (p.address.family != destination.family) continue;
    const bool matches = p.contains(destination);
    const bool longer = best != nullptr && matches == best_matches && matches && p.length > best->length;
    if (best == nullptr || (matches && !best_matches) || longer) best = &p, best_matches = matches;
  }
  if (best == nullptr) return std::nullopt;
  return best->address;
}

}  // namespace leat
