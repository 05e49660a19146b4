#include "packet/coalesce.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "packet/segment_split.h"
#include "packet/testing/tcp_frame.h"

namespace leat {
namespace {

using testing::bytes_of_packet;
using testing::make_packet;
using testing::TcpFrame;

constexpr JoinOptions kJoin{14, 65535};

std::vector<Packet> split(Packet packet, BufferPool& pool) {
  std::vector<Packet> out;
  SegmentSplitter splitter;
  EXPECT_TRUE(splitter.start(std::move(packet), {14, true}, pool));
  for (Packet p; splitter.next(p, pool) == SplitResult::segment;) out.push_back(std::move(p));
  return out;
}

TEST(Coalesce, JoinsWhatWasSplitByteForByteAndWithoutCopies) {
  BufferPool pool;
  const TcpFrame whole{.payload = 60000, .gso = 1448, .flags = kTcpAck | kTcpPsh | kTcpFin | kTcpCwr};
  const auto before = bytes_of_packet(make_packet(whole, pool));
  auto segments = split(make_packet(whole, pool), pool);
  ASSERT_EQ(segments.size(), 42u);
  Packet joined = std::move(segments[0]);
  for (std::size_t i = 1; i < segments.size(); ++i) {
    ASSERT_TRUE(join_segments(joined, segments[i], kJoin)) << i;
    EXPECT_TRUE(segments[i].empty());
  }
  EXPECT_EQ(bytes_of_packet(joined), before);
  EXPECT_EQ(joined.offload.gso_size, 1448);
  EXPECT_EQ(joined.offload.header_length, 54);
  EXPECT_EQ(joined.offload.checksum, ChecksumState::partial);
  EXPECT_EQ(joined.slices().size(), 2u) << "headers and one piece of payload";
}

TEST(Coalesce, JoinsFramesInBlocksOfTheirOwnAsFarAsSlicesGo) {
  BufferPool pool;
  Packet joined = make_packet({.seq = 1, .payload = 1000, .id = 0xfffe}, pool);
  std::uint32_t seq = 1001;
  std::uint16_t id = 0xffff;
  for (std::size_t i = 1; i < Packet::kMaxSlices; ++i, seq += 1000, ++id) {
    Packet next = make_packet({.seq = seq, .payload = 1000, .id = id}, pool);
    ASSERT_TRUE(join_segments(joined, next, kJoin));
  }
  Packet next = make_packet({.seq = seq, .payload = 1000, .id = id}, pool);
  EXPECT_FALSE(join_segments(joined, next, kJoin));
  const auto segments = split(std::move(joined), pool);
  ASSERT_EQ(segments.size(), 8u);
  EXPECT_EQ(bytes_of_packet(segments[3]), bytes_of_packet(make_packet({.seq = 3001, .id = 1}, pool)));
}

TEST(Coalesce, LeavesApartWhatSplittingWouldNotRestore) {
  BufferPool pool;
  const TcpFrame first{.seq = 1, .payload = 1000, .id = 7};
  const TcpFrame good{.seq = 1001, .payload = 1000, .id = 8};
  const auto joins = [&](TcpFrame a, TcpFrame b, JoinOptions options = kJoin) {
    Packet group = make_packet(a, pool), next = make_packet(b, pool);
    const auto before = bytes_of_packet(group), after = bytes_of_packet(next);
    const bool joined = join_segments(group, next, options);
    if (!joined) {
      EXPECT_EQ(bytes_of_packet(group), before);
      EXPECT_EQ(bytes_of_packet(next), after);
      EXPECT_EQ(group.offload.gso_size, 0);
    }
    return joined;
  };
  const auto but = [&](TcpFrame base, auto change) {
    change(base);
    return base;
  };
  EXPECT_TRUE(joins(first, good));
  EXPECT_TRUE(joins(first, but(good, [](TcpFrame& f) { f.payload = 1; })));
  EXPECT_TRUE(joins(first, but(good, [](TcpFrame& f) { f.flags = kTcpAck | kTcpFin; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.seq = 1002; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.seq = 1; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.id = 7; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.tos = 1; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.source_port = 1; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.payload = 1001; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.payload = 0; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.partial = false; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.gso = 500; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.flags = kTcpAck | kTcpUrg; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.flags = kTcpAck | kTcpRst; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.flags = kTcpAck | kTcpCwr; })));
  EXPECT_FALSE(joins(first, but(good, [](TcpFrame& f) { f.flags = kTcpAck | kTcpEce; })));
  EXPECT_FALSE(joins(but(first, [](TcpFrame& f) { f.flags = kTcpAck | kTcpPsh; }), good)) << "PSH is for the last only";
  EXPECT_FALSE(joins(but(first, [](TcpFrame& f) { f.partial = false; }), good));
  EXPECT_FALSE(joins(but(first, [](TcpFrame& f) { f.payload = 0, f.seq = 1001; }), good));
  EXPECT_FALSE(joins(first, good, {14, 2000}));
  EXPECT_FALSE(joins(first, good, {14, 0}));
  EXPECT_FALSE(joins(first, good, {0, 65535})) << "with the wrong idea of the link header";
}

TEST(Coalesce, AShortSegmentEndsTheSuperSegment) {
  BufferPool pool;
  Packet group = make_packet({.seq = 1, .payload = 1000, .id = 7}, pool);
  Packet brief = make_packet({.seq = 1001, .payload = 500, .id = 8}, pool);
  Packet after = make_packet({.seq = 1501, .payload = 500, .id = 9}, pool);
  EXPECT_TRUE(join_segments(group, brief, kJoin));
  EXPECT_FALSE(join_segments(group, after, kJoin));
}

TEST(Coalesce, HeadersThatSomebodyElseReadsAreNotWritten) {
  BufferPool pool;
  Packet group = make_packet({.seq = 1, .payload = 1000, .id = 7}, pool);
  Packet next = make_packet({.seq = 1001, .payload = 1000, .id = 8}, pool);
  const Slice reader = group.slices()[0];
  EXPECT_FALSE(join_segments(group, next, kJoin));
}

TEST(Coalesce, HostileBytesDoNoHarm) {
  BufferPool pool;
  Random random({1, 2});
  for (int i = 0; i < 20000; ++i) {
    Packet group = make_packet({.seq = 1, .payload = 40, .id = 7}, pool);
    Packet next = make_packet({.seq = 41, .payload = 40, .id = 8}, pool);
    for (Packet* p : {&group, &next}) {
      const MutableBytes bytes = p->slices()[0].mutable_bytes();
      for (std::uint32_t n = random.below(3); n > 0; --n) {
        bytes[random.below(54)] = static_cast<std::uint8_t>(random.next32());
      }
      if (random.chance(0.3)) p->truncate(random.below(95));
      if (random.chance(0.1)) p->offload.checksum_start = static_cast<std::uint16_t>(random.next32());
    }
    (void)join_segments(group, next, kJoin);
  }
}

}  // namespace
}  // namespace leat
