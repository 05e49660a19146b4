// Device: the interface of everything that packets come from and go to. DeviceCaps describes a device, and nothing
// depends on its name. A device does not know the stack. Virtual functions are allowed here because there is one call
// for each batch. The implementations are in src/device and in tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "leat/address.h"
#include "leat/error.h"
#include "leat/expected.h"
#include "leat/impairment.h"
#include "link/device_counters.h"
#include "packet/device_caps.h"
#include "packet/packet.h"

namespace leat {

/// How the kernel reaches a remote host.
struct KernelPath {
  IpAddress source;       ///< the address of this machine that it would send from
  std::uint32_t mtu = 0;  ///< largest IP datagram, as far as the kernel knows
};

class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  /// Constant after opening.
  virtual const DeviceCaps& caps() const = 0;

  /// Adds what has arrived to `batch`, up to its room, without waiting. Nothing there is success.
  /// An error means that the device is gone (the interface was removed): one that is down is silent, and loses what
  /// is sent, until it is up again. What there is no memory for is lost and counted.
  virtual expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) = 0;

  /// Sends from the front of `batch`. What was sent, or refused and counted, is removed; what is left
  /// has met back-pressure: try again when write_descriptor() is writable.
  virtual void transmit(PacketBatch& batch) = 0;

  /// Readable when receive() has something, for epoll; -1 when there is none.
  virtual int descriptor() const = 0;
  /// Writable when back-pressure is over; -1 when descriptor() becomes readable for that as well.
  virtual int write_descriptor() const { return descriptor(); }

  virtual DeviceCounters counters() const = 0;

  // A device that wraps another one passes the following on.

  /// What it got of the several things that it could have had, for people: "native XDP, copy mode". Often empty.
  virtual std::string description() const { return {}; }

  /// What a link emulator on the way to the device has done: `in` before `out`, in the order of passing.
  virtual std::vector<ImpairmentReport> impairments() const { return {}; }

  // For devices with DeviceCaps::shares_host_address.
  /// Makes a TCP port of the machine's ours: the kernel neither uses nor answers for it until release_port(), and
  /// segments for it arrive here. Port 0 picks a free one. An unspecified address means all of the machine's. A port
  /// that is ours already is no error. Errors: address_in_use (the kernel's, or another program's),
  /// address_not_available, not_permitted (a port below 1024), no_buffers (too many).
  virtual expected<std::uint16_t, Error> claim_port(const IpAddress&, std::uint16_t) {
    return unexpected(Error::unsupported);
  }
  /// Gives the port back, on every address that it was claimed on.
  virtual void release_port(std::uint16_t) {}
  /// Where the kernel does the routing: its way to `remote`. Errors: network_unreachable, host_unreachable,
  /// unsupported (the stack has routes of its own on this link).
  virtual expected<KernelPath, Error> path_to(const IpAddress& /*remote*/) const {
    return unexpected(Error::unsupported);
  }

  // For those who watch: nothing is to be done here by a device that only moves packets.
  /// What became of each packet that the last receive() added, in their order.
  virtual void judged(std::span<const PacketVerdict>) {}
  /// The owner is about to sleep.
  virtual void idle() {}
};

}  // namespace leat
