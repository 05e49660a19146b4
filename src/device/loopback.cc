#include "device/loopback.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>

#include "device/open_device.h"
#include "device/unique_fd.h"

namespace leat {
namespace {

constexpr std::size_t kMostPackets = 1024;  // in the queue; beyond that there is back-pressure
constexpr std::uint32_t kMtu = 65535;

class Loopback final : public Device {
 public:
  explicit Loopback(UniqueFd wake) : wake_(std::move(wake)) {
    caps_.has_link_layer = false;
    caps_.mtu = caps_.max_super_segment = kMtu;
    caps_.completes_checksums = true;
    caps_.loops_back = true;
  }

  const DeviceCaps& caps() const override { return caps_; }
  int descriptor() const override { return wake_.get(); }
  int write_descriptor() const override { return -1; }
  DeviceCounters counters() const override { return counters_; }

  expected<void, Error> receive(PacketBatch& batch, BufferPool&) override {
    while (!batch.full() && !packets_.empty()) {
      Packet& packet = packets_.front();
      ++counters_.rx_packets;
      counters_.rx_bytes += packet.size();
      count_offloads(packet.offload, counters_);
      batch.push(std::move(packet));
      packets_.pop_front();
    }
    if (packets_.empty()) {
      std::uint64_t count = 0;
      (void)!::read(wake_.get(), &count, sizeof count);
    }
    return {};
  }

  void transmit(PacketBatch& batch) override {
    std::size_t done = 0;
    const bool was_empty = packets_.empty();
    for (Packet& packet : batch.packets()) {
      if (packets_.size() >= kMostPackets) break;
      ++counters_.tx_packets;
      counters_.tx_bytes += packet.size();
      packets_.push_back(std::move(packet));
      ++done;
    }
    batch.remove_front(done);
    if (!was_empty || packets_.empty()) return;
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

 private:
  UniqueFd wake_;  ///< readable while packets are queued, and so also when there is room again
  DeviceCaps caps_;
  DeviceCounters counters_;
  std::deque<Packet> packets_;
};

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> open_loopback() {
  UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return device_failure(Error::system, std::string("cannot make an eventfd: ") + std::strerror(errno));
  return std::unique_ptr<Device>(std::make_unique<Loopback>(std::move(wake)));
}

}  // namespace leat
