#include "cli/link/wire_command.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/common_options.h"
#include "cli/complain.h"
#include "cli/host/stats_text.h"
#include "cli/signal_watch.h"
#include "cli/value_option.h"
#include "device/impair.h"
#include "device/link_kinds.h"
#include "device/open_device.h"
#include "runtime/cable.h"

namespace leat::command {
namespace {

struct WireOptions {
  std::array<std::string, 2> devices;
  std::vector<Impairment> impairments;
  StatsOption stats;
  bool quiet = false;
};

expected<std::string, std::string> parse_device(std::string_view text) {
  const auto can_be_end = [](const LinkKind& kind) { return kind.carries_whole_wire; };
  const LinkKind* kind = find_link_kind(text);
  if (kind != nullptr && can_be_end(*kind) && is_link_spec(text)) return std::string(text);
  return unexpected(fmt::format("\"{}\" is no end for a wire; want {}", text, list_link_forms(can_be_end, " or ")));
}

/// What has passed each way, and what the impairments did to it.
std::string report_text(const WireOptions& options, const Cable& cable) {
  std::string out;
  for (std::size_t from = 0; from < 2; ++from) {
    const DeviceCounters source = cable.device(from).counters(), sink = cable.device(1 - from).counters();
    out += fmt::format("wire {} > {} in {} packets {} bytes out {} packets {} bytes", options.devices[from],
                       options.devices[1 - from], source.rx_packets, source.rx_bytes, sink.tx_packets, sink.tx_bytes);
    if (source.rx_dropped > 0) out += fmt::format(" rx_dropped:{}", source.rx_dropped);
    if (sink.tx_refused > 0) out += fmt::format(" tx_refused:{}", sink.tx_refused);
    out += "\n";
  }
  for (const ImpairmentReport& report : cable.device(0).impairments()) out += impairment_text(report);
  return out;
}

expected<std::unique_ptr<Cable>, DeviceError> make_cable(const WireOptions& options) {
  DeviceOptions as_wire;
  as_wire.whole_wire = true;
  auto first = open_device(options.devices[0], as_wire);
  if (!first) return unexpected(first.error());
  auto second = open_device(options.devices[1], as_wire);
  if (!second) return unexpected(second.error());
  const std::uint32_t mtu[] = {(*first)->caps().mtu, (*second)->caps().mtu};
  if (mtu[0] != mtu[1]) {
    complain("wire", fmt::format("{} has MTU {} and {} has {}: larger packets will not pass", options.devices[0],
                                 mtu[0], options.devices[1], mtu[1]));
  }
  // The faults are those of the first device's side: what comes in from it goes to the second one.
  if (!options.impairments.empty()) first = impair(std::move(*first), options.impairments);
  if (!first) return unexpected(first.error());
  return Cable::create(std::move(*first), std::move(*second));
}

int run_wire(const WireOptions& options) {
  if (options.devices[0] == options.devices[1]) {
    complain("wire", "the two ends of a wire must be different devices");
    return kUsage;
  }
  auto cable = make_cable(options);
  if (!cable) {
    complain("wire", cable.error().message);
    return kUsage;
  }
  Cable& wire = **cable;
  const SignalWatch signals([&wire](int) {
    wire.stop();
    return true;
  });
  if (!options.quiet) {
    fmt::print(stderr, "leat wire: {} and {} are joined; Ctrl-C ends it\n", options.devices[0], options.devices[1]);
  }
  const auto print = [&] {
    const std::string text = report_text(options, wire);
    std::fwrite(text.data(), 1, text.size(), stderr);
  };
  const auto gone = wire.run(options.stats.interval, [&] { print(), std::fputc('\n', stderr); });
  if (!options.quiet || options.stats.wanted) print();
  if (!gone) return 0;
  complain("wire", "the device " + options.devices[*gone] + " is gone");
  return kFailed;
}

constexpr const char* kWireDescription = R"(join two devices as a wire, a faulty one if wished

What arrives at DEV1 is sent through DEV2 and the other way round, frame by frame and unchanged, until Ctrl-C. --impair
makes the wire lose, delay, reorder, double and damage frames and bounds its rate: for any two programs or kernels, where
the kernel has no netem.

A device is packet:INTERFACE, tap:NAME or tun:NAME. packet: takes every frame that arrives at the interface, whoever it
is for; the interface should have no address, or the kernel answers there as well. tap: and tun: are interfaces whose
other side is this wire (made when missing). Both carry Ethernet frames (packet, tap), or both bare IP packets (tun).
Offloads may stay on: super-segments pass whole where nothing impairs them. VLAN-tagged frames do not pass.)";

constexpr const char* kWireFooter = R"(REPORT
At the end, on standard error: what passed each way, as the devices
count it, and a line for each impairment: the frames and bytes it saw,
what it did to them, and their delay, mean and longest.

EXIT STATUS
0 after Ctrl-C, SIGTERM or SIGHUP; 1 when a device is gone; 2 for a bad
option or a device that cannot be opened.

EXAMPLES
A slow, lossy line between two interfaces of this machine (as root):
  leat wire packet:eth1 packet:eth2 --impair rate=2mbit,delay=40ms,loss=1%

Lose one way only what is marked with TOS 0xa0:
  leat wire packet:veth0 packet:veth1 --impair in:loss=20%,match=tos:0xa0

SEE ALSO
veth(4), tc-netem(8)
)";

}  // namespace

void add_wire(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<WireOptions>();
  CLI::App* command = app.add_subcommand("wire", kWireDescription);
  command->footer(kWireFooter);
  add_impair_option(*command, options->impairments, "in: is what goes from DEV1 to DEV2, out: what goes back.");
  add_stats_option(*command, options->stats, "what passed");
  command->add_flag("-q,--quiet", options->quiet, "Print nothing but errors, and what --stats asks for.");
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string name = "DEV" + std::to_string(i + 1);
    add_value(*command, name, name, i == 0 ? "One end: packet:INTERFACE, tap:NAME or tun:NAME." : "The other end.",
              parse_device, [options, i](std::string device) { options->devices[i] = std::move(device); })
        ->required();
  }
  command->callback([options, &exit_code] { exit_code = run_wire(*options); });
}

}  // namespace leat::command
