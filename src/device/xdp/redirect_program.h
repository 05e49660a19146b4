// RedirectProgram: a short BPF program in front of the kernel's stack. It redirects Leat's frames to AF_XDP sockets and
// lets all others pass.
//
// Its map says which frames are Leat's: those of whole IPv4 addresses (with the ARP packets that ask for them or answer
// them), or those for TCP ports of the kernel's addresses. Frames at a queue without an AF_XDP socket pass as well.
//
// The program is assembled here, so that no BPF compiler is needed. It is attached by a BPF link, a file descriptor
// that is closed when the process ends, even by a crash, and then removes the program from the interface.
#pragma once

#include <cstdint>
#include <string>

#include "device/open_device.h"
#include "device/unique_fd.h"
#include "leat/address.h"

namespace leat::xdp {

/// The place in the kernel where the program runs.
enum class Mode : std::uint8_t {
  native,   ///< in the driver, before the kernel has made a packet of the frame
  generic,  ///< behind the driver: works with all of them, but slower
};

class RedirectProgram {
 public:
  /// Loads the program, without attaching it, with an empty map. `station` is the MAC address of Leat's frames.
  static expected<RedirectProgram, DeviceError> load(const std::string& interface, const MacAddress& station,
                                                     unsigned queues);

  /// Attaches the program: native if the driver can. Otherwise `refusal()` says why it cannot.
  expected<Mode, DeviceError> attach(const std::string& interface, int index);
  const std::string& refusal() const { return refusal_; }

  // These return false with errno when the kernel refuses.
  /// Redirects the frames of `queue` to this AF_XDP socket.
  bool set_socket(unsigned queue, int socket);
  /// Port 0 means the whole address with its ARP; any other number is a TCP port.
  bool take(const IpAddress& address, std::uint16_t port);
  bool give_back(const IpAddress& address, std::uint16_t port);

 private:
  UniqueFd ours_, sockets_, program_, link_;
  std::string refusal_;
};

}  // namespace leat::xdp
