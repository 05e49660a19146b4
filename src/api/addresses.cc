#include "api/addresses.h"

#include <algorithm>

#include "api/invalid_argument.h"
#include "device/host_addresses.h"
#include "device/link_kinds.h"

namespace leat {
namespace {

constexpr std::size_t kMostAddresses = 64;  // of one interface of the stack

const HostAddress* find(const std::vector<HostAddress>& all, const IpAddress& address) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const HostAddress& a) { return a.prefix.address == address; });
  return found == all.end() ? nullptr : &*found;
}

/// Refuses settings that the kernel decides when its address is shared.
expected<void, HostError> refuse_extras(const HostConfig& config) {
  if (config.mac)
    return invalid_argument(config.link +
                            " shares the kernel's address, and so its Ethernet address: leave the MAC out");
  return {};
}

expected<AddressPlan, HostError> plan_raw(const HostConfig& config, const std::string& interface) {
  if (auto ok = refuse_extras(config); !ok) return unexpected(ok.error());
  if (config.gateway) return invalid_argument("on a raw link the kernel routes: leave the gateway out");
  AddressPlan plan;
  plan.shared = true;
  plan.addresses = config.addresses;
  const std::vector<HostAddress> kernels = host_addresses(interface);
  for (const IpPrefix& given : config.addresses) {
    if (find(kernels, given.address) != nullptr) continue;
    return invalid_argument(
        given.address.to_string() + " is not an address of this machine" +
        (interface.empty() ? "" : " on " + interface) +
        ", and a raw link shares the machine's: leave the address out, or use a packet: or tap: link");
  }
  if (!plan.addresses.empty()) return plan;
  plan.all_addresses = true;
  for (const HostAddress& a : kernels) {
    const auto is_same = [&](const IpPrefix& p) { return p.address == a.prefix.address; };
    const bool known = std::any_of(plan.addresses.begin(), plan.addresses.end(), is_same);
    if (a.is_up && !known && plan.addresses.size() < kMostAddresses) plan.addresses.push_back(a.prefix);
  }
  if (!plan.addresses.empty()) return plan;
  return unexpected(
      HostError{Error::address_not_available, (interface.empty() ? "this machine" : "the interface " + interface) +
                                                  " has no IPv4 address that is up: a raw link shares the machine's"});
}

expected<AddressPlan, HostError> share_first(const HostConfig& config, const std::string& interface) {
  if (auto ok = refuse_extras(config); !ok) return unexpected(ok.error());
  AddressPlan plan;
  plan.shared = true;
  for (const HostAddress& a : host_addresses(interface)) {
    const IpAddress& address = a.prefix.address;
    const bool is_global = !a.is_loopback && !(address.bytes[0] == 169 && address.bytes[1] == 254);
    if (a.is_up && is_global) {
      plan.addresses = {a.prefix};
      break;
    }
  }
  if (plan.addresses.empty()) {
    return unexpected(
        HostError{Error::address_not_available,
                  "the interface " + interface +
                      " has no IPv4 address to share: give the host one of its own, such as 10.0.0.2/24"});
  }
  plan.gateway = config.gateway ? config.gateway : default_gateway(interface);
  return plan;
}

expected<AddressPlan, HostError> plan_packet(const HostConfig& config, const std::string& interface) {
  if (config.addresses.empty()) return share_first(config, interface);
  AddressPlan plan{config.addresses, config.gateway};
  const std::vector<HostAddress> kernels = host_addresses();
  std::size_t shared = 0;
  for (const IpPrefix& given : config.addresses) {
    const HostAddress* kernels_own = find(kernels, given.address);
    if (kernels_own == nullptr) continue;
    if (kernels_own->interface != interface) {
      return invalid_argument(given.address.to_string() + " is the kernel's on " + kernels_own->interface +
                              ": use packet:" + kernels_own->interface +
                              " or raw, or give an address that is nobody's on " + interface);
    }
    ++shared;
  }
  if (shared == 0) return plan;
  if (shared < config.addresses.size()) {
    return invalid_argument("some of the addresses are the kernel's on " + interface +
                            " and some are not: give either");
  }
  if (auto ok = refuse_extras(config); !ok) return unexpected(ok.error());
  plan.shared = true;
  if (!plan.gateway) plan.gateway = default_gateway(interface);
  return plan;
}

}  // namespace

expected<AddressPlan, HostError> plan_addresses(const HostConfig& config, const LinkSpec& link) {
  const LinkKind* kind = find_link_kind(link.kind);
  if (kind == nullptr || !kind->shares_kernel_address) return AddressPlan{config.addresses, config.gateway};
  if (kind->only_kernel_address) return plan_raw(config, link.name);
  return plan_packet(config, interface_of(link));
}

}  // namespace leat
