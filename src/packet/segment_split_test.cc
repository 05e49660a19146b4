#include "packet/segment_split.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"
#include "packet/transport_checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp_options.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;

struct Recipe {
  std::size_t link = 14;
  std::size_t payload = 10000;
  std::uint16_t gso = 1460;
  TcpFlags flags = kTcpAck | kTcpPsh;
  std::uint16_t urgent = 0;
  bool timestamps = false;
  std::size_t ip_options = 0;
};

/// A frame with complete headers, in contiguous bytes.
Octets make_frame(const Recipe& r) {
  TcpOptionSet options;
  if (r.timestamps) options.timestamps = {{77, 88}};
  TcpHeader tcp;
  tcp.source_port = 80, tcp.destination_port = 50000, tcp.seq = SeqNum(0xfffff000), tcp.ack = SeqNum(42);
  tcp.flags = r.flags, tcp.window = 500, tcp.urgent = r.urgent;
  tcp.header_length = static_cast<std::uint8_t>(20 + options.encoded_size());
  const std::size_t ip_length = 20 + r.ip_options;
  Octets out(r.link + ip_length + tcp.header_length + r.payload);
  for (std::size_t i = 0; i < r.link; ++i) out[i] = static_cast<std::uint8_t>(0xa0 + i);
  Ipv4Header ip;
  ip.source = IpAddress::v4(192, 0, 2, 1), ip.destination = IpAddress::v4(192, 0, 2, 2);
  ip.total_length = static_cast<std::uint16_t>(out.size() - r.link);
  ip.id = 0xfffe, ip.dont_fragment = true, ip.tos = 0x2e;
  std::uint8_t* p = out.data() + r.link;
  ip.write({p, 20});
  p[0] = static_cast<std::uint8_t>(0x40 | ip_length / 4);
  for (std::size_t i = 20; i < ip_length; ++i) p[i] = 1;
  store_be16(p + 10, 0);
  store_be16(p + 10, internet_checksum({p, ip_length}));
  tcp.write({p + ip_length, 20});
  options.encode({p + ip_length + 20, options.encoded_size()});
  std::uint8_t* payload = p + ip_length + tcp.header_length;
  for (std::size_t i = 0; i < r.payload; ++i) payload[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  ChecksumAccumulator pseudo;
  pseudo.add_pseudo_header(ip.source, ip.destination, 6, static_cast<std::uint32_t>(tcp.header_length + r.payload));
  store_be16(p + ip_length + 16, pseudo.fold());
  return out;
}

/// The expected segments, made from whole copies and with new checksums.
std::vector<Octets> naive_split(const Octets& frame, const Recipe& r, bool partial) {
  const std::size_t ip_length = 20 + r.ip_options, tcp_at = r.link + ip_length;
  const std::size_t headers = tcp_at + (frame[tcp_at + 12] >> 4) * 4u;
  std::vector<Octets> out;
  for (std::size_t at = 0; at < r.payload; at += r.gso) {
    const std::size_t n = std::min<std::size_t>(r.gso, r.payload - at);
    Octets s(frame.begin(), frame.begin() + static_cast<long>(headers));
    const Bytes payload = Bytes(frame).subspan(headers + at, n);
    s.insert(s.end(), payload.begin(), payload.end());
    std::uint8_t* ip = s.data() + r.link;
    std::uint8_t* tcp = s.data() + tcp_at;
    store_be16(ip + 2, static_cast<std::uint16_t>(s.size() - r.link));
    store_be16(ip + 4, static_cast<std::uint16_t>(load_be16(ip + 4) + out.size()));
    store_be16(ip + 10, 0);
    store_be16(ip + 10, internet_checksum({ip, ip_length}));
    store_be32(tcp + 4, load_be32(tcp + 4) + static_cast<std::uint32_t>(at));
    unsigned flags = r.flags.bits();
    if (at + n < r.payload) flags &= ~(0x01u | 0x08u);
    if (at > 0) flags &= ~0x80u;
    if (r.urgent <= at) flags &= ~0x20u;
    tcp[13] = static_cast<std::uint8_t>(flags);
    store_be16(tcp + 18, static_cast<std::uint16_t>((flags & 0x20) != 0 ? r.urgent - at : 0));
    store_be16(tcp + 16, 0);
    ChecksumAccumulator sum;
    sum.add({ip + 12, 8});
    sum.add16(6);
    sum.add16(static_cast<std::uint16_t>(s.size() - tcp_at));
    if (!partial) sum.add(Bytes(s).subspan(tcp_at));
    store_be16(tcp + 16, partial ? sum.fold() : sum.finish());
    out.push_back(std::move(s));
  }
  return out;
}

Octets segment_content(const Packet& p) {
  Octets out(p.size());
  EXPECT_TRUE(p.copy_out(0, out));
  return out;
}

/// Cuts the frame at random places, odd ones and within headers too.
Packet super_packet(const Octets& frame, const Recipe& r, Random& random, BufferPool& pool) {
  Packet p;
  std::size_t at = 0;
  while (at < frame.size()) {
    const std::size_t left = frame.size() - at;
    const bool last = p.slices().size() + 1 == Packet::kMaxSlices;
    const bool small = random.chance(0.5);
    std::size_t here = random.below(static_cast<std::uint32_t>(small ? std::min<std::size_t>(left, 90) : left)) + 1;
    if (last) here = left;
    p.append(pool.copy_of(Bytes(frame).subspan(at, here)));
    at += here;
  }
  p.offload.checksum = ChecksumState::partial;
  p.offload.checksum_start = static_cast<std::uint16_t>(r.link + 20 + r.ip_options);
  p.offload.checksum_offset = 16;
  p.offload.gso_size = r.gso;
  return p;
}

TEST(SegmentSplit, AgreesWithANaiveSplitOverAnySlices) {
  BufferPool pool;
  Random random({1, 2});
  for (int round = 0; round < 1500; ++round) {
    Recipe r;
    r.link = random.chance(0.5) ? 14 : 0;
    r.payload = 1 + random.below(random.chance(0.3) ? 60000 : 5000);
    r.gso = static_cast<std::uint16_t>(1 + random.below(random.chance(0.3) ? 9000 : 1460));
    if (r.payload / r.gso > 200) r.gso = static_cast<std::uint16_t>(r.payload / 200 + 1);
    r.flags = TcpFlags(static_cast<std::uint8_t>(random.next32() & 0xf9));
    r.urgent = r.flags.urg() ? static_cast<std::uint16_t>(random.below(4000)) : std::uint16_t{0};
    r.timestamps = random.chance(0.5);
    r.ip_options = random.chance(0.1) ? 8 : 0;
    if (r.payload <= r.gso) continue;
    const Octets frame = make_frame(r);
    const bool partial = random.chance(0.3);
    SegmentSplitter splitter;
    ASSERT_TRUE(splitter.start(super_packet(frame, r, random, pool), {r.link, partial}, pool));
    const auto expected = naive_split(frame, r, partial);
    for (const Octets& want : expected) {
      Packet out;
      ASSERT_FALSE(splitter.is_done());
      ASSERT_EQ(splitter.next(out, pool), SplitResult::segment);
      ASSERT_EQ(segment_content(out), want);
      ASSERT_EQ(out.offload.gso_size, 0);
      ASSERT_EQ(out.offload.checksum, partial ? ChecksumState::partial : ChecksumState::unchecked);
      ASSERT_GE(out.slices()[0].headroom(), SegmentSplitter::kHeadroom);
      if (partial) {
        ASSERT_EQ(out.offload.checksum_start, r.link + 20 + r.ip_options);
        ASSERT_TRUE(finish_checksum(out));
      }
      const TransportSpan span{IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2), IpProtocol::tcp,
                               r.link + 20 + r.ip_options, want.size() - r.link - 20 - r.ip_options};
      ASSERT_TRUE(has_good_checksum(out, span));
    }
    Packet none;
    ASSERT_TRUE(splitter.is_done());
    ASSERT_EQ(splitter.next(none, pool), SplitResult::done);
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(SegmentSplit, TheIdentificationOfAtomicDatagramsStaysZero) {
  BufferPool pool;
  Recipe r;
  Octets frame = make_frame(r);
  std::uint8_t* ip = frame.data() + r.link;
  store_be16(ip + Ipv4Header::kIdOffset, 0);
  store_be16(ip + Ipv4Header::kChecksumOffset, 0);
  store_be16(ip + Ipv4Header::kChecksumOffset, internet_checksum({ip, Ipv4Header::kSize}));
  Packet super(pool.copy_of(frame));
  super.offload.gso_size = r.gso;
  SegmentSplitter splitter;
  ASSERT_TRUE(splitter.start(std::move(super), {r.link, false}, pool));
  PacketBatch batch;
  EXPECT_EQ(splitter.fill(batch, pool), SplitResult::done);
  ASSERT_EQ(batch.size(), 7u);
  for (const Packet& p : batch.packets()) {
    const auto header = Ipv4Header::parse(p.front().subspan(r.link), p.size() - r.link);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->id, 0);
  }
}

TEST(SegmentSplit, SharesThePayloadInsteadOfCopyingIt) {
  BufferPool pool;
  Recipe r;
  Packet super(pool.copy_of(make_frame(r)));
  super.offload.gso_size = r.gso;
  const std::uint8_t* payload = super.front().data() + 54;
  SegmentSplitter splitter;
  ASSERT_TRUE(splitter.start(std::move(super), {14, false}, pool));
  PacketBatch batch;
  EXPECT_EQ(splitter.fill(batch, pool), SplitResult::done);
  ASSERT_EQ(batch.size(), 7u);
  for (Packet& p : batch) {
    ASSERT_EQ(p.slices().size(), 2u);
    EXPECT_EQ(p.slices()[1].data(), payload);
    payload += p.slices()[1].size();
  }
  EXPECT_EQ(pool.blocks_in_use(), 8u);  // one of the super-segment and seven for headers
}

TEST(SegmentSplit, StopsAtAFullBatchAndGoesOn) {
  BufferPool pool;
  Random random({5, 5});
  Recipe r;
  r.payload = 100 * 500, r.gso = 500;
  const Octets frame = make_frame(r);
  SegmentSplitter splitter;
  ASSERT_TRUE(splitter.start(super_packet(frame, r, random, pool), {14, false}, pool));
  PacketBatch first, second;
  EXPECT_EQ(splitter.fill(first, pool), SplitResult::segment);
  EXPECT_EQ(splitter.fill(second, pool), SplitResult::done);
  EXPECT_EQ(first.size() + second.size(), 100u);
  const auto expected = naive_split(frame, r, false);
  EXPECT_EQ(segment_content(*first.begin()), expected.front());
  EXPECT_EQ(segment_content(*second.begin()), expected[PacketBatch::kCapacity]);
  EXPECT_EQ(segment_content(*(second.end() - 1)), expected.back());
}

TEST(SegmentSplit, AnEmptyPoolDelaysButLosesNothing) {
  BufferPool pool(65536 + 2 * 256);
  Recipe r;
  r.payload = 4000;
  const Octets frame = make_frame(r);
  SegmentSplitter splitter;
  Slice s = pool.allocate(BufferClass::super, 0, frame.size());
  std::copy(frame.begin(), frame.end(), s.mutable_bytes().begin());
  Packet super(std::move(s));
  super.offload.gso_size = r.gso;
  ASSERT_TRUE(splitter.start(std::move(super), {14, false}, pool));
  const auto expected = naive_split(frame, r, false);
  Packet one, two, three;
  ASSERT_EQ(splitter.next(one, pool), SplitResult::segment);
  ASSERT_EQ(splitter.next(two, pool), SplitResult::segment);
  ASSERT_EQ(splitter.next(three, pool), SplitResult::no_buffer);
  ASSERT_EQ(splitter.next(three, pool), SplitResult::no_buffer);
  one.clear();
  ASSERT_EQ(splitter.next(three, pool), SplitResult::segment);
  EXPECT_EQ(segment_content(two), expected[1]);
  EXPECT_EQ(segment_content(three), expected[2]);
  EXPECT_TRUE(splitter.is_done());
}

TEST(SegmentSplit, PlainPacketsPassThroughWithTheirChecksumCompleted) {
  BufferPool pool;
  Recipe r;
  r.payload = 100;
  for (const std::uint16_t gso : {std::uint16_t{0}, std::uint16_t{100}, std::uint16_t{1460}}) {
    for (const bool partial : {false, true}) {
      Packet p(pool.copy_of(make_frame(r)));
      p.offload = {ChecksumState::partial, 34, 16, 54, gso};
      const Octets before = segment_content(p);
      SegmentSplitter splitter;
      ASSERT_TRUE(splitter.start(std::move(p), {14, partial}, pool));
      Packet out;
      ASSERT_EQ(splitter.next(out, pool), SplitResult::segment);
      EXPECT_EQ(out.offload.gso_size, 0);
      EXPECT_EQ(out.offload.checksum, partial ? ChecksumState::partial : ChecksumState::unchecked);
      EXPECT_EQ(segment_content(out) == before, partial);
      const TransportSpan span{IpAddress::v4(192, 0, 2, 1), IpAddress::v4(192, 0, 2, 2), IpProtocol::tcp, 34, 120};
      EXPECT_TRUE(has_good_checksum(out, span));
      EXPECT_EQ(splitter.next(out, pool), SplitResult::done);
    }
  }
}

TEST(SegmentSplit, NothingInNothingOut) {
  BufferPool pool;
  SegmentSplitter splitter;
  Packet out;
  EXPECT_EQ(splitter.next(out, pool), SplitResult::done);
  EXPECT_TRUE(splitter.start(Packet{}, {}, pool));
  EXPECT_EQ(splitter.next(out, pool), SplitResult::done);
}

TEST(SegmentSplit, RefusesWhatIsNoTcpDataSegment) {
  BufferPool pool;
  const Octets good = make_frame({});
  const auto refused = [&](auto&& change, std::size_t link = 14) {
    Octets frame = good;
    change(frame);
    store_be16(frame.data() + 24, 0);
    store_be16(frame.data() + 24, internet_checksum(Bytes(frame).subspan(14, 20)));
    Packet p(pool.copy_of(frame));
    p.offload.gso_size = 1460;
    SegmentSplitter s;
    const bool ok = s.start(std::move(p), {link, false}, pool);
    EXPECT_EQ(s.is_done(), !ok);
    return !ok;
  };
  EXPECT_FALSE(refused([](Octets&) {}));
  EXPECT_TRUE(refused([](Octets& f) { f[14] = 0x65; }));
  EXPECT_TRUE(refused([](Octets& f) { f[14] = 0x44; }));
  EXPECT_TRUE(refused([](Octets& f) { f[23] = 17; }));
  EXPECT_TRUE(refused([](Octets& f) { f[20] = 0x20; }));   // a fragment
  EXPECT_TRUE(refused([](Octets& f) { f[46] = 0x40; }));   // a TCP header of 16 bytes
  EXPECT_TRUE(refused([](Octets& f) { f[47] |= 0x02; }));  // SYN
  EXPECT_TRUE(refused([](Octets& f) { f[47] |= 0x04; }));  // RST
  EXPECT_TRUE(refused([](Octets& f) { f[16] = 0xff; }));   // a total length beyond the frame
  EXPECT_TRUE(refused([](Octets& f) { f.resize(40); }));
  EXPECT_TRUE(refused([](Octets&) {}, 100000));
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

TEST(SegmentSplit, SurvivesGarbage) {
  BufferPool pool;
  Random random({8, 9});
  const Octets good = make_frame({.payload = 3000});
  for (int i = 0; i < 20000; ++i) {
    Octets frame(good.begin(), good.begin() + random.below(static_cast<std::uint32_t>(good.size()) + 1));
    for (std::uint32_t n = random.below(4); n > 0 && !frame.empty(); --n) {
      const std::uint32_t at = random.below(std::min(static_cast<std::uint32_t>(frame.size()), 60u));
      frame[at] = static_cast<std::uint8_t>(random.next32());
    }
    if (frame.size() >= 34) {
      if (random.chance(0.7)) store_be16(frame.data() + 16, static_cast<std::uint16_t>(random.below(3100)));
      store_be16(frame.data() + 24, 0);
      const std::size_t header = (frame[14] & 0x0fu) * 4;
      if (14 + header <= frame.size() && header >= 12) {
        store_be16(frame.data() + 24, internet_checksum(Bytes(frame).subspan(14, header)));
      }
    }
    Packet p(pool.copy_of(frame));
    p.offload.gso_size = static_cast<std::uint16_t>(random.chance(0.5) ? 1 + random.below(100) : random.next32());
    SegmentSplitter s;
    if (!s.start(std::move(p), {14, random.chance(0.5)}, pool)) continue;
    for (PacketBatch batch; s.fill(batch, pool) == SplitResult::segment; batch.clear()) {
    }
    ASSERT_TRUE(s.is_done());
  }
  EXPECT_EQ(pool.blocks_in_use(), 0u);
}

}  // namespace
}  // namespace leat
