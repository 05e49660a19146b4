#include "device/open_device.h"

#include "device/af_packet.h"
#include "device/raw_ip.h"
#include "device/tap.h"

namespace leat {
namespace {

constexpr std::string_view kKnown =
    "known links: raw, raw:INTERFACE, packet:INTERFACE, tap:NAME, tun:NAME, memory:NAME";

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

expected<std::unique_ptr<Device>, DeviceError> open_device(std::string_view spec, const DeviceOptions& options) {
  const auto parts = parse_link_spec(spec);
  if (!parts) return unexpected(parts.error());
  const auto& [kind, name] = *parts;
  if (kind == "tap") return open_tap(name, TapKind::tap, options);
  if (kind == "tun") return open_tap(name, TapKind::tun, options);
  if (kind == "raw") return open_raw_ip(name);
  if (kind == "packet") return open_af_packet(name, options);
  if (kind == "memory") {
    return device_failure(Error::unsupported,
                          "memory:" + name + " joins two hosts of one program; it is no device of its own");
  }
  return device_failure(Error::invalid_argument, "unknown kind of link \"" + kind + "\"; " + std::string(kKnown));
}

}  // namespace leat
