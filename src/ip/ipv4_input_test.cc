#include "ip/ipv4_input.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace leat {
namespace {

using Octets = std::vector<std::uint8_t>;
const IpAddress kInputUs = IpAddress::v4(10, 0, 0, 2), kInputPeer = IpAddress::v4(10, 0, 0, 1);

InterfaceAddresses input_addresses() {
  InterfaceAddresses a;
  EXPECT_TRUE(a.add({kInputUs, 24}));
  EXPECT_TRUE(a.add({IpAddress::v4(192, 0, 2, 9), 30}));
  return a;
}

Octets datagram_of(Ipv4Header h, std::size_t payload = 30) {
  h.total_length = static_cast<std::uint16_t>(20 + payload);
  Octets out(20 + payload, 0x5a);
  h.write(out);
  return out;
}

Ipv4Header from_to(const IpAddress& from, const IpAddress& to) {
  Ipv4Header h;
  h.source = from, h.destination = to;
  return h;
}

class Ipv4Input : public ::testing::Test {
 protected:
  expected<Ipv4Arrival, DropReason> accept(const Octets& bytes, bool link_group = false) {
    packet_ = Packet(pool_.copy_of(bytes));
    return accept_ipv4(packet_, addresses_, link_group, pool_);
  }
  DropReason why(const Octets& bytes, bool link_group = false) {
    const auto r = accept(bytes, link_group);
    return r ? DropReason::NOT_SPECIFIED : r.error();
  }
  BufferPool pool_;
  Packet packet_;
  InterfaceAddresses addresses_ = input_addresses();
};

TEST_F(Ipv4Input, TakesWhatIsForUs) {
  const auto a = accept(datagram_of(from_to(kInputPeer, kInputUs)));
  ASSERT_TRUE(a);
  EXPECT_EQ(a->audience, Ipv4Audience::us);
  EXPECT_EQ(a->header.source, kInputPeer);
  EXPECT_EQ(packet_.size(), 50u);
  EXPECT_TRUE(accept(datagram_of(from_to(IpAddress::v4(8, 8, 8, 8), IpAddress::v4(192, 0, 2, 9)))));
}

TEST_F(Ipv4Input, CutsOffEthernetPadding) {
  Octets padded = datagram_of(from_to(kInputPeer, kInputUs), 20);
  padded.resize(46, 0xff);
  ASSERT_TRUE(accept(padded));
  EXPECT_EQ(packet_.size(), 40u);
}

TEST_F(Ipv4Input, TellsTheAudience) {
  EXPECT_EQ(accept(datagram_of(from_to(kInputPeer, IpAddress::v4(0xffffffff))))->audience, Ipv4Audience::broadcast);
  EXPECT_EQ(accept(datagram_of(from_to(kInputPeer, IpAddress::v4(10, 0, 0, 255))), true)->audience,
            Ipv4Audience::broadcast);
  EXPECT_EQ(accept(datagram_of(from_to(kInputPeer, IpAddress::v4(224, 0, 0, 251))), true)->audience,
            Ipv4Audience::multicast);
}

TEST_F(Ipv4Input, ADatagramForNobodyHasAReason) {
  for (const IpAddress& to : {IpAddress::v4(10, 0, 0, 3), IpAddress::v4(8, 8, 8, 8), IpAddress::v4(0u),
                              IpAddress::v4(127, 0, 0, 1), IpAddress::v4(192, 0, 3, 255)}) {
    EXPECT_EQ(why(datagram_of(from_to(kInputPeer, to))), DropReason::IP_INADDRERRORS) << to.to_string();
  }
}

TEST_F(Ipv4Input, SourcesThatCannotBeAreRefused) {
  for (const IpAddress& from :
       {IpAddress::v4(0u), IpAddress::v4(0, 1, 2, 3), IpAddress::v4(127, 0, 0, 1), IpAddress::v4(224, 0, 0, 1),
        IpAddress::v4(0xffffffff), IpAddress::v4(10, 0, 0, 255), IpAddress::v4(192, 0, 2, 11), kInputUs}) {
    EXPECT_EQ(why(datagram_of(from_to(from, kInputUs))), DropReason::IP_INVALID_SOURCE) << from.to_string();
  }
}

TEST_F(Ipv4Input, UnicastInAFrameToManyIsRefused) {
  EXPECT_EQ(why(datagram_of(from_to(kInputPeer, kInputUs)), true), DropReason::UNICAST_IN_L2_MULTICAST);
}

TEST_F(Ipv4Input, FragmentsAreCountedApart) {
  Ipv4Header h = from_to(kInputPeer, kInputUs);
  h.more_fragments = true;
  EXPECT_EQ(why(datagram_of(h)), DropReason::IP_FRAGMENT);
  h.more_fragments = false, h.fragment_offset = 8;
  EXPECT_EQ(why(datagram_of(h)), DropReason::IP_FRAGMENT);
}

TEST_F(Ipv4Input, HeaderFaultsKeepTheirReasons) {
  const Octets good = datagram_of(from_to(kInputPeer, kInputUs));
  for (std::size_t n = 0; n < good.size(); ++n) {
    EXPECT_EQ(why(Octets(good.begin(), good.begin() + static_cast<long>(n))), DropReason::PKT_TOO_SMALL) << n;
  }
  Octets bad = good;
  bad[8] ^= 1;
  EXPECT_EQ(why(bad), DropReason::IP_CSUM);
  bad = good;
  bad[0] = 0x55;
  EXPECT_EQ(why(bad), DropReason::IP_INHDR);
}

TEST_F(Ipv4Input, TheHeaderMayLieInSeveralSlices) {
  const Octets bytes = datagram_of(from_to(kInputPeer, kInputUs));
  Packet p;
  for (std::size_t at = 0; at < 30; at += 5) p.append(pool_.copy_of(Bytes(bytes).subspan(at, 5)));
  p.append(pool_.copy_of(Bytes(bytes).subspan(30)));
  ASSERT_TRUE(accept_ipv4(p, addresses_, false, pool_));
  EXPECT_GE(p.front().size(), 20u);
  BufferPool none(256);
  Packet two(none.allocate(BufferClass::header, 0, 10));
  two.append(two.slices()[0].part(0, 10));
  two.append(two.slices()[0].part(0, 10));
  EXPECT_EQ(accept_ipv4(two, addresses_, false, none).error(), DropReason::NOMEM);
}

TEST_F(Ipv4Input, SurvivesGarbage) {
  Random random({4, 4});
  const Octets good = datagram_of(from_to(kInputPeer, kInputUs));
  for (int i = 0; i < 30000; ++i) {
    Octets bytes = good;
    for (std::uint32_t n = random.below(4); n > 0; --n) {
      bytes[random.below(24)] = static_cast<std::uint8_t>(random.next32());
    }
    bytes.resize(random.below(60));
    if (bytes.size() >= 20 && random.chance(0.7)) {
      const std::size_t header = std::min<std::size_t>((bytes[0] & 0x0fu) * 4, bytes.size());
      store_be16(bytes.data() + 10, 0);
      store_be16(bytes.data() + 10, internet_checksum(Bytes(bytes).first(header)));
    }
    if (const auto a = accept(bytes)) {
      ASSERT_EQ(packet_.size(), a->header.total_length);
      ASSERT_GE(packet_.front().size(), a->header.header_length);
    }
  }
}

}  // namespace
}  // namespace leat
