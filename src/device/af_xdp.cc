#include "device/af_xdp.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "device/interface_info.h"
#include "device/unique_fd.h"
#ifdef LEAT_HAS_XDP
#include "device/xdp/open_xdp_devices.h"
#include "device/xdp/redirect_program.h"
#endif

namespace leat {
namespace {

#ifdef LEAT_HAS_XDP

/// Why this process cannot use AF_XDP, if it cannot.
std::optional<DeviceError> socket_refusal() {
  const UniqueFd socket(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (socket) return std::nullopt;
  if (errno == EPERM || errno == EACCES) {
    return DeviceError{Error::not_permitted, "may not open an AF_XDP socket: " + advice_for_xdp()};
  }
  if (errno == EAFNOSUPPORT) {
    return DeviceError{Error::unsupported,
                       "this kernel was built without AF_XDP (CONFIG_XDP_SOCKETS): use a packet: link"};
  }
  return DeviceError{Error::system, std::string("cannot open an AF_XDP socket: ") + std::strerror(errno)};
}

#endif

}  // namespace

XdpTarget parse_xdp_target(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  const std::string_view digits = colon == std::string_view::npos ? "" : name.substr(colon + 1);
  constexpr std::size_t kMostDigits = 5;
  const bool is_number = !digits.empty() && digits.size() <= kMostDigits &&
                         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return {std::string(name), std::nullopt};
  unsigned queue = 0;
  for (const char digit : digits) queue = queue * 10 + static_cast<unsigned>(digit - '0');
  return {std::string(name.substr(0, colon)), queue};
}

#ifdef LEAT_HAS_XDP

std::optional<DeviceError> xdp_refusal() {
  if (auto refusal = socket_refusal()) return refusal;
  const auto program = xdp::RedirectProgram::load("interfaces", MacAddress{}, 1);
  if (!program) return program.error();
  return std::nullopt;
}

expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_af_xdp_cores(const std::string& name,
                                                                              const DeviceOptions& options,
                                                                              unsigned cores) {
  const XdpTarget target = parse_xdp_target(name);
  const std::string& interface = target.interface;
  if (interface.find(':') !=
      std::string::npos) {  // no interface name has a colon, though some calls of the kernel accept it
    return device_failure(Error::invalid_argument, "xdp:" + name + ": a queue is a number, such as in xdp:" +
                                                       interface.substr(0, interface.find(':')) +
                                                       ":0; without one all are used");
  }
  const auto info = is_interface_name(interface) ? interface_info(interface) : std::nullopt;
  if (!info) return device_failure(Error::no_device, no_such_interface(interface));
  if (!info->ethernet) {
    return device_failure(
        Error::unsupported,
        "the interface " + interface + " does not carry Ethernet frames: use another one, or a tun:NAME link");
  }
  if (!info->up) return device_failure(Error::no_device, interface_is_down(interface));
  if (options.whole_wire) {
    return device_failure(Error::unsupported,
                          "an XDP link takes what is for one host, not a whole wire: use packet:" + interface);
  }
  if (auto refusal = socket_refusal()) return unexpected(std::move(*refusal));
  return xdp::open_xdp_devices(target, *info, options, cores);
}

#else

std::optional<DeviceError> xdp_refusal() {
  return DeviceError{Error::unsupported,
                     "Leat was built without libxdp: install libxdp-dev and libbpf-dev and build it again, or use a "
                     "packet: link"};
}

expected<std::vector<std::unique_ptr<Device>>, DeviceError> open_af_xdp_cores(const std::string&, const DeviceOptions&,
                                                                              unsigned) {
  return unexpected(*xdp_refusal());
}

#endif

expected<std::unique_ptr<Device>, DeviceError> open_af_xdp(const std::string& name, const DeviceOptions& options) {
  auto devices = open_af_xdp_cores(name, options, 1);
  if (!devices) return unexpected(devices.error());
  return std::move(devices->front());
}

}  // namespace leat
