// Cable: joins two devices, so that frames that arrive at one are sent through the other, unchanged. An impaired device
// (device/impair.h) at one end makes it a faulty cable. `leat wire` runs one. A Cable has no Stack, so it has a loop of
// its own instead of a Driver.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "emulator/link_emulator.h"
#include "link/device.h"
#include "link/device_error.h"
#include "runtime/poller.h"

namespace leat {

class Cable {
 public:
  /// Both devices carry Ethernet, or both carry bare IP, and both have descriptors. Else returns an error that says so.
  static expected<std::unique_ptr<Cable>, DeviceError> create(std::unique_ptr<Device> first,
                                                              std::unique_ptr<Device> second);
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;
  ~Cable() = default;

  /// Carries frames until stop(), and then returns nothing. When a device is gone, returns its number, 0 or 1. Calls
  /// `report` at every `interval`. Can be called only once.
  std::optional<std::size_t> run(std::optional<Duration> interval, const std::function<void()>& report);
  /// Ends run(), whether it has begun or not. Can be called from any thread.
  void stop();

  /// Call this on the thread of run(), or when run() is over.
  const Device& device(std::size_t i) const { return *ends_[i].device; }

 private:
  struct End {
    std::unique_ptr<Device> device;
    PacketBatch out;      ///< frames that back-pressure has kept from leaving through this device
    LinkEmulator fit;     ///< has no impairments; splits and checksums frames so that they fit this device
    bool listens = true;  ///< the poller waits for input
    bool writes = false;
    bool more = false;  ///< the device may have more than the last batch
  };
  Cable(Poller poller, End first, End second)
      : poller_(std::move(poller)), ends_{std::move(first), std::move(second)} {}
  static End make_end(std::unique_ptr<Device> device);
  bool carry(std::size_t from, Instant now);
  void send(End& end, Instant now);
  void watch();

  BufferPool pool_;
  Poller poller_;
  std::array<End, 2> ends_;
  std::atomic<bool> stopping_{false};
};

}  // namespace leat
