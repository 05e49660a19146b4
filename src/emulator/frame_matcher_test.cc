#include "emulator/frame_matcher.h"

#include <gtest/gtest.h>

#include "packet/testing/tcp_frame.h"

namespace leat {
namespace {

using testing::make_packet;
using testing::TcpFrame;

class FrameMatcher : public ::testing::Test {
 protected:
  bool matches(const char* text, const TcpFrame& frame) {
    const auto impairment = Impairment::parse(std::string("loss=1%,") + text);
    EXPECT_TRUE(impairment) << text;
    return is_match(impairment->match, make_packet(frame, pool_), frame.link);
  }
  bool matches_bytes(const char* text, const std::vector<std::uint8_t>& frame) {
    return is_match(Impairment::parse(std::string("loss=1%,") + text)->match, Packet(pool_.copy_of(frame)), 14);
  }
  BufferPool pool_;
};

TEST_F(FrameMatcher, NothingAskedMatchesEverything) {
  EXPECT_TRUE(is_match({}, make_packet({}, pool_), 14));
  EXPECT_TRUE(is_match({}, Packet(pool_.copy_of(std::vector<std::uint8_t>{1})), 14));
}

TEST_F(FrameMatcher, Tos) {
  EXPECT_TRUE(matches("match=tos:0xa0", {.tos = 0xa0}));
  EXPECT_FALSE(matches("match=tos:0xa0", {.tos = 0xa1}));
  EXPECT_TRUE(matches("match=tos:0xa0/0xfc", {.tos = 0xa1}));
  EXPECT_FALSE(matches("match=tos:0xa0", {.tos = 0}));
  EXPECT_TRUE(matches("match=tos:0xa0", {.link = 0, .tos = 0xa0})) << "without a link layer";
}

TEST_F(FrameMatcher, ProtocolsPortsAndFlags) {
  const TcpFrame syn{.payload = 0, .flags = kTcpSyn, .source_port = 5000, .destination_port = 80};
  EXPECT_TRUE(matches("match=proto:tcp,match=port:80,match=syn", syn));
  EXPECT_TRUE(matches("match=port:5000", syn));
  EXPECT_TRUE(matches("match=sport:5000,match=dport:80", syn));
  EXPECT_FALSE(matches("match=sport:80", syn));
  EXPECT_FALSE(matches("match=port:81", syn));
  EXPECT_FALSE(matches("match=proto:udp", syn));
  EXPECT_FALSE(matches("match=syn,match=ack", syn)) << "all of the flags";
  EXPECT_FALSE(matches("match=data", syn));
  EXPECT_TRUE(matches("match=data", {.payload = 1}));
  EXPECT_TRUE(matches("match=proto:ip", syn));
  EXPECT_FALSE(matches("match=proto:arp", syn));
}

TEST_F(FrameMatcher, ArpAndIpv6) {
  std::vector<std::uint8_t> arp(42);
  arp[12] = 0x08, arp[13] = 0x06;
  EXPECT_TRUE(matches_bytes("match=proto:arp", arp));
  EXPECT_FALSE(matches_bytes("match=tos:0", arp));
  std::vector<std::uint8_t> v6(14 + 40 + 20);
  v6[12] = 0x86, v6[13] = 0xdd;
  v6[14] = 0x6a, v6[15] = 0x00;  // traffic class 0xa0
  v6[14 + 5] = 20, v6[14 + 6] = 6;
  v6[14 + 40 + 3] = 80;
  v6[14 + 40 + 12] = 0x50, v6[14 + 40 + 13] = 0x02;
  EXPECT_TRUE(matches_bytes("match=proto:ipv6,match=tos:0xa0,match=proto:tcp,match=dport:80,match=syn", v6));
  EXPECT_FALSE(matches_bytes("match=data", v6));
}

TEST_F(FrameMatcher, LaterFragmentsHaveNoPorts) {
  Packet fragment = make_packet({}, pool_);
  fragment.slices()[0].mutable_bytes()[14 + 7] = 1;
  EXPECT_FALSE(is_match(Impairment::parse("loss=1%,match=port:80")->match, fragment, 14));
  EXPECT_TRUE(is_match(Impairment::parse("loss=1%,match=proto:tcp")->match, fragment, 14));
}

TEST_F(FrameMatcher, AnyBeginningOfAFrameIsRead) {
  const auto whole = testing::bytes_of_packet(make_packet({.payload = 3}, pool_));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(matches_bytes("match=port:81", cut));
  }
}

}  // namespace
}  // namespace leat
