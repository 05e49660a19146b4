// RedirectProgram: the few instructions in front of the kernel that take the frames that are ours off an interface, to
// our AF_XDP sockets, and let all others pass.
//
// Ours is what Ownership says: whole IPv4 addresses (with the ARP packets that ask for them or answer them), or TCP
// ports of addresses that are the kernel's. What comes in at a queue without a socket of ours passes, too.
//
// The program is made of instructions here, so that no compiler for BPF is needed, and it is attached by a BPF link: a
// file descriptor that ends with the process, however that ends, and takes the program off the interface.
#pragma once

#include <cstdint>
#include <string>

#include "device/open_device.h"
#include "device/unique_fd.h"
#include "leat/address.h"

namespace leat::xdp {

/// Where in the kernel the program runs.
enum class Mode : std::uint8_t {
  native,   ///< in the driver, before the kernel has made a packet of the frame
  generic,  ///< for any driver: behind it, and slower
};

class RedirectProgram {
 public:
  /// Loads the program; it is not attached, and nothing is ours yet. `station` is where our frames are sent to.
  static expected<RedirectProgram, DeviceError> load(const std::string& interface, const MacAddress& station,
                                                     unsigned queues);

  /// Attaches it: native where the driver can. `refusal()` tells then why it could not.
  expected<Mode, DeviceError> attach(const std::string& interface, int index);
  const std::string& refusal() const { return refusal_; }

  // False with errno when the kernel refuses.
  /// What arrives at `queue` goes to this AF_XDP socket.
  bool set_socket(unsigned queue, int socket);
  /// Port 0 stands for all of the address, ARP included; else it is a TCP port.
  bool take(const IpAddress& address, std::uint16_t port);
  bool give_back(const IpAddress& address, std::uint16_t port);

 private:
  UniqueFd ours_, sockets_, program_, link_;
  std::string refusal_;
};

}  // namespace leat::xdp
