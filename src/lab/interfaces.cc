#include "lab/interfaces.h"

#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>

#include "lab/unique_fd.h"

namespace leat::lab {
namespace {

ifreq request_for(const char* name) {
  ifreq request{};
  std::snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  return request;
}

int make_device(const char* name, int kind) {
  const UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  if (!fd) return errno;
  ifreq request = request_for(name);
  request.ifr_flags = static_cast<short>(kind | IFF_NO_PI);
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) return errno;
  return ::ioctl(fd.get(), TUNSETPERSIST, 1) != 0 ? errno : 0;
}

int set_feature(int socket, const char* name, unsigned command, bool on) {
  ethtool_value value{};
  value.cmd = command;
  value.data = on ? 1 : 0;
  ifreq request = request_for(name);
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ::ioctl(socket, SIOCETHTOOL, &request) != 0 ? errno : 0;
}

}  // namespace

int make_tap_device(const char* name, bool several_queues) {
  return make_device(name, IFF_TAP | (several_queues ? IFF_MULTI_QUEUE : 0));
}

int make_tun_device(const char* name, bool several_queues) {
  return make_device(name, IFF_TUN | (several_queues ? IFF_MULTI_QUEUE : 0));
}

int set_segmentation_offloads(const char* name, bool on) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno;
  if (const int error = set_feature(socket.get(), name, ETHTOOL_SGSO, on)) return error;
  if (const int error = set_feature(socket.get(), name, ETHTOOL_STSO, on)) return error;
  // veth does not merge received segments by default.
  return on ? 0 : set_feature(socket.get(), name, ETHTOOL_SGRO, false);
}

}  // namespace leat::lab
