// ICMP errors that we send, and the effect of received ones on connections (RFC 1122 §3.2.2, RFC 5927).
#include "wire/icmp.h"
#include "stack/testing/link.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat::testing {
namespace {

using Frame = std::vector<std::uint8_t>;
constexpr std::size_t kIpStart = EthernetHeader::kSize;
constexpr std::size_t kTransportStart = kIpStart + Ipv4Header::kSize;

/// A frame from far to near with a complete IP header.
Frame datagram(IpProtocol protocol, std::size_t payload) {
  Frame frame(kTransportStart + payload);
  make_ethernet(Link::near_mac(), Link::far_mac(), EtherType::ipv4).write(frame);
  Ipv4Header ip;
  ip.source = Link::far_address(), ip.destination = Link::near_address();
  ip.protocol = protocol;
  ip.total_length = static_cast<std::uint16_t>(Ipv4Header::kSize + payload);
  ip.write(MutableBytes(frame).subspan(kIpStart));
  return frame;
}

/// An ICMP error from far about `about`, a frame that near has sent.
Frame icmp_error(const Frame& about, IcmpType type, std::uint8_t code, std::uint32_t rest = 0) {
  constexpr std::size_t kQuoted = Ipv4Header::kSize + 8;
  Frame frame = datagram(IpProtocol::icmp, IcmpHeader::kSize + kQuoted);
  const MutableBytes message = MutableBytes(frame).subspan(kTransportStart);
  IcmpHeader{type, code, 0, rest}.write(message);
  std::copy_n(about.begin() + kIpStart, kQuoted, message.begin() + IcmpHeader::kSize);
  store_be16(message.data() + IcmpHeader::kChecksumOffset, internet_checksum(message));
  return frame;
}

/// A link whose near end has sent a SYN to a far end that does not answer; `syn` is that frame.
struct Opening {
  Opening() {
    link.set_filter([this](int to, Frame& frame) {
      const bool tcp = frame[23] == 6 && frame[12] == 8 && frame[13] == 0;
      if (to == 1 && tcp) syn = frame;
      return !tcp;
    });
    ConnectRequest request;
    request.remote = {Link::far_address(), 80};
    socket = *link.near().connect(request, link.now());
    link.run(10ms);
    EXPECT_FALSE(syn.empty());
  }
  Link link;
  Frame syn;
  SocketHandle socket;
};

TEST(StackIcmp, PortUnreachableRefusesAtOnce) {
  Opening o;
  o.link.inject(icmp_error(o.syn, IcmpType::destination_unreachable, 3));
  EXPECT_EQ(o.link.near().error(o.socket), Error::refused);
}

TEST(StackIcmp, AnAttemptEndsAtOnceWhateverIsUnreachable) {
  struct Case {
    IcmpType type;
    std::uint8_t code;
    Error error;
  };
  for (const Case& one : {Case{IcmpType::destination_unreachable, 0, Error::network_unreachable},
                          Case{IcmpType::destination_unreachable, 1, Error::host_unreachable},
                          Case{IcmpType::destination_unreachable, 13, Error::host_unreachable},
                          Case{IcmpType::destination_unreachable, 15, Error::host_unreachable},
                          Case{IcmpType::destination_unreachable, 16, Error::none},  // no such code
                          Case{IcmpType::time_exceeded, 0, Error::host_unreachable},
                          Case{IcmpType::parameter_problem, 0, Error::host_unreachable}}) {
    Opening o;
    o.link.inject(icmp_error(o.syn, one.type, one.code));
    EXPECT_EQ(o.link.near().error(o.socket), one.error) << int{one.code};
  }
}

TEST(StackIcmp, AHalfOpenEntryEndsByAnErrorAboutItsSynAck) {
  Link link;
  ASSERT_TRUE(link.near().listen({IpAddress::any_v4(), 80}, 5));
  Frame syn_ack;
  link.set_filter([&](int to, Frame& frame) {
    const bool tcp = frame[23] == 6 && frame[12] == 8 && frame[13] == 0;
    if (to == 1 && tcp) syn_ack = frame;
    return to == 0 || !tcp;
  });
  ASSERT_TRUE(link.far().connect({.remote = {Link::near_address(), 80}}, link.now()));
  link.run(10ms);
  ASSERT_FALSE(syn_ack.empty());
  Frame forged = syn_ack;
  forged[kTransportStart + 7] ^= 1;
  link.inject(icmp_error(forged, IcmpType::destination_unreachable, 3));
  link.inject(icmp_error(syn_ack, IcmpType::destination_unreachable, 4, 1000));
  EXPECT_EQ(link.near().population().half_open, 1u) << "forged, and a smaller path";
  link.inject(icmp_error(syn_ack, IcmpType::destination_unreachable, 1));
  EXPECT_EQ(link.near().population().half_open, 0u);
}

TEST(StackIcmp, SourceQuenchAndRedirectDoNothing) {
  Opening o;
  o.link.inject(icmp_error(o.syn, IcmpType::source_quench, 0));
  o.link.inject(icmp_error(o.syn, IcmpType::redirect, 1));
  EXPECT_EQ(o.link.near().error(o.socket), Error::none);
  EXPECT_EQ(o.link.near().counters()[DropReason::UNHANDLED_ICMP], 2u);
}

TEST(StackIcmp, ForgedSequenceNumbersAreIgnoredAndCounted) {
  Opening o;
  Frame forged = o.syn;
  forged[kTransportStart + 4] ^= 0x40;
  o.link.inject(icmp_error(forged, IcmpType::destination_unreachable, 3));
  EXPECT_EQ(o.link.near().error(o.socket), Error::none);
  EXPECT_EQ(o.link.near().counters()[Counter::TcpExtOutOfWindowIcmps], 1u);
  forged = o.syn;
  forged[kTransportStart + 1] ^= 1;  // another port: no such connection
  o.link.inject(icmp_error(forged, IcmpType::destination_unreachable, 3));
  EXPECT_EQ(o.link.near().counters()[DropReason::INVALID_ICMP], 2u);
}

TEST(StackIcmp, FragmentationNeededMakesSegmentsSmaller) {
  Link link;
  const Link::Pair pair = link.connect();
  Frame data;
  link.set_filter([&](int to, Frame& frame) {
    if (to == 1 && frame.size() > 1000 && data.empty()) data = frame;
    return to != 1 || frame.size() <= kIpStart + 1000;
  });
  EXPECT_TRUE(link.near().write(pair.near, Frame(5000), link.now()).has_value());
  link.run(2ms);
  ASSERT_FALSE(data.empty());
  EXPECT_EQ(link.read_all(link.far(), pair.far).size(), 0u);
  const std::vector<Frame> again = link.inject(icmp_error(data, IcmpType::destination_unreachable, 4, 1000));
  ASSERT_EQ(again.size(), 5u) << "all of it at once, but the last segment, which was small enough";
  for (const Frame& frame : again) EXPECT_LE(frame.size(), kIpStart + 1000);
  link.run(3s);  // inject() gave those to us, so that only the next time-out brings them to the other side
  EXPECT_EQ(link.read_all(link.far(), pair.far).size(), 5000u);
  EXPECT_EQ(link.near().info(pair.near)->snd_mss, 948u) << "960 less the timestamps";
}

TEST(StackIcmp, GarbledErrorsNeverHurt) {
  Opening o;
  Random random({3, 4});
  for (int i = 0; i < 5000; ++i) {
    Frame frame =
        icmp_error(o.syn, static_cast<IcmpType>(random.below(14)), static_cast<std::uint8_t>(random.below(16)));
    for (int k = 0; k < 2; ++k) {
      std::uint8_t& byte =
          frame[kTransportStart + random.below(static_cast<std::uint32_t>(frame.size() - kTransportStart))];
      byte = static_cast<std::uint8_t>(byte ^ 1 << random.below(8));
    }
    const MutableBytes message = MutableBytes(frame).subspan(kTransportStart);
    store_be16(message.data() + IcmpHeader::kChecksumOffset, 0);
    store_be16(message.data() + IcmpHeader::kChecksumOffset, internet_checksum(message));
    frame.resize(kTransportStart + random.below(static_cast<std::uint32_t>(frame.size() - kTransportStart)) + 1);
    o.link.inject(std::move(frame));
  }
}

TEST(StackIcmp, AUdpPortWithoutAUserIsReportedAtALimitedRate) {
  Link link;
  link.connect();  // so that both know each other's Ethernet address
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    Frame probe = datagram(IpProtocol::udp, 12);
    store_be16(probe.data() + kTransportStart, 4000), store_be16(probe.data() + kTransportStart + 2, 53);
    store_be16(probe.data() + kTransportStart + 4, 12);
    for (const Frame& frame : link.inject(probe)) {
      ++answers;
      const Bytes message = Bytes(frame).subspan(kTransportStart);
      EXPECT_EQ(message[0], 3);
      EXPECT_EQ(message[1], 3);
      EXPECT_EQ(internet_checksum(message), 0);
      EXPECT_TRUE(
          std::equal(probe.begin() + kIpStart, probe.end(), message.begin() + IcmpHeader::kSize, message.end()));
    }
  }
  EXPECT_EQ(answers, 6);
  EXPECT_EQ(link.near().counters()[Counter::IcmpOutDestUnreachs], 6u);
  EXPECT_EQ(link.near().counters()[Counter::IcmpOutRateLimitHost], 94u);
  EXPECT_EQ(link.near().counters()[Counter::UdpNoPorts], 100u);
}

TEST(StackIcmp, AnUnknownProtocolIsReported) {
  Link link;
  link.connect();
  const auto answers = link.inject(datagram(static_cast<IpProtocol>(132), 20));
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0][kTransportStart], 3);
  EXPECT_EQ(answers[0][kTransportStart + 1], 2);
}

}  // namespace
}  // namespace leat::testing
