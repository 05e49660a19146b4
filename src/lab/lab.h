// Lab: a small internet in network namespaces, with the kernel's TCP on the far side and loss in the middle.
//
//    near                                 middle                         far
//   +----------------------------+       +-----------------------+      +-----------------------+
//   | Leat by packet:near0       |       |    nft: counts, loses |      | the kernel's TCP      |
//   |   10.77.1.2 (not kernel's) |       |                       |      | (web server)          |
//   |                      near0 +-------+ mid_near     mid_far  +------+ far0                  |
//   |   the kernel's   10.77.1.3 |  veth |10.77.1.1    10.77.2.1 | veth |10.77.2.2              |
//   |                            |       |                       |      +-----------------------+
//   | leat0 10.77.0.1   (tap)    |       |            mid_client0+------+ host0 10.77.2.10      |  clients,
//   |   Leat by tap:leat0  .0.2  |       |            mid_client1+------+ host1 10.77.2.11      |  if wished
//   | leat1 10.77.3.1   (tun)    |       +-----------------------+      +-----------------------+
//   |   Leat by tun:leat1  .3.2  |
//   +----------------------------+
//
// Leat runs in near. The kernel of near is another host, where curl works for comparison, and forwards for the TAP and
// TUN devices. Leat's addresses do not belong to the kernel, except on the links raw, packet_shared and xdp_shared.
//
// The middle forwards and loses. A drop rule at Leat's own interface would lose nothing, because packet taps come
// before the firewall. With loss, the segmentation offloads of the links are off, so that the middle loses single wire
// frames; without loss they stay on. Traffic between the clients and far is forwarded without loss.
//
// A lab ends with its creator: see namespaces.h. Not thread-safe. `leat lab`, the tests and the demo use it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lab/lab_error.h"
#include "lab/namespaces.h"
#include "lab/process.h"
#include "leat/expected.h"

namespace leat::lab {

/// The network in which a program runs.
struct Place {
  unsigned network = 0;
  constexpr bool operator==(const Place&) const = default;
};
inline constexpr Place kNear{0}, kMiddle{1}, kFar{2};
/// The network of client `i`, address 10.77.2.(10+i), for i < LabConfig::clients.
constexpr Place client_place(unsigned i) { return {3 + i}; }

/// The kinds of Leat's link. packet_shared, xdp_shared and raw use the address of near's kernel, the others their own.
enum class LinkKind { packet, tap, tun, packet_shared, raw, xdp, xdp_shared };
enum class Offloads {
  automatic,  ///< on without loss, off with loss
  on,
  off,
};

/// Chances in percent that the middle loses a frame.
struct Loss {
  double out = 0;   ///< near to far
  double back = 0;  ///< far to near
};

struct LabConfig {
  Loss loss;
  unsigned clients = 0;  ///< at most kMaxClients
  Offloads offloads = Offloads::automatic;
  bool use_tun_device = true;   ///< false: the lab acts as if /dev/net/tun could not be opened
  bool several_queues = false;  ///< for the TAP and TUN devices; near0 has two
};
inline constexpr unsigned kMaxClients = 200;

/// Counts of the IPv4 packets between near and far in the middle, since the lab began.
struct MiddleCounters {
  std::uint64_t seen_out = 0, lost_out = 0;    ///< near to far; `seen` includes `lost`
  std::uint64_t seen_back = 0, lost_back = 0;  ///< far to near
  std::uint64_t super_segments = 0;  ///< packets over 1500 bytes in either direction, which are no wire frames
};

/// Leat's way to the network.
struct LeatHost {
  std::string link;     ///< such as "packet:near0"
  std::string address;  ///< such as "10.77.1.2/24"; empty for the kernel's
  std::string gateway;  ///< such as "10.77.1.1"; empty for the kernel's

  /// The options of the command: --link, --address and --gateway with their values, as far as they are set.
  std::vector<std::string> arguments() const;
};

class Lab {
 public:
  static expected<Lab, LabError> create(const LabConfig& config);
  Lab(Lab&&) noexcept;
  Lab& operator=(Lab&&) noexcept;
  ~Lab();

  const LabConfig& config() const;
  bool is_rootless() const;

  /// True if the lab has a link of this kind. TAP and TUN devices may be missing.
  bool has(LinkKind kind) const;
  /// A sentence that says why TAP and TUN devices are missing; empty if they exist.
  const std::string& tun_refusal() const;
  /// tap if it exists, otherwise packet.
  LinkKind best_link() const;
  LeatHost leat_host(LinkKind kind) const;

  static constexpr const char* kFarAddress = "10.77.2.2";
  static constexpr const char* kNearKernelAddress = "10.77.1.3";
  static std::string client_address(unsigned i) { return "10.77.2." + std::to_string(10 + i); }

  /// Starts a program. argv[0] is searched in PATH and in the usual sbin directories.
  expected<Process, LabError> spawn(Place place, const std::vector<std::string>& argv,
                                    const SpawnOptions& options = {}) const;
  /// Runs `body` in a child of this process, inside the lab. Its result is the exit status of the child.
  expected<Process, LabError> run_inside(Place place, const std::function<int()>& body,
                                         const SpawnOptions& options = {}) const;
  /// Runs a program and returns its output. If it does not end with 0, the error contains its error output.
  expected<std::string, LabError> run_tool(Place place, const std::vector<std::string>& argv,
                                           const SpawnOptions& options = {}) const;
  /// Writes a file inside the lab, for example below kRunDirectory.
  expected<void, LabError> write_file(const std::string& path, const std::string& text) const;

  expected<MiddleCounters, LabError> counters() const;
  /// Changes the loss. The counters continue. With Offloads::automatic the offloads change with the loss.
  expected<void, LabError> set_loss(Loss loss);

  const Namespaces& namespaces() const;

 private:
  struct State;
  explicit Lab(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leat::lab
