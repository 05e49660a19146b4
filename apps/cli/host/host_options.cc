#include "cli/host/host_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "cli/common_options.h"
#include "cli/host/tcp_setting_options.h"
#include "cli/units.h"
#include "cli/value_option.h"
#include "device/link_kinds.h"
#include "device/open_device.h"

namespace leat::command {
namespace {

constexpr const char* kHostGroup = "Host options";

template <class T>
expected<T, std::string> or_explain(std::optional<T> value, std::string_view text, std::string_view what) {
  if (value) return std::move(*value);
  return unexpected(fmt::format("\"{}\" is not {}", text, what));
}

expected<std::string, std::string> parse_link(std::string_view text) {
  const auto is_of_machine = [](const LinkKind& kind) { return !kind.in_process; };
  const LinkKind* kind = find_link_kind(text);
  if (kind != nullptr && is_of_machine(*kind) && is_link_spec(text)) return std::string(text);
  return unexpected(fmt::format("\"{}\" is not a link; want {}", text, list_link_forms(is_of_machine, " or ")));
}

expected<IpPrefix, std::string> parse_prefix(std::string_view text) {
  auto prefix = or_explain(IpPrefix::parse(text), text, "an address with a prefix length, such as 10.0.0.2/24");
  if (prefix && !prefix->address.is_v4()) return unexpected(fmt::format("\"{}\": IPv6 is not supported yet", text));
  if (prefix &&
      (prefix->address.is_unspecified() || prefix->address.is_multicast() || prefix->address.is_limited_broadcast())) {
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
void add_host_number(CLI::App& command, const std::string& name, std::uint64_t least, std::uint64_t most,
                     const std::string& description, std::function<void(T)> store) {
  add_value(
      command, name, "N", description, [=](std::string_view text) { return parse_number(text, least, most); },
      [store](std::uint64_t n) { store(static_cast<T>(n)); })
      ->group(kHostGroup);
}

expected<Polling, std::string> parse_poll(std::string_view text) {
  return or_explain(parse_polling(text), text, "a way to wait for packets; want adaptive, busy or sleep");
}

std::string describe_links() {
  std::string all;
  for (const LinkKind& kind : link_kinds()) {
    if (!kind.in_process) all += fmt::format("{}{} ({})", all.empty() ? "" : "; ", kind.form, kind.help);
  }
  return all;
}

void add_place_options(CLI::App& command, HostConfig& config) {
  add_value(command, "--link", "SPEC",
            "The device that the host uses: " + describe_links() +
                ". Default: $LEAT_LINK, else raw. leat doctor says which work here.",
            parse_link, [&config](std::string link) { config.link = std::move(link); })
      ->envname("LEAT_LINK")
      ->group(kHostGroup);
  add_value(
      command, "--address", "A/LEN",
      "An IPv4 address of the host, with the length of its subnet's prefix. On a raw link it is one of the kernel's; on "
      "a packet or xdp link it may be, or nobody's; else nobody's. May be repeated. Default: $LEAT_ADDRESS (several divided "
      "by commas), else the kernel's on raw, packet and xdp links.",
      parse_prefix, [&config](const IpPrefix& prefix) { config.addresses.push_back(prefix); }, true)
      ->delimiter(',')
      ->group(kHostGroup);
  add_value(
      command, "--gateway", "A",
      "The router to hosts beyond the subnet. Default: $LEAT_GATEWAY, else the kernel's when its address is shared.",
      parse_gateway, [&config](const IpAddress& address) { config.gateway = address; })
      ->group(kHostGroup);
  add_value(command, "--mac", "M",
            "The host's Ethernet address. Default: a locally administered one that this machine, the link and the "
            "address determine; on xdp links the interface's.",
            parse_mac, [&config](const MacAddress& mac) { config.mac = mac; })
      ->group(kHostGroup);
  add_host_number<std::uint32_t>(command, "--mtu", 576, 65535,
                                 "The largest IP packet, 576 to 65535 bytes. Default: the link's.",
                                 [&config](std::uint32_t n) { config.mtu = n; });
  add_impair_option(command, config.impairments, "in: is what arrives, out: is what is sent.")->group(kHostGroup);
}

/// `why` there is no default.
std::string no_link(const std::string& why) {
  return fmt::format(
      "no link: this host needs a device to stand on. The default is raw, and you {}.\n"
      "Or give it another one:\n"
      "  run it in a small network of its own:\n"
      "    leat lab -- leat get http://10.77.2.2/FILE   (a FILE of this folder, from a web server on the far side)\n"
      "  or make a TAP device and a subnet with the kernel on the other side (as root):\n"
      "    ip tuntap add leat0 mode tap user $USER; ip addr add 10.9.0.1/24 dev leat0; ip link set leat0 up\n"
      "    leat get --link tap:leat0 --address 10.9.0.2/24 http://10.9.0.1/\n"
      "  or share an interface, with an address that nobody has (as root):\n"
      "    leat get --link packet:eth0 --address 192.0.2.77/24 --gateway 192.0.2.1 URL\n"
      "Or set LEAT_LINK, LEAT_ADDRESS and LEAT_GATEWAY. leat doctor says what works here.",
      why);
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

/// LEAT_ADDRESS and LEAT_GATEWAY belong to LEAT_LINK: with another --link they would be wrong.
expected<void, std::string> take_environment(HostConfig& config) {
  const std::string link = variable("LEAT_LINK");
  if (!link.empty() && link != config.link) return {};
  std::string addresses = config.addresses.empty() ? variable("LEAT_ADDRESS") : "";
  while (!addresses.empty()) {
    const std::size_t comma = std::min(addresses.find(','), addresses.size());
    const auto prefix = parse_prefix(addresses.substr(0, comma));
    if (!prefix) return unexpected("LEAT_ADDRESS: " + prefix.error());
    config.addresses.push_back(*prefix);
    addresses.erase(0, comma + 1);
  }
  const std::string gateway = config.gateway ? "" : variable("LEAT_GATEWAY");
  if (gateway.empty()) return {};
  const auto address = parse_gateway(gateway);
  if (!address) return unexpected("LEAT_GATEWAY: " + address.error());
  config.gateway = *address;
  return {};
}

}  // namespace

const char* const kHostEnvironmentHelp = R"(ENVIRONMENT
LEAT_LINK, LEAT_ADDRESS, LEAT_GATEWAY
       Used where --link, --address or --gateway is not given.
       LEAT_ADDRESS may hold several addresses, divided by commas. It
       and LEAT_GATEWAY are not used with a --link other than LEAT_LINK.
)";

void add_host_options(CLI::App& command, HostOptions& options) {
  add_place_options(command, options.config);
  add_tcp_options(command, options.config.tcp);
  add_value(
      command, "--poll", "HOW",
      "How to wait for packets. adaptive: look for them while answers come within 500 us, then sleep; busy: never sleep, "
      "which takes a CPU; sleep: sleep at once. Default: adaptive.",
      parse_poll, [&options](Polling polling) { options.config.polling = polling; })
      ->group(kHostGroup);
  command
      .add_flag_callback(
          "--no-offloads", [&options] { options.config.offloads = false; },
          "Send every frame as it goes on a wire, split and with its checksum, and have a tap or tun link receive them "
          "so: slower, and what a capture shows is what a network card would see.")
      ->group(kHostGroup);
  add_value(
      command, "--pcap", "FILE",
      "Write every frame to FILE, as pcapng for Wireshark and tshark, with a comment on each that was dropped, sent "
      "again, or sent to probe or to challenge. - is standard output, where that is not taken.",
      [](std::string_view text) -> expected<std::string, std::string> {
        if (text.empty()) return unexpected(std::string("an empty file name"));
        return std::string(text);
      },
      [&options](std::string file) { options.config.capture = std::move(file); })
      ->group(kHostGroup);
  add_stats_option(command, options.stats,
                   "the link, connections as ss -tin does, memory by pool, counters as nstat does and drop reasons")
      ->group(kHostGroup);
  command.add_flag("-v,--verbose", options.verbose, "Tell what happens, on standard error.")->group(kHostGroup);
}

void refuse_capture_on_output(const HostOptions& options) {
  if (options.config.capture != "-") return;
  throw CLI::ValidationError("--pcap", "standard output is taken by what the command prints: give a file");
}

expected<void, std::string> check_host_options(HostOptions& options) {
  HostConfig& config = options.config;
  if (config.link.empty()) {
    if (const auto raw = open_device("raw"); !raw) return unexpected(no_link(raw.error().message));
    config.link = "raw";
  }
  if (auto taken = take_environment(config); !taken) return taken;
  const auto& addresses = config.addresses;
  if (addresses.empty() && !find_link_kind(config.link)->shares_kernel_address) {
    return unexpected(std::string(
        "no address: give the host one with --address A/LEN (or LEAT_ADDRESS), on the link's subnet and not the "
        "kernel's"));
  }
  if (config.gateway && !addresses.empty() && std::none_of(addresses.begin(), addresses.end(), [&](const IpPrefix& p) {
        return p.contains(*config.gateway);
      })) {
    return unexpected(fmt::format("the gateway {} is on no subnet of --address", config.gateway->to_string()));
  }
  return {};
}

}  // namespace leat::command
