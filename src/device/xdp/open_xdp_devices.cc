#include "device/xdp/open_xdp_devices.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "device/af_packet.h"
#include "device/xdp/interface_queues.h"
#include "device/xdp/xdp_device.h"
#include "wire/ethernet.h"

namespace leat::xdp {
namespace {

constexpr std::uint32_t kSmallFrame = 2048, kLargeFrame = 4096;
constexpr std::uint32_t kSendFrames = 2048;
// Frames for bursts, divided among the queues of a core.
constexpr unsigned kReceiveFrames = 4096, kLeastReceiveFrames = 512;

// One second.
constexpr int kMostTries = 100;
constexpr unsigned kMicrosecondsBetweenTries = 10'000;

/// The facts and resources that the devices of all cores share.
struct Common {
  InterfaceInfo info;
  DeviceCaps caps;
  Mode mode = Mode::generic;
  QueueConfig queue;
  std::shared_ptr<RedirectProgram> program;
  std::shared_ptr<SharedAddress> shared;
};

unexpected<DeviceError> queue_refused(const std::string& interface, unsigned queue) {
  const int reason = errno;
  const std::string which = "queue " + std::to_string(queue) + " of " + interface;
  if (reason == EBUSY) {
    return device_failure(Error::address_in_use,
                          which + " is in use by another AF_XDP program: end that, or use packet:" + interface);
  }
  if (reason == EPERM || reason == EACCES) {
    return device_failure(Error::not_permitted, "may not use AF_XDP on " + which + ": " + advice_for_xdp());
  }
  if (reason == ENOBUFS || reason == ENOMEM) {
    return device_failure(Error::no_buffers, "no memory for the frames of " + which +
                                                 ": raise the limit (`ulimit -l`), or " + advice_for_xdp());
  }
  return device_failure(Error::unsupported, "AF_XDP does not work on " + which + ": " + std::strerror(reason) +
                                                "; use packet:" + interface);
}

bool exceeds_a_frame(std::uint32_t mtu) { return mtu + EthernetHeader::kSize > kLargeFrame - kFrameHeadroom; }

/// The settings of the queues, besides their number and their frames.
QueueConfig queue_config(const std::string& interface, std::uint32_t mtu, Mode mode) {
  QueueConfig config;
  config.interface = interface;
  // A generic program comes after the kernel has joined segments.
  config.split_frames = mode == Mode::generic || exceeds_a_frame(mtu);
  const bool is_small = !config.split_frames && mtu + EthernetHeader::kSize <= kSmallFrame - kFrameHeadroom;
  config.frame_size = is_small ? kSmallFrame : kLargeFrame;
  return config;
}

/// The kernel frees a queue a moment after the socket there before was closed.
std::unique_ptr<XskQueue> open_patiently(const QueueConfig& config) {
  auto opened = XskQueue::open(config);
  for (int i = 0; !opened && errno == EBUSY && i < kMostTries; ++i) {
    ::usleep(kMicrosecondsBetweenTries);
    opened = XskQueue::open(config);
  }
  return opened;
}

expected<void, DeviceError> open_queues(XdpParts& parts, Common& common, const std::vector<unsigned>& queues) {
  QueueConfig& config = common.queue;
  const auto count = static_cast<unsigned>(queues.size());
  config.receive_frames = std::bit_floor(std::max(kReceiveFrames / count, kLeastReceiveFrames));
  for (const unsigned queue : queues) {
    config.queue = queue;
    config.send_frames = queue == queues.front() ? kSendFrames : 0;
    auto opened = open_patiently(config);
    if (!opened && errno == EINVAL && config.split_frames && !exceeds_a_frame(common.info.mtu)) {  // before Linux 6.6
      config.split_frames = false;
      opened = open_patiently(config);
    }
    if (!opened) return queue_refused(config.interface, queue);
    if (!common.program->set_socket(queue, opened->descriptor())) return queue_refused(config.interface, queue);
    parts.queues.push_back(std::move(opened));
  }
  return {};
}

std::string describe(const XdpParts& parts, const Common& common) {
  std::string text = common.mode == Mode::native ? "native XDP" : "generic XDP";
  text += parts.queues.front()->is_zero_copy() ? ", zero copy" : ", copy mode";
  text += ", " + std::to_string(parts.queues.size()) + (parts.queues.size() == 1 ? " queue" : " queues");
  if (common.mode == Mode::native) return text;
  if (!common.queue.split_frames) text += ", loses what GRO joins (`ethtool -K` can switch it off)";
  text += " (native: " + common.program->refusal() + ")";
  return text;
}

/// Attaches the program and opens the packet socket. Nothing is taken from the kernel yet.
expected<Common, DeviceError> open_common(const std::string& interface, const InterfaceInfo& info,
                                          const DeviceOptions& options, unsigned queues) {
  Common common;
  common.info = info;
  common.caps.mtu = info.mtu;
  common.caps.shares_host_address = options.shares_host_address;
  common.caps.mac = options.mac && !options.shares_host_address ? *options.mac : info.mac;
  auto program = RedirectProgram::load(interface, *common.caps.mac, queues);
  if (!program) return unexpected(program.error());
  const auto mode = program->attach(interface, info.index);
  if (!mode) return unexpected(mode.error());
  common.mode = *mode;
  common.program = std::make_shared<RedirectProgram>(std::move(*program));
  common.queue = queue_config(interface, info.mtu, *mode);
  if (!options.shares_host_address) return common;
  auto copies = open_af_packet(interface, options);
  if (!copies) return unexpected(copies.error());
  common.shared = std::make_shared<SharedAddress>(common.program, std::move(*copies), options.addresses);
  return common;
}

expected<std::unique_ptr<Device>, DeviceError> open_core(Common& common, unsigned core,
                                                         const std::vector<unsigned>& queues) {
  XdpParts parts;
  parts.core = core;
  parts.program = common.program;
  parts.shared = common.shared;
  if (auto opened = open_queues(parts, common, queues); !opened) return unexpected(opened.error());
  const bool receives_copies = common.shared && core == SharedAddress::kFirstCore;
  if (!receives_copies) {
    parts.watch = InterfaceWatch::open(common.info.index, *common.caps.mac != common.info.mac);
    if (!parts.watch) return queue_refused(common.queue.interface, queues.front());
  }
  parts.description = describe(parts, common);
  auto device = make_xdp_device(std::move(parts), common.caps);
  if (!device) return queue_refused(common.queue.interface, queues.front());
  return device;
}

}  // namespace

expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_xdp_devices(const XdpTarget& target,
                                                                             const InterfaceInfo& info,
                                                                             const DeviceOptions& options,
                                                                             unsigned cores) {
  const InterfaceQueues there = queues_of(target.interface);
  const auto shares = share_queues(target, there, cores);
  if (!shares) return unexpected(shares.error());
  auto common = open_common(target.interface, info, options, there.receive);
  if (!common) return unexpected(common.error());
  std::vector<std::unique_ptr<Device>> devices;
  for (unsigned core = 0; core < cores; ++core) {
    auto device = open_core(*common, core, (*shares)[core]);
    if (!device) return unexpected(device.error());
    devices.push_back(std::move(*device));
  }
  if (options.shares_host_address) return devices;
  for (const IpAddress& address : options.addresses) {
    if (!common->program->take(address, 0)) return queue_refused(target.interface, shares->front().front());
  }
  return devices;
}

}  // namespace leat::xdp
