// The cable on memory links, whose other ends the test holds.
#include "runtime/cable.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "device/impair.h"
#include "device/memory_link.h"
#include "link/forwarding_device.h"
#include "packet/testing/tcp_frame.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::make_packet;
using testing::seq_of;
using testing::TcpFrame;

/// Says of the device what the test wants.
class Described final : public ForwardingDevice {
 public:
  Described(std::unique_ptr<Device> inner, const DeviceCaps& caps) : ForwardingDevice(std::move(inner)), caps_(caps) {}
  const DeviceCaps& caps() const override { return caps_; }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override {
    if (gone) return unexpected(Error::no_device);
    return inner_->receive(batch, pool);
  }

  std::atomic<bool> gone{false};

 private:
  DeviceCaps caps_;
};

class CableTest : public ::testing::Test {
 protected:
  ~CableTest() override { stop(); }

  /// left_ and right_ are the far ends of what the cable joins.
  void start(const DeviceCaps& right_caps, const char* impairment = nullptr) {
    std::unique_ptr<Device> first = *left_link_.take_end({{2, 0, 0, 0, 0, 1}});
    auto second = std::make_unique<Described>(*right_link_.take_end({{2, 0, 0, 0, 0, 2}}), right_caps);
    second_ = second.get();
    left_ = *left_link_.take_end({{2, 0, 0, 0, 0, 3}});
    right_ = *right_link_.take_end({{2, 0, 0, 0, 0, 4}});
    if (impairment != nullptr) first = *impair(std::move(first), {*Impairment::parse(impairment)});
    auto cable = Cable::create(std::move(first), std::move(second));
    ASSERT_TRUE(cable) << cable.error().message;
    cable_ = std::move(*cable);
    thread_ = std::thread([this] { gone_ = cable_->run({}, {}); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    cable_->stop();
    thread_.join();
  }
  /// Waits until `device` has given `count` packets.
  std::vector<Packet> take(Device& device, std::size_t count) {
    std::vector<Packet> packets;
    PacketBatch batch;
    pollfd p{device.descriptor(), POLLIN, 0};
    while (packets.size() < count && ::poll(&p, 1, 10'000) == 1) {
      EXPECT_TRUE(device.receive(batch, pool_));
      for (Packet& packet : batch) packets.push_back(std::move(packet));
      batch.clear();
    }
    return packets;
  }
  void send(Device& device, const TcpFrame& frame) {
    PacketBatch batch;
    batch.push(make_packet(frame, pool_));
    device.transmit(batch);
    EXPECT_TRUE(batch.empty());
  }

  BufferPool pool_;
  MemoryLink left_link_, right_link_;
  std::unique_ptr<Device> left_, right_;
  Described* second_ = nullptr;
  std::unique_ptr<Cable> cable_;
  std::optional<std::size_t> gone_;
  std::thread thread_;
};

DeviceCaps fast() {
  DeviceCaps caps;
  caps.max_super_segment = 65535, caps.completes_checksums = true;
  return caps;
}

TEST_F(CableTest, CarriesSuperSegmentsWholeBothWays) {
  start(fast());
  const TcpFrame frame{.seq = 9, .payload = 40000, .gso = 1448};
  for (const auto& [from, to] : {std::pair{left_.get(), right_.get()}, std::pair{right_.get(), left_.get()}}) {
    send(*from, frame);
    const auto got = take(*to, 1);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_EQ(testing::bytes_of_packet(got[0]), testing::bytes_of_packet(make_packet(frame, pool_)));
    EXPECT_EQ(got[0].offload.gso_size, 1448);
  }
  stop();
  EXPECT_FALSE(gone_);
  EXPECT_EQ(cable_->device(0).counters().rx_packets, 1u);
}

TEST_F(CableTest, SplitsAndSumsForADeviceThatCannot) {
  start(DeviceCaps{});
  send(*left_, {.seq = 0, .payload = 10000, .gso = 1000});
  auto got = take(*right_, 10);
  ASSERT_EQ(got.size(), 10u);
  for (std::uint32_t i = 0; i < 10; ++i) {
    EXPECT_EQ(seq_of(got[i]), i * 1000);
    EXPECT_EQ(got[i].offload.checksum, ChecksumState::unchecked);
    EXPECT_TRUE(testing::has_right_checksums(std::move(got[i]), pool_));
  }
}

TEST_F(CableTest, BackPressureStopsNobodyForEver) {
  start(fast());
  constexpr std::uint32_t kFrames = 10'000;  // the links hold 4 MB each way
  BufferPool readers_pool;
  std::uint32_t next = 0;
  std::thread reader([&] {
    PacketBatch batch;
    pollfd p{right_->descriptor(), POLLIN, 0};
    while (next < kFrames && ::poll(&p, 1, 10'000) == 1) {
      EXPECT_TRUE(right_->receive(batch, readers_pool));
      for (const Packet& packet : batch) EXPECT_EQ(seq_of(packet), next++);
      batch.clear();
    }
  });
  PacketBatch batch, none;
  for (std::uint32_t seq = 0; seq < kFrames || !batch.empty();) {
    while (seq < kFrames && !batch.full()) batch.push(make_packet({.seq = seq++, .payload = 1400}, pool_));
    left_->transmit(batch);
    if (batch.empty()) continue;
    pollfd p{left_->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&p, 1, 10'000), 1);
    EXPECT_TRUE(left_->receive(none, pool_));
  }
  reader.join();
  EXPECT_EQ(next, kFrames);
}

TEST_F(CableTest, AnImpairedEndMakesAFaultyCable) {
  start(fast(), "in:loss=100%,match=syn");
  send(*left_, {.seq = 1, .payload = 0, .flags = kTcpSyn});
  send(*left_, {.seq = 2});
  const auto got = take(*right_, 1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(seq_of(got[0]), 2u);
  send(*right_, {.seq = 3, .payload = 0, .flags = kTcpSyn});
  EXPECT_EQ(take(*left_, 1).size(), 1u) << "out: is untouched";
  stop();
  EXPECT_EQ(cable_->device(0).impairments().at(0).counters.lost, 1u);
}

TEST_F(CableTest, TellsWhichDeviceIsGone) {
  start(fast());
  second_->gone = true;
  send(*right_, {});
  thread_.join();
  EXPECT_EQ(gone_, 1u);
}

TEST_F(CableTest, ReportsAtAnInterval) {
  int reports = 0;
  auto cable = Cable::create(*left_link_.take_end({}), *right_link_.take_end({}));
  ASSERT_TRUE(cable);
  EXPECT_FALSE((*cable)->run(1ms, [&] {
    if (++reports == 3) (*cable)->stop();
  }));
  EXPECT_EQ(reports, 3);
}

TEST_F(CableTest, EndsOfTwoKindsAreRefused) {
  DeviceCaps bare;
  bare.has_link_layer = false;
  auto second = std::make_unique<Described>(*right_link_.take_end({}), bare);
  const auto cable = Cable::create(*left_link_.take_end({}), std::move(second));
  ASSERT_FALSE(cable);
  EXPECT_NE(cable.error().message.find("join two of one kind"), std::string::npos);
}

}  // namespace
}  // namespace leat
