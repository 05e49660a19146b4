// Settings of single sockets in a Stack: where they come from, that they reach the wire, and who waits for data.
#include "stack/testing/link.h"
#include "stack/testing/machine.h"
#include "wire/ipv4.h"

namespace leat::testing {
namespace {

TEST(StackOptions, WhatIsAcceptedBeginsWithItsListenersSettings) {
  Link link;
  TcpSettings options;
  options.nodelay = true;
  options.receive_buffer = 30'000;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 5, options);
  ASSERT_TRUE(listener.has_value());
  EXPECT_EQ(*link.far().options(*listener), options);
  const auto near_end = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(20ms);
  const auto child = link.far().accept(*listener);
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(*link.far().options(*child), options);
  EXPECT_EQ(link.near().info(*near_end)->snd_wnd, 20 * 1448u) << "whole segments";
  EXPECT_EQ(*link.near().options(*near_end), TcpSettings{});
  EXPECT_EQ(link.far().options({}).error(), Error::bad_handle);
}

// The SYN-ACK has told the peer by what to scale our windows.
TEST(StackOptions, AHandshakeEndsWithTheSettingsThatItBeganWith) {
  Link link({}, false);
  TcpSettings large;
  large.receive_buffer = 1 << 20;
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 5, large);
  const auto near_end = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(1500us);  // the SYN has arrived, its answer is on the way
  ASSERT_EQ(link.far().population().half_open, 1u);
  TcpSettings small;
  small.receive_buffer = 30'000;
  ASSERT_TRUE(link.far().set_options(*listener, small, link.now()));
  link.run(20ms);
  const auto child = link.far().accept(*listener);
  ASSERT_TRUE(child.has_value());
  EXPECT_EQ(link.far().info(*child)->rcv_wscale, link.near().info(*near_end)->snd_wscale);
  EXPECT_EQ(*link.far().options(*child), large);
}

TEST(StackOptions, AChangeConcernsOneSocketAndThoseAcceptedLater) {
  Link link;
  const Link::Pair pair = link.connect();
  TcpSettings options;
  options.nodelay = true;
  EXPECT_TRUE(link.far().set_options(pair.listener, options, link.now()).has_value());
  EXPECT_EQ(*link.far().options(pair.far), TcpSettings{});
  ASSERT_TRUE(link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
  link.run(20ms);
  const auto later = link.far().accept(pair.listener);
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(*link.far().options(*later), options);
}

TEST(StackOptions, AnUnknownCongestionControlIsRefused) {
  Link link;
  TcpSettings options;
  options.congestion_control = "hope";
  const Link::Pair pair = link.connect();
  EXPECT_EQ(link.near().set_options(pair.near, options, link.now()).error(), Error::invalid_argument);
  EXPECT_EQ(link.near().listen({IpAddress::any_v4(), 81}, 5, options).error(), Error::invalid_argument);
  EXPECT_EQ(link.near().connect({.remote = {Link::far_address(), 80}, .options = options}, link.now()).error(),
            Error::invalid_argument);
  EXPECT_EQ(link.near().options(pair.near)->congestion_control, "cubic");
}

TEST(StackOptions, AnUnknownCongestionControlIsRefusedAsADefaultToo) {
  TcpSettings defaults;
  defaults.congestion_control = "hope";
  Link link(defaults);
  EXPECT_EQ(link.near().listen({IpAddress::any_v4(), 81}, 5, defaults).error(), Error::invalid_argument);
  EXPECT_EQ(link.near().connect({.remote = {Link::far_address(), 80}}, link.now()).error(), Error::invalid_argument);
}

TEST(StackOptions, TosAndTtlAreOnEverySegmentOfTheSocketsOwn) {
  Link link({}, false);
  TcpSettings options;
  options.tos = 0x10;
  options.ttl = 3;
  int from_listener = 0, others = 0;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    const bool ours = frame[1] == 0x10 && frame[8] == 3;
    EXPECT_EQ(ours, to == 0) << "SYN-ACK, ACK and FIN of the listener's, nothing of the other side";
    ++(to == 0 ? from_listener : others);
    return true;
  });
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 5, options);
  const auto near_end = link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  link.run(20ms);
  const auto child = link.far().accept(*listener);
  ASSERT_TRUE(child.has_value());
  EXPECT_TRUE(link.near().write(*near_end, bytes_of("hello"), link.now()).has_value());
  link.run(20ms);
  EXPECT_TRUE(link.far().close(*child, link.now()).has_value());
  link.run(20ms);
  EXPECT_GE(from_listener, 3);
  EXPECT_GE(others, 3);
}

TEST(StackOptions, ChangedOnesActAtOnce) {
  Link link;
  const Link::Pair pair = link.connect();
  TcpSettings options;
  options.cork = true;
  EXPECT_TRUE(link.near().set_options(pair.near, options, link.now()).has_value());
  EXPECT_TRUE(link.near().write(pair.near, bytes_of("one"), link.now()).has_value());
  link.run(50ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "");
  EXPECT_TRUE(link.near().set_options(pair.near, {}, link.now()).has_value());
  link.run(5ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "one");
  EXPECT_TRUE(link.near().write_more(pair.near, bytes_of("two "), link.now()).has_value());
  link.run(50ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "");
  EXPECT_TRUE(link.near().write(pair.near, bytes_of("three"), link.now()).has_value());
  link.run(5ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "two three");
}

TEST(StackOptions, RoomBelowTheMarkOfUnsentDataIsAnEvent) {
  TcpSettings options;
  options.notsent_lowat = 4000;
  Link link(options);
  const Link::Pair pair = link.connect();
  const std::vector<std::uint8_t> much(500'000);
  ASSERT_TRUE(link.near().write(pair.near, much, link.now()).has_value());
  EXPECT_LT(link.near().queued(pair.near)->unsent, 6000u);
  link.events(0, pair.near);
  link.run(5ms);
  EXPECT_TRUE(link.events(0, pair.near) & kEventWritable);
}

TEST(StackOptions, PeekAndQueuedAskAndChangeNothing) {
  Link link;
  const Link::Pair pair = link.connect();
  EXPECT_TRUE(link.near().write(pair.near, bytes_of("peek at me"), link.now()).has_value());
  EXPECT_EQ(link.near().queued(pair.near)->unacked, 10u);
  EXPECT_EQ(link.near().queued(pair.near)->unsent, 10u);
  link.run(5ms);
  EXPECT_EQ(link.near().queued(pair.near)->unacked, 0u);
  EXPECT_EQ(link.far().queued(pair.far)->readable, 10u);
  std::uint8_t seen[4];
  EXPECT_EQ(link.far().peek(pair.far, 5, seen).value_or(0), 4u);
  EXPECT_EQ(std::string(seen, seen + 4), "at m");
  EXPECT_FALSE(*link.far().at_mark(pair.far));
  EXPECT_EQ(link.read_all(link.far(), pair.far), "peek at me");
  EXPECT_EQ(link.far().peek(pair.far, 0, seen).error(), Error::would_block);
  EXPECT_EQ(link.far().peek(pair.listener, 0, seen).error(), Error::not_connected);
}

TEST(StackOptions, AnUrgentByteIsTakenOutOfTheStreamWhereSaid) {
  TcpSettings options;
  options.oob_inline = false;
  Link link(options);
  const Link::Pair pair = link.connect();
  EXPECT_TRUE(link.near().write(pair.near, bytes_of("abc"), link.now()).has_value());
  EXPECT_TRUE(link.near().write_urgent(pair.near, bytes_of("!"), link.now()).has_value());
  link.run(5ms);
  EXPECT_TRUE(link.events(1, pair.far) & kEventUrgent);
  std::uint8_t byte = 0;
  EXPECT_EQ(link.far().read_urgent(pair.far, byte, true).value_or(0), 1u);
  EXPECT_EQ(byte, '!');
  std::uint8_t rest[10];
  EXPECT_EQ(link.far().read(pair.far, rest, link.now()).value_or(0), 3u);
  EXPECT_TRUE(*link.far().at_mark(pair.far));
  EXPECT_EQ(link.read_all(link.far(), pair.far), "");
  EXPECT_FALSE(*link.far().at_mark(pair.far)) << "passed";
}

TEST(StackOptions, QuickAcksMayBeAskedForAgain) {
  Link link;
  const Link::Pair pair = link.connect();
  EXPECT_TRUE(link.far().set_quick_ack(pair.far, false, link.now()).has_value());
  EXPECT_FALSE(link.far().info(pair.far)->quick_ack);
  EXPECT_TRUE(link.near().write(pair.near, bytes_of("x"), link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(link.read_all(link.far(), pair.far), "x");
  EXPECT_EQ(link.near().info(pair.near)->unacked, 1u);
  EXPECT_TRUE(link.far().set_quick_ack(pair.far, true, link.now()).has_value());
  link.run(2ms);
  EXPECT_EQ(link.near().info(pair.near)->unacked, 0u);
  EXPECT_EQ(link.far().set_quick_ack(pair.listener, true, link.now()).error(), Error::not_connected);
}

MachineConfig deferring() {
  MachineConfig config;
  config.tcp.defer_accept = 3s;
  return config;
}

TEST(DeferAccept, DataCompletesTheHandshake) {
  Machine m(deferring());
  m.listen();
  m.peer("S 0");
  EXPECT_EQ(m.sent(), "S. 0 ack 1");
  m.peer(". 1 ack 1");
  EXPECT_EQ(m.state(), "SYN-RECEIVED");
  EXPECT_EQ(m.stack().counters()[Counter::TcpExtTCPDeferAcceptDrop], 1u);
  m.advance(500ms);
  m.peer("P. 1:6 ack 1");
  EXPECT_EQ(m.state(), "ESTABLISHED");
  EXPECT_EQ(m.outcome(), "5 readable");
  EXPECT_EQ(m.sent(), ". 1 ack 6");
}

TEST(DeferAccept, InTheEndASilentPeerIsAskedOnceMoreAndAccepted) {
  Machine m(deferring());
  m.listen();
  m.peer("S 0");
  m.peer(". 1 ack 1");
  EXPECT_EQ(m.sent(), "S. 0 ack 1");
  m.advance(2900ms);
  EXPECT_EQ(m.sent(), "") << "it has answered";
  m.advance(200ms);
  EXPECT_EQ(m.sent(), "S. 0 ack 1");
  m.peer(". 1 ack 1");
  EXPECT_EQ(m.state(), "ESTABLISHED");
}

TEST(DeferAccept, TheEndOfAStreamCountsAsData) {
  Machine m(deferring());
  m.listen();
  m.peer("S 0");
  m.peer("F. 1 ack 1");
  EXPECT_EQ(m.state(), "CLOSE-WAIT");
  EXPECT_EQ(m.sent(), "S. 0 ack 1; . 1 ack 2");
}

}  // namespace
}  // namespace leat::testing
