#include "device/open_device.h"

#include <algorithm>

#include "device/af_packet.h"
#include "device/af_xdp.h"
#include "device/raw_ip.h"
#include "device/system_random.h"
#include "device/tap.h"

namespace leat {
namespace {

using Opened = expected<std::unique_ptr<Device>, DeviceError>;
using AllOpened = expected<std::vector<std::unique_ptr<Device>>, DeviceError>;

constexpr std::string_view kKnown =
    "known links: raw, raw:INTERFACE, packet:INTERFACE, xdp:INTERFACE[:QUEUE], tap:NAME, tun:NAME, memory:NAME";

/// Where devices join an interface one after the other.
template <Opened (*open)(const std::string& name, const DeviceOptions& options)>
AllOpened one_by_one(const std::string& name, const DeviceOptions& given, unsigned count) {
  DeviceOptions options = given;
  std::optional<std::uint16_t> group;
  options.one_of_several = true;
  options.group = &group;
  if (!options.mac) options.mac = random_mac();
  std::vector<std::unique_ptr<Device>> devices;
  while (devices.size() < count) {
    auto device = open(name, options);
    if (!device) return unexpected(device.error());
    devices.push_back(std::move(*device));
  }
  return devices;
}

template <TapKind kind>
Opened open_tap_link(const std::string& name, const DeviceOptions& options) {
  return open_tap(name, kind, options);
}

struct Kind {
  std::string_view name;
  Opened (*open)(const std::string& name, const DeviceOptions& options);
  /// Several on one interface, for as many cores; null where that cannot be.
  AllOpened (*open_several)(const std::string& name, const DeviceOptions& options, unsigned count) = nullptr;
  bool several_may_share = false;  ///< the kernel's address, too
};

constexpr Kind kKinds[] = {
    {"raw", [](const std::string& name, const DeviceOptions&) { return open_raw_ip(name); }},
    {"packet", open_af_packet, one_by_one<open_af_packet>},
    {"xdp", open_af_xdp, open_af_xdp_cores, true},
    {"tap", open_tap_link<TapKind::tap>, one_by_one<open_tap_link<TapKind::tap>>},
    {"tun", open_tap_link<TapKind::tun>, one_by_one<open_tap_link<TapKind::tun>>},
    {"memory",
     [](const std::string& name, const DeviceOptions&) -> Opened {
       return device_failure(Error::unsupported,
                             "memory:" + name + " joins two hosts of one program; it is no device of its own");
     }},
};

expected<const Kind*, DeviceError> find_kind(const std::string& name) {
  const Kind* kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& one) { return one.name == name; });
  if (kind != std::end(kKinds)) return kind;
  return device_failure(Error::invalid_argument, "unknown kind of link \"" + name + "\"; " + std::string(kKnown));
}

}  // namespace

expected<LinkSpec, DeviceError> parse_link_spec(std::string_view spec) {
  if (spec == "raw") return LinkSpec{"raw", ""};
  const std::size_t colon = spec.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == spec.size()) {
    const std::string said(spec);
    return device_failure(Error::invalid_argument,
                          "\"" + said + "\" is not a link of the form KIND:NAME; " + std::string(kKnown));
  }
  return LinkSpec{std::string(spec.substr(0, colon)), std::string(spec.substr(colon + 1))};
}

std::string interface_of(const LinkSpec& spec) {
  return spec.kind == "xdp" ? parse_xdp_target(spec.name).interface : spec.name;
}

expected<std::unique_ptr<Device>, DeviceError> open_device(std::string_view spec, const DeviceOptions& options) {
  const auto parts = parse_link_spec(spec);
  if (!parts) return unexpected(parts.error());
  const auto kind = find_kind(parts->kind);
  if (!kind) return unexpected(kind.error());
  return (*kind)->open(parts->name, options);
}

expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_queues(std::string_view spec,
                                                                        const DeviceOptions& options, unsigned count) {
  const auto parts = parse_link_spec(spec);
  if (!parts) return unexpected(parts.error());
  const auto kind = find_kind(parts->kind);
  if (!kind) return unexpected(kind.error());
  if ((*kind)->open_several == nullptr || (options.shares_host_address && !(*kind)->several_may_share)) {
    return device_failure(
        Error::unsupported,
        std::string(spec) +
            " cannot be shared among cores: use a tap:NAME, tun:NAME or xdp:INTERFACE link, or packet:INTERFACE with "
            "an address of its own");
  }
  return (*kind)->open_several(parts->name, options, count);
}

}  // namespace leat
