#include "device/host_addresses.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "device/interface_info.h"
#include "device/kernel_socket_options.h"
#include "device/unique_fd.h"

namespace leat {
namespace {

constexpr std::uint32_t kLargestMtu = 65535;

IpAddress address_in(const sockaddr* a) {
  return IpAddress::v4(ntohl(reinterpret_cast<const sockaddr_in*>(a)->sin_addr.s_addr));
}

Error lookup_error(int reason) {
  switch (reason) {
    case ENETUNREACH: return Error::network_unreachable;
    case EHOSTUNREACH: return Error::host_unreachable;
    case EACCES:
    case EPERM: return Error::not_permitted;
    case ENODEV: return Error::no_device;
    case EINVAL: return Error::invalid_argument;
    default: return Error::system;
  }
}

}  // namespace

std::vector<HostAddress> host_addresses(const std::string& interface) {
  std::vector<HostAddress> result;
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return result;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, ::freeifaddrs);
  for (const ifaddrs* i = all; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET) continue;
    // A second address may have a label of its own behind a colon.
    const std::string label = i->ifa_name;
    HostAddress a;
    a.interface = label.substr(0, label.find(':'));
    if (!interface.empty() && a.interface != interface) continue;
    a.prefix.address = address_in(i->ifa_addr);
    const std::uint32_t mask = i->ifa_netmask == nullptr ? ~0u : address_in(i->ifa_netmask).v4_value();
    a.prefix.length = static_cast<std::uint8_t>(std::popcount(mask));
    a.is_up = (i->ifa_flags & IFF_UP) != 0;
    a.is_loopback = (i->ifa_flags & IFF_LOOPBACK) != 0;
    result.push_back(std::move(a));
  }
  return result;
}

std::uint32_t smallest_mtu(const std::string& interface) {
  if (!interface.empty()) {
    const auto info = interface_info(interface);
    return std::min(info ? info->mtu : kLargestMtu, kLargestMtu);
  }
  std::uint32_t smallest = kLargestMtu;
  for (const HostAddress& a : host_addresses()) {
    if (!a.is_up || a.is_loopback) continue;
    if (const auto info = interface_info(a.interface)) smallest = std::min(smallest, info->mtu);
  }
  return smallest;
}

std::optional<IpAddress> default_gateway(const std::string& interface) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/thread-self/net/route", "re"),
                                                             std::fclose);
  if (!file) return std::nullopt;
  std::optional<IpAddress> best;
  unsigned best_metric = ~0u;
  char line[256], name[IFNAMSIZ];
  while (std::fgets(line, sizeof line, file.get()) != nullptr) {
    unsigned destination = 0, gateway = 0, flags = 0, metric = 0, mask = 0;
    if (std::sscanf(line, "%15s %x %x %x %*s %*s %u %x", name, &destination, &gateway, &flags, &metric, &mask) != 6) {
      continue;
    }
    if (name != interface || destination != 0 || mask != 0 || (flags & RTF_GATEWAY) == 0 || metric >= best_metric) {
      continue;
    }
    best = IpAddress::v4(ntohl(gateway));
    best_metric = metric;
  }
  return best;
}

expected<KernelPath, Error> kernel_path_to(const IpAddress& remote, const std::string& interface) {
  if (!remote.is_v4()) return unexpected(Error::unsupported);
  // Connecting a datagram socket sends nothing: it only asks for the route.
  const UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return unexpected(lookup_error(errno));
  if (!interface.empty() && !bind_to_interface(fd.get(), interface)) return unexpected(lookup_error(errno));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(9);
  name.sin_addr.s_addr = htonl(remote.v4_value());
  socklen_t size = sizeof name;
  auto* address = reinterpret_cast<sockaddr*>(&name);
  if (::connect(fd.get(), address, size) != 0) return unexpected(lookup_error(errno));
  KernelPath path;
  int mtu = 0;
  socklen_t mtu_size = sizeof mtu;
  if (::getsockname(fd.get(), address, &size) != 0 ||
      ::getsockopt(fd.get(), IPPROTO_IP, IP_MTU, &mtu, &mtu_size) != 0) {
    return unexpected(lookup_error(errno));
  }
  path.source = address_in(address);
  path.mtu = std::min(static_cast<std::uint32_t>(std::max(mtu, 0)), kLargestMtu);
  return path;
}

}  // namespace leat
