// Two whole stacks on a wire: handles, listeners, closing, TIME-WAIT, and everything that must not leak.
#include "stack/stack.h"

#include "stack/testing/link.h"
#include "wire/checksum.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"

namespace leat::testing {
namespace {

constexpr std::size_t kTcpStart = EthernetHeader::kSize + Ipv4Header::kSize;

TcpHeader tcp_of(const std::vector<std::uint8_t>& frame) {
  const auto header = TcpHeader::parse(Bytes(frame).subspan(kTcpStart));
  EXPECT_TRUE(header.has_value());
  return header.value_or(TcpHeader{});
}

bool is_tcp(const std::vector<std::uint8_t>& frame) {
  return frame.size() > kTcpStart && frame[12] == 8 && frame[13] == 0;
}

TEST(StackTcp, ConnectsTalksAndClosesWithoutALeak) {
  Link link;
  const Link::Pair pair = link.connect();
  EXPECT_TRUE(link.events(0, pair.near) & kEventConnected);
  EXPECT_EQ(*link.near().write(pair.near, bytes_of("hello"), link.now()), 5u);
  link.run(10ms);
  EXPECT_TRUE(link.events(1, pair.far) & kEventReadable);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "hello");
  EXPECT_EQ(*link.far().write(pair.far, bytes_of("good bye"), link.now()), 8u);
  EXPECT_TRUE(link.far().close(pair.far, link.now()).has_value());
  link.run(100ms);
  EXPECT_EQ(link.read_all(link.near(), pair.near), "good bye");
  EXPECT_TRUE(link.events(0, pair.near) & kEventPeerClosed);
  EXPECT_TRUE(link.near().close(pair.near, link.now()).has_value());
  link.run(1s);
  EXPECT_EQ(link.near().population().connections, 0u);
  EXPECT_EQ(link.near().population().time_wait, 0u) << "the passive closer does not wait";
  EXPECT_EQ(link.far().population().connections, 0u);
  EXPECT_EQ(link.far().population().time_wait, 1u);
  link.run(60s);
  EXPECT_EQ(link.far().population().time_wait, 0u);
  EXPECT_EQ(link.far().population().orphans, 0u);
}

TEST(StackTcp, AClosedHandleNamesNothing) {
  Link link;
  const Link::Pair pair = link.connect();
  EXPECT_TRUE(link.near().close(pair.near, link.now()).has_value());
  EXPECT_EQ(link.near().close(pair.near, link.now()).error(), Error::bad_handle);
  std::uint8_t byte;
  EXPECT_EQ(link.near().read(pair.near, {&byte, 1}, link.now()).error(), Error::bad_handle);
  EXPECT_EQ(link.near().write(pair.near, bytes_of("x"), link.now()).error(), Error::bad_handle);
  EXPECT_EQ(link.near().readiness(pair.near), kEventError | kEventClosed) << "although the connection lives on";
  EXPECT_EQ(link.near().error(pair.near), Error::bad_handle);
  EXPECT_EQ(link.near().info(pair.near).error(), Error::bad_handle);
  EXPECT_EQ(link.near().local(pair.near).error(), Error::bad_handle);
}

TEST(StackTcp, AClosedPortRefuses) {
  Link link;
  const auto socket = link.near().connect({.remote = {Link::far_address(), 81}}, link.now());
  ASSERT_TRUE(socket.has_value());
  link.run(10ms);
  EXPECT_EQ(link.near().error(*socket), Error::refused);
  EXPECT_TRUE(link.events(0, *socket) & kEventError);
  EXPECT_EQ(link.far().counters()[Counter::TcpOutRsts], 1u);
  EXPECT_EQ(link.far().counters()[DropReason::NO_SOCKET], 1u);
}

TEST(StackTcp, ResetIsNeverAnsweredByReset) {
  Link link;
  std::vector<std::uint8_t> reset;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (to == 0 && is_tcp(frame) && tcp_of(frame).flags.rst()) reset = frame;
    return true;
  });
  const auto socket = link.near().connect({.remote = {Link::far_address(), 81}}, link.now());
  link.run(10ms);
  ASSERT_FALSE(reset.empty());
  EXPECT_TRUE(link.near().close(*socket, link.now()).has_value());
  link.run(1s);
  EXPECT_TRUE(link.inject(reset).empty()) << "the connection is gone, and a RST for it is nobody's";
}

TEST(StackTcp, AHostThatIsNotThereIsUnreachableAfterThreeQuestions) {
  Link link;
  const auto socket = link.near().connect({.remote = {IpAddress::v4(10, 0, 0, 77), 80}}, link.now());
  ASSERT_TRUE(socket.has_value());
  link.run(2900ms);
  EXPECT_EQ(link.near().error(*socket), Error::none);
  link.run(200ms);
  EXPECT_EQ(link.near().error(*socket), Error::host_unreachable);
  EXPECT_EQ(link.near().counters()[Counter::ArpOutRequests], 3u);
  EXPECT_GE(link.near().counters()[DropReason::NEIGH_FAILED], 1u);
}

TEST(StackTcp, ASynWithEcnBitsIsAnsweredNormally) {
  Link link;
  ASSERT_TRUE(link.far().listen({IpAddress::any_v4(), 80}, 1).has_value());
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (to == 1 && is_tcp(frame) && tcp_of(frame).flags.syn()) {
      frame[kTcpStart + 13] |= 0xc0;
      const std::uint16_t before = load_be16(&frame[kTcpStart + 16]);
      ChecksumAccumulator sum(static_cast<std::uint16_t>(~before));
      sum.add16(0x00c0);
      store_be16(&frame[kTcpStart + 16], sum.finish());
    }
    return true;
  });
  const auto socket = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(10ms);
  EXPECT_TRUE(link.events(0, *socket) & kEventConnected);
}

TEST(StackTcp, ABadChecksumIsDroppedAndCounted) {
  Link link;
  const Link::Pair pair = link.connect();
  bool spoil = true;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (to == 1 && spoil) frame.back() ^= 1;
    return true;
  });
  ASSERT_TRUE(link.near().write(pair.near, bytes_of("data"), link.now()).has_value());
  link.run(50ms);
  EXPECT_EQ(link.far().counters()[Counter::TcpInCsumErrors], 1u);
  spoil = false;
  link.run(1s);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "data");
  EXPECT_EQ(link.near().counters()[Counter::TcpRetransSegs], 1u);
  EXPECT_EQ(link.near().counters()[Counter::TcpExtTCPLossProbes], 1u);
}

TEST(StackTcp, TellsWhatBecameOfEachPacketOfABatch) {
  Link link;
  const Link::Pair pair = link.connect();
  std::vector<std::uint8_t> captured;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (to == 0) captured = frame;
    return true;
  });
  ASSERT_TRUE(link.far().write(pair.far, bytes_of("once"), link.now()));
  link.run(5ms);
  ASSERT_FALSE(captured.empty());
  PacketBatch batch;
  batch.push(Packet(link.pool().copy_of(captured)));  // a second time
  captured[40] ^= 1;
  batch.push(Packet(link.pool().copy_of(captured)));
  batch.push(Packet(link.pool().copy_of(Bytes(captured).first(10))));
  const std::uint64_t before = link.near().counters()[DropReason::TCP_OLD_DATA];
  link.near().receive(1, batch, link.now());
  ASSERT_EQ(link.near().verdicts().size(), 3u);
  EXPECT_EQ(link.near().verdicts()[0].drop, DropReason::TCP_OLD_DATA);
  EXPECT_EQ(link.near().verdicts()[1].drop, DropReason::TCP_CSUM);
  EXPECT_EQ(link.near().verdicts()[2].drop, DropReason::PKT_TOO_SMALL);
  EXPECT_EQ(link.near().counters()[DropReason::TCP_OLD_DATA], before + 1);
  link.set_filter({});
  link.settle(100ms);
}

TEST(StackTcp, JudgesSegmentsThatWereJoinedOneByOne) {
  Link link;
  const Link::Pair pair = link.connect();
  std::vector<std::vector<std::uint8_t>> captured;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (to == 0) captured.push_back(frame);
    return to != 0;
  });
  const std::vector<std::uint8_t> data(4 * 1448, 'x');
  ASSERT_TRUE(link.far().write(pair.far, data, link.now()));
  link.run(5ms);
  ASSERT_GE(captured.size(), 4u);
  PacketBatch batch;
  for (const std::size_t i : {0u, 1u, 0u, 2u, 3u}) batch.push(Packet(link.pool().copy_of(captured[i])));
  link.near().receive(1, batch, link.now());
  ASSERT_EQ(link.near().verdicts().size(), 5u);
  for (const std::size_t i : {0u, 1u, 3u, 4u}) EXPECT_FALSE(link.near().verdicts()[i].drop) << i;
  EXPECT_EQ(link.near().verdicts()[2].drop, DropReason::TCP_OLD_DATA);
  EXPECT_EQ(link.near().info(pair.near)->data_segs_in, 5u);
  link.set_filter({});
  link.settle(1s);
  EXPECT_EQ(link.read_all(link.near(), pair.near).size(), data.size());
}

TEST(StackTcp, AnIcmpErrorThatIsRefusedIsJudgedItselfAndNotWhatFollows) {
  Link link;
  const Link::Pair pair = link.connect();
  std::vector<std::uint8_t> data;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (to == 0) data = frame;
    return to != 0;
  });
  ASSERT_TRUE(link.far().write(pair.far, bytes_of("data"), link.now()));
  link.run(5ms);
  ASSERT_FALSE(data.empty());
  // "Port unreachable", about a segment of ours from a port that we do not use.
  Ipv4Header quoted, ip;
  quoted.source = ip.destination = Link::near_address();
  quoted.destination = ip.source = Link::far_address();
  quoted.total_length = Ipv4Header::kSize + TcpHeader::kSize;
  ip.protocol = IpProtocol::icmp;
  ip.total_length = 2 * Ipv4Header::kSize + 2 * IcmpHeader::kSize;
  std::vector<std::uint8_t> error(EthernetHeader::kSize + ip.total_length);
  MutableBytes rest(error);
  make_ethernet(Link::near_mac(), Link::far_mac(), EtherType::ipv4).write(rest);
  ip.write(rest = rest.subspan(EthernetHeader::kSize));
  const MutableBytes icmp = rest.subspan(Ipv4Header::kSize);
  icmp[0] = 3, icmp[1] = 3;
  quoted.write(icmp.subspan(IcmpHeader::kSize));
  store_be16(icmp.data() + IcmpHeader::kChecksumOffset, internet_checksum(icmp));
  PacketBatch batch;
  batch.push(Packet(link.pool().copy_of(error)));
  batch.push(Packet(link.pool().copy_of(data)));
  link.near().receive(1, batch, link.now());
  ASSERT_EQ(link.near().verdicts().size(), 2u);
  EXPECT_TRUE(link.near().verdicts()[0].drop);
  EXPECT_FALSE(link.near().verdicts()[1].drop);
  link.set_filter({});
  link.settle(1s);
}

TEST(StackTcp, OpenedFailedAndBrokenConnectionsAreCountedAsRfc4022Says) {
  Link link;
  Link::Pair pair = link.connect();
  const auto refused = link.near().connect({.remote = {Link::far_address(), 81}}, link.now());
  const auto nobody = link.near().connect({.remote = {IpAddress::v4(10, 0, 0, 77), 80}}, link.now());
  ASSERT_TRUE(refused && nobody);
  link.run(5s);
  EXPECT_EQ(link.near().counters()[Counter::TcpActiveOpens], 3u);
  EXPECT_EQ(link.near().counters()[Counter::TcpAttemptFails], 2u);
  EXPECT_EQ(link.far().counters()[Counter::TcpPassiveOpens], 1u);
  EXPECT_TRUE(link.near().abort(pair.near, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.near().counters()[Counter::TcpEstabResets], 1u);
  EXPECT_EQ(link.far().counters()[Counter::TcpEstabResets], 1u);
}

TEST(StackTcp, TimersRunWhileTheDeviceTakesNothing) {
  Link link({}, false);
  link.set_filter([](int, std::vector<std::uint8_t>&) { return false; });
  const auto socket = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  ASSERT_TRUE(socket.has_value());
  link.run(10ms);
  PacketBatch full;
  while (!full.full()) full.push(Packet(link.pool().allocate(BufferClass::header, 0, 40)));
  for (Instant now = link.now(); now < link.now() + 200s; now += 1s) {
    EXPECT_TRUE(link.near().transmit(1, full, now));
  }
  EXPECT_EQ(link.near().error(*socket), Error::timed_out);
}

TEST(StackTcp, WhatWasNotReadSurvivesTimeWait) {
  Link link;
  const Link::Pair pair = link.connect();
  ASSERT_TRUE(link.near().shutdown_write(pair.near, link.now()).has_value());
  link.run(10ms);
  ASSERT_TRUE(link.far().write(pair.far, bytes_of("last words"), link.now()).has_value());
  ASSERT_TRUE(link.far().close(pair.far, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.near().population().time_wait, 1u);
  EXPECT_TRUE(link.events(0, pair.near) & kEventClosed);
  link.run(70s);
  EXPECT_EQ(link.near().population().time_wait, 0u);
  EXPECT_EQ(link.read_all(link.near(), pair.near), "last words");
  EXPECT_TRUE(link.near().close(pair.near, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.near().population().connections, 0u);
}

TEST(StackListener, AConnectionThatDiedInTheQueueIsHandedOverWithItsError) {
  Link link;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 2);
  const auto near_end = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(10ms);
  EXPECT_TRUE(link.near().abort(*near_end, link.now()).has_value());
  link.run(10ms);
  const auto dead = link.far().accept(*listener);
  ASSERT_TRUE(dead.has_value());
  EXPECT_TRUE(link.events(1, *dead) & kEventError);
  EXPECT_EQ(link.far().error(*dead), Error::reset);
  EXPECT_TRUE(link.far().close(*dead, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.far().population().connections, 0u);
  EXPECT_EQ(link.far().population().orphans, 0u);
}

TEST(StackListener, HalfOpenConnectionsDoNotOccupyTheBacklogForEver) {
  Link link;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 0);
  ASSERT_TRUE(listener.has_value());
  bool lose = true;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) { return to == 1 || !is_tcp(frame) || !lose; });
  const auto silent = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(100ms);
  EXPECT_EQ(link.far().population().half_open, 1u);
  EXPECT_EQ(link.far().population().connections, 0u) << "they are no connections yet";
  EXPECT_TRUE(link.near().close(*silent, link.now()).has_value());
  link.run(70s);
  EXPECT_EQ(link.far().population().half_open, 0u);
  lose = false;
  const auto next = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(10ms);
  EXPECT_TRUE(link.events(0, *next) & kEventConnected);
}

TEST(StackListener, APeerThatNeverCompletesItsHandshakeMayBeReset) {
  TcpSettings options;
  options.syn_ack_retries = 2;
  options.reset_half_open = true;
  Link link(options);
  ASSERT_TRUE(link.far().listen({IpAddress::any_v4(), 80}, 5));
  std::vector<TcpHeader> answers;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    if (!is_tcp(frame)) return true;
    if (to == 0) answers.push_back(tcp_of(frame));
    return to == 1 && tcp_of(frame).flags == kTcpSyn && answers.empty();
  });
  ASSERT_TRUE(link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
  link.run(8s);
  ASSERT_EQ(answers.size(), 4u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answers[i].flags, kTcpSyn | kTcpAck);
  EXPECT_EQ(answers[3].flags, kTcpRst | kTcpAck);
  EXPECT_EQ(answers[3].seq, answers[0].seq + 1u);
  EXPECT_EQ(link.far().population().half_open, 0u);
  EXPECT_EQ(link.far().counters()[Counter::TcpAttemptFails], 1u);
}

TEST(StackListener, TheBacklogIsABound) {
  Link link;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 2);
  ASSERT_TRUE(listener.has_value());
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
  link.run(50ms);
  EXPECT_EQ(link.far().population().half_open + link.far().population().connections, 2u);
  EXPECT_GE(link.far().counters()[Counter::TcpExtTCPReqQFullDrop] + link.far().counters()[Counter::TcpExtListenDrops],
            3u);
  int accepted = 0;
  for (int second = 0; second < 10; ++second) {  // the others try again, and get in when there is room
    while (link.far().accept(*listener)) ++accepted;
    link.run(1s);
  }
  EXPECT_EQ(accepted, 6);
}

TEST(StackListener, AFullAcceptQueueDropsTheFinalAckAndNeverResets) {
  Link link;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 1);
  std::vector<SocketHandle> clients;
  for (int i = 0; i < 2;
       ++i) {  // one after the other: two are established and wait, which is one more than the backlog
    clients.push_back(*link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
    link.run(10ms);
  }
  // A third one's SYN arrives while there is room, its ACK when there is none.
  const auto room = link.far().accept(*listener);
  ASSERT_TRUE(room.has_value());
  bool hold = true;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    return !hold || to == 0 || !is_tcp(frame) || tcp_of(frame).flags.syn();
  });
  const auto late = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(10ms);
  EXPECT_EQ(link.far().population().half_open, 1u);
  hold = false;
  clients.push_back(*link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
  link.run(5s);
  EXPECT_EQ(link.near().error(*late), Error::none);
  EXPECT_TRUE(link.events(0, *late) & kEventConnected) << "it believes so, and need not know better";
  int accepted = 1;
  for (int second = 0; second < 30; ++second) {
    while (link.far().accept(*listener)) ++accepted;
    link.run(1s);
  }
  EXPECT_EQ(accepted, 4);
  EXPECT_EQ(link.far().counters()[Counter::TcpOutRsts], 0u);
  EXPECT_GT(link.far().counters()[Counter::TcpExtListenOverflows], 0u);
}

TEST(StackListener, OrphansBeyondTheLimitAreReset) {
  TcpSettings options;
  options.max_orphans = 1;
  Link link(options);
  std::vector<Link::Pair> pairs;
  for (int i = 0; i < 3; ++i) {
    pairs.push_back(link.connect());
    EXPECT_TRUE(link.far().close(pairs.back().listener, link.now()).has_value());
    link.run(10ms);
  }
  for (const Link::Pair& pair : pairs) EXPECT_TRUE(link.near().close(pair.near, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.far().error(pairs[0].far), Error::none);
  EXPECT_EQ(link.far().error(pairs[1].far), Error::reset);
  EXPECT_EQ(link.far().error(pairs[2].far), Error::reset);
  EXPECT_EQ(link.near().counters()[Counter::TcpExtTCPAbortOnMemory], 2u);
}

TEST(StackListener, ClosingItResetsWhatWasNotAccepted) {
  Link link;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 2);
  const auto socket = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(10ms);
  EXPECT_TRUE(link.far().close(*listener, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.near().error(*socket), Error::reset);
  EXPECT_EQ(link.far().population().connections, 0u);
  EXPECT_EQ(link.far().population().listeners, 0u);
}

TEST(StackListener, AddressesAndPortsInUse) {
  Link link;
  const auto first = link.far().listen({IpAddress::any_v4(), 80}, 2);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(link.far().listen({Link::far_address(), 80}, 2).error(), Error::address_in_use);
  EXPECT_EQ(link.far().listen({IpAddress::v4(1, 2, 3, 4), 80}, 2).error(), Error::address_not_available);
  const auto any_port = link.far().listen({IpAddress::any_v4(), 0}, 2);
  ASSERT_TRUE(any_port.has_value());
  EXPECT_GE(link.far().local(*any_port)->port, 32768);
  EXPECT_TRUE(link.far().close(*first, link.now()).has_value());
  EXPECT_TRUE(link.far().listen({Link::far_address(), 80}, 2).has_value());
}

TEST(StackTimeWait, ANewerSynReusesTheFlow) {
  Link link;
  const Link::Pair pair = link.connect();
  const std::uint16_t port = link.near().local(pair.near)->port;
  EXPECT_TRUE(link.far().close(pair.far, link.now()).has_value());
  link.run(10ms);
  EXPECT_TRUE(link.near().close(pair.near, link.now()).has_value());
  link.run(10ms);
  ASSERT_EQ(link.far().population().time_wait, 1u);
  ConnectRequest again{.remote = {Link::far_address(), 80}, .local_port = port};
  const auto socket = link.near().connect(again, link.now());
  ASSERT_TRUE(socket.has_value());
  link.run(10ms);
  EXPECT_TRUE(link.events(0, *socket) & kEventConnected);
  EXPECT_EQ(link.far().population().time_wait, 0u);
}

TEST(StackTimeWait, OurOwnFlowInTimeWaitIsNotUsedAgain) {
  Link link;
  const Link::Pair pair = link.connect();
  const std::uint16_t port = link.near().local(pair.near)->port;
  EXPECT_TRUE(link.near().close(pair.near, link.now()).has_value());
  link.run(10ms);
  EXPECT_TRUE(link.far().close(pair.far, link.now()).has_value());
  link.run(10ms);
  ASSERT_EQ(link.near().population().time_wait, 1u);
  ConnectRequest again{.remote = {Link::far_address(), 80}, .local_port = port};
  EXPECT_EQ(link.near().connect(again, link.now()).error(), Error::address_in_use);
}

TEST(StackConnect, WhatCannotBeReachedIsRefusedAtOnce) {
  Link link;
  const auto to = [&](IpAddress address) { return link.near().connect({.remote = {address, 80}}, link.now()).error(); };
  EXPECT_EQ(to(IpAddress::v4(255, 255, 255, 255)), Error::invalid_argument);
  EXPECT_EQ(to(IpAddress::v4(224, 0, 0, 1)), Error::invalid_argument);
  EXPECT_EQ(to(IpAddress::v4(10, 0, 0, 255)), Error::invalid_argument);
  EXPECT_EQ(to(IpAddress::any_v4()), Error::invalid_argument);
  EXPECT_EQ(to(IpAddress::v4(127, 0, 0, 1)), Error::network_unreachable);
  EXPECT_EQ(to(Link::near_address()), Error::host_unreachable) << "a host does not talk to itself yet";
  EXPECT_EQ(to(*IpAddress::parse("2001:db8::1")), Error::unsupported);
  EXPECT_EQ(link.near().connect({.remote = {Link::far_address(), 0}}, link.now()).error(), Error::invalid_argument);
  const std::vector<std::uint8_t> too_much((std::size_t{1} << 20) + 1);
  ConnectRequest request{.remote = {Link::far_address(), 80}};
  request.first_data = too_much;
  EXPECT_EQ(link.near().connect(request, link.now()).error(), Error::no_buffers);
  EXPECT_EQ(link.near().population().connections, 0u);
}

TEST(StackTcp, WorksWithoutALinkLayer) {
  Link link({}, false);
  const Link::Pair pair = link.connect();
  ASSERT_TRUE(link.near().write(pair.near, bytes_of("bare IP"), link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "bare IP");
  EXPECT_EQ(link.near().counters()[Counter::ArpOutRequests], 0u);
}

TEST(StackTcp, BothSidesAbortingLeavesNothing) {
  Link link;
  const Link::Pair pair = link.connect();
  EXPECT_TRUE(link.near().abort(pair.near, link.now()).has_value());
  EXPECT_TRUE(link.far().abort(pair.far, link.now()).has_value());
  link.run(1s);
  EXPECT_EQ(link.near().population().connections, 0u);
  EXPECT_EQ(link.far().population().connections, 0u);
}

}  // namespace
}  // namespace leat::testing
