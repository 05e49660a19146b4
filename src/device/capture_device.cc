#include "device/capture_device.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>
#include <vector>

#include "device/capture_file.h"
#include "device/capture_text.h"
#include "device/pcapng.h"
#include "link/forwarding_device.h"
#include "packet/transport_checksum.h"
#include "wire/udp.h"

namespace leat {
namespace {

std::uint64_t wall_clock() {
  timespec t{};
  ::clock_gettime(CLOCK_REALTIME, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_nsec);
}

/// Copies of packets whose fate is not known yet: received ones before their verdict, and those that back-pressure
/// keeps from being sent. The memory is reused.
class Held {
 public:
  std::size_t size() const { return count_; }
  void add(const Packet& packet) {
    Copy& copy = copies_[count_++];
    copy.bytes.resize(packet.size());
    packet.copy_out(0, copy.bytes);
    copy.note = packet.note;
    complete(copy.bytes, packet.offload);
  }
  void drop_front(std::size_t n) {
    std::rotate(copies_.begin(), copies_.begin() + static_cast<std::ptrdiff_t>(n),
                copies_.begin() + static_cast<std::ptrdiff_t>(count_));
    count_ -= n;
  }
  void clear() { count_ = 0; }
  Bytes bytes(std::size_t i) const { return copies_[i].bytes; }
  const PacketNote& note(std::size_t i) const { return copies_[i].note; }

 private:
  struct Copy {
    std::vector<std::uint8_t> bytes;
    PacketNote note;
  };
  /// Fills in a partial checksum. Ignores offload facts that point outside the packet.
  static void complete(MutableBytes bytes, const Offload& offload) {
    const std::size_t field = std::size_t{offload.checksum_start} + offload.checksum_offset;
    if (offload.checksum != ChecksumState::partial || field + 2 > bytes.size()) return;
    ChecksumAccumulator sum;
    sum.add(bytes.subspan(offload.checksum_start));
    const std::uint16_t value = sum.finish();
    const bool is_udp = offload.checksum_offset == UdpHeader::kChecksumOffset;
    store_be16(bytes.data() + field, value == 0 && is_udp ? 0xffff : value);
  }

  std::array<Copy, PacketBatch::kCapacity> copies_;
  std::size_t count_ = 0;
};

class CaptureDevice final : public ForwardingDevice {
 public:
  CaptureDevice(std::unique_ptr<Device> inner, CaptureFile file, const std::string& interface)
      : ForwardingDevice(std::move(inner)), file_(std::move(file)) {
    pcapng::add_section(file_.buffer(), "leat");
    const bool link_layer = inner_->caps().has_link_layer;
    pcapng::add_interface(file_.buffer(), {link_layer ? pcapng::LinkType::ethernet : pcapng::LinkType::raw_ip,
                                           interface, "as Leat's stack sees it"});
    file_.flush();
  }
  ~CaptureDevice() override {
    judged({});
    if (!file_.is_open()) return;
    const DeviceCounters counted = inner_->counters();
    pcapng::add_statistics(file_.buffer(), {wall_clock(), counted.rx_packets, counted.rx_dropped});
  }

  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void judged(std::span<const PacketVerdict> verdicts) override;
  void transmit(PacketBatch& batch) override;
  void idle() override {
    if (file_.is_open()) file_.flush();
    inner_->idle();
  }

 private:
  void write(const Held& held, std::size_t i, const pcapng::PacketFacts& facts) {
    pcapng::add_packet(file_.buffer(), facts, held.bytes(i));
    file_.flush_if_large();
  }

  CaptureFile file_;
  Held in_, out_;
  std::uint64_t arrived_at_ = 0;
};

expected<void, Error> CaptureDevice::receive(PacketBatch& batch, BufferPool& pool) {
  judged({});  // of an owner that gives no verdicts
  const std::size_t before = batch.size();
  auto result = inner_->receive(batch, pool);
  if (!file_.is_open()) return result;
  for (const Packet& packet : batch.packets().subspan(before)) in_.add(packet);
  if (in_.size() > 0) arrived_at_ = wall_clock();
  return result;
}

void CaptureDevice::judged(std::span<const PacketVerdict> verdicts) {
  for (std::size_t i = 0; i < in_.size() && file_.is_open(); ++i) {
    std::string comment;
    if (i < verdicts.size() && verdicts[i].drop) comment = describe_drop(*verdicts[i].drop);
    write(in_, i, {arrived_at_, pcapng::Direction::inbound, comment});
  }
  in_.clear();
  if (!verdicts.empty()) inner_->judged(verdicts);
}

void CaptureDevice::transmit(PacketBatch& batch) {
  if (!file_.is_open()) return inner_->transmit(batch);
  // The packets left over from the last call are still at the front. Copy before sending: the device may change them.
  const std::size_t total = batch.size();
  if (out_.size() > total) out_.clear();
  for (const Packet& packet : batch.packets().subspan(out_.size())) out_.add(packet);
  const std::uint64_t refused_before = inner_->counters().tx_refused;
  inner_->transmit(batch);
  const std::size_t gone = total - batch.size();
  const std::uint64_t refused = inner_->counters().tx_refused - refused_before;
  const std::uint64_t time = wall_clock();
  for (std::size_t i = 0; i < gone && file_.is_open(); ++i) {
    std::string comment = describe_note(out_.note(i));
    if (refused > 0 && i + 1 == gone) {
      if (!comment.empty()) comment += "; ";
      comment += "the kernel refused " +
                 (gone == 1 ? "this one" : std::to_string(refused) + " of the last " + std::to_string(gone)) +
                 ": a firewall's drop rule, or a full queue";
    }
    write(out_, i, {time, pcapng::Direction::outbound, comment});
  }
  out_.drop_front(gone);
}

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> capture(std::unique_ptr<Device> inner, CaptureOptions options) {
  auto file = CaptureFile::open(options.file, std::move(options.on_failure));
  if (!file) return unexpected(file.error());
  return std::unique_ptr<Device>(
      std::make_unique<CaptureDevice>(std::move(inner), std::move(*file), options.interface));
}

}  // namespace leat
