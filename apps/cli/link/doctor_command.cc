#include "cli/link/doctor_command.h"

#include <fmt/core.h>
#include <net/if.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "device/af_xdp.h"
#include "device/interface_info.h"
#include "device/open_device.h"
#include "lab/lab.h"

namespace leat::command {
namespace {

struct Finding {
  std::string name;
  bool works = false;
  std::string text;
};

std::vector<std::string> interfaces() {
  std::vector<std::string> names;
  struct if_nameindex* all = ::if_nameindex();
  if (all == nullptr) return names;
  for (const struct if_nameindex* i = all; i->if_index != 0; ++i) names.emplace_back(i->if_name);
  ::if_freenameindex(all);
  return names;
}

Finding examine_raw() {
  const auto device = open_device("raw");
  if (!device) return {"raw", false, device.error().message};
  return {"raw", true, "the machine's own addresses; the link that is used when none is given"};
}

/// Loopback is no use for this, though it carries something like frames.
bool is_candidate(const std::string& name) {
  const auto info = interface_info(name);
  return info && info->up && info->ethernet && name != "lo";
}

Finding examine_packet() {
  std::string working, complaint = "no Ethernet interface is up: `sudo ip link set INTERFACE up`, or make one";
  for (const std::string& name : interfaces()) {
    if (!is_candidate(name)) continue;
    const auto device = open_device("packet:" + name);
    if (device) {
      working += (working.empty() ? "" : ", ") + name;
    } else {
      complaint = device.error().message;
    }
  }
  if (working.empty()) return {"packet", false, complaint};
  return {"packet", true, "on " + working};
}

/// Attaching a program, even for a moment, stops the traffic of some cards for a while: it is not tried here.
Finding examine_xdp() {
  if (const auto refusal = xdp_refusal()) return {"xdp", false, refusal->message};
  std::string candidates;
  for (const std::string& name : interfaces()) {
    if (is_candidate(name)) candidates += (candidates.empty() ? "" : ", ") + name;
  }
  if (candidates.empty()) return {"xdp", true, "on Ethernet interfaces; none is up"};
  return {"xdp", true, "can be tried on " + candidates};
}

/// Interfaces of this kind that somebody has made, are up, and may be for us. Opening one that is down would change it.
std::vector<std::string> prepared(const std::string& kind) {
  constexpr unsigned kKindMask = 3, kTun = 1, kTap = 2;  // IFF_TUN and IFF_TAP of <linux/if_tun.h>
  std::vector<std::string> names;
  for (const std::string& name : interfaces()) {
    std::ifstream file("/sys/class/net/" + name + "/tun_flags");
    unsigned flags = 0;
    const auto info = interface_info(name);
    if (!(file >> std::hex >> flags) || !info || !info->up) continue;
    if ((flags & kKindMask) == (kind == "tap" ? kTap : kTun)) names.push_back(name);
  }
  return names;
}

Finding examine_tun(const std::string& kind) {
  const std::string fresh = "leat-dr" + std::to_string(::getpid() % 100'000);
  const auto made = open_device(kind + ":" + fresh);
  if (made) return {kind, true, "makes an interface where there is none, such as " + kind + ":leat0"};
  for (const std::string& name : prepared(kind)) {
    if (open_device(kind + ":" + name)) return {kind, true, kind + ":" + name + " is there for you"};
  }
  std::string text = made.error().message;
  for (std::size_t at = 0; (at = text.find(fresh, at)) != std::string::npos;) text.replace(at, fresh.size(), "leat0");
  return {kind, false, text};
}

Finding examine_lab() {
  const auto made = lab::Lab::create({});
  if (!made) return {"lab", false, made.error().message};
  return {
      "lab", true,
      std::string("leat lab makes a network to work in, ") + (made->is_rootless() ? "in a user namespace" : "as root")};
}

/// The text in lines of at most `width`, the later ones indented.
std::string hanging(const std::string& text, std::size_t indentation, std::size_t width) {
  std::istringstream words(text);
  std::string out, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && indentation + line.size() + 1 + word.size() > width) {
      out += line + "\n" + std::string(indentation, ' ');
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + line;
}

int run_doctor() {
  bool any = false;
  for (const Finding& f :
       {examine_raw(), examine_packet(), examine_xdp(), examine_tun("tap"), examine_tun("tun"), examine_lab()}) {
    any = any || f.works;
    fmt::print("{:<8}{:<5}{}\n", f.name, f.works ? "yes" : "no", hanging(f.text, 13, 80));
    std::fflush(stdout);
  }
  return any ? 0 : 1;
}

constexpr const char* kDoctorDescription = R"(tell which links work here

Tries each kind of link, and the lab, by opening it and closing it again. A line for each says whether it works, where,
or why not, and which command would change that. Nothing is left behind.)";

constexpr const char* kDoctorFooter = R"(EXIT STATUS
0 when at least one of them works, else 1.

EXAMPLES
  leat doctor

SEE ALSO
raw(7), packet(7), user_namespaces(7), ip-tuntap(8), setcap(8)
)";

}  // namespace

void add_doctor(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("doctor", kDoctorDescription);
  command->footer(kDoctorFooter);
  command->callback([&exit_code] { exit_code = run_doctor(); });
}

}  // namespace leat::command
