// SharedAddress: addresses that are the kernel's as well, on behalf of all devices on one interface, one a core: the
// ports that any of them has claimed, and a packet socket beside for what the kernel needs a copy of.
//
// A port is ours as long as one of the cores holds it. The first core receives by the packet socket, and takes it along
// when it leaves: the others keep what they hold, but claim nothing more. From any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "device/xdp/redirect_program.h"
#include "link/device.h"

namespace leat::xdp {

class SharedAddress {
 public:
  static constexpr unsigned kFirstCore = 0;

  /// `copies`: a packet device that shares the addresses.
  SharedAddress(std::shared_ptr<RedirectProgram> program, std::unique_ptr<Device> copies,
                std::vector<IpAddress> addresses)
      : program_(std::move(program)), copies_(std::move(copies)), addresses_(std::move(addresses)) {}

  /// As Device::claim_port and Device::release_port, for one of the cores.
  expected<std::uint16_t, Error> claim(unsigned core, const IpAddress& address, std::uint16_t port);
  void release(unsigned core, std::uint16_t port);
  /// Releases all that the core holds. Nothing is called for it any more.
  void leave(unsigned core);

  // The packet socket, as a Device, for the first core.
  int descriptor() const { return copies_->descriptor(); }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool);
  DeviceCounters counters() const;

 private:
  void drop(unsigned core, std::uint16_t port);

  std::shared_ptr<RedirectProgram> program_;
  mutable std::mutex mutex_;  ///< of what follows
  std::unique_ptr<Device> copies_;
  std::vector<IpAddress> addresses_;
  std::map<std::uint16_t, std::set<unsigned>> holders_;
};

}  // namespace leat::xdp
