// SharedAddress: the state that the devices of all cores on one interface share when they use the kernel's addresses:
// the claimed ports, and a packet socket for the frames that the kernel needs as well.
//
// A port stays claimed as long as one of the cores holds it. The first core receives through the packet socket, which
// is closed when that core leaves: the others then keep their ports, but claim no more. Can be used from any thread.
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

  /// `copies` is a packet device on the shared addresses.
  SharedAddress(std::shared_ptr<RedirectProgram> program, std::unique_ptr<Device> copies,
                std::vector<IpAddress> addresses)
      : program_(std::move(program)), copies_(std::move(copies)), addresses_(std::move(addresses)) {}

  /// Like Device::claim_port and Device::release_port, for one of the cores.
  expected<std::uint16_t, Error> claim(unsigned core, const IpAddress& address, std::uint16_t port);
  void release(unsigned core, std::uint16_t port);
  /// Releases all ports of the core, which must not be used afterwards.
  void leave(unsigned core);

  // The packet socket, as a Device, for the first core.
  int descriptor() const { return copies_->descriptor(); }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool);
  DeviceCounters counters() const;

 private:
  void drop(unsigned core, std::uint16_t port);

  std::shared_ptr<RedirectProgram> program_;
  mutable std::mutex mutex_;  ///< guards the members below
  std::unique_ptr<Device> copies_;
  std::vector<IpAddress> addresses_;
  std::map<std::uint16_t, std::set<unsigned>> holders_;
};

}  // namespace leat::xdp
