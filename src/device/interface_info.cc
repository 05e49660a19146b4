#include "device/interface_info.h"

#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "device/unique_fd.h"

namespace leat {
namespace {

ifreq request_for(const std::string& name) {
  ifreq r{};
  std::copy_n(name.begin(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1), r.ifr_name);
  return r;
}

UniqueFd control_socket() { return UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }

}  // namespace

bool is_interface_name(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c != '/' && c != '%' && c != '\x7f'; });
}

std::optional<InterfaceInfo> interface_info(const std::string& name) {
  const UniqueFd s = control_socket();
  ifreq r = request_for(name);
  InterfaceInfo info;
  if (::ioctl(s.get(), SIOCGIFINDEX, &r) != 0) return std::nullopt;
  info.index = r.ifr_ifindex;
  if (::ioctl(s.get(), SIOCGIFMTU, &r) != 0) return std::nullopt;
  info.mtu = static_cast<std::uint32_t>(std::max(r.ifr_mtu, 0));
  if (::ioctl(s.get(), SIOCGIFFLAGS, &r) != 0) return std::nullopt;
  info.up = (r.ifr_flags & IFF_UP) != 0;
  if (::ioctl(s.get(), SIOCGIFHWADDR, &r) != 0) return std::nullopt;
  info.ethernet = r.ifr_hwaddr.sa_family == ARPHRD_ETHER || r.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK;
  if (info.ethernet) std::copy_n(r.ifr_hwaddr.sa_data, info.mac.bytes.size(), info.mac.bytes.begin());
  return info;
}

bool bring_up(const std::string& name) {
  const UniqueFd s = control_socket();
  ifreq r = request_for(name);
  if (::ioctl(s.get(), SIOCGIFFLAGS, &r) != 0) return false;
  r.ifr_flags = static_cast<short>(r.ifr_flags | IFF_UP);
  return ::ioctl(s.get(), SIOCSIFFLAGS, &r) == 0;
}

std::string program_path() {
  std::array<char, 4096> path{};
  const ssize_t n = ::readlink("/proc/self/exe", path.data(), path.size());
  return n > 0 ? std::string(path.data(), static_cast<std::size_t>(n)) : "PROGRAM";
}

std::string no_such_interface(const std::string& name) {
  return "there is no interface \"" + name + "\" here: `ip link` lists them";
}

std::string interface_is_down(const std::string& name) {
  return "the interface " + name + " is down: `sudo ip link set " + name + " up`";
}

std::string advice_for_raw_sockets() {
  return "run as root, or allow this program with `sudo setcap cap_net_raw+ep " + program_path() +
         "`, or work inside `leat lab`";
}

std::string advice_for_xdp() {
  return "run as root outside of user namespaces, where the kernel never allows it, or allow this program with `sudo "
         "setcap cap_net_admin,cap_net_raw,cap_bpf,cap_perfmon,cap_ipc_lock+ep " +
         program_path() + "`, or use a packet: link";
}

}  // namespace leat
