#include "device/interface_watch.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>

namespace leat {

bool is_removed(int packet_socket, int interface_index) {
  // The kernel takes an interface down before it removes it, under one lock, and reports only the first step. Leaving a
  // multicast group waits for that lock, and has no effect when the group was never joined.
  packet_mreq none{};
  none.mr_ifindex = interface_index;
  none.mr_type = PACKET_MR_MULTICAST;
  (void)::setsockopt(packet_socket, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &none, sizeof none);
  ifreq name{};
  name.ifr_ifindex = interface_index;
  return ::ioctl(packet_socket, SIOCGIFNAME, &name) != 0;
}

std::optional<InterfaceWatch> InterfaceWatch::open(int interface_index, bool promiscuous) {
  // An unused protocol (the first EtherType that IEEE 802 reserves for local experiments), so that no frame arrives.
  constexpr std::uint16_t kProtocol = 0x88b5;
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return std::nullopt;
  sock_filter nothing{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog filter{1, &nothing};
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) return std::nullopt;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(kProtocol);
  address.sll_ifindex = interface_index;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
  packet_mreq membership{};
  membership.mr_ifindex = interface_index;
  membership.mr_type = PACKET_MR_PROMISC;
  if (promiscuous && ::setsockopt(fd.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
    return std::nullopt;
  }
  return InterfaceWatch(std::move(fd), interface_index);
}

bool InterfaceWatch::sees_removal() const {
  std::uint8_t byte = 0;
  const ssize_t n = ::recv(fd_.get(), &byte, 1, MSG_DONTWAIT);
  return n < 0 && errno != EAGAIN && errno != EINTR && is_removed(fd_.get(), index_);
}

}  // namespace leat
