// Sockets: data, flags of send and receive, waiting and its time-outs.
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <sys/ioctl.h>

#include "socket/testing/two_hosts.h"

namespace leat {
namespace {

using testing::Transfer;
using testing::TwoHosts;
using namespace std::chrono_literals;

struct SocketTransfer : ::testing::Test {
  Result failure(int error) { return Result::failure(error); }
  std::string read(std::size_t size = 100, int flags = 0) {
    return hosts.receive(hosts.server(), pair.server, size, flags);
  }
  Result write(std::string_view data, int flags = 0) {
    const Result sent = hosts.send(hosts.client(), pair.client, data, flags);
    hosts.settle();
    return sent;
  }
  int ioctl(Sockets& host, int fd, unsigned long request) {
    int value = -1;
    EXPECT_TRUE(host.ioctl(fd, request, &value));
    return value;
  }
  Result receive(Transfer& t, int flags = 0) {
    return hosts.server().receive(blocking(), t.buffers(), flags, &t.call, hosts.now());
  }
  int blocking() {
    EXPECT_TRUE(hosts.server().fcntl(pair.server, F_SETFL, 0));
    return pair.server;
  }

  TwoHosts hosts;
  TwoHosts::Pair pair = hosts.connected();
};

TEST_F(SocketTransfer, PeekLeavesAndReadTakes) {
  EXPECT_EQ(read(), "-EAGAIN");
  EXPECT_EQ(write("hello"), Result{5});
  EXPECT_EQ(ioctl(hosts.server(), pair.server, FIONREAD), 5);
  EXPECT_EQ(read(3, MSG_PEEK), "hel");
  EXPECT_EQ(read(100, MSG_PEEK), "hello");
  EXPECT_EQ(read(2), "he");
  EXPECT_EQ(read(), "llo");
  EXPECT_EQ(read(), "-EAGAIN");
}

TEST_F(SocketTransfer, ReceiveWaitsForData) {
  Transfer t(10);
  EXPECT_TRUE(receive(t).is_pending());
  write("abc");
  ASSERT_EQ(hosts.server().next_completed(), &t.call);
  EXPECT_EQ(t.call.result(), Result{3});
  EXPECT_EQ(t.text(3), "abc");
}

TEST_F(SocketTransfer, WaitAllFillsTheBuffer) {
  Transfer t(6);
  EXPECT_TRUE(receive(t, MSG_WAITALL).is_pending());
  write("abc");
  EXPECT_TRUE(t.call.is_pending());
  write("defgh");
  EXPECT_EQ(t.call.result(), Result{6});
  EXPECT_EQ(t.text(6), "abcdef");
  Transfer rest(6);
  EXPECT_TRUE(receive(rest, MSG_WAITALL).is_pending());
  hosts.client().shutdown(pair.client, SHUT_WR, hosts.now());
  hosts.settle();
  EXPECT_EQ(rest.call.result(), Result{2}) << "the end of the stream is all there is";
}

TEST_F(SocketTransfer, PeekWithWaitAllLeavesTheWhole) {
  Transfer t(6);
  EXPECT_TRUE(receive(t, MSG_WAITALL | MSG_PEEK).is_pending());
  write("abc");
  EXPECT_TRUE(t.call.is_pending());
  write("def");
  EXPECT_EQ(t.call.result(), Result{6});
  EXPECT_EQ(t.text(6), "abcdef");
  EXPECT_EQ(read(), "abcdef");
}

TEST_F(SocketTransfer, LowWaterMarkHoldsReadinessAndReceiveBack) {
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_RCVLOWAT, 4));
  Transfer t(10);
  EXPECT_TRUE(receive(t).is_pending());
  write("abc");
  EXPECT_EQ(hosts.poll(hosts.server(), pair.server), POLLOUT);
  EXPECT_TRUE(t.call.is_pending());
  write("d");
  EXPECT_EQ(t.call.result(), Result{4});
}

TEST_F(SocketTransfer, ALowerLowWaterMarkWakes) {
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_RCVLOWAT, 100));
  write("abc");
  pollfd p{pair.server, POLLIN, 0};
  PendingCall call;
  EXPECT_TRUE(hosts.server().poll({&p, 1}, std::nullopt, &call, hosts.now()).is_pending());
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_RCVLOWAT, 3));
  ASSERT_FALSE(call.is_pending());
  EXPECT_EQ(p.revents, POLLIN);
}

TEST_F(SocketTransfer, AFullBufferIsReadableWhateverTheLowWaterMark) {
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_RCVLOWAT, 1 << 30));
  int mark = 0, buffer = 0;
  EXPECT_TRUE(hosts.get(hosts.server(), pair.server, SOL_SOCKET, SO_RCVLOWAT, mark));
  EXPECT_LE(mark, 1 << 24) << "no more than the buffer may grow to";
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_RCVBUF, 5000));
  EXPECT_TRUE(hosts.get(hosts.server(), pair.server, SOL_SOCKET, SO_RCVBUF, buffer));
  EXPECT_LT(buffer, mark);
  write("abc");
  EXPECT_EQ(hosts.poll(hosts.server(), pair.server) & POLLIN, 0);
  while (hosts.send(hosts.client(), pair.client, std::string(4096, 'x'))) hosts.settle();
  hosts.run(2s);
  EXPECT_EQ(hosts.poll(hosts.server(), pair.server) & POLLIN, POLLIN);
}

TEST_F(SocketTransfer, ReceiveTimeoutIsEagainOrWhatThereWas) {
  const timeval timeout{2, 0};
  hosts.server().setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout, hosts.now());
  Transfer t(10);
  EXPECT_TRUE(receive(t).is_pending());
  hosts.run(1999ms);
  EXPECT_TRUE(t.call.is_pending());
  hosts.run(1ms);
  EXPECT_EQ(t.call.result(), failure(EAGAIN));
  Transfer all(10);
  EXPECT_TRUE(receive(all, MSG_WAITALL).is_pending());
  write("abc");
  hosts.run(2s);
  EXPECT_EQ(all.call.result(), Result{3});
}

TEST_F(SocketTransfer, ASignalEndsACallThatWaits) {
  Transfer t(10);
  EXPECT_TRUE(receive(t).is_pending());
  hosts.server().interrupt(t.call);
  EXPECT_EQ(hosts.server().next_completed(), &t.call);
  EXPECT_EQ(t.call.result(), failure(EINTR));
  hosts.server().interrupt(t.call);
  EXPECT_EQ(hosts.server().next_completed(), nullptr);
  EXPECT_TRUE(receive(t).is_pending());
  hosts.server().abandon(t.call);
  EXPECT_FALSE(t.call.is_pending());
  EXPECT_EQ(hosts.server().next_completed(), nullptr);
}

TEST_F(SocketTransfer, CloseByAnotherDoesNotDisturbACallThatWaits) {
  Transfer t(10);
  EXPECT_TRUE(receive(t).is_pending());
  EXPECT_TRUE(hosts.server().close(pair.server, nullptr, hosts.now()));
  EXPECT_EQ(hosts.poll(hosts.server(), pair.server), POLLNVAL);
  write("abc");
  EXPECT_EQ(t.call.result(), Result{3});
  hosts.settle();
  hosts.client().shutdown(pair.client, SHUT_WR, hosts.now());
  EXPECT_EQ(hosts.receive(hosts.client(), pair.client), "") << "its end closed the socket";
}

TEST_F(SocketTransfer, SendWaitsForRoomAndTellsHowMuchWentBefore) {
  std::string much(std::size_t{6} << 20, 'm');
  const iovec v{much.data(), much.size()};
  hosts.client().fcntl(pair.client, F_SETFL, 0);
  PendingCall call;
  EXPECT_TRUE(hosts.client().send(pair.client, {&v, 1}, 0, &call, hosts.now()).is_pending());
  hosts.run(2s);
  EXPECT_TRUE(call.is_pending()) << "nobody reads";
  EXPECT_EQ(hosts.poll(hosts.client(), pair.client), 0);
  // There may be a little room: a call that waits is woken when a third is free, as on Linux.
  while (hosts.send(hosts.client(), pair.client, std::string(4096, 'x'), MSG_DONTWAIT)) {
  }
  EXPECT_EQ(hosts.send(hosts.client(), pair.client, "x", MSG_DONTWAIT), failure(EAGAIN));
  hosts.client().interrupt(call);
  EXPECT_TRUE(call.result());
  EXPECT_GT(call.result().value, 0);
  EXPECT_LT(call.result().value, v.iov_len);
}

TEST_F(SocketTransfer, SendCompletesWhenThePeerHasRead) {
  std::string much(std::size_t{6} << 20, 'm');
  const iovec v{much.data(), much.size()};
  hosts.client().fcntl(pair.client, F_SETFL, 0);
  PendingCall call;
  EXPECT_TRUE(hosts.client().send(pair.client, {&v, 1}, 0, &call, hosts.now()).is_pending());
  std::size_t got = 0;
  for (int i = 0; i < 20000 && got < much.size(); ++i) {
    hosts.run(1ms);
    for (std::string s = read(1 << 20); s[0] == 'm'; s = read(1 << 20)) got += s.size();
  }
  EXPECT_EQ(got, much.size());
  EXPECT_EQ(call.result(), Result{static_cast<std::int64_t>(much.size())});
}

struct SocketWithoutBuffers : SocketTransfer {
  void take_all() {
    for (const BufferClass c : {BufferClass::super, BufferClass::medium, BufferClass::frame, BufferClass::header}) {
      while (Slice taken = hosts.pool().allocate(c, 0, 0)) all.push_back(std::move(taken));
    }
  }
  std::uint32_t told() {
    epoll_event event{};
    return hosts.client().epoll_wait(epoll, {&event, 1}, 0s, nullptr, hosts.now()).value > 0 ? event.events : 0;
  }

  std::vector<Slice> all;
  int epoll = static_cast<int>(hosts.client().epoll_create(0).value);
};

TEST_F(SocketWithoutBuffers, SendWaitsUntilThereAreSome) {
  take_all();
  hosts.client().fcntl(pair.client, F_SETFL, 0);
  Transfer t(10);
  EXPECT_TRUE(hosts.client().send(pair.client, t.buffers(), 0, &t.call, hosts.now()).is_pending());
  hosts.run(1s);
  EXPECT_TRUE(t.call.is_pending());
  all.clear();
  hosts.run(100ms);
  EXPECT_EQ(t.call.result(), Result{10});
  EXPECT_EQ(read().size(), 10u);
  EXPECT_EQ(hosts.client().next_deadline(), kNever) << "nothing is left to try again";
}

TEST_F(SocketWithoutBuffers, SendTimesOut) {
  take_all();
  const timeval timeout{2, 0};
  hosts.client().setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout, hosts.now());
  hosts.client().fcntl(pair.client, F_SETFL, 0);
  Transfer t(10);
  EXPECT_TRUE(hosts.client().send(pair.client, t.buffers(), 0, &t.call, hosts.now()).is_pending());
  hosts.run(1999ms);
  EXPECT_TRUE(t.call.is_pending());
  hosts.run(1ms);
  EXPECT_EQ(t.call.result(), failure(EAGAIN));
  EXPECT_TRUE(hosts.client().close(pair.client, nullptr, hosts.now()));
}

TEST_F(SocketWithoutBuffers, ReadinessSaysWhenToTryAgain) {
  epoll_event event{};
  event.events = EPOLLOUT | EPOLLET;
  EXPECT_TRUE(hosts.client().epoll_ctl(epoll, EPOLL_CTL_ADD, pair.client, &event));
  EXPECT_EQ(told(), EPOLLOUT);
  take_all();
  EXPECT_EQ(hosts.send(hosts.client(), pair.client, "x"), failure(EAGAIN));
  EXPECT_EQ(hosts.poll(hosts.client(), pair.client), 0) << "or a loop around poll() would spin";
  EXPECT_EQ(told(), 0u);
  all.clear();
  hosts.run(100ms);
  EXPECT_EQ(told(), EPOLLOUT);
  EXPECT_EQ(write("x"), Result{1});
  EXPECT_EQ(read(), "x");
}

TEST_F(SocketTransfer, ZeroBytes) {
  Transfer t(0);
  EXPECT_EQ(write(""), Result{0});
  EXPECT_EQ(read(0), "-EAGAIN") << "recv(2) of nothing waits for data";
  EXPECT_EQ(hosts.server().read(pair.server, t.buffers(), nullptr, hosts.now()), Result{0}) << "read(2) does not";
  write("x");
  EXPECT_EQ(read(0), "");
  EXPECT_EQ(read(), "x");
}

TEST_F(SocketTransfer, TruncThrowsAway) {
  write("abcdef");
  EXPECT_EQ(read(4, MSG_TRUNC), "????");
  EXPECT_EQ(read(), "ef");
}

TEST_F(SocketTransfer, UrgentByteIsOutOfBand) {
  EXPECT_EQ(write("ab!", MSG_OOB), Result{3});
  write("cd");
  EXPECT_EQ(hosts.poll(hosts.server(), pair.server) & POLLPRI, POLLPRI);
  EXPECT_EQ(ioctl(hosts.server(), pair.server, SIOCATMARK), 0);
  EXPECT_EQ(ioctl(hosts.server(), pair.server, FIONREAD), 2);
  EXPECT_EQ(read(100), "ab") << "stops at the mark";
  EXPECT_EQ(ioctl(hosts.server(), pair.server, SIOCATMARK), 1);
  EXPECT_EQ(read(1, MSG_OOB | MSG_PEEK), "!");
  EXPECT_EQ(read(1, MSG_OOB), "!");
  EXPECT_EQ(read(1, MSG_OOB), "-EINVAL");
  EXPECT_EQ(read(100), "cd");
}

TEST_F(SocketTransfer, PeekStopsAtTheMark) {
  write("abc");
  write("!", MSG_OOB);
  write("ef");
  EXPECT_EQ(read(100, MSG_PEEK), "abc");
  EXPECT_EQ(read(2, MSG_PEEK), "ab");
  EXPECT_EQ(read(100), "abc");
  EXPECT_EQ(read(100, MSG_PEEK), "ef") << "at the mark, behind the urgent byte";
  EXPECT_EQ(read(100), "ef");
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_OOBINLINE, 1));
  write("gh!", MSG_OOB);
  EXPECT_EQ(read(100, MSG_PEEK), "gh");
  EXPECT_EQ(read(100), "gh");
  EXPECT_EQ(read(100, MSG_PEEK), "!");
}

TEST_F(SocketTransfer, UrgentByteInLine) {
  EXPECT_TRUE(hosts.set(hosts.server(), pair.server, SOL_SOCKET, SO_OOBINLINE, 1));
  write("ab!", MSG_OOB);
  EXPECT_EQ(read(1, MSG_OOB), "-EINVAL");
  EXPECT_EQ(read(100), "ab");
  EXPECT_EQ(read(100), "!");
}

TEST_F(SocketTransfer, MoreAndCorkHoldASmallSegmentBack) {
  hosts.send(hosts.client(), pair.client, "ab", MSG_MORE);
  hosts.settle();
  EXPECT_EQ(read(), "-EAGAIN");
  EXPECT_EQ(ioctl(hosts.client(), pair.client, SIOCOUTQ), 2);
  EXPECT_EQ(ioctl(hosts.client(), pair.client, SIOCOUTQNSD), 2);
  write("cd");
  EXPECT_EQ(read(), "abcd");
  EXPECT_TRUE(hosts.set(hosts.client(), pair.client, IPPROTO_TCP, TCP_CORK, 1));
  write("ef");
  EXPECT_EQ(read(), "-EAGAIN");
  EXPECT_TRUE(hosts.set(hosts.client(), pair.client, IPPROTO_TCP, TCP_CORK, 0));
  hosts.settle();
  EXPECT_EQ(read(), "ef");
}

TEST_F(SocketTransfer, NoNetworkEndsAllThatWaits) {
  Transfer t(10);
  EXPECT_TRUE(receive(t).is_pending());
  hosts.server().shut_down(ENETDOWN);
  EXPECT_EQ(t.call.result(), failure(ENETDOWN));
  EXPECT_EQ(receive(t), failure(ENETDOWN));
}

}  // namespace
}  // namespace leat
