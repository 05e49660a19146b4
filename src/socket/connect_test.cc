// Sockets: how connections begin and end, and what errno says of it.
#include <fcntl.h>
#include <linux/tcp.h>

#include "socket/testing/two_hosts.h"

namespace leat {
namespace {

using testing::Transfer;
using testing::TwoHosts;
using namespace std::chrono_literals;

Result failure(int error) { return Result::failure(error); }

int so_error(TwoHosts& hosts, int fd) {
  int error = -1;
  EXPECT_TRUE(hosts.get(hosts.client(), fd, SOL_SOCKET, SO_ERROR, error));
  return error;
}

TEST(SocketConnect, NonBlockingConnectGoesThroughItsErrnos) {
  TwoHosts hosts;
  hosts.listener();
  const int fd = hosts.stream(hosts.client(), SOCK_NONBLOCK);
  EXPECT_EQ(hosts.poll(hosts.client(), fd), POLLOUT | POLLHUP);
  EXPECT_EQ(hosts.connect(fd), failure(EINPROGRESS));
  EXPECT_EQ(hosts.connect(fd), failure(EALREADY));
  EXPECT_EQ(hosts.poll(hosts.client(), fd), 0);
  hosts.settle();
  EXPECT_EQ(hosts.poll(hosts.client(), fd), POLLOUT);
  EXPECT_EQ(hosts.connect(fd), Result{});
  EXPECT_EQ(hosts.connect(fd), failure(EISCONN));
}

TEST(SocketConnect, BlockingConnectWaitsForTheHandshake) {
  TwoHosts hosts;
  hosts.listener();
  const int fd = hosts.stream(hosts.client());
  PendingCall call;
  EXPECT_TRUE(hosts.connect(fd, TwoHosts::kPort, &call).is_pending());
  EXPECT_EQ(hosts.client().next_completed(), nullptr);
  hosts.settle();
  EXPECT_EQ(hosts.client().next_completed(), &call);
  EXPECT_EQ(call.result(), Result{});
}

TEST(SocketConnect, RefusalIsToldOnce) {
  TwoHosts hosts;
  const int fd = hosts.stream(hosts.client(), SOCK_NONBLOCK);
  EXPECT_EQ(hosts.connect(fd), failure(EINPROGRESS));
  hosts.settle();
  EXPECT_EQ(hosts.poll(hosts.client(), fd), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
  EXPECT_EQ(so_error(hosts, fd), ECONNREFUSED);
  EXPECT_EQ(so_error(hosts, fd), 0);
  EXPECT_EQ(hosts.connect(fd), failure(ECONNABORTED));
  EXPECT_EQ(hosts.connect(fd), failure(EINPROGRESS)) << "it can try again";
  hosts.settle();
  EXPECT_EQ(hosts.connect(fd), failure(ECONNREFUSED));
}

TEST(SocketConnect, SendTimeoutEndsABlockingConnectThatGoesOn) {
  TwoHosts hosts;
  hosts.listener();
  hosts.set_filter([](int, const auto&) { return false; });
  const int fd = hosts.stream(hosts.client());
  const timeval timeout{0, 500'000};
  EXPECT_TRUE(hosts.client().setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout, hosts.now()));
  PendingCall call;
  EXPECT_TRUE(hosts.connect(fd, TwoHosts::kPort, &call).is_pending());
  hosts.run(499ms);
  EXPECT_TRUE(call.is_pending());
  hosts.run(1ms);
  EXPECT_EQ(call.result(), failure(EINPROGRESS));
  EXPECT_EQ(hosts.connect(fd), failure(EALREADY));
}

TEST(SocketConnect, UnspecFamilyDissolvesTheConnection) {
  TwoHosts hosts;
  const TwoHosts::Pair pair = hosts.connected();
  sockaddr any{};
  any.sa_family = AF_UNSPEC;
  EXPECT_EQ(hosts.client().connect(pair.client, &any, sizeof any, nullptr, hosts.now()), Result{});
  SocketName name;
  EXPECT_EQ(hosts.client().getpeername(pair.client, name), failure(ENOTCONN));
  hosts.settle();
  EXPECT_EQ(hosts.receive(hosts.server(), pair.server), "-ECONNRESET");
  EXPECT_EQ(so_error(hosts, pair.client), ECONNRESET);
  EXPECT_EQ(hosts.connect(pair.client), failure(EINPROGRESS));
  hosts.settle();
  EXPECT_EQ(hosts.connect(pair.client), Result{});
}

TEST(SocketConnect, WrongAddressesAreRefusedAsLinuxDoes) {
  TwoHosts hosts;
  Sockets& client = hosts.client();
  const int fd = hosts.stream(client);
  sockaddr_in in = TwoHosts::address(2, 80);
  const auto* address = reinterpret_cast<const sockaddr*>(&in);
  EXPECT_EQ(client.connect(fd, address, 1, nullptr, hosts.now()), failure(EINVAL));
  EXPECT_EQ(client.connect(fd, address, sizeof in - 1, nullptr, hosts.now()), failure(EINVAL));
  in.sin_family = AF_INET6;
  EXPECT_EQ(client.connect(fd, address, sizeof in, nullptr, hosts.now()), failure(EAFNOSUPPORT));
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(0xc0000201);
  EXPECT_EQ(client.connect(fd, address, sizeof in, nullptr, hosts.now()), failure(ENETUNREACH));
  in.sin_addr.s_addr = htonl(0xe0000001);
  EXPECT_EQ(client.connect(fd, address, sizeof in, nullptr, hosts.now()), failure(ENETUNREACH));
}

TEST(SocketBind, RulesOfPortsAndAddresses) {
  TwoHosts hosts;
  Sockets& server = hosts.server();
  const int a = hosts.stream(server), b = hosts.stream(server);
  EXPECT_EQ(hosts.bind(server, a, 9, 7000), failure(EADDRNOTAVAIL));
  EXPECT_EQ(hosts.bind(server, a, 2, 7000), Result{});
  EXPECT_EQ(hosts.bind(server, a, 2, 7001), failure(EINVAL));
  EXPECT_EQ(hosts.bind(server, b, 0, 7000), failure(EADDRINUSE));
  EXPECT_TRUE(hosts.set(server, a, SOL_SOCKET, SO_REUSEADDR, 1));
  EXPECT_TRUE(hosts.set(server, b, SOL_SOCKET, SO_REUSEADDR, 1));
  EXPECT_EQ(hosts.bind(server, b, 0, 7000), Result{});
  EXPECT_EQ(server.listen(a, 1, hosts.now()), Result{});
  EXPECT_EQ(server.listen(b, 1, hosts.now()), failure(EADDRINUSE));
  EXPECT_EQ(server.close(a, nullptr, hosts.now()), Result{});
  EXPECT_EQ(server.listen(b, 1, hosts.now()), Result{});
}

TEST(SocketBind, PortZeroPicksAnEphemeralOne) {
  TwoHosts hosts;
  const int fd = hosts.stream(hosts.server());
  EXPECT_EQ(hosts.bind(hosts.server(), fd, 0, 0), Result{});
  SocketName name;
  EXPECT_TRUE(hosts.server().getsockname(fd, name));
  EXPECT_GE(TwoHosts::port_of(name), 32768);
  EXPECT_EQ(name.length, sizeof(sockaddr_in));
}

TEST(SocketListen, AcceptWaitsTellsThePeerAndInherits) {
  TwoHosts hosts;
  Sockets& server = hosts.server();
  const int listener = hosts.listener();
  EXPECT_TRUE(hosts.set(server, listener, IPPROTO_TCP, TCP_NODELAY, 1));
  PendingCall call;
  EXPECT_TRUE(server.accept(listener, SOCK_NONBLOCK, &call, hosts.now()).is_pending());
  const int fd = hosts.stream(hosts.client(), SOCK_NONBLOCK);
  hosts.connect(fd);
  hosts.settle();
  ASSERT_EQ(server.next_completed(), &call);
  const int child = static_cast<int>(call.result().value);
  SocketName ours, theirs;
  EXPECT_TRUE(hosts.client().getsockname(fd, ours));
  EXPECT_TRUE(server.getpeername(child, theirs));
  EXPECT_EQ(TwoHosts::port_of(ours), TwoHosts::port_of(theirs));
  int nodelay = 0;
  EXPECT_TRUE(hosts.get(server, child, IPPROTO_TCP, TCP_NODELAY, nodelay));
  EXPECT_EQ(nodelay, 1);
  EXPECT_EQ(server.fcntl(child, F_GETFL, 0).value, O_RDWR | O_NONBLOCK);
  EXPECT_EQ(server.accept(fd + 100, 0, nullptr, hosts.now()), failure(EBADF));
  EXPECT_EQ(server.accept(child, 0, nullptr, hosts.now()), failure(EINVAL));
  EXPECT_EQ(server.accept(listener, 1, nullptr, hosts.now()), failure(EINVAL));
}

TEST(SocketListen, ShutdownForReadingEndsAcceptAndListening) {
  TwoHosts hosts;
  Sockets& server = hosts.server();
  const int listener = hosts.listener();
  PendingCall call;
  EXPECT_TRUE(server.accept(listener, 0, &call, hosts.now()).is_pending());
  EXPECT_EQ(server.shutdown(listener, SHUT_RD, hosts.now()), Result{});
  EXPECT_EQ(server.next_completed(), &call);
  EXPECT_EQ(call.result(), failure(EINVAL));
  const int fd = hosts.stream(hosts.client(), SOCK_NONBLOCK);
  hosts.connect(fd);
  hosts.settle();
  EXPECT_EQ(so_error(hosts, fd), ECONNREFUSED);
  EXPECT_EQ(server.listen(listener, 5, hosts.now()), Result{}) << "the port is still its own";
}

TEST(SocketShutdown, HalfCloseIsSeenAsEndOfStreamAndAsRdhup) {
  TwoHosts hosts;
  const TwoHosts::Pair pair = hosts.connected();
  EXPECT_EQ(hosts.client().shutdown(pair.client, SHUT_WR, hosts.now()), Result{});
  EXPECT_EQ(hosts.send(hosts.client(), pair.client, "x"), failure(EPIPE));
  hosts.settle();
  EXPECT_EQ(hosts.poll(hosts.server(), pair.server), POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(hosts.receive(hosts.server(), pair.server), "");
  EXPECT_EQ(hosts.send(hosts.server(), pair.server, "still here"), Result{10});
  hosts.settle();
  EXPECT_EQ(hosts.receive(hosts.client(), pair.client), "still here");
  EXPECT_EQ(hosts.server().shutdown(pair.server, 7, hosts.now()), failure(EINVAL));
}

TEST(SocketShutdown, UnconnectedIsNotConnected) {
  TwoHosts hosts;
  const int fd = hosts.stream(hosts.client());
  EXPECT_EQ(hosts.client().shutdown(fd, SHUT_RDWR, hosts.now()), failure(ENOTCONN));
  EXPECT_EQ(hosts.send(hosts.client(), fd, "x"), failure(EPIPE));
  EXPECT_EQ(hosts.receive(hosts.client(), fd), "");
}

TEST(SocketClose, ZeroLingerResets) {
  TwoHosts hosts;
  const TwoHosts::Pair pair = hosts.connected();
  const linger now{1, 0};
  EXPECT_TRUE(hosts.client().setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof now, hosts.now()));
  EXPECT_EQ(hosts.client().close(pair.client, nullptr, hosts.now()), Result{});
  hosts.settle();
  EXPECT_EQ(hosts.receive(hosts.server(), pair.server), "-ECONNRESET");
  EXPECT_EQ(hosts.receive(hosts.server(), pair.server), "") << "an error is told once";
  EXPECT_EQ(hosts.send(hosts.server(), pair.server, "x"), failure(EPIPE));
}

TEST(SocketClose, LingerWaitsForTheAcknowledgementAtMostItsTime) {
  TwoHosts hosts;
  const TwoHosts::Pair pair = hosts.connected();
  const linger three{1, 3};
  EXPECT_TRUE(hosts.client().setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &three, sizeof three, hosts.now()));
  EXPECT_EQ(hosts.send(hosts.client(), pair.client, "last words"), Result{10});
  PendingCall call;
  EXPECT_TRUE(hosts.client().close(pair.client, &call, hosts.now()).is_pending());
  EXPECT_EQ(hosts.client().fcntl(pair.client, F_GETFL, 0), failure(EBADF));
  hosts.run(1ms);
  EXPECT_TRUE(call.is_pending());
  hosts.run(100ms);
  EXPECT_FALSE(call.is_pending());
  EXPECT_EQ(call.result(), Result{});

  const int fd = hosts.stream(hosts.client(), SOCK_NONBLOCK);
  hosts.connect(fd);
  hosts.settle();
  hosts.connect(fd);
  hosts.client().setsockopt(fd, SOL_SOCKET, SO_LINGER, &three, sizeof three, hosts.now());
  hosts.set_filter([](int, const auto&) { return false; });
  hosts.send(hosts.client(), fd, "into the void");
  EXPECT_TRUE(hosts.client().close(fd, &call, hosts.now()).is_pending());
  hosts.run(2999ms);
  EXPECT_TRUE(call.is_pending());
  hosts.run(1ms);
  EXPECT_FALSE(call.is_pending());
}

TEST(SocketClose, ResetAfterThePeersFinIsABrokenPipe) {
  TwoHosts hosts;
  const TwoHosts::Pair pair = hosts.connected();
  EXPECT_TRUE(hosts.client().shutdown(pair.client, SHUT_WR, hosts.now()));
  hosts.settle();
  const linger now{1, 0};
  hosts.client().setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &now, sizeof now, hosts.now());
  hosts.client().close(pair.client, nullptr, hosts.now());
  hosts.settle();
  int error = 0;
  EXPECT_TRUE(hosts.get(hosts.server(), pair.server, SOL_SOCKET, SO_ERROR, error));
  EXPECT_EQ(error, EPIPE);
}

TEST(SocketDescriptors, AreTheLowestFreeAndCounted) {
  TwoHosts hosts;
  Sockets& client = hosts.client();
  EXPECT_EQ(hosts.stream(client), 3);
  EXPECT_EQ(hosts.stream(client), 4);
  EXPECT_EQ(hosts.stream(client), 5);
  EXPECT_TRUE(client.close(3, nullptr, hosts.now()));
  EXPECT_TRUE(client.close(4, nullptr, hosts.now()));
  EXPECT_EQ(client.close(4, nullptr, hosts.now()), failure(EBADF));
  EXPECT_EQ(hosts.stream(client), 3);
  EXPECT_EQ(client.fcntl(5, F_DUPFD, 0).value, 4);
  EXPECT_EQ(client.fcntl(5, F_DUPFD, 9).value, 9);
  EXPECT_EQ(client.fcntl(5, F_DUPFD, -1), failure(EINVAL));
  EXPECT_EQ(client.open_descriptors(), 4u);
  EXPECT_TRUE(client.close(5, nullptr, hosts.now()));
  int type = 0;
  EXPECT_TRUE(hosts.get(client, 9, SOL_SOCKET, SO_TYPE, type)) << "a copy keeps the socket";
  EXPECT_EQ(type, SOCK_STREAM);
  EXPECT_EQ(hosts.stream(client), 5);
  EXPECT_EQ(hosts.stream(client), 6);
  EXPECT_EQ(client.socket(AF_INET6, SOCK_STREAM, 0), failure(EAFNOSUPPORT));
  EXPECT_EQ(client.socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), failure(EPROTONOSUPPORT));
  EXPECT_EQ(client.socket(AF_INET, SOCK_SEQPACKET, 0), failure(ESOCKTNOSUPPORT));
}

TEST(SocketDescriptors, CopiesFromTheMiddleAreGivenBackOnce) {
  SocketsConfig config;
  config.max_descriptors = 8;  // 3 to 10
  TwoHosts hosts(config);
  Sockets& client = hosts.client();
  const int fd = hosts.stream(client);
  const auto copy = [&](int least) { return client.fcntl(fd, F_DUPFD, least); };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(copy(7), Result{7});
    EXPECT_EQ(copy(5), Result{5});
    EXPECT_EQ(copy(5), Result{6});
    for (const int number : {5, 6, 7}) EXPECT_TRUE(client.close(number, nullptr, hosts.now()));
  }
  EXPECT_EQ(copy(10), Result{10});
  EXPECT_EQ(copy(10), failure(EMFILE)) << "none is left above";
  EXPECT_EQ(copy(11), failure(EINVAL)) << "beyond all";
  for (int number = 4; number < 10; ++number) EXPECT_EQ(copy(0), Result{number});
  EXPECT_EQ(copy(0), failure(EMFILE));
  EXPECT_EQ(client.open_descriptors(), 8u);
}

}  // namespace
}  // namespace leat
