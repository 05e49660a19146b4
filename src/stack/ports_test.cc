// Who may use which local port: Linux's rules for bind(), SO_REUSEADDR and SO_REUSEPORT.
#include <map>
#include <set>

#include "stack/testing/link.h"
#include "tcp/engine/ports.h"

namespace leat::testing {
namespace {

constexpr PortSharing kAlone{}, kAddress{.reuse_address = true}, kPort{.reuse_port = true};
constexpr PortSharing kBoth{.reuse_address = true, .reuse_port = true};
const Endpoint kAny{IpAddress::any_v4(), 80}, kHere{Link::near_address(), 80};

struct Ports : ::testing::Test {
  Error bind(const Endpoint& local, const PortSharing& sharing) {
    const auto bound = link.near().bind(local, sharing);
    return bound ? Error::none : bound.error();
  }
  Error listen(SocketHandle bound) {
    const auto listener = link.near().listen(bound, 5);
    return listener ? Error::none : listener.error();
  }
  SocketHandle bound(const Endpoint& local, const PortSharing& sharing) {
    return link.near().bind(local, sharing).value_or(SocketHandle{});
  }
  /// From near's port 80 to a listener on far's port 90.
  SocketHandle connected(const PortSharing& sharing) {
    if (!far_listener) far_listener = *link.far().listen({IpAddress::any_v4(), 90}, 5);
    const SocketHandle reservation = bound(kAny, sharing);
    const auto socket = link.near().connect({.remote = {Link::far_address(), 90}, .bound = reservation}, link.now());
    EXPECT_TRUE(socket.has_value());
    EXPECT_TRUE(link.near().close(reservation, link.now()).has_value());
    link.run(50ms);
    EXPECT_EQ(link.near().info(*socket)->state, TcpState::established);
    return *socket;
  }
  SocketHandle far_listener{};
  Link link;
};

TEST_F(Ports, AReservationExcludesOthersAtTheSameAddressOrAny) {
  const SocketHandle first = bound(kHere, kAlone);
  ASSERT_TRUE(first);
  EXPECT_EQ(*link.near().local(first), kHere);
  EXPECT_EQ(bind(kHere, kAlone), Error::address_in_use);
  EXPECT_EQ(bind(kAny, kAlone), Error::address_in_use);
  EXPECT_EQ(bind(kHere, kBoth), Error::address_in_use) << "both have to agree";
  EXPECT_EQ(bind({Link::near_address(), 81}, kAlone), Error::none);
  EXPECT_TRUE(link.near().close(first, link.now()).has_value());
  EXPECT_EQ(bind(kAny, kAlone), Error::none) << "it was given back";
}

TEST_F(Ports, DifferentAddressesHaveTheirOwn) {
  ASSERT_TRUE(link.near().add_address(1, {IpAddress::v4(10, 0, 0, 7), 24}));
  EXPECT_EQ(bind(kHere, kAlone), Error::none);
  EXPECT_EQ(bind({IpAddress::v4(10, 0, 0, 7), 80}, kAlone), Error::none);
  EXPECT_EQ(bind(kAny, kAlone), Error::address_in_use);
  EXPECT_EQ(bind({IpAddress::v4(10, 0, 0, 8), 80}, kAlone), Error::address_not_available);
}

TEST_F(Ports, ReuseAddressIsForThoseWhoDoNotListen) {
  const SocketHandle one = bound(kAny, kAddress), other = bound(kHere, kAddress);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(listen(one), Error::none);
  EXPECT_EQ(listen(other), Error::address_in_use) << "only one can have what comes";
  EXPECT_EQ(bind(kHere, kAddress), Error::address_in_use);
}

TEST_F(Ports, ReusePortIsForListenersToo) {
  const SocketHandle one = bound(kAny, kPort), other = bound(kAny, kPort);
  EXPECT_EQ(listen(one), Error::none);
  EXPECT_EQ(listen(other), Error::none);
  EXPECT_EQ(bind(kAny, kAddress), Error::address_in_use);
  EXPECT_EQ(bind(kAny, kAlone), Error::address_in_use);
}

TEST_F(Ports, WhatIsAllowedMayChangeLater) {
  const SocketHandle first = bound(kAny, kAlone);
  EXPECT_EQ(bind(kAny, kAddress), Error::address_in_use);
  EXPECT_TRUE(link.near().set_sharing(first, kAddress).has_value());
  EXPECT_EQ(bind(kAny, kAddress), Error::none);
}

TEST_F(Ports, AConnectionKeepsItsPortAndTimeWaitDoesAfterIt) {
  const SocketHandle socket = connected(kAddress);
  EXPECT_EQ(bind(kAny, kAlone), Error::address_in_use);
  EXPECT_EQ(bind(kAny, kAddress), Error::none) << "a server that starts again";
  EXPECT_TRUE(link.near().close(socket, link.now()).has_value());
  link.run(50ms);
  const auto far_end = link.far().accept(far_listener);
  ASSERT_TRUE(far_end.has_value());
  EXPECT_TRUE(link.far().close(*far_end, link.now()).has_value());
  link.run(1s);
  ASSERT_EQ(link.near().population().time_wait, 1u);
  EXPECT_EQ(bind(kAny, kPort), Error::address_in_use);
  EXPECT_EQ(bind(kHere, kAddress), Error::none);
}

TEST_F(Ports, AfterTimeWaitThePortIsFree) {
  const SocketHandle socket = connected(kAlone);
  const auto far_end = link.far().accept(far_listener);
  ASSERT_TRUE(far_end.has_value());
  EXPECT_TRUE(link.near().close(socket, link.now()).has_value());
  link.run(50ms);
  EXPECT_TRUE(link.far().close(*far_end, link.now()).has_value());
  link.run(1s);
  ASSERT_EQ(link.near().population().time_wait, 1u);
  EXPECT_EQ(bind(kAny, kAddress), Error::address_in_use) << "it did not allow it when it was open";
  link.run(60s);
  ASSERT_EQ(link.near().population().time_wait, 0u);
  EXPECT_EQ(bind(kAny, kAlone), Error::none);
}

TEST_F(Ports, FromOneReservationThereCanBeConnectionsToSeveralPeers) {
  ASSERT_TRUE(link.far().listen({IpAddress::any_v4(), 90}, 5) && link.far().listen({IpAddress::any_v4(), 91}, 5));
  const SocketHandle reservation = bound(kAny, kAlone);
  const auto connect = [&](std::uint16_t port) {
    return link.near().connect({.remote = {Link::far_address(), port}, .bound = reservation}, link.now());
  };
  const auto one = connect(90), two = connect(91), again = connect(90);
  ASSERT_TRUE(one && two);
  EXPECT_EQ(link.near().local(*one)->port, 80);
  EXPECT_EQ(link.near().local(*two)->port, 80);
  EXPECT_EQ(again.error(), Error::address_not_available) << "the same four numbers twice (as Linux)";
  EXPECT_EQ(link.near().connect({.remote = {Link::far_address(), 90}, .bound = *one}, link.now()).error(),
            Error::bad_handle);
}

TEST_F(Ports, PortZeroPicksOneThatNothingUses) {
  std::set<std::uint16_t> picked;
  for (int i = 0; i < 100; ++i) {
    const SocketHandle socket = bound({IpAddress::any_v4(), 0}, kBoth);
    ASSERT_TRUE(socket);
    const std::uint16_t port = link.near().local(socket)->port;
    EXPECT_GE(port, EphemeralPorts::kFirst);
    EXPECT_LE(port, EphemeralPorts::kLast);
    EXPECT_TRUE(picked.insert(port).second) << "though they would share";
  }
}

TEST_F(Ports, WhenAllAreTakenAnotherAddressMayHaveThemAndConnectPicksNone) {
  ASSERT_TRUE(link.near().add_address(1, {IpAddress::v4(10, 0, 0, 7), 24}));
  for (std::uint32_t i = 0; i < EphemeralPorts::kCount; ++i) ASSERT_TRUE(bound({Link::near_address(), 0}, kAlone));
  EXPECT_EQ(bind({Link::near_address(), 0}, kAlone), Error::address_in_use);
  EXPECT_EQ(bind({IpAddress::any_v4(), 0}, kAlone), Error::address_in_use);
  EXPECT_EQ(bind({IpAddress::v4(10, 0, 0, 7), 0}, kAlone), Error::none);
  EXPECT_EQ(link.near().connect({.remote = {Link::far_address(), 90}}, link.now()).error(),
            Error::address_not_available);
}

TEST_F(Ports, AReservationIsNoConnection) {
  const SocketHandle socket = bound(kAny, kAlone);
  std::uint8_t byte = 0;
  EXPECT_EQ(link.near().read(socket, {&byte, 1}, link.now()).error(), Error::not_connected);
  EXPECT_EQ(link.near().write(socket, {&byte, 1}, link.now()).error(), Error::not_connected);
  EXPECT_EQ(link.near().options(socket).error(), Error::not_connected);
  EXPECT_EQ(link.near().set_options(socket, {}, link.now()).error(), Error::not_connected);
  EXPECT_EQ(link.near().queued(socket).error(), Error::not_connected);
  EXPECT_EQ(link.near().accept(socket).error(), Error::invalid_argument);
  EXPECT_EQ(link.near().remote(socket).error(), Error::not_connected);
  EXPECT_EQ(link.near().info(socket)->state, TcpState::closed);
  EXPECT_EQ(link.near().readiness(socket), 0);
  EXPECT_EQ(link.near().error(socket), Error::none);
  EXPECT_TRUE(link.near().sockets().empty());
  EXPECT_TRUE(link.near().abort(socket, link.now()).has_value());
  EXPECT_EQ(link.near().close(socket, link.now()).error(), Error::bad_handle);
}

TEST_F(Ports, SeveralListenersShareByThePeersAddress) {
  std::map<std::uint32_t, int> accepted;
  std::vector<SocketHandle> listeners;
  for (int i = 0; i < 4; ++i) {
    const auto reservation = link.far().bind({IpAddress::any_v4(), 90}, kPort);
    listeners.push_back(*link.far().listen(*reservation, 100));
  }
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(link.near().connect({.remote = {Link::far_address(), 90}}, link.now()));
    if (i % 20 == 0) link.run(20ms);
  }
  link.run(1s);
  int all = 0;
  for (const SocketHandle listener : listeners) {
    while (link.far().accept(listener)) ++accepted[listener.index], ++all;
    EXPECT_GT(accepted[listener.index], 20);
    EXPECT_LT(accepted[listener.index], 90);
  }
  EXPECT_EQ(all, 200);
}

TEST_F(Ports, AListenersChildrenShareAsItDid) {
  const auto reservation = link.far().bind({IpAddress::any_v4(), 80}, kAlone);
  const auto listener = link.far().listen(*reservation, 5);
  ASSERT_TRUE(listener.has_value());
  ASSERT_TRUE(link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
  link.run(20ms);
  const auto child = link.far().accept(*listener);
  ASSERT_TRUE(child.has_value());
  EXPECT_TRUE(link.far().close(*listener, link.now()).has_value());
  EXPECT_TRUE(link.far().close(*reservation, link.now()).has_value());
  EXPECT_EQ(link.far().bind({IpAddress::any_v4(), 80}, kAddress).error(), Error::address_in_use);
  EXPECT_TRUE(link.far().set_sharing(*child, kAddress).has_value());
  EXPECT_TRUE(link.far().bind({IpAddress::any_v4(), 80}, kAddress).has_value());
}

TEST_F(Ports, TheBacklogMayGrow) {
  const auto listener = link.far().listen({IpAddress::any_v4(), 80}, 0);
  EXPECT_TRUE(link.far().set_backlog(*listener, 7).has_value());
  EXPECT_EQ(link.far().sockets().at(0).send_queue, 7u);
  EXPECT_EQ(link.far().set_backlog({}, 7).error(), Error::bad_handle);
}

}  // namespace
}  // namespace leat::testing
