#include "device/memory_pair.h"

#include <deque>

namespace leat {
namespace {

/// The packets in flight in one direction.
struct Wire {
  std::deque<Packet> packets;
  std::size_t limit;
  bool cut = false;  ///< the reading end is destroyed
};

class PairEnd final : public Device {
 public:
  PairEnd(const DeviceCaps& caps, std::shared_ptr<Wire> in, std::shared_ptr<Wire> out)
      : caps_(caps), in_(std::move(in)), out_(std::move(out)) {}
  ~PairEnd() override {
    in_->cut = true;
    in_->packets.clear();
  }

  const DeviceCaps& caps() const override { return caps_; }
  int descriptor() const override { return -1; }
  DeviceCounters counters() const override { return counters_; }

  expected<void, Error> receive(PacketBatch& batch, BufferPool&) override {
    while (!batch.full() && !in_->packets.empty()) {
      Packet& packet = in_->packets.front();
      ++counters_.rx_packets;
      counters_.rx_bytes += packet.size();
      count_offloads(packet.offload, counters_);
      batch.push(std::move(packet));
      in_->packets.pop_front();
    }
    return {};
  }

  void transmit(PacketBatch& batch) override {
    std::size_t done = 0;
    for (Packet& packet : batch.packets()) {
      if (out_->cut) {
        ++counters_.tx_refused;
      } else if (out_->packets.size() < out_->limit) {
        ++counters_.tx_packets;
        counters_.tx_bytes += packet.size();
        out_->packets.push_back(std::move(packet));
      } else {
        break;
      }
      ++done;
    }
    batch.remove_front(done);
  }

 private:
  DeviceCaps caps_;
  DeviceCounters counters_;
  std::shared_ptr<Wire> in_, out_;
};

}  // namespace

MemoryPair::MemoryPair(const DeviceCaps& caps, std::size_t queue) {
  const auto there = std::make_shared<Wire>(Wire{{}, queue});
  const auto back = std::make_shared<Wire>(Wire{{}, queue});
  first = std::make_unique<PairEnd>(caps, back, there);
  second = std::make_unique<PairEnd>(caps, there, back);
}

MemoryPair::~MemoryPair() = default;

DeviceCaps fast_memory_caps(std::uint32_t mtu) {
  DeviceCaps caps;
  caps.mtu = mtu;
  caps.max_super_segment = 65535;
  caps.completes_checksums = true;
  return caps;
}

DeviceCaps plain_memory_caps(std::uint32_t mtu) {
  DeviceCaps caps;
  caps.mtu = mtu;
  return caps;
}

}  // namespace leat
