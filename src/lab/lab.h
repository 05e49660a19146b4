// Lab: a small Internet in network namespaces, with a real kernel TCP on the far side and loss in the middle.
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
// near is where Leat runs. Its kernel is a host of its own (curl works there, for comparison) and forwards for the
// TAP and TUN devices. Leat's addresses do not belong to the kernel, unless they are to be shared: raw, packet_shared,
// xdp_shared. Loss happens in the middle, which forwards: packet taps come before the firewall, so that a drop rule at
// Leat's own interface would lose nothing. With loss the segmentation offloads of the links are off, so that the middle
// sees, and loses, single wire frames; without loss they stay on. Traffic between clients and far is forwarded too, and
// never lost.
//
// Nothing outlives the creator: see namespaces.h. Not thread-safe. Used by `leat lab`, the tests and the demo.
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

/// Which network something runs in.
struct Place {
  unsigned network = 0;
  constexpr bool operator==(const Place&) const = default;
};
inline constexpr Place kNear{0}, kMiddle{1}, kFar{2};
/// Client `i`, address 10.77.2.(10+i); i < LabConfig::clients.
constexpr Place client_place(unsigned i) { return {3 + i}; }

/// packet_shared, xdp_shared and raw use the address of near's kernel; the others have one of their own.
enum class LinkKind { packet, tap, tun, packet_shared, raw, xdp, xdp_shared };
enum class Offloads {
  automatic,  ///< on without loss, off with loss
  on,
  off,
};

/// Chances in percent, per frame that the middle forwards.
struct Loss {
  double out = 0;   ///< near to far
  double back = 0;  ///< far to near
};

struct LabConfig {
  Loss loss;
  unsigned clients = 0;  ///< at most kMaxClients
  Offloads offloads = Offloads::automatic;
  bool use_tun_device = true;   ///< false: as if /dev/net/tun could not be opened
  bool several_queues = false;  ///< of the TAP and TUN devices; near0 has two
};
inline constexpr unsigned kMaxClients = 200;

/// What the middle has seen of IPv4 packets between near and far, since the lab began.
struct MiddleCounters {
  std::uint64_t seen_out = 0, lost_out = 0;    ///< near to far; `seen` includes `lost`
  std::uint64_t seen_back = 0, lost_back = 0;  ///< far to near
  std::uint64_t super_segments = 0;            ///< packets over 1500 bytes, either way: offloaded, not wire frames
};

/// How Leat gets on the network.
struct LeatHost {
  std::string link;     ///< "packet:near0"
  std::string address;  ///< "10.77.1.2/24"; empty where it is the kernel's
  std::string gateway;  ///< "10.77.1.1"; empty where it is the kernel's

  /// The same as options of the command: --link, --address, --gateway and their values, where there are any.
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

  /// Whether TAP and TUN devices are there; the others always are, as far as the lab is concerned.
  bool has(LinkKind kind) const;
  /// Why there are none, as a sentence; empty when there are.
  const std::string& tun_refusal() const;
  /// tap where it is there, else packet.
  LinkKind best_link() const;
  LeatHost leat_host(LinkKind kind) const;

  static constexpr const char* kFarAddress = "10.77.2.2";
  static constexpr const char* kNearKernelAddress = "10.77.1.3";
  static std::string client_address(unsigned i) { return "10.77.2." + std::to_string(10 + i); }

  /// Starts a program; argv[0] is looked up in PATH and in the usual sbin directories.
  expected<Process, LabError> spawn(Place place, const std::vector<std::string>& argv,
                                    const SpawnOptions& options = {}) const;
  /// Runs `body` in a child of this process, inside; the child's exit status is what it returns.
  expected<Process, LabError> run_inside(Place place, const std::function<int()>& body,
                                         const SpawnOptions& options = {}) const;
  /// spawn, wait, and an error with the program's complaint unless it ended with 0.
  expected<std::string, LabError> run_tool(Place place, const std::vector<std::string>& argv,
                                           const SpawnOptions& options = {}) const;
  /// Makes a file inside, for example below kRunDirectory.
  expected<void, LabError> write_file(const std::string& path, const std::string& text) const;

  expected<MiddleCounters, LabError> counters() const;
  /// Changes the loss from now on. The counters go on. With Offloads::automatic the offloads follow.
  expected<void, LabError> set_loss(Loss loss);

  const Namespaces& namespaces() const;

 private:
  struct State;
  explicit Lab(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace leat::lab
