#include "device/memory_link.h"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "device/memory_pair.h"
#include "device/open_device.h"
#include "device/unique_fd.h"

namespace leat {
namespace {

// Bytes in flight in one direction: frames and their records.
constexpr std::size_t kQueueBytes = std::size_t{4} << 20;

/// The record in front of each frame in a queue.
struct Record {
  std::size_t size;
  Offload offload;
};

}  // namespace

struct MemoryLink::Shared {
  struct Direction {
    std::vector<std::uint8_t> queue;  ///< records and frames, filled at the end, emptied as a whole
    bool writer_waits = false;
  };

  std::mutex mutex;              ///< guards all below
  std::array<UniqueFd, 2> wake;  ///< readable when end i has frames or room
  std::array<bool, 2> taken{};
  std::array<Direction, 2> toward;  ///< toward[i] is read by end i

  void signal(std::size_t end) const {
    const std::uint64_t one = 1;
    (void)!::write(wake[end].get(), &one, sizeof one);
  }
  void clear_signal(std::size_t end) const {
    std::uint64_t count = 0;
    (void)!::read(wake[end].get(), &count, sizeof count);
  }
};

namespace {

class LinkEnd final : public Device {
 public:
  LinkEnd(std::shared_ptr<MemoryLink::Shared> shared, std::size_t self, const DeviceCaps& caps)
      : shared_(std::move(shared)), self_(self), caps_(caps) {}

  ~LinkEnd() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->taken[self_] = false;
    shared_->toward[self_].queue.clear();
    if (std::exchange(shared_->toward[self_].writer_waits, false)) shared_->signal(1 - self_);
  }

  const DeviceCaps& caps() const override { return caps_; }
  int descriptor() const override { return shared_->wake[self_].get(); }
  int write_descriptor() const override { return -1; }
  DeviceCounters counters() const override { return counters_; }

  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override {
    while (!batch.full()) {
      if (read_ == mine_.size() && !refill()) break;
      if (!take_one(batch, pool)) ++counters_.rx_dropped;
    }
    return {};
  }

  void transmit(PacketBatch& batch) override {
    std::size_t done = 0;
    bool wake = false;
    {
      const std::lock_guard lock(shared_->mutex);
      auto& out = shared_->toward[1 - self_];
      const bool connected = shared_->taken[1 - self_];
      const bool was_empty = out.queue.empty();
      for (const Packet& packet : batch.packets()) {
        if (!connected) {
          ++counters_.tx_refused;
        } else if (out.queue.size() + packet.size() + sizeof(Record) <= kQueueBytes) {
          append(out.queue, packet);
        } else {
          out.writer_waits = true;
          break;
        }
        ++done;
      }
      wake = was_empty && !out.queue.empty();
    }
    if (wake) shared_->signal(1 - self_);
    batch.remove_front(done);
  }

 private:
  void append(std::vector<std::uint8_t>& queue, const Packet& packet) {
    const Record record{packet.size(), packet.offload};
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&record);
    queue.insert(queue.end(), raw, raw + sizeof record);
    for (const Slice& s : packet.slices()) queue.insert(queue.end(), s.data(), s.data() + s.size());
    ++counters_.tx_packets;
    counters_.tx_bytes += packet.size();
  }

  /// Swaps the emptied buffer for the filled one. Clears the signal only when there is nothing left, under the
  /// lock, so that no frame is missed.
  bool refill() {
    const std::lock_guard lock(shared_->mutex);
    auto& in = shared_->toward[self_];
    mine_.clear();
    read_ = 0;
    if (in.queue.empty()) {
      shared_->clear_signal(self_);
      return false;
    }
    std::swap(mine_, in.queue);
    if (std::exchange(in.writer_waits, false)) shared_->signal(1 - self_);
    return true;
  }

  bool take_one(PacketBatch& batch, BufferPool& pool) {
    Record record;
    std::memcpy(&record, mine_.data() + read_, sizeof record);
    Bytes frame = Bytes(mine_).subspan(read_ + sizeof record, record.size);
    read_ += sizeof record + record.size;
    Packet packet;
    while (!frame.empty()) {  // a super-segment with its link header may be larger than the largest block
      const std::size_t here = std::min<std::size_t>(frame.size(), kBufferSizes.back());
      Slice slice = pool.copy_of(frame.first(here));
      if (!slice) return false;
      packet.append(std::move(slice));
      frame = frame.subspan(here);
    }
    packet.offload = record.offload;
    count_offloads(packet.offload, counters_);
    ++counters_.rx_packets;
    counters_.rx_bytes += packet.size();
    batch.push(std::move(packet));
    return true;
  }

  std::shared_ptr<MemoryLink::Shared> shared_;
  std::size_t self_;
  DeviceCaps caps_;
  DeviceCounters counters_;
  std::vector<std::uint8_t> mine_;
  std::size_t read_ = 0;  ///< bytes of mine_ that were handed up
};

}  // namespace

MemoryLink::MemoryLink() : shared_(std::make_shared<Shared>()) {}
MemoryLink::~MemoryLink() = default;

expected<std::unique_ptr<Device>, DeviceError> MemoryLink::take_end(const MacAddress& mac, std::uint32_t mtu) {
  const std::lock_guard lock(shared_->mutex);
  const std::size_t self = shared_->taken[0] ? 1 : 0;
  if (shared_->taken[self]) {
    return device_failure(Error::address_in_use, "two hosts are joined by this link already: choose another name");
  }
  if (!shared_->wake[self]) shared_->wake[self] = UniqueFd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!shared_->wake[self]) {
    return device_failure(Error::system, std::string("cannot make an eventfd: ") + std::strerror(errno));
  }
  shared_->taken[self] = true;
  DeviceCaps caps = fast_memory_caps(mtu);
  caps.mac = mac;
  return std::unique_ptr<Device>(std::make_unique<LinkEnd>(shared_, self, caps));
}

}  // namespace leat
