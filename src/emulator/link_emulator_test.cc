#include "emulator/link_emulator.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "packet/testing/tcp_frame.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using testing::bytes_of_packet;
using testing::has_right_checksums;
using testing::make_packet;
using testing::seq_of;
using testing::TcpFrame;
using Octets = std::vector<std::uint8_t>;

constexpr Instant kEmulatorStart{1h};
constexpr EmulatorOptions kFast{.link_header = 14, .max_super_segment = 65535, .partial_checksums = true};
constexpr EmulatorOptions kPlain{.link_header = 14};

/// An emulator in virtual time, and the frames that came out of it.
struct Rig {
  explicit Rig(const std::vector<std::string>& texts, EmulatorOptions options = kFast)
      : emulator(parsed(texts), options) {}
  ~Rig() { EXPECT_EQ(emulator.frames_on_their_way() > 0, emulator.bytes_held() > 0); }

  void send(const TcpFrame& frame) { send(make_packet(frame, pool)); }
  void send(Packet packet) {
    PacketBatch batch;
    batch.push(std::move(packet));
    emulator.send(batch, now, pool);
    EXPECT_TRUE(batch.empty());
  }
  /// Lets `d` pass and returns the frames that arrive, each batch at its own time.
  std::vector<Packet> run(Duration d) {
    const Instant end = now + d;
    std::vector<Packet> out;
    arrivals.clear();
    for (; emulator.next_arrival() <= end;) {
      now = std::max(now, emulator.next_arrival());
      PacketBatch batch;
      for (bool more = true; more;) {
        more = emulator.receive(batch, now, pool);
        for (Packet& p : batch) arrivals.push_back(now), out.push_back(std::move(p));
        batch.clear();
      }
    }
    now = end;
    return out;
  }
  const ImpairmentCounters& counters(std::size_t stage = 0) const { return emulator.stages()[stage].counters(); }

  static std::vector<Impairment> parsed(const std::vector<std::string>& texts) {
    std::vector<Impairment> out;
    out.reserve(texts.size());
    for (const std::string& text : texts) {
      const auto impairment = Impairment::parse(text);
      EXPECT_TRUE(impairment) << text << ": " << (impairment ? "" : impairment.error());
      if (impairment) out.push_back(*impairment);
    }
    return out;
  }

  BufferPool pool;
  LinkEmulator emulator;
  Instant now = kEmulatorStart;
  std::vector<Instant> arrivals;  ///< times of the frames that run() returned
};

std::vector<std::uint32_t> seqs(const std::vector<Packet>& packets) {
  std::vector<std::uint32_t> out;
  out.reserve(packets.size());
  for (const Packet& p : packets) out.push_back(seq_of(p));
  return out;
}

TEST(LinkEmulator, NothingIsLostInventedOrChangedUnlessSaid) {
  Rig rig({"delay=5ms,jitter=2ms"}, kPlain);
  std::vector<Octets> sent;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const TcpFrame frame{.seq = i * 100, .payload = i % 1400, .partial = false};
    sent.push_back(bytes_of_packet(make_packet(frame, rig.pool)));
    rig.send(frame);
  }
  const auto got = rig.run(1s);
  ASSERT_EQ(got.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(bytes_of_packet(got[i]), sent[i]);
  EXPECT_EQ(rig.emulator.next_arrival(), kNever);
  EXPECT_EQ(rig.emulator.bytes_held(), 0u);
}

TEST(LinkEmulator, FramesArriveWhenTheirTimeHasCome) {
  Rig rig({"delay=20ms"});
  rig.send(TcpFrame{});
  EXPECT_EQ(rig.emulator.next_arrival(), kEmulatorStart + 20ms);
  EXPECT_TRUE(rig.run(20ms - 1ns).empty());
  EXPECT_EQ(rig.run(1ns).size(), 1u);
}

TEST(LinkEmulator, ASuperSegmentIsSplitAndLosesWireFrames) {
  Rig rig({"loss=10%,seed=1"});
  std::uint32_t seq = 0;
  std::uint16_t id = 0;
  std::size_t got = 0;
  for (int i = 0; i < 1000; ++i, seq += 40000, id = static_cast<std::uint16_t>(id + 40)) {
    rig.send(TcpFrame{.seq = seq, .payload = 40000, .gso = 1000, .id = id});
    for (const Packet& p : rig.run(1ms)) got += (p.size() - 54) / 1000;
  }
  EXPECT_EQ(rig.counters().frames, 40'000u);
  EXPECT_NEAR(static_cast<double>(rig.counters().lost), 4000, 300);
  EXPECT_EQ(got, 40'000 - rig.counters().lost);
}

TEST(LinkEmulator, WhatStaysAdjacentIsJoinedAgain) {
  Rig rig({"delay=1ms"});
  const TcpFrame frame{.seq = 5, .payload = 60000, .gso = 1448, .flags = kTcpAck | kTcpPsh};
  rig.send(frame);
  const auto got = rig.run(1ms);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(bytes_of_packet(got[0]), bytes_of_packet(make_packet(frame, rig.pool)));
  EXPECT_EQ(rig.counters().frames, 42u);
}

TEST(LinkEmulator, AroundALostFrameTwoPiecesRemain) {
  std::uint64_t seed = 0;
  const auto is_one_lost_inside = [&] {  // of twenty frames, neither the first nor the last
    FateMaker m(Rig::parsed({"loss=5%,seed=" + std::to_string(seed)})[0], {seed, 0});
    for (int i = 0; i < 20; ++i) {
      if ((m.decide(1054, kEmulatorStart).kind == Fate::Kind::is_lost) && (i == 0 || i == 19)) return false;
    }
    return m.counters().lost == 1;
  };
  while (!is_one_lost_inside()) ASSERT_LT(++seed, 1000u);
  Rig rig({"loss=5%,seed=" + std::to_string(seed)});
  rig.send(TcpFrame{.seq = 0, .payload = 20000, .gso = 1000});
  const auto got = rig.run(1ms);
  ASSERT_EQ(rig.counters().lost, 1u);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].size() - 54 + got[1].size() - 54, 19'000u);
  for (const Packet& p : got) {
    Octets raw = bytes_of_packet(p);
    for (std::size_t i = 54; i < raw.size(); ++i) {
      ASSERT_EQ(raw[i], testing::payload_byte(seq_of(p) + static_cast<std::uint32_t>(i - 54)));
    }
  }
}

TEST(LinkEmulator, AReceiverWithoutOffloadsGetsPlainFramesWithFullChecksums) {
  Rig rig({"delay=1ms"}, kPlain);
  rig.send(TcpFrame{.payload = 20000, .gso = 1000});
  rig.send(TcpFrame{.payload = 100});
  auto got = rig.run(1ms);
  ASSERT_EQ(got.size(), 21u);
  for (Packet& p : got) {
    EXPECT_EQ(p.offload.checksum, ChecksumState::unchecked);
    EXPECT_EQ(p.offload.gso_size, 0);
    EXPECT_TRUE(has_right_checksums(std::move(p), rig.pool));
  }
}

TEST(LinkEmulator, FramesThatDoNotMatchPassAtOnceAndWhole) {
  Rig rig({"loss=100%,delay=9ms,match=tos:0xa0"});
  rig.send(TcpFrame{.payload = 20000, .gso = 1000, .tos = 0x20});
  rig.send(TcpFrame{.payload = 20000, .gso = 1000, .tos = 0xa0});
  const auto got = rig.run(0ns);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].offload.gso_size, 1000);
  EXPECT_EQ(rig.counters().frames, 20u);
  EXPECT_EQ(rig.counters().lost, 20u);
}

TEST(LinkEmulator, AFlippedBitBreaksAChecksum) {
  for (const bool partial : {true, false}) {
    Rig rig({"corrupt=100%,seed=2"});
    for (std::uint32_t i = 0; i < 2000; ++i) {
      const TcpFrame frame{.seq = i, .payload = 200, .partial = partial};
      rig.send(frame);
      auto got = rig.run(0ns);
      ASSERT_EQ(got.size(), 1u);
      EXPECT_EQ(got[0].offload.checksum, ChecksumState::unchecked);
      const Octets now = bytes_of_packet(got[0]);
      TcpFrame summed = frame;
      summed.partial = false;
      const Octets was = bytes_of_packet(make_packet(summed, rig.pool));
      int bits = 0;
      for (std::size_t k = 0; k < was.size(); ++k) bits += __builtin_popcount(was[k] ^ now[k]);
      EXPECT_EQ(bits, 1);
      EXPECT_TRUE(std::equal(was.begin(), was.begin() + 14, now.begin())) << "the link header is spared";
      EXPECT_FALSE(has_right_checksums(std::move(got[0]), rig.pool));
    }
    EXPECT_EQ(rig.counters().corrupted, 2000u);
  }
}

TEST(LinkEmulator, CorruptionHitsOneSegmentAndNotTheSharedBytes) {
  Rig rig({"corrupt=6%,seed=1"});
  Packet packet = make_packet({.payload = 50000, .gso = 1000}, rig.pool);
  const Slice mine = packet.slices()[0];
  const Octets before(mine.bytes().begin(), mine.bytes().end());
  rig.send(std::move(packet));
  const auto got = rig.run(0ns);
  ASSERT_GT(rig.counters().corrupted, 0u);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), mine.bytes().begin()));
  EXPECT_GE(got.size(), 2u) << "a damaged segment is not joined";
}

TEST(LinkEmulator, ArpIsNotDamaged) {
  Rig rig({"corrupt=100%"});
  Octets arp(42);
  arp[12] = 0x08, arp[13] = 0x06;
  rig.send(Packet(rig.pool.copy_of(arp)));
  const auto got = rig.run(0ns);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(bytes_of_packet(got[0]), arp);
  EXPECT_EQ(rig.counters().corrupted, 0u);
}

TEST(LinkEmulator, DoublesFollowTheirOriginals) {
  Rig rig({"duplicate=100%,delay=1ms"}, kPlain);
  for (std::uint32_t i = 1; i <= 3; ++i) rig.send({.seq = i, .partial = false});
  EXPECT_EQ(seqs(rig.run(1ms)), (std::vector<std::uint32_t>{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(rig.counters().duplicated, 3u);
}

TEST(LinkEmulator, AnUndelayedFrameOvertakes) {
  Rig rig({"delay=10ms,reorder=20%,seed=5"}, kPlain);
  for (std::uint32_t i = 0; i < 100; ++i) {
    rig.send({.seq = i, .partial = false});
  }
  const auto got = seqs(rig.run(1s));
  EXPECT_EQ(got.size(), 100u);
  EXPECT_FALSE(std::is_sorted(got.begin(), got.end()));
  EXPECT_TRUE(std::is_sorted(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(rig.counters().reordered)));
  EXPECT_TRUE(std::is_sorted(got.begin() + static_cast<std::ptrdiff_t>(rig.counters().reordered), got.end()));
}

TEST(LinkEmulator, TheRateSpreadsAndTheQueueDrops) {
  Rig rig({"rate=8mbit,queue=5"}, kPlain);
  for (std::uint32_t i = 0; i < 8; ++i) rig.send({.seq = i, .payload = 946, .partial = false});
  const auto got = rig.run(1s);
  EXPECT_EQ(seqs(got), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(rig.arrivals[i], kEmulatorStart + 1ms * (i + 1));
  EXPECT_EQ(rig.counters().queue_drops, 3u);
}

TEST(LinkEmulator, ImpairmentsFollowEachOther) {
  Rig rig({"delay=10ms", "rate=8mbit,match=tos:4", "delay=5ms,loss=100%,match=tos:8"}, kPlain);
  rig.send({.seq = 1, .payload = 946, .tos = 4, .partial = false});
  rig.send({.seq = 2, .payload = 946, .tos = 8, .partial = false});
  rig.send({.seq = 3, .payload = 946, .tos = 4, .partial = false});
  rig.send({.seq = 4, .payload = 946, .tos = 0, .partial = false});
  EXPECT_EQ(seqs(rig.run(10ms)), (std::vector<std::uint32_t>{4}));
  EXPECT_EQ(seqs(rig.run(1ms)), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(seqs(rig.run(1ms)), (std::vector<std::uint32_t>{3}));
  EXPECT_TRUE(rig.run(1s).empty());
  EXPECT_EQ(rig.counters(0).frames, 4u);
  EXPECT_EQ(rig.counters(1).frames, 2u);
  EXPECT_EQ(rig.counters(2).lost, 1u);
}

TEST(LinkEmulator, LateCallsChangeNoTimes) {
  // The frames pass two stages. Nothing calls the emulator in the first second, and the second stage still begins when
  // the first one ended.
  Rig rig({"delay=10ms", "rate=8mbit"}, kPlain);
  rig.send({.seq = 1, .payload = 946, .partial = false});
  rig.now += 1s;
  rig.send({.seq = 2, .payload = 946, .partial = false});
  EXPECT_EQ(seqs(rig.run(0ns)), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(seqs(rig.run(11ms)), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(rig.counters(1).longest_delay, 1ms);
}

TEST(LinkEmulator, WhatIsHeldIsBoundedAndCounted) {
  EmulatorOptions options = kFast;
  options.hold_limit = 1 << 20;
  Rig rig({"delay=1s"}, options);
  for (std::uint32_t i = 0; i < 1000; ++i) rig.send({.payload = 40000, .gso = 1000});
  EXPECT_LT(rig.emulator.bytes_held(), (1u << 20) + 100'000);
  EXPECT_LT(rig.pool.bytes_in_use(), (1u << 20) + 100'000);
  EXPECT_GT(rig.counters().refused, 0u);
  std::uint64_t arrived = 0;
  for (const Packet& p : rig.run(2s)) arrived += (p.size() - 54) / 1000;
  EXPECT_EQ(arrived + rig.counters().refused, 40'000u);
}

TEST(LinkEmulator, ASurvivorIsChargedForTheWholeBlockThatItPins) {
  EmulatorOptions options = kFast;
  options.hold_limit = 1 << 20;
  Rig rig({"delay=1s,loss=95%,seed=1"}, options);
  for (std::uint32_t i = 0; i < 1000; ++i) rig.send({.payload = 40000, .gso = 1000});
  EXPECT_LT(rig.pool.bytes_in_use(), (1u << 20) + 100'000);
  EXPECT_GT(rig.counters().refused, 0u);
}

TEST(LinkEmulator, OfBorrowedBytesOnlyThoseInTheFrameAreCharged) {
  EmulatorOptions options = kFast;
  options.hold_limit = 1 << 20;
  Rig rig({"delay=1s"}, options);
  const Octets theirs(10 << 20);
  const Slice all = rig.pool.borrow(theirs);
  for (std::uint32_t i = 0; i < 100; ++i) {
    Packet packet = make_packet({.payload = 1000}, rig.pool);
    packet.truncate(packet.size() - 1000);
    packet.append(all.part(i * 1000, 1000));
    rig.send(std::move(packet));
  }
  EXPECT_EQ(rig.counters().refused, 0u);
  EXPECT_EQ(rig.run(2s).size(), 100u);
}

TEST(LinkEmulator, WithoutMemoryFramesAreLostAndCounted) {
  Rig rig({"duplicate=100%,corrupt=100%"});
  BufferPool small(100'000);
  PacketBatch batch;
  batch.push(make_packet({.payload = 60000, .gso = 500}, small));
  rig.emulator.send(batch, rig.now, small);
  EXPECT_GT(rig.counters().refused, 0u);
  while (rig.emulator.next_arrival() != kNever) {
    (void)rig.emulator.receive(batch, rig.now, small);
    batch.clear();
  }
  EXPECT_EQ(small.blocks_in_use(), 0u);
}

TEST(LinkEmulator, BogusSuperSegmentsAreRefused) {
  Rig rig({"loss=1%"});
  Packet packet = make_packet({.payload = 20000, .gso = 1000}, rig.pool);
  packet.slices()[0].mutable_bytes()[14 + 9] = 17;
  rig.send(std::move(packet));
  EXPECT_TRUE(rig.run(1s).empty());
  EXPECT_EQ(rig.counters().refused, 1u);
  EXPECT_EQ(rig.pool.blocks_in_use(), 0u);
}

/// All faults at once on many frames: each byte stream that comes out consists of frames that went in.
TEST(LinkEmulator, TheBooksBalance) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rig rig({"delay=50ms,jitter=10ms,loss=2%,burst=2,reorder=5%,duplicate=1%,corrupt=0.1%,rate=1gbit,queue=200,seed=" +
             std::to_string(seed)});
    std::uint64_t sent = 0, arrived = 0, damaged = 0;
    std::uint32_t seq = 0;
    std::uint16_t id = 0;
    std::map<std::uint32_t, int> times;
    const auto look_at = [&](std::vector<Packet> packets) {
      for (Packet& p : packets) {
        const std::size_t frames = (p.size() - 54 + 999) / 1000;
        arrived += frames;
        const Octets raw = bytes_of_packet(p);
        const std::uint32_t at = seq_of(p);
        if (!has_right_checksums(std::move(p), rig.pool)) {
          ++damaged;
          continue;
        }
        for (std::size_t i = 0; i < frames; ++i) ++times[at + static_cast<std::uint32_t>(i * 1000)];
        for (std::size_t i = 54; i < raw.size(); i += 97) {
          ASSERT_EQ(raw[i], testing::payload_byte(at + static_cast<std::uint32_t>(i - 54)));
        }
      }
    };
    for (int i = 0; i < 200; ++i) {
      rig.send(TcpFrame{.seq = seq, .payload = 30000, .gso = 1000, .id = id});
      seq += 30000, id = static_cast<std::uint16_t>(id + 30), sent += 30;
      look_at(rig.run(std::chrono::microseconds(i % 7 * 70)));
    }
    look_at(rig.run(10s));
    const ImpairmentCounters& c = rig.counters();
    EXPECT_EQ(c.frames, sent);
    EXPECT_EQ(arrived, sent + c.duplicated - c.lost - c.queue_drops);
    EXPECT_EQ(c.refused, 0u);
    EXPECT_EQ(damaged, c.corrupted);
    EXPECT_GT(c.lost, 0u);
    EXPECT_GT(c.reordered, 0u);
    EXPECT_GT(c.duplicated, 0u);
    std::uint64_t twice = 0;
    for (const auto& [at, n] : times) {
      EXPECT_LE(n, 2);
      EXPECT_EQ(at % 1000, 0u);
      twice += n == 2 ? 1 : 0;
    }
    EXPECT_LE(twice, c.duplicated);
    EXPECT_EQ(rig.pool.blocks_in_use(), 0u);
  }
}

TEST(LinkEmulator, ASeedDoesTheSameAgainHoweverFramesAreBatched) {
  constexpr const char* kText = "delay=5ms,jitter=1ms,loss=5%,reorder=5%,duplicate=5%,corrupt=5%,seed=8";
  const auto run = [&](bool one_by_one) {
    Rig rig({kText}, kPlain);
    PacketBatch batch;
    std::vector<Octets> out;
    for (std::uint32_t i = 0; i < 6400; ++i) {
      batch.push(make_packet({.seq = i * 1000, .partial = false}, rig.pool));
      if (one_by_one || batch.full()) rig.emulator.send(batch, rig.now, rig.pool);
    }
    for (const Packet& p : rig.run(1s)) out.push_back(bytes_of_packet(p));
    return out;
  };
  EXPECT_EQ(run(true), run(false));
}

TEST(LinkEmulator, TheDirectionsOfASeedDiffer) {
  EmulatorOptions other = kPlain;
  other.stream = 1;
  Rig a({"loss=50%,seed=1"}, kPlain), b({"loss=50%,seed=1"}, other);
  for (std::uint32_t i = 0; i < 100; ++i) a.send({.seq = i, .partial = false}), b.send({.seq = i, .partial = false});
  EXPECT_NE(seqs(a.run(1s)), seqs(b.run(1s)));
}

}  // namespace
}  // namespace leat
