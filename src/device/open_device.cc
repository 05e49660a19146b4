#include "device/open_device.h"

#include <algorithm>

#include "device/af_packet.h"
#include "device/af_xdp.h"
#include "device/link_kinds.h"
#include "device/raw_ip.h"
#include "device/system_random.h"
#include "device/tap.h"

namespace leat {
namespace {

using Opened = expected<std::unique_ptr<Device>, DeviceError>;
using AllOpened = expected<std::vector<std::unique_ptr<Device>>, DeviceError>;

/// Opens `count` devices that join an interface one after the other.
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

/// How each kind of link_kinds() is opened.
struct Opener {
  std::string_view kind;
  Opened (*open)(const std::string& name, const DeviceOptions& options);
  /// Several devices on one interface, for as many cores; null where that cannot be.
  AllOpened (*open_several)(const std::string& name, const DeviceOptions& options, unsigned count) = nullptr;
};

constexpr Opener kOpeners[] = {
    {"raw", [](const std::string& name, const DeviceOptions&) { return open_raw_ip(name); }},
    {"packet", open_af_packet, one_by_one<open_af_packet>},
    {"xdp", open_af_xdp, open_af_xdp_cores},
    {"tap", open_tap_link<TapKind::tap>, one_by_one<open_tap_link<TapKind::tap>>},
    {"tun", open_tap_link<TapKind::tun>, one_by_one<open_tap_link<TapKind::tun>>},
    {"memory",
     [](const std::string& name, const DeviceOptions&) -> Opened {
       return device_failure(Error::unsupported,
                             "memory:" + name + " joins two hosts of one program; it is no device of its own");
     }},
};

std::string known_links() {
  return "known links: " + list_link_forms([](const LinkKind&) { return true; });
}

expected<const Opener*, DeviceError> find_opener(const std::string& kind) {
  const Opener* opener =
      std::find_if(std::begin(kOpeners), std::end(kOpeners), [&](const Opener& one) { return one.kind == kind; });
  if (opener != std::end(kOpeners)) return opener;
  return device_failure(Error::invalid_argument, "unknown kind of link \"" + kind + "\"; " + known_links());
}

}  // namespace

expected<LinkSpec, DeviceError> parse_link_spec(std::string_view spec) {
  if (const LinkKind* kind = find_link_kind(spec); kind != nullptr && kind->bare_name && spec == kind->name) {
    return LinkSpec{std::string(spec), ""};
  }
  const std::size_t colon = spec.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == spec.size()) {
    const std::string said(spec);
    return device_failure(Error::invalid_argument,
                          "\"" + said + "\" is not a link of the form KIND:NAME; " + known_links());
  }
  return LinkSpec{std::string(spec.substr(0, colon)), std::string(spec.substr(colon + 1))};
}

std::string interface_of(const LinkSpec& spec) {
  return spec.kind == "xdp" ? parse_xdp_target(spec.name).interface : spec.name;
}

expected<std::unique_ptr<Device>, DeviceError> open_device(std::string_view spec, const DeviceOptions& options) {
  const auto parts = parse_link_spec(spec);
  if (!parts) return unexpected(parts.error());
  const auto opener = find_opener(parts->kind);
  if (!opener) return unexpected(opener.error());
  return (*opener)->open(parts->name, options);
}

expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_queues(std::string_view spec,
                                                                        const DeviceOptions& options, unsigned count) {
  const auto parts = parse_link_spec(spec);
  if (!parts) return unexpected(parts.error());
  const auto opener = find_opener(parts->kind);
  if (!opener) return unexpected(opener.error());
  const LinkKind& kind = *find_link_kind(spec);
  if (!kind.several_cores || (options.shares_host_address && !kind.several_cores_share)) {
    return device_failure(
        Error::unsupported,
        std::string(spec) +
            " cannot be shared among cores: use a tap:NAME, tun:NAME or xdp:INTERFACE link, or packet:INTERFACE with "
            "an address of its own");
  }
  return (*opener)->open_several(parts->name, options, count);
}

}  // namespace leat
