#include "stack/joined_segment.h"

#include <gtest/gtest.h>

#include <deque>

#include "packet/testing/tcp_frame.h"

namespace leat {
namespace {

using testing::TcpFrame;

/// Takes frames one after another and holds the segment that they were joined to.
class Arrivals {
 public:
  bool begin(const TcpFrame& frame) {
    Packet& packet = keep(testing::make_packet(frame, pool_));
    const FrameLead lead(packet, 1, frame.link);
    headers_.push_back(*Ipv4Header::parse(packet.front().subspan(frame.link), packet.size() - frame.link));
    packet.remove_front(frame.link + Ipv4Header::kSize);
    return joined_.begin({headers_.back(), TcpHeader::kSize, packet}, lead);
  }
  bool append(const TcpFrame& frame) { return append(testing::make_packet(frame, pool_)); }
  bool append(Packet packet, InterfaceId interface = 1) {
    Packet& kept = keep(std::move(packet));
    const auto before = testing::bytes_of_packet(kept);
    const bool appended = joined_.append(interface, kept);
    if (!appended) {
      EXPECT_EQ(testing::bytes_of_packet(kept), before);
    }
    return appended;
  }
  bool is_of(const TcpFrame& frame) {
    Packet& packet = keep(testing::make_packet(frame, pool_));
    headers_.push_back(*Ipv4Header::parse(packet.front().subspan(frame.link), packet.size() - frame.link));
    packet.remove_front(frame.link + Ipv4Header::kSize);
    return joined_.is_of({headers_.back(), TcpHeader::kSize, packet});
  }
  bool joins(const TcpFrame& first, const TcpFrame& next) {
    joined_.clear();
    return begin(first) && append(next);
  }
  JoinedSegment& joined() { return joined_; }
  BufferPool& pool() { return pool_; }
  const SegmentIn& segment() { return joined_.segment(); }

  void expect_payload(std::uint32_t from) {
    std::size_t size = 0;
    for (const Slice& slice : segment().payload) {
      for (const std::uint8_t byte : slice.bytes()) {
        ASSERT_EQ(byte, testing::payload_byte(from + static_cast<std::uint32_t>(size++)));
      }
    }
    EXPECT_EQ(size, segment().length);
  }

 private:
  Packet& keep(Packet packet) { return packets_.emplace_back(std::move(packet)); }

  BufferPool pool_;
  std::deque<Packet> packets_;
  std::deque<Ipv4Header> headers_;
  JoinedSegment joined_;
};

TEST(JoinedSegment, OneIsAsItCame) {
  Arrivals a;
  EXPECT_TRUE(a.joined().empty());
  ASSERT_TRUE(a.begin({.seq = 5, .payload = 100, .flags = kTcpAck | kTcpPsh}));
  EXPECT_EQ(a.joined().packets(), 1u);
  EXPECT_EQ(a.joined().tuple(), (FourTuple{{IpAddress::v4(10, 0, 0, 2), 80}, {IpAddress::v4(10, 0, 0, 1), 40000}}));
  EXPECT_EQ(a.segment().seq, SeqNum(5));
  EXPECT_EQ(a.segment().ack, SeqNum(99));
  EXPECT_EQ(a.segment().window, 500);
  EXPECT_EQ(a.segment().flags, kTcpAck | kTcpPsh);
  EXPECT_EQ(a.segment().wire_segments, 1u);
  a.expect_payload(5);
}

TEST(JoinedSegment, WhatFollowsIsJoinedUpToTheFirstShortOne) {
  Arrivals a;
  ASSERT_TRUE(a.begin({.seq = 0xffffff00, .payload = 1000}));
  ASSERT_TRUE(a.append({.seq = 0xffffff00 + 1000, .payload = 1000}));
  ASSERT_TRUE(a.append({.seq = 0xffffff00 + 2000, .payload = 10, .flags = kTcpAck | kTcpPsh | kTcpFin}));
  EXPECT_FALSE(a.append({.seq = 0xffffff00 + 2010, .payload = 10}));
  EXPECT_EQ(a.joined().packets(), 3u);
  EXPECT_EQ(a.segment().length, 2010u);
  EXPECT_EQ(a.segment().largest_payload, 1000u);
  EXPECT_EQ(a.segment().wire_segments, 3u);
  EXPECT_EQ(a.segment().flags, kTcpAck | kTcpPsh | kTcpFin);
  a.expect_payload(0xffffff00);
}

TEST(JoinedSegment, LeavesApartWhatTheConnectionCouldTell) {
  Arrivals a;
  const TcpFrame first{.seq = 1, .payload = 1000}, next{.seq = 1001, .payload = 1000};
  const auto but = [&](TcpFrame frame, auto change) {
    change(frame);
    return frame;
  };
  EXPECT_TRUE(a.joins(first, next));
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.seq = 1002; }))) << "a gap";
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.seq = 1; }))) << "again";
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.payload = 1001; }))) << "a larger one";
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.payload = 0; }))) << "an ACK";
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.tos = 3; }))) << "congestion was experienced";
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.source_port = 40001; })));
  EXPECT_FALSE(a.joins(first, but(next, [](TcpFrame& f) { f.payload = 1500, f.gso = 1000; }))) << "joined already";
  for (const TcpFlags odd : {kTcpSyn, kTcpRst, kTcpUrg, kTcpEce, kTcpCwr}) {
    EXPECT_FALSE(a.joins(first, but(next, [&](TcpFrame& f) { f.flags = kTcpAck | odd; }))) << odd.to_string();
    EXPECT_FALSE(a.joins(but(first, [&](TcpFrame& f) { f.flags = kTcpAck | odd; }), next)) << odd.to_string();
  }
  EXPECT_FALSE(a.joins(but(first, [](TcpFrame& f) { f.flags = kTcpAck | kTcpPsh; }), next)) << "a write ended there";
  EXPECT_FALSE(a.joins(but(first, [](TcpFrame& f) { f.flags = TcpFlags{}; }), next));
  EXPECT_FALSE(a.joins(but(first, [](TcpFrame& f) { f.payload = 1500, f.gso = 1000; }), next));
}

/// A whole segment in which byte `changed` differs. All checksums are filled in.
Packet damaged(const TcpFrame& frame, std::size_t changed, BufferPool& pool) {
  Packet packet = testing::make_packet(frame, pool);
  packet.slices()[0].mutable_bytes()[changed] ^= 1;
  return packet;
}

TEST(JoinedSegment, LeavesWhatItsChecksumsCondemn) {
  Arrivals a;
  const TcpFrame first{.seq = 1, .payload = 1000, .partial = false}, next{.seq = 1001, .partial = false};
  for (std::size_t byte = 0; byte < 14 + 20 + 20 + 1000; ++byte) {
    a.joined().clear();
    ASSERT_TRUE(a.begin(first));
    ASSERT_FALSE(a.append(damaged(next, byte, a.pool()))) << byte;
  }
  EXPECT_TRUE(a.joins(first, next));
}

TEST(JoinedSegment, PaddingIsNoPayload) {
  Arrivals a;
  ASSERT_TRUE(a.begin({.seq = 1, .payload = 5, .partial = false}));
  Packet padded = testing::make_packet({.seq = 6, .payload = 5, .partial = false}, a.pool());
  padded.append(a.pool().copy_of(std::vector<std::uint8_t>(1, 'x')));
  ASSERT_TRUE(a.append(std::move(padded)));
  EXPECT_EQ(a.segment().length, 10u);
  a.expect_payload(1);
}

TEST(JoinedSegment, AnotherInterfaceIsAnotherWay) {
  Arrivals a;
  ASSERT_TRUE(a.begin({.seq = 1, .payload = 1000}));
  EXPECT_FALSE(a.append(testing::make_packet({.seq = 1001}, a.pool()), 2));
}

TEST(JoinedSegment, IsNoLargerThanASuperSegment) {
  Arrivals a;
  ASSERT_TRUE(a.begin({.seq = 0, .payload = 8000}));
  for (std::uint32_t i = 1; i < 8; ++i) ASSERT_TRUE(a.append({.seq = i * 8000, .payload = 8000}));
  EXPECT_FALSE(a.append({.seq = 64000, .payload = 8000}));
  EXPECT_TRUE(a.append({.seq = 64000, .payload = 1535}));
  EXPECT_EQ(a.segment().length, JoinedSegment::kMaxLength);
}

TEST(JoinedSegment, KnowsWhoseItIs) {
  Arrivals a;
  ASSERT_TRUE(a.begin({.seq = 1}));
  EXPECT_TRUE(a.is_of({.seq = 77, .flags = kTcpRst}));
  EXPECT_FALSE(a.is_of({.source_port = 40001}));
  EXPECT_FALSE(a.is_of({.destination_port = 81}));
}

TEST(JoinedSegment, AClearedOneTakesAnything) {
  Arrivals a;
  ASSERT_TRUE(a.joins({.seq = 1}, {.seq = 1001}));
  a.joined().clear();
  EXPECT_TRUE(a.joined().empty());
  EXPECT_FALSE(a.append({.seq = 2001}));
  EXPECT_TRUE(a.joins({.seq = 7, .payload = 3}, {.seq = 10, .payload = 3}));
  a.expect_payload(7);
}

}  // namespace
}  // namespace leat
