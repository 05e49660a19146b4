#include "host_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "common_options.h"
#include "options.h"
#include "tcp_options.h"
#include "units.h"

namespace leat::command {
namespace {

constexpr const char* kGroup = "Host options";

template <class T>
expected<T, std::string> or_explain(std::optional<T> value, std::string_view text, std::string_view what) {
  if (value) return std::move(*value);
  return unexpected(fmt::format("\"{}\" is not {}", text, what));
}

expected<std::string, std::string> parse_link(std::string_view text) {
  const std::string_view kind = text.substr(0, text.find(':'));
  for (const std::string_view known : {"tap", "tun", "packet"}) {
    if (kind == known && text.size() > kind.size() + 1) return std::string(text);
  }
  return unexpected(fmt::format("\"{}\" is not a link; want tap:NAME, tun:NAME or packet:INTERFACE", text));
}

expected<IpPrefix, std::string> parse_prefix(std::string_view text) {
  auto prefix = or_explain(IpPrefix::parse(text), text, "an address with a prefix length, such as 10.0.0.2/24");
  if (prefix && !prefix->address.is_v4()) return unexpected(fmt::format("\"{}\": IPv6 is not supported yet", text));
  if (prefix && (prefix->address.is_unspecified() || prefix->address.is_multicast() || prefix->address.is_loopback() ||
                 prefix->address.is_limited_broadcast())) {
    return unexpected(fmt::format("\"{}\" cannot be a host's address", text));
  }
  return prefix;
}

expected<IpAddress, std::string> parse_gateway(std::string_view text) {
  auto address = or_explain(IpAddress::parse(text), text, "an address, such as 10.0.0.1");
  if (address && !address->is_v4()) return unexpected(fmt::format("\"{}\": IPv6 is not supported yet", text));
  return address;
}

expected<MacAddress, std::string> parse_mac(std::string_view text) {
  auto mac = or_explain(MacAddress::parse(text), text, "an Ethernet address, such as 02:00:00:00:00:01");
  if (mac && (mac->is_multicast() || mac->is_zero())) {
    return unexpected(fmt::format("\"{}\" cannot be a station's Ethernet address", text));
  }
  return mac;
}

/// An option with a number from `least` to `most`, stored as a T.
template <class T>
void add_number(CLI::App& command, const std::string& name, std::uint64_t least, std::uint64_t most,
                const std::string& description, std::function<void(T)> store) {
  add_value(
      command, name, "N", description, [=](std::string_view text) { return parse_number(text, least, most); },
      [store](std::uint64_t n) { store(static_cast<T>(n)); })
      ->group(kGroup);
}

void add_place_options(CLI::App& command, HostConfig& config) {
  add_value(command, "--link", "SPEC",
            "The device that the host stands on: tap:NAME or tun:NAME (made when missing; needs a /dev/net/tun that "
            "you may open), or packet:INTERFACE (shares an interface, such as one end of a veth pair). Default: "
            "$LEAT_LINK.",
            parse_link, [&config](std::string link) { config.link = std::move(link); })
      ->envname("LEAT_LINK")
      ->group(kGroup);
  add_value(
      command, "--address", "A/LEN",
      "An IPv4 address of the host, with the length of its subnet's prefix. It must not be one of the kernel's. "
      "May be repeated. Default: $LEAT_ADDRESS (several divided by commas).",
      parse_prefix, [&config](const IpPrefix& prefix) { config.addresses.push_back(prefix); }, true)
      ->delimiter(',')
      ->envname("LEAT_ADDRESS")
      ->group(kGroup);
  add_value(command, "--gateway", "A", "The router to hosts beyond the subnet. Default: $LEAT_GATEWAY.", parse_gateway,
            [&config](const IpAddress& address) { config.gateway = address; })
      ->envname("LEAT_GATEWAY")
      ->group(kGroup);
  add_value(command, "--mac", "M", "The host's Ethernet address. Default: a random locally administered one.",
            parse_mac, [&config](const MacAddress& mac) { config.mac = mac; })
      ->group(kGroup);
  add_number<std::uint32_t>(command, "--mtu", 576, 65535,
                            "The largest IP packet, 576 to 65535 bytes. Default: the link's.",
                            [&config](std::uint32_t n) { config.mtu = n; });
  add_impair_option(command, config.impairments, "in: is what arrives, out: is what is sent.")->group(kGroup);
}

constexpr const char* kNoLink =
    "no link: this host needs a device to stand on. Either\n"
    "  run it in a small network of its own:\n"
    "    leat lab -- leat get http://10.77.2.2/FILE   (a FILE of this folder, from a web server on the far side)\n"
    "  or make a TAP device and a subnet with the kernel on the other side (as root):\n"
    "    ip tuntap add leat0 mode tap user $USER; ip addr add 10.9.0.1/24 dev leat0; ip link set leat0 up\n"
    "    leat get --link tap:leat0 --address 10.9.0.2/24 http://10.9.0.1/\n"
    "  or share an interface, with an address that nobody has (as root):\n"
    "    leat get --link packet:eth0 --address 192.0.2.77/24 --gateway 192.0.2.1 URL\n"
    "Or set LEAT_LINK, LEAT_ADDRESS and LEAT_GATEWAY.";

}  // namespace

const char* const kHostEnvironmentHelp = R"(ENVIRONMENT
LEAT_LINK, LEAT_ADDRESS, LEAT_GATEWAY
       Used where --link, --address or --gateway is not given.
       LEAT_ADDRESS may hold several addresses, divided by commas.
)";

void add_host_options(CLI::App& command, HostOptions& options) {
  add_place_options(command, options.config);
  add_tcp_options(command, options.config.tcp);
  add_stats_option(command, options.stats, "counters, drop reasons, the link and the connections")->group(kGroup);
  command.add_flag("-v,--verbose", options.verbose, "Tell what happens, on standard error.")->group(kGroup);
}

expected<void, std::string> check_host_options(const HostOptions& options) {
  const HostConfig& config = options.config;
  if (config.link.empty()) return unexpected(std::string(kNoLink));
  if (config.addresses.empty()) {
    return unexpected(std::string(
        "no address: give the host one with --address A/LEN (or LEAT_ADDRESS), on the link's subnet and not the "
        "kernel's"));
  }
  const auto& addresses = config.addresses;
  if (config.gateway && std::none_of(addresses.begin(), addresses.end(),
                                     [&](const IpPrefix& p) { return p.contains(*config.gateway); })) {
    return unexpected(fmt::format("the gateway {} is on no subnet of --address", config.gateway->to_string()));
  }
  return {};
}

}  // namespace leat::command
