// Device: where packets come from and go to. Described by DeviceCaps, never by its name; it does not
// know the stack. One of the two places where virtual functions are allowed: one call a batch.
#pragma once

#include <cstdint>
#include <string>

#include "leat/address.h"
#include "leat/error.h"
#include "leat/expected.h"
#include "packet/device_caps.h"
#include "packet/packet.h"

namespace leat {

/// Counted by the device itself, beside what the stack counts.
struct DeviceCounters {
  std::uint64_t rx_packets = 0, rx_bytes = 0;
  std::uint64_t tx_packets = 0, tx_bytes = 0;
  std::uint64_t rx_dropped = 0;  ///< lost before we saw them: a full socket buffer, no memory
  std::uint64_t tx_refused = 0;  ///< sends that the kernel refused (EPERM, ENOBUFS): losses, not errors
};

/// Why a device could not be opened: a sentence for the user that says what to do.
struct DeviceError {
  Error code = Error::system;
  std::string message;
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
  /// An error means that the device is gone (the interface was removed).
  virtual expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) = 0;

  /// Sends from the front of `batch`. What was sent, or refused and counted, is removed; what is left
  /// has met back-pressure: try again when write_descriptor() is writable.
  virtual void transmit(PacketBatch& batch) = 0;

  /// Readable when receive() has something, for epoll; -1 when there is none.
  virtual int descriptor() const = 0;
  /// Writable when back-pressure is over; -1 when descriptor() becomes readable for that as well.
  virtual int write_descriptor() const { return descriptor(); }

  virtual DeviceCounters counters() const = 0;
};

}  // namespace leat
