// Story: a device under test and the far end of its link, and frames between them. What it expects of every exchange is
// checked here; the stories are in conformance_test.cc.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <fstream>
#include <sstream>

#include "device/testing/conformance_links.h"
#include "packet/testing/tcp_frame.h"

namespace leat::testing {

inline constexpr int kPatience = 5000;  // milliseconds, for what must come
inline constexpr int kMostTries = 100;
inline constexpr std::uint16_t kSegment = 1460;
inline constexpr std::size_t kHeaders = 40;        // IP and TCP
inline constexpr std::size_t kMostSuper = 65'400;  // of payload

/// Between the device under test and the far end: frames both ways, told apart by their numbers.
class Story {
 public:
  Story(const ConformanceLink& link, JoinedLink joined)
      : link_(link), device_(std::move(joined.device)), far_(std::move(joined.far)) {}

  const ConformanceLink& link() const { return link_; }
  Device& device() { return *device_; }
  FarEnd& far() { return *far_; }
  BufferPool& pool() { return rx_pool_; }
  std::size_t ip_at() const { return device_->caps().has_link_layer ? EthernetHeader::kSize : 0; }
  std::size_t mtu() const { return device_->caps().mtu; }
  bool is_readable() const { return poll_for(POLLIN, device_->descriptor(), 0); }

  /// Numbered frames lie apart in the stream, so that nobody joins them.
  TcpFrame frame(std::uint32_t number, std::size_t payload) const {
    TcpFrame f;
    f.link = ip_at();
    f.seq = number * 100'000;
    f.payload = payload;
    f.id = static_cast<std::uint16_t>(number % 65'535 + 1);
    f.partial = false;
    return f;
  }
  WireFrame incoming(const TcpFrame& f) {
    const Packet packet = make_packet(f, tx_pool_);
    return {bytes_of_packet(packet), packet.offload};
  }
  /// The same, from us: both addresses and ports change places, and no sum does.
  Packet outgoing(const TcpFrame& f) {
    Packet packet = make_packet(f, tx_pool_);
    std::uint8_t* p = packet.slices()[0].mutable_bytes().data();
    if (f.link > 0) std::swap_ranges(p, p + 6, p + 6);
    std::swap_ranges(p + f.link + 12, p + f.link + 16, p + f.link + 16);
    std::swap_ranges(p + f.link + 20, p + f.link + 22, p + f.link + 22);
    return packet;
  }

  /// Gives the device what it takes of `batch`; false when it met back-pressure.
  bool transmit(PacketBatch& batch) {
    const auto before = device_->counters();
    const std::size_t size = batch.size();
    device_->transmit(batch);
    const auto after = device_->counters();
    const auto counted = after.tx_packets + after.tx_refused - before.tx_packets - before.tx_refused;
    EXPECT_TRUE(counted == size - batch.size() || link_.holds_frames)
        << counted << " of " << size << " counted, and " << batch.size() << " are left";
    return batch.empty();
  }
  /// The device must take it at once.
  void send(Packet packet) {
    PacketBatch batch;
    batch.push(std::move(packet));
    EXPECT_TRUE(transmit(batch));
  }

  /// The next packet that the device has, when it comes in time. It is told by the descriptor, where there is one.
  std::optional<Packet> next(int milliseconds = kPatience) {
    for (int tries = 0; at_ == batch_.size(); ++tries) {
      batch_.clear();
      at_ = 0;
      EXPECT_LT(tries, kMostTries) << "it is readable, and there is nothing";
      if (tries == kMostTries) return std::nullopt;
      if (device_->descriptor() >= 0 && !poll_for(POLLIN, device_->descriptor(), milliseconds)) return std::nullopt;
      const auto received = device_->receive(batch_, rx_pool_);
      EXPECT_TRUE(received);
      if (!received || (batch_.empty() && device_->descriptor() < 0)) return std::nullopt;
    }
    return std::move(batch_.packets()[at_++]);
  }
  /// Whether the descriptor tells of nothing when nothing is left, so that who waits for it sleeps.
  bool is_quiet() {
    for (int tries = 0; tries < kMostTries && is_readable(); ++tries) {
      batch_.clear();
      at_ = 0;
      (void)device_->receive(batch_, rx_pool_);
      EXPECT_TRUE(batch_.empty()) << "of " << batch_.size();
    }
    return !is_readable();
  }

  /// One frame each way arrives as it is.
  void expect_to_work() {
    const TcpFrame f = frame(++probe_, 100);
    ASSERT_TRUE(far_->send(incoming(f)));
    expect_arrival(f);
    send(outgoing(f));
    expect_departure(f);
  }
  void expect_arrival(const TcpFrame& f) {
    const auto packet = next();
    ASSERT_TRUE(packet) << "payload " << f.payload;
    ASSERT_EQ(bytes_of_packet(*packet), incoming(f).bytes) << "payload " << f.payload;
    ASSERT_NE(packet->offload.checksum, ChecksumState::partial);
    ASSERT_EQ(packet->offload.gso_size, 0);
  }
  void expect_departure(const TcpFrame& f) {
    const auto seen = far_->receive(kPatience);
    ASSERT_TRUE(seen) << "payload " << f.payload;
    ASSERT_EQ(seen->bytes, bytes_of_packet(outgoing(f))) << "payload " << f.payload;
    ASSERT_EQ(seen->offload.gso_size, 0);
  }

  /// The least payload, the most, and all between or many of them.
  std::vector<std::size_t> payloads() const {
    std::vector<std::size_t> sizes;
    const std::size_t most = std::min(mtu() - kHeaders, kMostSuper);
    for (std::size_t size = 0; size < most; size += size < 1500 ? 1 : 997) sizes.push_back(size);
    sizes.push_back(most);
    return sizes;
  }

  /// Frames for us that were lost, counted where the link says so. The kernel's queue in front of an interface may
  /// overflow on a busy machine.
  std::uint64_t counted_losses() const {
    using Overflow = ConformanceLink::Overflow;
    const std::uint64_t own = device_->counters().rx_dropped;
    if (link_.interface.empty() || link_.overflow == Overflow::both) return own;
    const InterfaceDrops drops = drops_of(link_.interface);
    return own + (link_.overflow == Overflow::interface ? drops.out : drops.in);
  }
  /// The same, of ours in front of the far end.
  std::uint64_t losses_far_away() const { return link_.interface.empty() ? 0 : drops_of("d0").in; }

  /// Those that the kernel has for the device's descriptor, if it has: less has to be sent to fill them.
  void shorten_queues() {
    const int received = 4 << 20, sent = 1 << 20;
    (void)::setsockopt(device_->descriptor(), SOL_SOCKET, SO_RCVBUFFORCE, &received, sizeof received);
    (void)::setsockopt(device_->descriptor(), SOL_SOCKET, SO_SNDBUFFORCE, &sent, sizeof sent);
  }

  static bool poll_for(short events, int fd, int milliseconds) {
    pollfd p{fd, events, 0};
    return ::poll(&p, 1, milliseconds) == 1;
  }

 private:
  struct InterfaceDrops {
    std::uint64_t in = 0, out = 0;
  };
  static InterfaceDrops drops_of(const std::string& interface) {
    std::ifstream file("/proc/net/dev");
    for (std::string line; std::getline(file, line);) {
      if (line.find(" " + interface + ":") == std::string::npos) continue;
      std::istringstream words(line.substr(line.find(':') + 1));
      std::array<std::uint64_t, 12> numbers{};
      for (auto& number : numbers) words >> number;
      return {numbers[3], numbers[11]};
    }
    ADD_FAILURE() << "no counters of " << interface;
    return {};
  }

  static constexpr std::size_t kReceiveMemory = std::size_t{16} << 20;
  const ConformanceLink& link_;
  BufferPool tx_pool_;
  BufferPool rx_pool_{kReceiveMemory};
  std::unique_ptr<Device> device_;
  std::unique_ptr<FarEnd> far_;
  PacketBatch batch_;
  std::size_t at_ = 0;
  std::uint32_t probe_ = 1'000'000;
};

}  // namespace leat::testing
