#include "device/xdp/interface_queues.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "device/unique_fd.h"

namespace leat::xdp {
namespace {

unexpected<DeviceError> too_few(const std::string& interface, const InterfaceQueues& there, unsigned cores) {
  const auto counted = [](unsigned n) { return std::to_string(n) + (n == 1 ? " queue" : " queues"); };
  const std::string wanted = std::to_string(cores);
  return device_failure(Error::invalid_argument,
                        interface + " has " + counted(there.receive) + " to receive by and " + counted(there.send) +
                            " to send by, and each of " + wanted + " cores needs one: `sudo ethtool -L " + interface +
                            (there.in_pairs ? " combined " + wanted : " rx " + wanted + " tx " + wanted) +
                            "` where the driver has so many (`ethtool -l " + interface + "`), or use fewer cores");
}

}  // namespace

InterfaceQueues queues_of(const std::string& interface) {
  const UniqueFd control(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  ifreq request{};
  std::copy_n(interface.begin(), std::min<std::size_t>(interface.size(), IFNAMSIZ - 1), request.ifr_name);
  request.ifr_data = reinterpret_cast<char*>(&channels);
  if (::ioctl(control.get(), SIOCETHTOOL, &request) != 0) return {};
  return {std::max(1u, channels.combined_count + channels.rx_count),
          std::max(1u, channels.combined_count + channels.tx_count), channels.max_combined > 0};
}

expected<std::vector<std::vector<unsigned>>, DeviceError> share_queues(const XdpTarget& target,
                                                                       const InterfaceQueues& there, unsigned cores) {
  const std::string& interface = target.interface;
  if (target.queue && cores > 1) {
    return device_failure(Error::invalid_argument, "xdp:" + interface + ":" + std::to_string(*target.queue) +
                                                       " is one queue, and each core needs one: use xdp:" + interface +
                                                       ", or one core");
  }
  if (target.queue && *target.queue >= there.receive) {
    return device_failure(Error::invalid_argument, interface + " has no queue " + std::to_string(*target.queue) +
                                                       ": its queues are 0 to " + std::to_string(there.receive - 1) +
                                                       " (`ethtool -l " + interface +
                                                       "`); without a number all are used");
  }
  if (target.queue && *target.queue >= there.send) {
    return device_failure(Error::invalid_argument, "queue " + std::to_string(*target.queue) + " of " + interface +
                                                       " receives only: use one below " + std::to_string(there.send) +
                                                       ", or none, and all are used");
  }
  if (target.queue) return std::vector<std::vector<unsigned>>{{*target.queue}};
  if (cores > std::min(there.receive, there.send)) return too_few(interface, there, cores);
  std::vector<std::vector<unsigned>> shares(cores);
  for (unsigned queue = 0; queue < there.receive; ++queue) shares[queue % cores].push_back(queue);
  return shares;
}

}  // namespace leat::xdp
