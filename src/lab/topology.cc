#include "lab/topology.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "lab/interfaces.h"

namespace leat::lab {
namespace {

std::string text_of(unsigned number) { return std::to_string(number); }

/// A network on the far side of the middle, and the names of both ends of its link.
struct FarSide {
  Place place;
  std::string own_end, middle_end, address;
};

std::vector<FarSide> far_sides(unsigned clients) {
  std::vector<FarSide> sides{{kFar, "far0", "mid_far", Lab::kFarAddress}};
  for (unsigned i = 0; i < clients; ++i) {
    sides.push_back({client_place(i), "host" + text_of(i), "mid_client" + text_of(i), Lab::client_address(i)});
  }
  return sides;
}

/// Turns the exit status of the child into an error, if it is an errno.
expected<void, LabError> do_inside(const Lab& lab, Place place, const char* what, const std::function<int()>& body) {
  auto child = lab.run_inside(place, body);
  if (!child) return unexpected(std::move(child.error()));
  const ExitStatus status = child->wait();
  if (status.signal != 0) {
    return unexpected(LabError{LabError::Kind::failed, std::string(what) + ": " + status.to_string()});
  }
  if (status.code != 0) return unexpected(system_error(what, status.code));
  return {};
}

bool write_setting(const std::string& name, const char* value) {
  const UniqueFd fd(::open(("/proc/sys/net/" + name).c_str(), O_WRONLY | O_CLOEXEC));
  return fd && ::write(fd.get(), value, std::strlen(value)) > 0;
}

int write_settings(bool forwards) {
  // A kernel without IPv6 has no such setting.
  write_setting("ipv6/conf/all/disable_ipv6", "1");
  write_setting("ipv6/conf/default/disable_ipv6", "1");
  for (const char* group : {"ipv4/conf/all/", "ipv4/conf/default/"}) {
    for (const char* setting : {"rp_filter", "send_redirects"}) {
      if (!write_setting(std::string(group) + setting, "0")) return errno;
    }
  }
  return forwards && !write_setting("ipv4/ip_forward", "1") ? errno : 0;
}

expected<void, LabError> run_ip(const Lab& lab, Place place, const std::string& commands,
                                std::vector<int> keep_open = {}) {
  SpawnOptions options;
  options.input_text = commands;
  options.keep_open = std::move(keep_open);
  auto done = lab.run_tool(place, {"ip", "-batch", "-"}, options);
  if (!done) return unexpected(std::move(done.error()));
  return {};
}

std::string near_commands(bool with_tun_devices) {
  std::string text = std::string("link set lo up\naddr add ") + Lab::kNearKernelAddress +
                     "/24 dev near0\nlink set near0 up\nroute add default via 10.77.1.1\n";
  if (with_tun_devices) {
    text += std::string("addr add 10.77.0.1/24 dev ") + kTapDevice + "\nlink set " + kTapDevice + " up\n";
    text += std::string("addr add 10.77.3.1/24 dev ") + kTunDevice + "\nlink set " + kTunDevice + " up\n";
  }
  return text;
}

std::string far_commands(const FarSide& side) {
  return "link set lo up\naddr add " + side.address + "/32 dev " + side.own_end + "\nlink set " + side.own_end +
         " up\nroute add default via 10.77.2.1 dev " + side.own_end + " onlink\n";
}

}  // namespace

expected<void, LabError> prepare_kernels(const Lab& lab) {
  const unsigned networks = client_place(lab.config().clients).network;
  for (unsigned i = 0; i < networks; ++i) {
    const Place place{i};
    const bool forwards = place == kNear || place == kMiddle;
    auto done = do_inside(lab, place, "writing the lab's settings below /proc/sys/net",
                          [forwards] { return write_settings(forwards); });
    if (!done) return done;
  }
  return {};
}

std::string make_tun_devices(const Lab& lab) {
  const bool several = lab.config().several_queues;
  auto done = do_inside(lab, kNear, "/dev/net/tun", [several] {
    const int error = make_tap_device(kTapDevice, several);
    return error != 0 ? error : make_tun_device(kTunDevice, several);
  });
  return done ? std::string() : done.error().message;
}

expected<void, LabError> connect_places(const Lab& lab) {
  const Namespaces& namespaces = lab.namespaces();
  std::vector<int> peers;
  const auto veth = [&](const std::string& middle_end, const std::string& own_end, Place place) {
    // Only the end in near has several queues. Packets that came by one of several queues and are forwarded would all
    // leave by the first queue.
    const bool several = lab.config().several_queues && place == kNear;
    const std::string queues = several ? " numrxqueues 2 numtxqueues 2" : "";
    peers.push_back(namespaces.network_descriptor(place.network));
    return "link add " + middle_end + queues + " type veth peer name " + own_end + queues + " netns /proc/self/fd/" +
           std::to_string(peers.back()) + "\n";
  };
  const std::vector<FarSide> sides = far_sides(lab.config().clients);
  std::string middle = "link set lo up\n" + veth("mid_near", "near0", kNear) +
                       "addr add 10.77.1.1/24 dev mid_near\nlink set mid_near up\n";
  if (lab.has(LinkKind::tap)) {
    for (const char* network : {"10.77.0.0/24", "10.77.3.0/24"}) {
      middle += std::string("route add ") + network + " via " + Lab::kNearKernelAddress + "\n";
    }
  }
  for (const FarSide& side : sides) {
    middle += veth(side.middle_end, side.own_end, side.place);
    middle += "addr add 10.77.2.1/32 dev " + side.middle_end + "\nlink set " + side.middle_end + " up\n";
    middle += "route add " + side.address + "/32 dev " + side.middle_end + " src 10.77.2.1\n";
  }
  if (auto done = run_ip(lab, kMiddle, middle, peers); !done) return done;
  if (auto done = run_ip(lab, kNear, near_commands(lab.has(LinkKind::tap))); !done) return done;
  for (const FarSide& side : sides) {
    if (auto done = run_ip(lab, side.place, far_commands(side)); !done) return done;
  }
  return {};
}

expected<void, LabError> set_offloads(const Lab& lab) {
  const LabConfig& config = lab.config();
  const bool lossy = config.loss.out > 0 || config.loss.back > 0;
  const bool on = config.offloads == Offloads::automatic ? !lossy : config.offloads == Offloads::on;
  const auto set = [&](Place place, const std::vector<std::string>& interfaces) {
    return do_inside(lab, place, "switching segmentation offloads", [&] {
      int error = 0;
      for (const std::string& name : interfaces) {
        if (error == 0) error = set_segmentation_offloads(name.c_str(), on);
      }
      return error;
    });
  };
  std::vector<std::string> middle_ends{"mid_near"};
  for (const FarSide& side : far_sides(config.clients)) {
    middle_ends.push_back(side.middle_end);
    if (auto done = set(side.place, {side.own_end}); !done) return done;
  }
  if (auto done = set(kMiddle, middle_ends); !done) return done;
  return set(kNear, {"near0"});
}

}  // namespace leat::lab
