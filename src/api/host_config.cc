#include "api/host_config.h"

#include <algorithm>

#include "api/addresses.h"
#include "api/invalid_argument.h"
#include "api/memory_links.h"
#include "device/capture_device.h"
#include "device/impair.h"
#include "device/link_kinds.h"
#include "device/open_device.h"
#include "device/station_address.h"
#include "device/system_random.h"
#include "tcp/congestion/registry.h"

namespace leat {
namespace {

using Checked = expected<void, HostError>;

constexpr std::uint32_t kSmallestMtu = 576, kLargestMtu = 65535, kMemoryMtu = 1500;
constexpr std::uint16_t kSmallestMss = 88, kLargestMss = 65495;
constexpr std::size_t kSmallestBuffer = 2048, kLargestBuffer = std::size_t{1} << 30;
constexpr unsigned kMostRetries = 127;
constexpr Duration kSlowestAck = std::chrono::milliseconds(500);  // RFC 9293 §3.8.6.3

Checked check_address(const IpPrefix& prefix, bool may_be_loopback) {
  const IpAddress& a = prefix.address;
  const std::string text = prefix.to_string();
  if (!a.is_v4()) return unexpected(HostError{Error::unsupported, text + ": only IPv4 addresses are supported yet"});
  if (prefix.length > 32) return invalid_argument(text + ": the prefix length of an IPv4 address is 0 to 32");
  if (a.is_unspecified() || a.is_multicast() || a.is_limited_broadcast() || (a.is_loopback() && !may_be_loopback)) {
    return invalid_argument(text + " cannot be a host's address: give one of the link's subnet, such as 10.0.0.2/24");
  }
  if (prefix.broadcast() == a)
    return invalid_argument(text + " is the broadcast address of its subnet: choose another one");
  const std::uint32_t host_bits = prefix.length == 0 ? 0xffffffffu : ~(0xffffffffu << (32 - prefix.length));
  if (prefix.length < 31 && (a.v4_value() & host_bits) == 0) {
    return invalid_argument(text + " is the address of the subnet itself: choose one inside it");
  }
  return {};
}

Checked check_gateway(const HostConfig& config) {
  if (!config.gateway || config.addresses.empty()) return {};
  const IpAddress& g = *config.gateway;
  const auto on_link = [&](const IpPrefix& p) { return p.contains(g); };
  if (std::none_of(config.addresses.begin(), config.addresses.end(), on_link)) {
    return invalid_argument("the gateway " + g.to_string() + " is not on the subnet of any address (" +
                            config.addresses.front().to_string() + "): it must be reachable directly");
  }
  const auto is_ours = [&](const IpPrefix& p) { return p.address == g; };
  if (std::any_of(config.addresses.begin(), config.addresses.end(), is_ours)) {
    return invalid_argument("the gateway " + g.to_string() + " is this host's own address: give the router's");
  }
  return {};
}

std::string list_of_controllers() {
  std::string list;
  for (const std::string_view name : controller_names()) list += (list.empty() ? "" : ", ") + std::string(name);
  return list;
}

Checked check_endurance(const TcpSettings& tcp) {
  if (std::max(tcp.syn_retries, tcp.syn_ack_retries) > kMostRetries) return invalid_argument("at most 127 SYN retries");
  for (const unsigned retries : {tcp.retries, tcp.orphan_retries}) {
    if (retries < 1 || retries > kMostRetries) return invalid_argument("data may be retried 1 to 127 times");
  }
  if (tcp.user_timeout && *tcp.user_timeout <= Duration::zero()) {
    return invalid_argument("the user time-out must be longer than zero");
  }
  if (tcp.delayed_ack < Duration::zero() || tcp.delayed_ack >= kSlowestAck) {
    return invalid_argument("an acknowledgement may be delayed for less than 500 ms");
  }
  if (tcp.fin_wait_2 <= Duration::zero()) return invalid_argument("the time in FIN-WAIT-2 must be longer than zero");
  if (!tcp.keep_alive) return {};
  const KeepAlive& keep = *tcp.keep_alive;
  if (keep.idle <= Duration::zero() || keep.interval <= Duration::zero() || keep.probes < 1 ||
      keep.probes > kMostRetries) {
    return invalid_argument("keep-alive needs an idle time and an interval longer than zero, and 1 to 127 probes");
  }
  return {};
}

Checked check_tcp(const TcpSettings& tcp) {
  if (tcp.mss && (*tcp.mss < kSmallestMss || *tcp.mss > kLargestMss)) {
    return invalid_argument("MSS " + std::to_string(*tcp.mss) + " is out of range: 88 to 65495 bytes");
  }
  if (!is_controller(tcp.congestion_control)) {
    return invalid_argument("unknown congestion control \"" + tcp.congestion_control +
                            "\"; known: " + list_of_controllers());
  }
  if (tcp.ttl == 0) return invalid_argument("a time to live of 0 reaches nobody");
  if (tcp.notsent_lowat == 0) return invalid_argument("a mark of 0 bytes not sent yet would let nothing be written");
  if (tcp.defer_accept < Duration::zero()) return invalid_argument("the time to wait for data cannot be negative");
  if (tcp.max_rto <= Duration::zero())
    return invalid_argument("the largest retransmission time-out must be longer than zero");
  for (const std::size_t size :
       {tcp.send_buffer.value_or(kSmallestBuffer), tcp.receive_buffer.value_or(kSmallestBuffer),
        tcp.send_growth.initial, tcp.send_growth.most, tcp.receive_growth.initial, tcp.receive_growth.most}) {
    if (size < kSmallestBuffer || size > kLargestBuffer) {
      return invalid_argument("a buffer of " + std::to_string(size) + " bytes: it must have 2048 bytes to 1 GiB");
    }
  }
  return check_endurance(tcp);
}

/// `plan` is empty if it failed. The error of the device then takes precedence.
DeviceOptions device_options(const HostConfig& config, const LinkSpec& spec,
                             const expected<AddressPlan, HostError>& plan) {
  DeviceOptions options;
  options.mac = config.mac;
  options.offloads = config.offloads;
  if (!plan) return options;
  options.shares_host_address = plan->shared;
  for (const IpPrefix& prefix : plan->addresses) options.addresses.push_back(prefix.address);
  const bool is_station = spec.kind == "packet" || spec.kind == "tap";  // these links need a link address of ours
  if (!options.mac && is_station && !plan->shared && !options.addresses.empty()) {
    options.mac = station_mac(config.link, options.addresses.front());
  }
  return options;
}

expected<std::unique_ptr<Device>, DeviceError> open_any(const HostConfig& config, const LinkSpec& spec,
                                                        const DeviceOptions& options) {
  const LinkKind* kind = find_link_kind(config.link);
  if (kind == nullptr || !kind->in_process) return open_device(config.link, options);
  return open_memory_link(spec.name, config.mac ? *config.mac : random_mac(), config.mtu.value_or(kMemoryMtu));
}

}  // namespace

Checked check_config(const HostConfig& config) {
  if (config.link.empty())
    return invalid_argument("no link given: say where packets go, such as raw, tap:leat0 or packet:eth0");
  const LinkKind* kind = find_link_kind(config.link);
  if (config.addresses.empty() && (kind == nullptr || !kind->shares_kernel_address))
    return invalid_argument("no address given: a host needs at least one, such as 10.0.0.2/24");
  for (const IpPrefix& prefix : config.addresses) {
    if (auto ok = check_address(prefix, kind != nullptr && kind->only_kernel_address); !ok) return ok;
  }
  if (auto ok = check_gateway(config); !ok) return ok;
  if (config.mac && (config.mac->is_multicast() || config.mac->is_zero())) {
    return invalid_argument(config.mac->to_string() +
                            " cannot be a station's address: its first byte must be even, such as in "
                            "02:00:00:00:00:01");
  }
  if (config.mtu && (*config.mtu < kSmallestMtu || *config.mtu > kLargestMtu)) {
    return invalid_argument("MTU " + std::to_string(*config.mtu) + " is out of range: 576 to 65535 bytes");
  }
  for (const Impairment& i : config.impairments) {
    if (auto ok = i.check(); !ok) return invalid_argument("impairment " + i.to_string() + ": " + ok.error());
  }
  return check_tcp(config.tcp);
}

namespace {

expected<WorkerLink, HostError> make_link(const HostConfig& config, std::unique_ptr<Device> device,
                                          const AddressPlan& plan) {
  WorkerLink link;
  link.device = std::move(device);
  const DeviceCaps& caps = link.device->caps();
  if (config.mtu && *config.mtu > caps.mtu) {
    return invalid_argument("MTU " + std::to_string(*config.mtu) + " is more than " + config.link + " carries (" +
                            std::to_string(caps.mtu) + "): give a smaller one or raise the interface's");
  }
  link.interface.caps = caps;
  if (!config.offloads) {
    link.interface.caps.max_super_segment = 0;
    link.interface.caps.completes_checksums = false;
  }
  link.interface.mac = caps.mac.value_or(MacAddress{});
  link.interface.mtu = config.mtu.value_or(caps.mtu);
  link.interface.addresses = plan.addresses;
  link.interface.gateway = plan.gateway;
  link.all_addresses = plan.all_addresses;
  return link;
}

unexpected<HostError> refused(const DeviceError& error) { return unexpected(HostError{error.code, error.message}); }

}  // namespace

expected<WorkerLink, HostError> open_link(const HostConfig& config) {
  const auto spec = parse_link_spec(config.link);
  if (!spec) return refused(spec.error());
  const auto plan = plan_addresses(config, *spec);
  auto device = open_any(config, *spec, device_options(config, *spec, plan));
  if (device && !config.impairments.empty()) device = impair(std::move(*device), config.impairments);
  if (!device) return refused(device.error());
  if (!plan) return unexpected(plan.error());  // the device opened, so the error of the plan is the reason
  if (!config.capture.empty()) {
    // The capture is the outermost wrapper, so it shows what the stack sees.
    device = capture(std::move(*device), {config.capture, config.link, config.on_warning});
    if (!device) return refused(device.error());
  }
  return make_link(config, std::move(*device), *plan);
}

expected<std::vector<WorkerLink>, HostError> open_links(const HostConfig& config, unsigned cores) {
  if (!config.capture.empty()) return invalid_argument("a capture is of one core: several would write into it at once");
  if (!config.impairments.empty())
    return invalid_argument("an emulated fault is of one core: each would have a link of its own");
  const auto spec = parse_link_spec(config.link);
  if (!spec) return refused(spec.error());
  const auto plan = plan_addresses(config, *spec);
  auto devices = open_queues(config.link, device_options(config, *spec, plan), cores);
  if (!devices) return refused(devices.error());
  if (!plan) return unexpected(plan.error());
  std::vector<WorkerLink> links;
  for (std::unique_ptr<Device>& device : *devices) {
    auto link = make_link(config, std::move(device), *plan);
    if (!link) return unexpected(link.error());
    links.push_back(std::move(*link));
  }
  return links;
}

}  // namespace leat
