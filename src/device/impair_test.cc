// The wrapper in real time: no test sleeps, all wait on the descriptor.
#include "device/impair.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "device/memory_link.h"
#include "device/memory_pair.h"
#include "device/monotonic_clock.h"
#include "packet/testing/tcp_frame.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::make_packet;
using testing::seq_of;
using testing::TcpFrame;

/// False after ten seconds.
bool wait_for(const Device& device) {
  pollfd p{device.descriptor(), POLLIN, 0};
  return ::poll(&p, 1, 10'000) == 1;
}
bool has_input(const Device& device) {
  pollfd p{device.descriptor(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

class ImpairTest : public ::testing::Test {
 protected:
  /// near_ is the impaired end of a cable, far_ the other one.
  void join(const std::vector<std::string>& texts) {
    std::vector<Impairment> impairments;
    impairments.reserve(texts.size());
    for (const std::string& text : texts) impairments.push_back(*Impairment::parse(text));
    auto inner = link_.take_end({{2, 0, 0, 0, 0, 1}});
    auto far = link_.take_end({{2, 0, 0, 0, 0, 2}});
    ASSERT_TRUE(inner && far);
    auto wrapped = impair(std::move(*inner), impairments);
    ASSERT_TRUE(wrapped) << wrapped.error().message;
    near_ = std::move(*wrapped), far_ = std::move(*far);
  }
  void send(Device& from, const TcpFrame& frame) {
    PacketBatch batch;
    batch.push(make_packet(frame, pool_));
    from.transmit(batch);
    EXPECT_TRUE(batch.empty());
  }
  /// Waits until `device` has given `count` frames.
  std::vector<std::uint32_t> take(Device& device, std::size_t count) {
    std::vector<std::uint32_t> seqs;
    PacketBatch batch;
    while (seqs.size() < count && wait_for(device)) {
      EXPECT_TRUE(device.receive(batch, pool_));
      for (const Packet& p : batch) seqs.push_back(seq_of(p));
      batch.clear();
    }
    return seqs;
  }

  BufferPool pool_;
  MemoryLink link_;
  std::unique_ptr<Device> near_, far_;
};

TEST_F(ImpairTest, DelayedFramesWakeTheReader) {
  join({"in:delay=20ms"});
  const Instant sent = monotonic_now();
  for (std::uint32_t i = 0; i < 10; ++i) send(*far_, {.seq = i, .partial = false});
  EXPECT_EQ(take(*near_, 10), (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_GE(monotonic_now() - sent, 20ms);
  PacketBatch batch;
  EXPECT_TRUE(near_->receive(batch, pool_));
  EXPECT_TRUE(batch.empty());
  EXPECT_FALSE(has_input(*near_)) << "nothing to do, and yet it asks";
}

TEST_F(ImpairTest, DelayedFramesAreSentByAWakeUp) {
  join({"out:delay=20ms"});
  const Instant sent = monotonic_now();
  send(*near_, {.seq = 5});
  EXPECT_FALSE(has_input(*far_));
  EXPECT_TRUE(take(*near_, 0).empty());
  ASSERT_TRUE(wait_for(*near_));
  PacketBatch batch;
  EXPECT_TRUE(near_->receive(batch, pool_));
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(take(*far_, 1), (std::vector<std::uint32_t>{5}));
  EXPECT_GE(monotonic_now() - sent, 20ms);
  EXPECT_FALSE(has_input(*near_));
}

TEST_F(ImpairTest, TheOtherDirectionIsUntouched) {
  join({"in:loss=100%"});
  send(*near_, {.seq = 1});
  EXPECT_EQ(take(*far_, 1), (std::vector<std::uint32_t>{1}));
  send(*far_, {.seq = 2});
  PacketBatch batch;
  ASSERT_TRUE(wait_for(*near_));
  EXPECT_TRUE(near_->receive(batch, pool_));
  EXPECT_TRUE(batch.empty());
  const auto reports = near_->impairments();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].impairment.direction, Impairment::Direction::in);
  EXPECT_TRUE(reports[0].impairment.seed);
  EXPECT_EQ(reports[0].counters.lost, 1u);
}

TEST_F(ImpairTest, BackPressurePassesThroughAndEnds) {
  join({"out:jitter=1us,seed=1"});
  std::uint32_t sent = 0;
  PacketBatch batch;
  while (batch.empty()) {  // the cable holds 4 MB
    while (!batch.full()) batch.push(make_packet({.seq = sent++, .payload = 1400, .partial = false}, pool_));
    near_->transmit(batch);
    if (!batch.empty() || has_input(*near_)) {
      PacketBatch none;
      EXPECT_TRUE(near_->receive(none, pool_));
    }
  }
  const std::size_t waiting = batch.size();
  EXPECT_EQ(waiting, 64u) << "taken whole or not at all";
  std::uint32_t expected_seq = 0;
  PacketBatch got;
  while (expected_seq < sent) {
    ASSERT_TRUE(wait_for(*far_));
    EXPECT_TRUE(far_->receive(got, pool_));
    for (const Packet& p : got) EXPECT_EQ(seq_of(p), expected_seq++);
    got.clear();
    if (!has_input(*far_)) {  // drained: now the sender must be told
      ASSERT_TRUE(expected_seq == sent || wait_for(*near_));
      EXPECT_TRUE(near_->receive(got, pool_));
      near_->transmit(batch);
    }
  }
  EXPECT_TRUE(batch.empty());
}

TEST_F(ImpairTest, SuperSegmentsPassWholeWhereNothingHappensToThem) {
  join({"delay=1ms"});
  send(*near_, {.payload = 50000, .gso = 1448});
  ASSERT_TRUE(wait_for(*near_));
  PacketBatch batch;
  EXPECT_TRUE(near_->receive(batch, pool_));
  ASSERT_TRUE(wait_for(*far_));
  EXPECT_TRUE(far_->receive(batch, pool_));
  ASSERT_EQ(batch.size(), 1u);
  EXPECT_EQ(batch.packets()[0].size(), 50054u);
  EXPECT_EQ(near_->impairments().size(), 2u);
  EXPECT_EQ(near_->impairments()[1].counters.frames, 35u);
}

TEST_F(ImpairTest, WhatIsOnItsWayOutAtTheEndIsSent) {
  join({"delay=1000s"});
  for (std::uint32_t i = 0; i < 100; ++i) send(*near_, {.seq = i, .partial = false});
  near_.reset();
  EXPECT_EQ(take(*far_, 100).size(), 100u);
}

TEST_F(ImpairTest, ADeviceWithoutADescriptorIsRefused) {
  MemoryPair pair(fast_memory_caps());
  const auto wrapped = impair(std::move(pair.first), {*Impairment::parse("loss=1%")});
  ASSERT_FALSE(wrapped);
  EXPECT_NE(wrapped.error().message.find("cannot impair"), std::string::npos);
}

}  // namespace
}  // namespace leat
