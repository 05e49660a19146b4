#include "wire/tcp.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/random.h"

namespace leat {
namespace {

constexpr std::array<std::uint8_t, 24> kSyn{0xc3, 0x50, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x00, 0x00, 0x00, 0x00,
                                            0x60, 0x02, 0xfa, 0xf0, 0x12, 0x34, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4};

TEST(Tcp, ReadsAKnownSyn) {
  constexpr auto h = TcpHeader::parse(kSyn);
  static_assert(h && h->flags == kTcpSyn);
  EXPECT_EQ(h->source_port, 50000);
  EXPECT_EQ(h->destination_port, 80);
  EXPECT_EQ(h->seq, SeqNum(0x01020304));
  EXPECT_EQ(h->header_length, 24);
  EXPECT_EQ(h->window, 64240);
  EXPECT_EQ(h->checksum, 0x1234);
  const Bytes options = h->options(kSyn);
  EXPECT_EQ((std::vector<std::uint8_t>(options.begin(), options.end())), (std::vector<std::uint8_t>{2, 4, 5, 0xb4}));
}

TEST(Tcp, RandomHeadersSurviveATrip) {
  Random random({4, 4});
  for (int i = 0; i < 5000; ++i) {
    std::vector<std::uint8_t> bytes(20 + 4 * random.below(11));
    for (auto& b : bytes) b = static_cast<std::uint8_t>(random.next32());
    bytes[12] = static_cast<std::uint8_t>(bytes.size() / 4 << 4);  // zero reserved bits, which are not kept
    const auto h = TcpHeader::parse(bytes);
    ASSERT_TRUE(h);
    std::vector<std::uint8_t> out(bytes);
    std::fill_n(out.begin(), 20, std::uint8_t{0});
    h->write(out);
    ASSERT_EQ(out, bytes);
  }
}

TEST(Tcp, RefusesEveryTruncation) {
  for (std::size_t n = 0; n < kSyn.size(); ++n) EXPECT_FALSE(TcpHeader::parse(Bytes(kSyn).first(n))) << n;
}

TEST(Tcp, TheDataOffsetMustLieWithinTheSegment) {
  std::array<std::uint8_t, 40> segment{};
  for (unsigned offset = 0; offset < 16; ++offset) {
    segment[12] = static_cast<std::uint8_t>(offset << 4 | 0x0f);  // reserved bits are ignored
    EXPECT_EQ(TcpHeader::parse(segment).has_value(), offset >= 5 && offset <= 10) << offset;
  }
}

TEST(Tcp, FlagsAreASet) {
  const TcpFlags f = kTcpSyn | kTcpAck;
  EXPECT_TRUE(f.syn() && f.ack() && !f.fin() && !f.rst() && !f.psh() && !f.urg() && !f.ece() && !f.cwr());
  EXPECT_EQ(f.without(kTcpSyn), kTcpAck);
  EXPECT_TRUE(f.has_any(kTcpAck | kTcpRst));
  EXPECT_FALSE(f.has_any(kTcpFin | kTcpRst));
  EXPECT_EQ((f & kTcpSyn), kTcpSyn);
  EXPECT_EQ(f.to_string(), "S.");
  EXPECT_EQ(TcpFlags(0xff).to_string(), "FSRPUEW.");
  EXPECT_EQ(TcpFlags().to_string(), "none");
  for (unsigned bit = 0; bit < 8; ++bit) {
    const TcpFlags one(static_cast<std::uint8_t>(1u << bit));
    EXPECT_EQ(one.fin() + one.syn() + one.rst() + one.psh() + one.ack() + one.urg() + one.ece() + one.cwr(), 1);
  }
}

}  // namespace
}  // namespace leat
