// Cable: joins two devices, so that what arrives at one is sent through the other, unchanged. An impaired device
// (device/impair.h) at one end makes it a faulty cable. `leat wire` is this and its options.
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
  /// Both carry Ethernet or both bare IP, and both have descriptors; else an error that says so.
  static expected<std::unique_ptr<Cable>, DeviceError> create(std::unique_ptr<Device> first,
                                                              std::unique_ptr<Device> second);
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;
  ~Cable() = default;

  /// Carries frames until stop(); nothing then, or the device that is gone, 0 or 1. Calls `report` at every
  /// `interval`. Once only.
  std::optional<std::size_t> run(std::optional<Duration> interval, const std::function<void()>& report);
  /// Ends run(), whether it has begun or not. From any thread.
  void stop();

  /// On the thread of run(), or when it is over.
  const Device& device(std::size_t i) const { return *ends_[i].device; }

 private:
  struct End {
    std::unique_ptr<Device> device;
    PacketBatch out;      ///< to be sent through this device; left over from back-pressure
    LinkEmulator fit;     ///< without impairments: what it splits and sums fits this device
    bool listens = true;  ///< what the poller was told of it
    bool writes = false;
    bool more = false;  ///< may have more to give than one batch
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
